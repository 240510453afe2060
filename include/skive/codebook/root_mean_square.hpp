// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/root_mean_square.hpp - the scale of codes for N(0, 1): sqrt(mean x^2) of a group, and what is kept of it.
///
/// Model of : -
/// Cost     : an exact square and an addition in double a number, in sixteen lanes.
/// Accuracy : n 2^-53 before the rounding to float. Subnormal numbers count as zero.
/// Promise  : the same bits everywhere: squares of floats are exact in double, sums have a fixed order. Kept scales are 0 or in
///            2^-80 ... 2^110, so that no product with a level overflows or becomes subnormal.
/// Source   : -

#include "skive/block/group_error.hpp"
#include "skive/block/scale.hpp"

#include <cmath>

namespace skive::detail {

template <class T>
inline float root_mean_square(std::span<T const> values) noexcept {
  if (values.empty()) return 0.0f;
  lane_sums sums;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const x = normal_or_zero(widen(values[i]));
    sums.add(i, x * x);
  }
  return static_cast<float>(std::sqrt(sums.total() / static_cast<double>(values.size())));
}

template <class Scale>
constexpr scale_state keep_root_mean_square(float s) noexcept {
  if (s < 0x1p-80f) return keep_scale<Scale>(0.0f);
  return keep_scale<Scale>(s > 0x1p110f ? 0x1p110f : s);
}

}  // namespace skive::detail
