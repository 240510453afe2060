// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/fitted_rotation.hpp - rotations that have a closed form: principal axes, and the solution of Procrustes.
///
///   principal_rotation(G, values, Q)   G = Q^T diag(values) Q, values falling: row k of Q is axis k, its largest entry positive
///   procrustes_rotation(M, Q)          Q = U V^T of M = U S V^T: no orthogonal matrix has a larger trace(Q^T M)
///
/// With tokens x_t as rows of X, G = X^T X is their second-moment matrix (linalg/gram.hpp), and M = Y^T X = sum_t y_t x_t^T makes
/// Q the rotation with the least sum_t ||y_t - Q x_t||^2. Weights of tokens, as DFRot gives them to massive activations, are
/// factors of the terms of M. dense_rotation applies Q.
///
/// Model of : -
/// Cost     : that of symmetric_eigen, or of svd_fast and one product.
/// Accuracy : Q is orthogonal as those make vectors: (Q Q^T - 1)(i, j) was below 10 sqrt(n) u for n = 1 to 96, float and double.
/// Promise  : the same bits for one instruction set. A rank-deficient M has many solutions; one of them is returned.
/// Source   : P. Schoenemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31, 1966; J. Xiang,
///            S. Zhang, "DFRot", 2024.

#include "skive/core/checked.hpp"
#include "skive/core/planes.hpp"
#include "skive/linalg/svd_fast.hpp"
#include "skive/linalg/symmetric_eigen.hpp"

namespace skive {

template <real T, class Arch = native_arch>
std::size_t principal_rotation_bytes(std::size_t n) noexcept {
  return saturating_add(workspace::bytes<T>(saturating_multiply(n, n)), symmetric_eigen_scratch_bytes<T, Arch>(n));
}

/// The lower triangle of `gram` is read. Fails as symmetric_eigen() does; results are untouched then.
template <class Arch = native_arch, real T>
status principal_rotation(std::type_identity_t<matrix_view<T const>> gram, std::type_identity_t<std::span<T>> values,
                          matrix_view<T> q, workspace scratch) noexcept {
  auto const n = gram.rows;
  if (!q.valid() || !gram.valid()) return errc::invalid_argument;
  if (gram.cols != n || q.rows != n || q.cols != n || values.size() != n) return errc::size_mismatch;
  if (scratch.size() < principal_rotation_bytes<T, Arch>(n)) return errc::workspace_too_small;
  matrix_view<T const> const row{values.data(), 1, n};
  if (detail::shares_elements<T>(gram, q) || detail::shares_elements<T>(q, row)) return errc::overlap;
  matrix_view<T> const vectors{take_reals<T>(scratch, n * n).data(), n, n};
  if (auto const s = symmetric_eigen<Arch, T>(gram, values, vectors, scratch); !s) return s;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t peak = 0;
    for (std::size_t i = 1; i < n; ++i)
      if (detail::absolute(vectors(peak, k)) < detail::absolute(vectors(i, k))) peak = i;
    bool const turned = vectors(peak, k) < T(0);
    for (std::size_t i = 0; i < n; ++i) q(k, i) = turned ? T(-vectors(i, k)) : vectors(i, k);
  }
  return errc::ok;
}

template <real T, class Arch = native_arch>
std::size_t procrustes_rotation_bytes(std::size_t n) noexcept {
  auto const square = workspace::bytes<T>(saturating_multiply(n, n));
  auto const factoring = svd_fast_scratch_bytes<T, Arch>(n, n);
  auto const joining = product_scratch_bytes<T, Arch>(n, n, n);
  return saturating_add(saturating_add(saturating_multiply(square, 2), workspace::bytes<T>(n)),
                        factoring < joining ? joining : factoring);
}

/// Fails as svd_fast() does; q is untouched then. q may be m itself.
template <class Arch = native_arch, real T>
status procrustes_rotation(std::type_identity_t<matrix_view<T const>> m, matrix_view<T> q, workspace scratch) noexcept {
  auto const n = m.rows;
  if (!q.valid() || !m.valid()) return errc::invalid_argument;
  if (m.cols != n || q.rows != n || q.cols != n) return errc::size_mismatch;
  if (scratch.size() < procrustes_rotation_bytes<T, Arch>(n)) return errc::workspace_too_small;
  bool const in_place = q.data == m.data && q.row_stride == m.row_stride;
  if (!in_place && detail::shares_elements<T>(m, q)) return errc::overlap;
  matrix_view<T> const u{take_reals<T>(scratch, n * n).data(), n, n};
  matrix_view<T> const vt{take_reals<T>(scratch, n * n).data(), n, n};
  auto const sigma = take_reals<T>(scratch, n);
  if (auto const s = svd_fast<Arch, T>(m, u, sigma, vt, scratch); !s) return s;
  return product<Arch, T>(matrix_view<T const>{u}, matrix_view<T const>{vt}, q, scratch);
}

}  // namespace skive
