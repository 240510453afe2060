// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/lookup_key.hpp - the exact decision between two neighbouring levels of a table.
///
///   x takes the upper of two neighbours <=> order_key(x) > their key
///
/// Model of : - (used by format/lookup.hpp)
/// Cost     : integer instructions; midpoint_key 6 additions in double.
/// Accuracy : exact for the nearest policies; the position between two neighbours, which other policies ask for, is right to
///            2^-32 rounded down.
/// Promise  : a sum or difference of floats is a multiple of 2^-149, so no operation here meets a subnormal double but in the
///            position of a double x below 2^-1022, where it only decides between 0 and 1 of 2^32: FTZ and DAZ change no bit.
/// Source   : D. E. Knuth, The Art of Computer Programming 2, section 4.2.2 (the exact error of a sum).

#include "skive/core/real_bits.hpp"
#include "skive/core/rounding.hpp"
#include "skive/format/lookup_table.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace skive::detail {

// NaN maps to 0: a lookup format has no code for it.
template <class Real>
constexpr Real without_nan(Real x) noexcept {
  auto const bits = std::bit_cast<typename real_layout<Real>::bits_type>(x);
  return std::bit_cast<Real>(real_magnitude(x) > real_layout<Real>::infinity ? 0 : bits);
}

// The key that decides at a pivot p: x takes the upper neighbour if and only if order_key(x) > pivot_key.
constexpr std::int64_t pivot_key(std::int64_t p, lookup_tie tie) noexcept {
  bool const upper = tie == lookup_tie::upper || (tie == lookup_tie::toward_zero && p <= 0);
  return upper ? p - 1 : p;
}

// The same for the exact midpoint of a < b. The double sum s may be rounded; Knuth's two-sum gives its error e exactly. The
// midpoint lies within half an ulp of s/2, so no double but s/2 itself lies between them: below s/2 (e < 0) is the double before.
constexpr std::int64_t midpoint_key(float a, float b, lookup_tie tie) noexcept {
  double const x = exact_double(a);
  double const y = exact_double(b);
  double const s = x + y;
  double const y_part = s - x;
  double const e = (x - (s - y_part)) + (y - y_part);
  auto const p = order_key(0.5 * s);
  return e < 0 ? p - 1 : e > 0 ? p : pivot_key(p, tie);
}

// The largest float key not above a double key, so that floats are compared as 32-bit numbers.
consteval std::int32_t narrow_key(std::int64_t key) noexcept {
  auto const near = order_key(static_cast<float>(real_from_key<double>(key)));
  return order_key(exact_double(real_from_key<float>(near))) > key ? near - 1 : near;
}

// How many of n ascending keys lie below `key`; key_at(i) gives them.
template <class Key, class KeyAt>
constexpr std::size_t count_below(Key key, std::size_t n, KeyAt key_at) noexcept {
  std::size_t count = 0;
  for (std::size_t step = std::bit_floor(n); step != 0; step /= 2)
    if (count + step <= n && key > key_at(count + step - 1)) count += step;
  return count;
}

template <class R>
inline constexpr bool rounds_to_nearest = std::is_same_v<R, nearest_even> || std::is_same_v<R, nearest_away>;

// The rank that a policy other than the nearest ones chooses; level_at(rank) ascends, n >= 2, x is not NaN.
template <class LevelAt, rounding_policy R>
constexpr std::size_t choose_rank(double x, std::size_t n, LevelAt level_at, R const& rounding) noexcept {
  auto const key = order_key(x);
  auto const above = count_below(key, n, [&](std::size_t i) { return order_key(exact_double(level_at(i))); });  // levels below x
  if (above == 0) return 0;
  if (above == n) return n - 1;
  if (order_key(exact_double(level_at(above))) == key)  // of -0 and +0 the latter, as the nearest rule with ties toward zero
    return above + 1 < n && order_key(level_at(above + 1)) == order_key(level_at(above)) ? above + 1 : above;
  bool const negative = key < 0;
  auto const keep = negative ? above : above - 1;
  auto const other = negative ? above - 1 : above;
  double const from = exact_double(level_at(keep));
  double const nu = (x - from) / (exact_double(level_at(other)) - from);
  auto const scaled = static_cast<std::uint64_t>(nu * 0x1p32);
  auto const drop = scaled < 1 ? 1 : scaled > 0xffff'ffff ? 0xffff'ffff : scaled;
  return rounding.increments(keep, drop, 32, negative) ? other : keep;
}

}  // namespace skive::detail
