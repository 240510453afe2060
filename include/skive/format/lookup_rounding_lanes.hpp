// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/lookup_rounding_lanes.hpp - stochastic rounding between the levels of a table, sixteen numbers at a time.
///
///   a < x < b neighbours:   drop = floor(2^32 (x - side of zero) / (other side - side of zero)), held in [1, 2^32 - 1];
///   the other side where drop, rounded to the N random bits as the variant says, and R make a carry out of N bits
///
/// Quotients are doubles, as in format/lookup_key.hpp. Numbers below 2^-60 other than zero count as 2^-60: they drop as much, unless
/// levels lie close to zero; sixteen numbers of which one is so small then take the scalar rule.
///
/// Model of : -
/// Cost     : about 100 instructions and 16 divisions in double per 16 numbers with AVX2, and random bits; past 16 levels six
///            to eight gathers.
/// Accuracy : exact.
/// Promise  : the codes of the scalar rule.
/// Source   : -

#include "skive/format/increment_lanes.hpp"
#include "skive/format/lookup_key_lanes.hpp"
#include "skive/simd/widen.hpp"

namespace skive::detail {

/// No subnormal levels: a processor may take them for zero.
template <class Format>
inline constexpr bool rounds_between_levels = [] {
  for (auto const l : Format::sorted.levels)
    if (l != 0.0f && magnitude(l) < 0x1p-126f) return false;
  return true;
}();
/// Is a level, if it is not zero, so close to it that numbers below 2^-60 show?
template <class Format>
inline constexpr bool levels_show_tiny = [] {
  auto const& level = Format::sorted.levels;
  bool has_zero = false;
  for (auto const l : level) has_zero = has_zero || l == 0.0f;
  for (auto const l : level)
    if (l != 0.0f && magnitude(l) < (has_zero ? 0x1p-27f : 0x1p-6f)) return true;
  return false;
}();

template <class Format, class Arch>
class between_levels {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;
  using keys = key_lanes<Arch>;
  using doubles = xsimd::batch<double, Arch>;
  // The levels from rank `First` on, or those of given ranks.
  template <std::size_t First>
  static constexpr auto levels_from = [] {
    std::array<float, table_capacity<Format>> l{};
    for (std::size_t i = 0; i + First < Format::size; ++i) l[i] = Format::sorted.levels[i + First];
    return l;
  }();
  template <std::size_t First>
  [[gnu::always_inline]] static floats levels_at(words const& rank) noexcept {
    if constexpr (Format::size <= 16)
      return look_up(simd::float_table<Arch>{levels_from<First>}, rank);
    else
      return simd::as<float>(simd::gather<Arch>(level_bits<First>.data(), rank));
  }
  template <std::size_t First>
  static constexpr auto level_bits = [] {
    std::array<std::uint32_t, table_capacity<Format>> l{};
    for (std::size_t i = 0; i < l.size(); ++i) l[i] = std::bit_cast<std::uint32_t>(levels_from<First>[i]);
    return l;
  }();

 public:
  /// The ranks of any x; `rounding` (format/rounding_lanes.hpp) has random bits for numbers i .. i + 15.
  template <class Rounding>
  [[gnu::always_inline]] static words rank(floats const& x, Rounding const& rounding, std::uint64_t i) noexcept {
    auto const y = bounded(keys::without_nan(simd::as<std::int32_t>(x)));
    auto const below = rank_search<Format, toward_negative, Arch>::rank(keys::of(simd::as<std::int32_t>(y)));
    auto const low = levels_at<0>(below);
    auto const high = levels_at<1>(below);
    auto const negative = y < floats::broadcast(0.0f);
    auto const drop = dropped(y, select(negative, high, low), select(negative, low, high));
    auto const up = carries<Arch>(drop, rounding, i) ^ simd::as<std::uint32_t>(negative);
    auto const exact = simd::as<std::uint32_t>(y == low);  // of the highest level there is no upper neighbour
    return select(up & ~exact, below + words::broadcast(1), below);
  }

 private:
  // No further out than the levels; numbers other than zero are 2^-60 or more.
  [[gnu::always_inline]] static floats bounded(integers const& bits) noexcept {
    auto const magnitude = bits & integers::broadcast(0x7FFF'FFFF);
    auto const sign = bits & integers::broadcast(std::int32_t{-0x7FFF'FFFF} - 1);
    auto const least = integers::broadcast(std::bit_cast<std::int32_t>(0x1p-60f));
    auto const zero = integers::broadcast(0);
    auto const sized = select(magnitude > zero, max(magnitude, least) | sign, zero);
    return min(max(simd::as<float>(sized), floats::broadcast(Format::min_finite)), floats::broadcast(Format::max_finite));
  }

  [[gnu::always_inline]] static words dropped(floats const& y, floats const& from, floats const& to) noexcept {
    words drop;
#pragma GCC unroll 4
    for (std::size_t p = 0; p < y.registers; ++p) {
      auto const a = simd::widen<Arch>(y.part[p]);
      auto const b = simd::widen<Arch>(from.part[p]);
      auto const c = simd::widen<Arch>(to.part[p]);
      drop.part[p] =
          simd::low_words<Arch>({scaled((a.low - b.low) / (c.low - b.low)), scaled((a.high - b.high) / (c.high - b.high))});
    }
    return drop;
  }
  // 2^52 + floor(2^32 nu), the latter from 1 to 2^32 - 1.
  [[gnu::always_inline]] static doubles scaled(doubles const& nu) noexcept {
    doubles const shift(0x1p52);
    auto const x = xsimd::min(xsimd::max(nu * doubles(0x1p32), doubles(1.0)), doubles(0x1p32 - 1));
    auto const near = x + shift;
    return xsimd::select(near - shift > x, near - doubles(1.0), near);
  }
};

}  // namespace skive::detail
