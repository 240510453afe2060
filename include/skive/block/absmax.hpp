// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/absmax.hpp - groups scaled by their largest magnitude, elements in any format of at most 8 bits.
///
///   s = kept(absmax / limit),   limit = largest magnitude of the format;   code = encode(fl32(x / s)),   x' = fl32(value s)
///   planes: codes, scales
///
/// Integers (int2 .. int8), small floats (e4m3fn, e2m1, ...) and tables (nf4, ...) alike. The scale stands in float16 for
/// integers and in float32 for the others, unless `Scale` says otherwise. `search` minimises the squared error over all
/// kept scales instead of taking the absmax (block/scale_search.hpp).
///
/// Model of : stepwise_codec
/// Cost     : see block/grouped.hpp; the exact search see block/scale_search.hpp, the grid 80 passes.
/// Accuracy : |x' - x| <= half a step of the format at s; clipping only where the kept scale was rounded down or saturated.
/// Promise  : same bytes everywhere. Zero group: scale 0, values 0. Group with NaN or infinity: scale NaN, values NaN.
/// Source   : T. Dettmers et al., "8-bit Optimizers via Block-wise Quantization", ICLR 2022 (block-wise absmax).

#include "skive/block/clip_search_lanes.hpp"
#include "skive/block/one_scale.hpp"
#include "skive/block/scale_search.hpp"
#include "skive/format/integer.hpp"

namespace skive {

/// How a group's scale is chosen.
enum class scale_choice : std::uint8_t {
  absmax,  ///< the largest magnitude becomes the format's largest
  mse,     ///< the kept scale of least squared error, found exactly
  grid,    ///< of 80 kept scales from the largest magnitude down to a fifth of it the one of least squared error
};

namespace detail {
template <class Format>
struct default_scale {
  using type = float32;
};
template <int Bits, int FractionBits, integer_range Range>
struct default_scale<fixed_point<Bits, FractionBits, Range>> {
  using type = float16;
};

// What a group's largest magnitude is mapped to; tables may reach further on their negative side.
template <class Format>
constexpr float scale_limit() noexcept {
  if constexpr (requires { Format::sorted; })
    return Format::max_finite > -Format::min_finite ? Format::max_finite : -Format::min_finite;
  else
    return Format::max_finite;
}
}  // namespace detail

template <class Format, class Scale = typename detail::default_scale<Format>::type, class Rounding = nearest_even>
struct absmax_scheme : detail::one_scale<Format, Scale> {
  static_assert(Format::bits <= 8, "skive::absmax holds elements of at most 8 bits");
  using packing = bit_fields<Format::bits>;
  static constexpr std::size_t default_group = 32;

  scale_choice choice = scale_choice::absmax;
  [[no_unique_address]] Rounding rounding{};

  constexpr absmax_scheme(scale_choice c = scale_choice::absmax, Rounding r = {}) noexcept : choice{c}, rounding{r} {}

  constexpr std::size_t settle_bytes(std::size_t n) const noexcept {
    return choice == scale_choice::mse ? scale_search_bytes<Format, Scale>(n) : 0;
  }
  template <class T>
  constexpr scale_state settle(std::span<T const> values, workspace w) const noexcept {
    if (choice == scale_choice::grid) return clip_search<Format, Scale>(values, detail::scale_limit<Format>());
    return settle_as<scalar_arch>(values, w);
  }

  /// The vector path (block/lane_scheme.hpp).
  template <class Arch>
  static constexpr std::size_t lanes = detail::has_rounded_lanes<Format, Rounding, Arch> ? 3 : 0;
  constexpr bool settles_in_lanes() const noexcept { return choice == scale_choice::absmax; }
  template <class Arch>
  [[gnu::always_inline]] detail::lane_fields<Arch, 1> settle_lanes(simd::words<Arch> const& largest) const noexcept {
    auto const s = simd::as<float>(largest) / simd::floats<Arch>::broadcast(detail::scale_limit<Format>());
    return {{detail::scale_codes<Scale, Arch>(s)}, detail::beyond_lanes<Arch>(largest)};
  }
  template <class Arch, class T>
    requires detail::has_rounded_lanes<Format, nearest_even, Arch>
  scale_state settle_group(std::span<T const> values, workspace w) const noexcept {
    if (choice != scale_choice::grid) return settle_as<Arch>(values, w);
    return detail::clip_search_in_lanes<Format, Scale, Arch>(values, detail::scale_limit<Format>());
  }
  constexpr bool settles_together(std::size_t group) const noexcept {
    return choice == scale_choice::mse && group <= detail::longest_walk;
  }
  template <class Arch, class T>
    requires detail::has_scale_walk<Format, Scale>
  detail::lane_fields<Arch, 1> settle_together(std::span<T const> numbers, std::size_t group, workspace w) const noexcept {
    return search_sixteen_scales<Format, Scale, Arch>(numbers, group, w);
  }

 private:
  template <class Arch, class T>
  constexpr scale_state settle_as(std::span<T const> values, workspace w) const noexcept {
    auto const largest = detail::largest_magnitude(values);
    if (largest >= float_infinity_bits) return detail::not_finite_scale<Scale>();
    auto const s = detail::keep_scale<Scale>(ieee_divide(std::bit_cast<float>(largest), detail::scale_limit<Format>()));
    return choice == scale_choice::mse ? search_scale<Format, Scale, Arch>(values, s, w) : s;
  }
};

/// A scale that the caller gives, or fit() finds: nothing is stored per group.
template <class Format, class Rounding = nearest_even>
struct static_scale_scheme {
  using state = scale_state;
  using element = Format;
  using scale_format = float32;
  using packing = bit_fields<Format::bits>;
  static constexpr std::array<int, 0> field_bits{};
  static constexpr std::size_t default_group = 64;
  static constexpr bit_order default_order = bit_order::low_first;

  float scale = 1.0f;
  [[no_unique_address]] Rounding rounding{};

  /// The scale under which a tensor of largest magnitude `amax` just fits. Fails with not_finite.
  static constexpr result<static_scale_scheme> make(float amax) noexcept {
    if (!is_finite(amax)) return errc::not_finite;
    return static_scale_scheme{ieee_divide(magnitude(amax), detail::scale_limit<Format>()), {}};
  }
  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }
  template <class T>
  constexpr state settle(std::span<T const>, workspace) const noexcept {
    return {0, scale};
  }
  template <class R>
  constexpr std::uint8_t code(state const& s, float x, R r) const noexcept {
    return detail::code_at_scale<Format>(s.scale, x, r);
  }
  constexpr float value(state const& s, std::uint8_t c) const noexcept { return detail::value_at_scale<Format>(s.scale, c); }
  constexpr std::array<std::uint32_t, 0> store(state const&) const noexcept { return {}; }
  constexpr state load(std::array<std::uint32_t, 0> const&) const noexcept { return {0, scale}; }

  /// The vector path (block/lane_scheme.hpp): scale, and what dividing by it needs.
  template <class Arch>
  static constexpr std::size_t lanes = detail::has_rounded_lanes<Format, Rounding, Arch> ? 3 : 0;
  template <class Arch, bool Coding>
  [[gnu::always_inline]] auto load_lanes(std::array<simd::words<Arch>, 0> const&) const noexcept {
    auto p = detail::scale_parameters<24, Arch, Coding>(simd::floats<Arch>::broadcast(scale));
    if (magnitude_bits(scale) < magnitude_bits(0x1p-26f)) p.by_rule = ~0U;
    return p;
  }
  template <class Arch>
  [[gnu::always_inline]] simd::words<Arch> code_lanes(simd::floats<Arch> const& x,
                                                      std::array<simd::floats<Arch>, 3> const& p) const noexcept {
    return detail::codes_at_any_scale<Format, Arch>(x, p);
  }
  template <class Arch, class Policy>
  [[gnu::always_inline]] simd::words<Arch> rounded_lanes(simd::floats<Arch> const& x, std::array<simd::floats<Arch>, 3> const& p,
                                                         Policy& policy, std::size_t i) const noexcept {
    return detail::codes_rounded_at_any_scale<Format, Arch>(x, p, policy, i);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> value_lanes(simd::words<Arch> const& codes,
                                                        std::array<simd::floats<Arch>, 3> const& p) const noexcept {
    return detail::values_at_scale<Format, Arch>(codes, p[0]);
  }
};

/// absmax<int4>{32}: 4.5 bits a number; absmax<e4m3fn>{0}: one scale a row.
template <class Format, class Scale = typename detail::default_scale<Format>::type, class Rounding = nearest_even>
using absmax = grouped<absmax_scheme<Format, Scale, Rounding>>;

/// static_scale<e4m3fn>{64, {0.01f}}: per-tensor FP8; NaN codes as the format says, infinity saturates.
template <class Format, class Rounding = nearest_even>
using static_scale = grouped<static_scale_scheme<Format, Rounding>>;

static_assert(stepwise_codec<absmax<int4>> && stepwise_codec<static_scale<int8>>);

}  // namespace skive
