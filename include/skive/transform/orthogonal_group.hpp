// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/orthogonal_group.hpp - steps that stay on the orthogonal group, and ways back to it.
///
///   cayley_step(G, t, Q)        Q <- (I + t/2 W)^-1 (I - t/2 W) Q,   W = (G Q^T - Q G^T) / 2,   G(i, j) = d loss / d Q(i, j)
///   orthonormalise(Q)           Q of the QR factorisation of Q with a positive diagonal of R: rows of the result span what the
///                               first rows of Q span
///   nearest_orthogonal(Q)       Newton-Schulz, Q <- Q (3 I - Q^T Q) / 2, until Q is orthogonal: the nearest such matrix
///
/// The loss falls by t ||W||^2 to first order in t. The caller's gradient may come from anywhere; SpinQuant learns rotations so.
///
/// Model of : -
/// Cost     : cayley_step about 4 n^3 multiply-adds (two products, a QR factorisation, a solution); orthonormalise 4 n^3 / 3;
///            each of the steps of nearest_orthogonal 3 n^3 / 2, of which a matrix that is nearly orthogonal needs one or two.
/// Accuracy : cayley_step and orthonormalise lose some n u of orthogonality, nearest_orthogonal leaves at most 4 sqrt(n) u or
///            what its steps cannot better.
/// Promise  : sizes, overlap, scratch and finite numbers are checked before the first write. The same bits for one instruction
///            set.
/// Source   : J. Li, L. Fuxin, S. Todorovic, "Efficient Riemannian optimization on the Stiefel manifold via the Cayley
///            transform", ICLR 2020; Z. Liu et al., "SpinQuant", ICLR 2025; A. Bjorck, C. Bowie, SIAM J. Num. Anal. 8, 1971.

#include "skive/core/planes.hpp"
#include "skive/linalg/qr.hpp"
#include "skive/linalg/triangular.hpp"

namespace skive {

namespace detail {

template <real T, class Arch>
std::size_t square_factor_bytes(std::size_t n) noexcept {
  auto const factoring = qr_scratch_bytes<T, Arch>(n, n);
  auto const applying = apply_q_scratch_bytes<T, Arch>(n, n, n);
  auto const solving = solve_scratch_bytes<T, Arch>(n, n);
  auto const joining = product_scratch_bytes<T, Arch>(n, n, n);
  return larger(larger(factoring, applying), larger(solving, joining));
}

template <class Arch, real T>
status check_square(matrix_view<T> q, std::size_t need, workspace scratch) noexcept {
  if (!q.valid()) return errc::invalid_argument;
  if (q.cols != q.rows) return errc::size_mismatch;
  if (scratch.size() < need) return errc::workspace_too_small;
  return all_finite<Arch, T>(q) ? errc::ok : errc::not_finite;
}

template <real T>
matrix_view<T> take_square(workspace& scratch, std::size_t n) noexcept {
  return {take_reals<T>(scratch, n * n).data(), n, n};
}

}  // namespace detail

template <real T, class Arch = native_arch>
std::size_t cayley_step_bytes(std::size_t n) noexcept {
  return saturating_add(saturating_multiply(workspace::bytes<T>(saturating_multiply(n, n)), 3),
                        saturating_add(workspace::bytes<T>(n), detail::square_factor_bytes<T, Arch>(n)));
}

/// Fails with invalid_argument, size_mismatch, overlap, workspace_too_small, or not_finite (also where t W overflows).
template <class Arch = native_arch, real T>
status cayley_step(std::type_identity_t<matrix_view<T const>> gradient, std::type_identity_t<T> step, matrix_view<T> q,
                   workspace scratch) noexcept {
  auto const n = q.rows;
  if (!gradient.valid()) return errc::invalid_argument;
  if (gradient.rows != n || gradient.cols != n) return errc::size_mismatch;
  if (auto const s = detail::check_square<Arch>(q, cayley_step_bytes<T, Arch>(n), scratch); !s) return s;
  if (detail::shares_elements<T>(gradient, q)) return errc::overlap;
  if (!detail::all_finite<Arch, T>(gradient) || !detail::finite(step)) return errc::not_finite;
  auto const w = detail::take_square<T>(scratch, n);
  auto const plus = detail::take_square<T>(scratch, n);
  auto const to = detail::take_square<T>(scratch, n);
  auto const tau = take_reals<T>(scratch, n);
  static_cast<void>(product<Arch, T>(gradient, transposed(q), w, scratch));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      T const half = step * (w(i, j) - w(j, i)) / T(4);
      plus(i, j) = half + T(i == j ? 1 : 0);
      plus(j, i) = T(i == j ? 1 : 0) - half;
      w(i, j) = -half;
      w(j, i) = half;
    }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) to(i, j) = q(i, j);
  static_cast<void>(product<Arch, T>(w, q, to, scratch, T(1), T(1)));  // (I - t/2 W) Q
  if (!detail::all_finite<Arch, T>(to)) return errc::not_finite;
  if (auto const s = qr<Arch, T>(plus, tau, scratch); !s) return s;
  static_cast<void>(apply_q<Arch, T>(plus, tau, to, q_side::transposed, scratch));
  if (auto const s = solve_left<Arch, T>(upper(plus), to, scratch); !s) return s;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) q(i, j) = to(i, j);
  return errc::ok;
}

template <real T, class Arch = native_arch>
std::size_t orthonormalise_bytes(std::size_t n) noexcept {
  return saturating_add(saturating_multiply(workspace::bytes<T>(saturating_multiply(n, n)), 2),
                        saturating_add(workspace::bytes<T>(n), detail::square_factor_bytes<T, Arch>(n)));
}

/// Fails with invalid_argument (also where a row depends on those before it), size_mismatch, workspace_too_small or not_finite; q
/// is untouched then.
template <class Arch = native_arch, real T>
status orthonormalise(matrix_view<T> q, workspace scratch) noexcept {
  auto const n = q.rows;
  if (auto const s = detail::check_square<Arch>(q, orthonormalise_bytes<T, Arch>(n), scratch); !s) return s;
  auto const columns = detail::take_square<T>(scratch, n);
  auto const formed = detail::take_square<T>(scratch, n);
  auto const tau = take_reals<T>(scratch, n);
  detail::copy_transposed<Arch, T>(matrix_view<T const>{q}, columns);
  if (auto const s = qr<Arch, T>(columns, tau, scratch); !s) return s;
  T largest(0);
  for (std::size_t k = 0; k < n; ++k)
    if (largest < detail::absolute(columns(k, k))) largest = detail::absolute(columns(k, k));
  T const least = largest * T(static_cast<int>(n)) * std::numeric_limits<T>::epsilon();
  for (std::size_t k = 0; k < n; ++k)
    if (!(least < detail::absolute(columns(k, k)))) return errc::invalid_argument;
  static_cast<void>(form_q<Arch, T>(columns, tau, formed, scratch));
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i) q(k, i) = columns(k, k) < T(0) ? T(-formed(i, k)) : formed(i, k);
  return errc::ok;
}

template <real T, class Arch = native_arch>
std::size_t nearest_orthogonal_bytes(std::size_t n) noexcept {
  return saturating_add(saturating_multiply(workspace::bytes<T>(saturating_multiply(n, n)), 2),
                        product_scratch_bytes<T, Arch>(n, n, n));
}

/// Fails with invalid_argument (also where a row of |Q^T Q - I| sums to 1 or more, so that the steps need not converge:
/// procrustes_rotation() of Q is for those), size_mismatch, workspace_too_small or not_finite; q is untouched then.
template <class Arch = native_arch, real T>
status nearest_orthogonal(matrix_view<T> q, workspace scratch) noexcept {
  auto const n = q.rows;
  if (auto const s = detail::check_square<Arch>(q, nearest_orthogonal_bytes<T, Arch>(n), scratch); !s) return s;
  auto const defect = detail::take_square<T>(scratch, n);
  auto const next = detail::take_square<T>(scratch, n);
  T before(1);
  for (int step = 0; step < 40; ++step) {
    static_cast<void>(symmetric_product<Arch, T>(transposed(q), defect, scratch));
    static_cast<void>(mirror_lower<Arch, T>(defect));
    T largest(0);  // sum of a row: a bound of the 2-norm
    T entry(0);
    for (std::size_t i = 0; i < n; ++i) {
      T sum(0);
      defect(i, i) -= T(1);
      for (std::size_t j = 0; j < n; ++j) {
        sum += detail::absolute(defect(i, j));
        if (entry < detail::absolute(defect(i, j))) entry = detail::absolute(defect(i, j));
      }
      if (!(sum < T(1)) && step == 0) return errc::invalid_argument;
      if (largest < sum) largest = sum;
    }
    T const enough = T(2) * detail::square_root(T(static_cast<int>(n))) * std::numeric_limits<T>::epsilon();
    if (entry <= enough || (step > 0 && !(largest < before))) break;
    before = largest;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) next(i, j) = q(i, j);
    static_cast<void>(product<Arch, T>(matrix_view<T const>{q}, matrix_view<T const>{defect}, next, scratch, T(-1) / T(2), T(1)));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) q(i, j) = next(i, j);
  }
  return errc::ok;
}

}  // namespace skive
