// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/lane_triangular.hpp - Householder reflections of sixteen matrices at once, a lane each.
///
///   columns of A (m x n) -> X = R^T, A = Q R;   column j: blocks of sixteen, entry i of lane l at (j length + i) 16 + l
///
/// Model of : -
/// Cost     : n^2 (m - n / 3) multiply-adds of blocks.
/// Accuracy : |X X^T - A^T A| stays below 4 m u |A|^2 in the test (m = 19, n = 13, float).
/// Promise  : a lane's numbers depend on that lane alone (but for the sign of zeros). A column that is all but zero beside the
///            others counts as zero.
/// Source   : G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 5.2.

#include "skive/linalg/lane_block.hpp"

#include <span>

namespace skive::detail {

/// x: n columns of length m, which are lost; to: n columns of length n.
template <real T, class Arch>
void lane_triangular(std::span<T> x, std::size_t m, std::size_t n, std::span<T> to) noexcept {
  using block = lane_block<T, Arch>;
  auto const zero = block::broadcast(T(0));
  auto const one = block::broadcast(T(1));
  auto const least = block::broadcast(T(T(16) * std::numeric_limits<T>::min()));
  for (std::size_t k = 0; k < n; ++k) {
    T* const own = x.data() + 16 * (m * k + k);
    std::size_t const end = 16 * (m - k);
    auto squares = zero;
    for (std::size_t i = 0; i < end; i += 16) squares = fused(block::load(own + i), block::load(own + i), squares);
    auto const size = root(squares);
    auto const first = block::load(own);
    auto const lives = squares > least;  // else the column counts as zero: the factor would leave the range
    auto const beta = select(lives, select(first > zero, -size, size), zero);
    (first - beta).store(own);
    auto const factor = select(lives, one, zero) / select(lives, size * (size + absolute(first)), one);
    for (std::size_t j = 0; j < k; ++j) zero.store(to.data() + 16 * (n * k + j));
    beta.store(to.data() + 16 * (n * k + k));
    for (std::size_t j = k + 1; j < n; j += 2) {  // two columns, or the last one twice
      T* const other[2] = {own + 16 * m * (j - k), own + 16 * m * (j + 1 < n ? j + 1 - k : j - k)};
      block sum[2] = {zero, zero};
      for (std::size_t i = 0; i < end; i += 16) {
        auto const v = block::load(own + i);
        sum[0] = fused(v, block::load(other[0] + i), sum[0]);
        sum[1] = fused(v, block::load(other[1] + i), sum[1]);
      }
      block const change[2] = {-(factor * sum[0]), -(factor * sum[1])};
      for (std::size_t i = 0; i < end; i += 16) {
        auto const v = block::load(own + i);
        auto const first_one = fused(change[0], v, block::load(other[0] + i));
        auto const second_one = fused(change[1], v, block::load(other[1] + i));
        first_one.store(other[0] + i);
        second_one.store(other[1] + i);
      }
      block::load(other[0]).store(to.data() + 16 * (n * k + j));
      if (j + 1 < n) block::load(other[1]).store(to.data() + 16 * (n * k + j + 1));
    }
  }
}

}  // namespace skive::detail
