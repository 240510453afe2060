// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/score_order.hpp - scores as integers: the order in which masks and outlier rules choose.
///
///   by_score      order of the numbers, -0 equal to +0; a NaN has no place in it
///   by_magnitude  order of |x|; NaN lies above infinity, so that a group of weights keeps it and decodes to it
///
/// Model of : -
/// Cost     : 1 to 4 integer instructions a number.
/// Promise  : bit patterns only: no processor mode changes an order. Keys lie in [-7FFFFFFF, 7FFFFFFF].
/// Source   : -

#include "skive/core/ieee.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/simd/sixteen.hpp"

#include <span>

namespace skive {

struct by_score {
  static constexpr std::int32_t key(float x) noexcept { return detail::order_key(x); }
  template <class Arch>
  [[gnu::always_inline]] static simd::integers<Arch> keys(simd::floats<Arch> const& x) noexcept {
    auto const bits = simd::as<std::int32_t>(x);
    auto const sign = bits >> 31;
    return ((bits & simd::integers<Arch>::broadcast(0x7FFF'FFFF)) ^ sign) - sign;
  }
};
struct by_magnitude {
  static constexpr std::int32_t key(float x) noexcept { return static_cast<std::int32_t>(magnitude_bits(x)); }
  template <class Arch>
  [[gnu::always_inline]] static simd::integers<Arch> keys(simd::floats<Arch> const& x) noexcept {
    return simd::as<std::int32_t>(x) & simd::integers<Arch>::broadcast(0x7FFF'FFFF);
  }
};

namespace detail {

/// What a row of scores holds besides numbers from 0 on. Without signs by_score and by_magnitude are one order.
struct score_kinds {
  bool nan = false;
  bool signs = false;
};
template <class Arch>
constexpr score_kinds kinds_of(std::span<float const> scores) noexcept {
  score_kinds found;
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>)
    if (!std::is_constant_evaluated() && scores.size() >= 64) {
      using words = simd::words<Arch>;
      words largest[4];
      words any[4];
      for (auto& w : largest) w = words::broadcast(0);
      for (auto& w : any) w = words::broadcast(0);
      for (; i + 64 <= scores.size(); i += 64)
        for (std::size_t k = 0; k < 4; ++k) {
          auto const bits = simd::as<std::uint32_t>(simd::floats<Arch>::load(scores.data() + i + 16 * k));
          largest[k] = max(largest[k], bits & words::broadcast(0x7FFF'FFFF));
          any[k] = any[k] | bits;
        }
      auto const most = max(max(largest[0], largest[1]), max(largest[2], largest[3]));
      auto const all = (any[0] | any[1]) | (any[2] | any[3]);
      found.nan = (most > words::broadcast(float_infinity_bits)).bits() != 0;
      found.signs = (all > words::broadcast(0x7FFF'FFFF)).bits() != 0;
    }
  for (; i < scores.size(); ++i) {
    found.nan = found.nan || is_nan(scores[i]);
    found.signs = found.signs || (std::bit_cast<std::uint32_t>(scores[i]) >> 31) != 0;
  }
  return found;
}

/// Neither NaN nor infinity, for scores that are added.
constexpr bool all_finite(matrix_view<float const> scores) noexcept {
  for (std::size_t r = 0; r < scores.rows; ++r)
    for (auto const s : scores.row(r))
      if (!is_finite(s)) return false;
  return true;
}

}  // namespace detail
}  // namespace skive
