// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/group_error.hpp - the squared error of one group under a candidate scale, for encoders that choose.
///
///   E(s) = s^2 sum (decode(code_i) - fl32(x_i / s))^2,   summed over 16 lanes: number i in lane i mod 16, then 8 + 8, 4 + 4, ...
///
/// Working in units of the scale keeps every term away from subnormals, and a difference of floats rounded to a float has an
/// exact square in double: no processor mode and no contraction changes a choice.
///
/// Model of : -
/// Cost     : a division, an encode and a decode per number.
/// Accuracy : relative 2^-23 per term; a scale of 0 leaves sum x^2.
/// Promise  : same bits everywhere.
/// Source   : -

#include "skive/block/scale.hpp"
#include "skive/block/scheme.hpp"
#include "skive/format/lookup_key.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace skive::detail {

/// Sixteen running sums that vector code of any width can keep in the same order.
class lane_sums {
 public:
  constexpr void add(std::size_t i, double term) noexcept { lanes_[i % 16] += term; }
  constexpr double total() const noexcept {
    auto lanes = lanes_;
    for (std::size_t half = 8; half > 0; half /= 2)
      for (std::size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    return lanes[0];
  }

 private:
  std::array<double, 16> lanes_{};
};

// x as a double, subnormals as zero in every processor mode.
constexpr double normal_or_zero(float x) noexcept {
  return is_normal_magnitude(magnitude_bits(x)) ? static_cast<double>(x) : 0.0;
}

/// E(scale) where level(x) is the number that x becomes, in units of the scale.
template <class T, class Level>
constexpr double group_error(std::span<T const> values, float scale, Level level) noexcept {
  lane_sums sums;
  bool const zero = is_zero(scale);
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const x = widen(values[i]);
    if (zero) {
      sums.add(i, normal_or_zero(x) * normal_or_zero(x));
      continue;
    }
    auto const ratio = ieee_divide(x, scale);
    auto const d = static_cast<double>(level(x) - (less(magnitude(ratio), 0x1p-60f) ? 0.0f : ratio));
    sums.add(i, d * d);
  }
  auto const s = zero ? 1.0 : exact_double(scale);
  return sums.total() * s * s;
}

/// E(scale) for codes rounded to nearest in Format.
template <class Format, class T>
constexpr double error_at_scale(std::span<T const> values, float scale) noexcept {
  return group_error(values, scale, [scale](float x) { return Format::decode(code_at_scale<Format>(scale, x, nearest_even{})); });
}

}  // namespace skive::detail
