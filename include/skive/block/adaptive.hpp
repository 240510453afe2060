// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/adaptive.hpp - each group takes the one of several element formats that suits it best.
///
///   for each format f: s_f = kept(absmax / limit_f), E_f = squared error;   choice = argmin E_f, ties to the first
///   planes: codes, scales, choices (the fewest bits that tell the formats apart)
///
/// All formats have the same width: int4 beside e2m1 and nf4, say, for groups of uniform, peaked and bell-shaped numbers.
///
/// Model of : stepwise_codec
/// Cost     : an absmax encoding per format, 1 bit a group for two formats; adaptive<float16, int4, e2m1>{16}: 5.0625 bits a
///            number. Its vector path codes in every format and picks.
/// Accuracy : never a larger squared error than absmax of any of its formats with the same scale format.
/// Promise  : same bits everywhere. Zero group: scale 0, values 0. Group with NaN or infinity: scale NaN, values NaN. A stored
///            choice past the last format reads as the last.
/// Source   : the idea of block-wise choice between FP4 and INT4 grids, as in IF4 and MixFP4.

#include "skive/block/absmax.hpp"
#include "skive/block/group_error_lanes.hpp"

namespace skive {

template <class Scale, class... Formats>
struct adaptive_scheme {
  static constexpr std::size_t count = sizeof...(Formats);
  static constexpr std::array<int, count> widths{Formats::bits...};
  static_assert(count >= 2 && count <= 256, "skive::adaptive chooses among 2 to 256 formats");
  static_assert(((Formats::bits == widths[0]) && ...), "skive::adaptive needs formats of equal width");

  struct state {
    scale_state scale;
    std::uint32_t choice = 0;
  };
  using packing = bit_fields<widths[0]>;
  static constexpr std::array<int, 2> field_bits{Scale::bits, static_cast<int>(std::bit_width(count - 1))};
  static constexpr std::size_t default_group = 32;
  static constexpr bit_order default_order = bit_order::low_first;
  nearest_even rounding{};

  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }

  template <class T>
  constexpr state settle(std::span<T const> values, workspace) const noexcept {
    auto const largest = detail::largest_magnitude(values);
    if (largest >= float_infinity_bits) return {detail::not_finite_scale<Scale>(), 0};
    return best_of(largest,
                   [&]<class Format>(Format const*, float scale) { return detail::error_at_scale<Format>(values, scale); });
  }
  template <class R>
  constexpr std::uint8_t code(state const& s, float x, R r) const noexcept {
    return pick<std::uint8_t>(s.choice,
                              [&]<class Format>(Format const*) { return detail::code_at_scale<Format>(s.scale.scale, x, r); });
  }
  constexpr float value(state const& s, std::uint8_t c) const noexcept {
    return pick<float>(s.choice, [&]<class Format>(Format const*) { return detail::value_at_scale<Format>(s.scale.scale, c); });
  }
  constexpr std::array<std::uint32_t, 2> store(state const& s) const noexcept { return {s.scale.code, s.choice}; }
  constexpr state load(std::array<std::uint32_t, 2> const& f) const noexcept {
    return {detail::load_scale<Scale>(f[0]), f[1] < count ? f[1] : static_cast<std::uint32_t>(count - 1)};
  }

  /// The vector path (block/lane_scheme.hpp): scale, the choice's bits, and what dividing by the scale needs.
  template <class Arch>
  static constexpr std::size_t lanes = (detail::has_rounded_lanes<Formats, nearest_even, Arch> && ...) ? 4 : 0;
  template <class Arch, class T>
  state settle_group(std::span<T const> values, workspace w) const noexcept {
    constexpr int bits = detail::scale_bits<Scale>;
    auto const largest = simd::largest(detail::largest_in_lanes<Arch>(values));
    if (largest > magnitude_bits(0x1p60f)) return settle(values, w);
    return best_of(largest, [&]<class Format>(Format const*, float scale) {
      if (!detail::has_lane_error<bits>(scale)) return detail::error_at_scale<Format>(values, scale);
      return detail::error_in_lanes<Format, bits, Arch>(values, scale);
    });
  }
  template <class Arch, bool Coding>
  [[gnu::always_inline]] auto load_lanes(std::array<simd::words<Arch>, 2> const& f) const noexcept {
    auto const scale = format_lanes<Scale, Arch>::decode(f[0]);
    auto p = detail::scale_parameters<detail::scale_bits<Scale>, Arch, Coding, Coding ? 4 : 2>(scale);
    p.set(1, simd::as<float>(min(f[1], simd::words<Arch>::broadcast(count - 1))));
    return p;
  }
  template <class Arch>
  [[gnu::always_inline]] simd::words<Arch> code_lanes(simd::floats<Arch> const& x,
                                                      std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return pick_lanes<simd::words<Arch>, Arch>(p[1], [&]<class Format>(Format const*) __attribute__((always_inline)) {
      return detail::codes_at_scale<Format, detail::scale_bits<Scale>, Arch>(x, {p[0], p[2], p[3]});
    });
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> value_lanes(simd::words<Arch> const& codes,
                                                        std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return pick_lanes<simd::floats<Arch>, Arch>(p[1], [&]<class Format>(Format const*) __attribute__((always_inline)) {
      return detail::values_at_scale<Format, Arch>(codes, p[0]);
    });
  }

 private:
  // error(format, kept scale) of each format; the first of the least.
  template <class Error>
  static constexpr state best_of(std::uint32_t largest, Error error) noexcept {
    state best;
    double least = std::numeric_limits<double>::infinity();
    std::uint32_t index = 0;
    auto const consider = [&]<class Format>(Format const* format) {
      auto const s = detail::keep_scale<Scale>(ieee_divide(std::bit_cast<float>(largest), detail::scale_limit<Format>()));
      auto const e = error(format, s.scale);
      if (e < least) {
        least = e;
        best = {s, index};
      }
      ++index;
    };
    (consider(static_cast<Formats const*>(nullptr)), ...);
    return best;
  }
  // In each lane what visit(its format) gives.
  template <class Result, class Arch, class Visit>
  [[gnu::always_inline]] static Result pick_lanes(simd::floats<Arch> const& choice, Visit visit) noexcept {
    using integers = simd::integers<Arch>;
    Result out;
    std::int32_t index = 0;
    auto const take = [&](Result const& r) __attribute__((always_inline)) {
      auto const taken = simd::as<std::int32_t>(choice) == integers::broadcast(index);
      if constexpr (std::is_same_v<Result, simd::floats<Arch>>)
        out = index == 0 ? r : select(simd::as<float>(taken), r, out);
      else
        out = index == 0 ? r : select(simd::as<std::uint32_t>(taken), r, out);
      ++index;
    };
    (take(visit(static_cast<Formats const*>(nullptr))), ...);
    return out;
  }
  // visit(format number `choice`).
  template <class Result, class Visit>
  static constexpr Result pick(std::uint32_t choice, Visit visit) noexcept {
    Result out{};
    std::uint32_t index = 0;
    static_cast<void>(((index++ == choice ? (out = visit(static_cast<Formats const*>(nullptr)), true) : false) || ...));
    return out;
  }
};

/// adaptive<float16, int4, e2m1>{16}: the better of two grids for each group of 16.
template <class Scale, class... Formats>
using adaptive = grouped<adaptive_scheme<Scale, Formats...>>;

static_assert(stepwise_codec<adaptive<float16, int4, int4_full>>);

}  // namespace skive
