// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/clip_search.hpp - the best of a grid of shrunken scales: the clip search of weight-quantization projects.
///
///   s_i = kept(fl32(fl32(absmax / limit) fl32((steps - i) / steps))),   i = 0 .. candidates - 1;   s = argmin E(s_i)
///
/// E is the squared error of the group (block/group_error.hpp) under the kept scale; ties go to the larger scale. 100 steps and
/// 80 candidates are GPTQ's grid of 100 with a largest shrink of 0.8; 20 and 10 are AWQ's.
///
/// Model of : -
/// Cost     : an encode and a decode of the group per different kept scale: 80 times that of absmax; no memory.
/// Accuracy : never worse than absmax; block/scale_search.hpp is never worse than this one and costs less.
/// Promise  : same bits everywhere; constexpr. Zero group: scale 0. Group with NaN or infinity: scale NaN.
/// Source   : E. Frantar et al., "GPTQ", ICLR 2023; J. Lin et al., "AWQ", MLSys 2024 (their code searches such a grid).

#include "skive/block/group_error.hpp"

#include <bit>
#include <limits>
#include <span>

namespace skive {

/// Which shrunken scales are tried: (steps - i) / steps of the largest for i = 0 .. candidates - 1, where i < steps.
struct clip_grid {
  int steps = 100;
  int candidates = 80;
};

/// `limit`: what the group's largest magnitude is mapped to by the first candidate, the largest number of the format.
/// At least the first candidate is tried, whatever the grid.
template <class Format, class Scale, class T>
constexpr scale_state clip_search(std::span<T const> values, float limit, clip_grid grid = {}) noexcept {
  auto const largest = detail::largest_magnitude(values);
  if (largest >= float_infinity_bits) return detail::not_finite_scale<Scale>();
  auto const full = ieee_divide(std::bit_cast<float>(largest), limit);
  scale_state best;
  std::uint32_t last = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i == 0 || (i < grid.candidates && i < grid.steps); ++i) {
    auto const part = i == 0 ? 1.0f : ieee_divide(static_cast<float>(grid.steps - i), static_cast<float>(grid.steps));
    auto const s = detail::keep_scale<Scale>(ieee_multiply(full, part));
    if (i != 0 && s.code == last) continue;  // coarse scales: several candidates are kept as one
    last = s.code;
    auto const e = detail::error_at_scale<Format>(values, s.scale);
    if (e < least) {
      least = e;
      best = s;
    }
  }
  return best;
}

}  // namespace skive
