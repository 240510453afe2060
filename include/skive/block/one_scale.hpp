// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/one_scale.hpp - what the schemes share whose groups share one scale and nothing else.
///
///   code(x) = encode(fl32(x / s)),   value(c) = fl32(decode(c) s),   one metadata field: the scale's code
///
/// A scheme derives from it and adds how the scale is chosen: absmax, mx, the mean of binary and ternary.
///
/// Model of : -
/// Cost     : see block/scale.hpp and block/scale_lanes.hpp.
/// Accuracy : one rounding each.
/// Promise  : same bits everywhere.
/// Source   : -

#include "skive/block/grouped.hpp"
#include "skive/block/scale.hpp"
#include "skive/block/scale_lanes.hpp"

namespace skive::detail {

template <class Format, class Scale>
struct one_scale {
  using state = scale_state;
  using element = Format;
  using scale_format = Scale;
  static constexpr std::array<int, 1> field_bits{Scale::bits};
  static constexpr bit_order default_order = bit_order::low_first;

  template <class R>
  constexpr std::uint8_t code(state const& s, float x, R rounding) const noexcept {
    return code_at_scale<Format>(s.scale, x, rounding);
  }
  constexpr float value(state const& s, std::uint8_t c) const noexcept { return value_at_scale<Format>(s.scale, c); }
  constexpr std::array<std::uint32_t, 1> store(state const& s) const noexcept { return {s.code}; }
  constexpr state load(std::array<std::uint32_t, 1> const& f) const noexcept { return load_scale<Scale>(f[0]); }

  // The vector path (block/lane_scheme.hpp).
  template <class Arch, bool Coding>
  [[gnu::always_inline]] auto load_lanes(std::array<simd::words<Arch>, 1> const& f) const noexcept {
    constexpr bool bounded = Coding && bounds_quotients<Format, Arch>;
    return scale_parameters<scale_bits<Scale>, Arch, Coding>(scale_values<Scale, Arch>(f[0]),
                                                             bounded ? most_scale<Scale> : 0x1p60f);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::words<Arch> code_lanes(simd::floats<Arch> const& x,
                                                      std::array<simd::floats<Arch>, 3> const& p) const noexcept {
    return codes_at_scale<Format, scale_bits<Scale>, Arch>(x, p);
  }
  template <class Arch>
  using sixty_four = detail::sixty_four<Format, Arch>;
  template <class Arch>
  [[gnu::always_inline]] auto wide_lanes(simd::floats<Arch> const& x, std::array<simd::floats<Arch>, 3> const& p) const noexcept {
    return sixty_four<Arch>::lanes(simd::quotient(x, simd::divisor<scale_bits<Scale>, Arch>{p[0], p[1], p[2]}), x);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> quotient_lanes(simd::floats<Arch> const& x,
                                                           std::array<simd::floats<Arch>, 3> const& p) const noexcept {
    return simd::quotient(x, simd::divisor<scale_bits<Scale>, Arch>{p[0], p[1], p[2]});
  }
  template <class Arch, class Rounding>
  [[gnu::always_inline]] simd::words<Arch> rounded_lanes(simd::floats<Arch> const& x, std::array<simd::floats<Arch>, 3> const& p,
                                                         Rounding& rounding, std::size_t i) const noexcept {
    return codes_rounded_at_scale<Format, scale_bits<Scale>, Arch>(x, p, rounding, i);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> value_lanes(simd::words<Arch> const& codes,
                                                        std::array<simd::floats<Arch>, 3> const& p) const noexcept {
    return values_at_scale<Format, Arch>(codes, p[0]);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> scaled_levels(simd::floats<Arch> const& level,
                                                          std::array<simd::floats<Arch>, 3> const& p) const noexcept {
    return simd::product<Arch>(level, p[0]);
  }
  template <class Arch>
    requires loads_levels<Format, Arch>
  [[gnu::always_inline]] simd::floats<Arch> stored_lanes(std::byte const* codes,
                                                         std::array<simd::floats<Arch>, 3> const& p) const noexcept {
    return stored_at_scale<Format, Arch>(codes, p[0]);
  }
};

}  // namespace skive::detail
