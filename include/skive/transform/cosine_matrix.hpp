// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/cosine_matrix.hpp - the matrix of the orthonormal DCT-II, for transform/dense.hpp; its inverse is the DCT-III.
///
///   Q(i, j) = sqrt((i = 0 ? 1 : 2) / n) cos(pi (2 j + 1) i / (2 n))
///
/// Model of : -
/// Cost     : n^2 cosines, once; a rotation by the matrix costs n multiply-adds a number: meant for blocks of 8 to 256.
/// Accuracy : each entry is within 0.51 ulp; entries below 2^-40 are exact zeros of the cosine and stored as 0.
/// Promise  : constexpr; integer arguments and products behind a barrier: the same bits everywhere.
/// Source   : N. Ahmed, T. Natarajan, K. R. Rao, "Discrete cosine transform", IEEE Trans. Computers C-23, 1974.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"
#include "skive/transform/hartley.hpp"

namespace skive {

/// Fills q. Fails with size_mismatch unless q is square.
constexpr status cosine_matrix(matrix_view<float> q) noexcept {
  auto const n = q.rows;
  if (!q.valid() || q.cols != n) return errc::size_mismatch;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      // cos(2 pi k / (4 n)) = sin(2 pi (k + n / 2) / (4 n) + pi / 4), the argument in eighths of 2 n to stay an integer.
      auto const k = (2 * j + 1) * i % (4 * n);
      auto const cosine = detail::shifted_sine<scalar_arch>(2 * k + n, 8 * n);
      auto const root = i == 0 ? detail::root_of_two_over<scalar_arch>(2 * n) : detail::root_of_two_over<scalar_arch>(n);
      auto const value = root * cosine;
      q(i, j) = value < 0x1p-40 && value > -0x1p-40 ? 0.0f : static_cast<float>(value);
    }
  return errc::ok;
}

}  // namespace skive
