// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/lane_sums.hpp - logits of up to four queries with four tokens, out of registers whose lanes are still apart.
///
///   logits(h + i, t + k) = scale_k (sum over lanes of part[4 i + k])   [+ what stands there]
///
/// Model of : -
/// Cost     : a tree that merges as many registers as one has lanes: about 3 instructions for each logit with AVX2.
/// Accuracy : sums in the order of simd::sum_of_each, one product, one sum where logits are added to.
/// Promise  : writes logits of tokens below logits.cols only.
/// Source   : -

#include "skive/core/checked.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/kv/code_tile.hpp"
#include "skive/simd/reduce_each.hpp"

#include <cstring>

namespace skive::detail {

/// The lanes of each register, added and, if there are scales, multiplied with that of the token: to logits(h + row, t + token).
template <std::size_t Rows, class Arch>
[[gnu::always_inline]] inline void store_lane_sums(xsimd::batch<float, Arch> const (&part)[16], float const* scales, bool more,
                                                   std::size_t t, std::size_t h, matrix_view<float> logits) noexcept {
  using batch = xsimd::batch<float, Arch>;
  alignas(64) float total[16];
  alignas(64) float factor[16];
  if (scales != nullptr)
    for (std::size_t i = 0; i < Rows; ++i) std::memcpy(factor + 4 * i, scales, 4 * sizeof(float));
  for (std::size_t i = 0; i < 4 * Rows; i += batch::size) {
    batch some[batch::size];
    unrolled<batch::size>([&]<std::size_t K>() __attribute__((always_inline)) { some[K] = part[smaller(i + K, 4 * Rows - 1)]; });
    auto const sums = simd::sum_of_each<Arch>(some);
    (scales == nullptr ? sums : sums * batch::load_aligned(factor + i)).store_aligned(total + i);
  }
  auto const count = smaller(4, logits.cols - t);
  for (std::size_t i = 0; i < Rows; ++i) {
    if (more)
      for (std::size_t k = 0; k < count; ++k) total[4 * i + k] += logits(h + i, t + k);
    if (count == 4)
      std::memcpy(&logits(h + i, t), total + 4 * i, 4 * sizeof(float));
    else
      std::memcpy(&logits(h + i, t), total + 4 * i, count * sizeof(float));
  }
}

}  // namespace skive::detail
