// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/cholesky.hpp - Cholesky factors of symmetric matrices that need not be quite positive definite.
///
///   cholesky            A + damping I = L L^T                     damping: what the caller asks, more where that is not enough
///   pivoted_cholesky    A(order, order) = L L^T + rest, L of `rank` columns, the largest pivot first; stops at a small one
///
/// L takes the lower triangle of A. cholesky() starts again with more damping from the strict upper triangle, which has to be the
/// mirror image of the lower one and stays as it is; pivoted_cholesky() never looks at the upper triangle.
///
/// Model of : -
/// Cost     : n^3 / 3 multiply-adds by products in blocks of 64, for each attempt that goes to the end; no allocation.
/// Accuracy : |A + damping I - L L^T| <= (n + 1) u |L| |L^T| to first order; pivoted: besides, rest is positive semi-definite
///            with trace `rest_trace` for a positive semi-definite A, up to rounding.
/// Promise  : never a NaN in L: every square root is of a pivot above n u times the largest diagonal element. Input that is not
///            finite is refused before the first write. The same bits for one instruction set.
/// Source   : N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, sections 10.1 and 10.3; C. Lucas,
/// "LAPACK-
///            style codes for level 2 and 3 pivoted Cholesky factorizations", LAPACK working note 161, 2004.

#include "skive/linalg/triangular.hpp"

namespace skive {

/// damping = relative * mean(diag A); if a pivot is still too small, n u mean(diag A) at least, then ten times as much again.
template <real T>
struct cholesky_damping {
  T relative = T(0);
  int attempts = 40;  ///< 1: never more than asked
};

template <real T>
struct cholesky_report {
  T damping = T(0);         ///< added to the diagonal
  T smallest_pivot = T(0);  ///< square of the smallest diagonal element of L
  int attempts = 0;
};

template <real T>
struct pivoted_cholesky_report {
  std::size_t rank = 0;
  T smallest_pivot = T(0);  ///< the last that was taken
  T rest_trace = T(0);      ///< sum of the diagonal elements that were left
};

namespace detail {

inline constexpr std::size_t cholesky_block = 64;

// Lower triangle of a small matrix. False at a pivot that is not above `least`.
template <class Arch, class T>
bool factor_small(matrix_view<T> a, T const& least, T& smallest) noexcept {
  for (std::size_t i = 0; i < a.rows; ++i) {
    T* const row = a.row(i).data();
    for (std::size_t j = 0; j < i; ++j) row[j] = (row[j] - dot<Arch>(row, a.row(j).data(), j)) / a(j, j);
    T const pivot = row[i] - dot<Arch>(row, row, i);
    if (!(pivot > least) || !is_finite(pivot)) return false;
    if (pivot < smallest) smallest = pivot;
    row[i] = square_root(pivot);
  }
  return true;
}

// Left-looking, block column by block column.
template <class Arch, class T>
bool factor_blocks(matrix_view<T> a, T const& least, T& smallest, workspace scratch) noexcept {
  for (std::size_t k = 0; k < a.rows; k += cholesky_block) {
    auto const some = a.rows - k < cholesky_block ? a.rows - k : cholesky_block;
    auto const below = a.rows - k - some;
    auto const head = submatrix(a, k, k, some, some);
    auto const done = submatrix(a, k, 0, some, k);
    if (k != 0 && !symmetric_product<Arch>(done, head, scratch, T(-1), T(1))) return false;
    if (!factor_small<Arch>(head, least, smallest)) return false;
    if (below == 0) break;
    auto const rest = submatrix(a, k + some, k, below, some);
    if (k != 0 && !product<Arch>(submatrix(a, k + some, 0, below, k), transposed(done), rest, scratch, T(-1), T(1))) return false;
    if (!solve_right<Arch>(transposed(lower(head)), rest, scratch)) return false;
  }
  return true;
}

template <class T>
void restore_lower(matrix_view<T> a, std::span<T const> diagonal, T const& damping) noexcept {
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) a(i, j) = a(j, i);
    a(i, i) = diagonal[i] + damping;
  }
}

}  // namespace detail

/// Scratch of cholesky() and pivoted_cholesky() for n x n.
template <real T, class Arch = native_arch>
constexpr std::size_t cholesky_scratch_bytes(std::size_t n) noexcept {
  constexpr auto block = detail::cholesky_block;
  auto const solve = solve_scratch_bytes<T, Arch>(n, block);
  auto const update = product_scratch_bytes<T, Arch>(n, n, n);
  return workspace::bytes<T>(n) + (solve > update ? solve : update);
}

/// Fails with size_mismatch, invalid_argument (a view, a negative damping), workspace_too_small or not_finite; A is then
/// untouched. Fails with not_positive_definite when no attempt succeeds; A is then restored.
template <class Arch = native_arch, real T>
status cholesky(matrix_view<T> a, cholesky_report<T>& report, workspace scratch,
                std::type_identity_t<cholesky_damping<T>> rule = {}) noexcept {
  if (a.rows != a.cols) return errc::size_mismatch;
  if (!a.valid() || rule.relative < T(0) || rule.attempts < 1) return errc::invalid_argument;
  if (scratch.size() < cholesky_scratch_bytes<T, Arch>(a.rows)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, T>(a)) return errc::not_finite;
  report = {};
  if (a.rows == 0) return errc::ok;
  auto const diagonal = take_reals<T>(scratch, a.rows);
  T const n = T(static_cast<int>(a.rows));
  T mean(0);
  T largest(0);
  for (std::size_t i = 0; i < a.rows; ++i) {
    diagonal[i] = a(i, i);
    mean += detail::magnitude(a(i, i)) / n;
    if (largest < detail::magnitude(a(i, i))) largest = detail::magnitude(a(i, i));
  }
  if (mean == T(0)) mean = largest = T(1);
  T const smallest_step = n * std::numeric_limits<T>::epsilon() * mean;
  for (T damping = rule.relative * mean; report.attempts < rule.attempts;) {
    ++report.attempts;
    if (report.attempts > 1 || damping != T(0)) detail::restore_lower<T>(a, diagonal, damping);
    report.damping = damping;
    report.smallest_pivot = largest + damping;
    T const least = n * std::numeric_limits<T>::epsilon() / 2 * (largest + damping);
    if (detail::factor_blocks<Arch>(a, least, report.smallest_pivot, scratch)) return errc::ok;
    damping = damping < smallest_step ? smallest_step : 10 * damping;
  }
  detail::restore_lower<T>(a, diagonal, T(0));
  return errc::not_positive_definite;
}

namespace detail {

// Rows and columns p < q of the symmetric matrix of which a is the lower triangle change places; so do rows of L left of p.
template <class T>
void exchange_symmetric(matrix_view<T> a, std::size_t p, std::size_t q) noexcept {
  auto const swap = [](T& x, T& y) noexcept {
    T const z = x;
    x = y;
    y = z;
  };
  for (std::size_t j = 0; j < p; ++j) swap(a(p, j), a(q, j));
  for (std::size_t i = p + 1; i < q; ++i) swap(a(i, p), a(q, i));
  for (std::size_t i = q + 1; i < a.rows; ++i) swap(a(i, p), a(i, q));
  swap(a(p, p), a(q, q));
}

// Columns k0 .. k0 + cholesky_block - 1 of L; what lies left of k0 has been taken off already. Returns the columns made.
template <class Arch, class T>
std::size_t pivot_block(matrix_view<T> a, std::size_t k0, std::span<std::size_t> order, std::span<T> diagonal, T const& least,
                        pivoted_cholesky_report<T>& report) noexcept {
  auto const n = a.rows;
  auto const end = n - k0 < cholesky_block ? n : k0 + cholesky_block;
  for (std::size_t k = k0; k < end; ++k) {
    auto best = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (diagonal[best] < diagonal[i]) best = i;
    T const pivot = diagonal[best];
    if (!(pivot > least)) return k - k0;
    if (best != k) {
      exchange_symmetric(a, k, best);
      auto const index = order[k];
      order[k] = order[best];
      order[best] = index;
      diagonal[best] = diagonal[k];
    }
    report.rank = k + 1;
    report.smallest_pivot = pivot;
    a(k, k) = square_root(pivot);
    for (std::size_t i = k + 1; i < n; ++i) {
      T const x = (a(i, k) - dot<Arch>(&a(i, k0), &a(k, k0), k - k0)) / a(k, k);
      a(i, k) = x;
      diagonal[i] -= x * x;
    }
  }
  return end - k0;
}

}  // namespace detail

/// order[i]: which row and column of A is row i of L. Pivots not above `relative` times the largest diagonal element (n u if that
/// is more) end it; columns of L behind `rank` are zero. Fails with size_mismatch, invalid_argument, workspace_too_small or
/// not_finite; A is then untouched. Fails with not_positive_definite when L overflows, which takes a matrix that is far from it;
/// A is then lost. A zero matrix has rank 0.
template <class Arch = native_arch, real T>
status pivoted_cholesky(matrix_view<T> a, std::span<std::size_t> order, pivoted_cholesky_report<T>& report, workspace scratch,
                        std::type_identity_t<T> relative = T(0)) noexcept {
  if (a.rows != a.cols || order.size() != a.rows) return errc::size_mismatch;
  if (!a.valid() || relative < T(0)) return errc::invalid_argument;
  if (scratch.size() < cholesky_scratch_bytes<T, Arch>(a.rows)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, T>(a)) return errc::not_finite;
  report = {};
  auto const n = a.rows;
  auto const diagonal = take_reals<T>(scratch, n);
  T largest(0);
  for (std::size_t i = 0; i < n; ++i) {
    order[i] = i;
    diagonal[i] = a(i, i);
    if (largest < a(i, i)) largest = a(i, i);
  }
  T const floor = T(static_cast<int>(n)) * std::numeric_limits<T>::epsilon() / 2;
  T const least = largest * (relative < floor ? floor : relative);
  for (std::size_t k = 0; k < n;) {
    auto const made = detail::pivot_block<Arch>(a, k, order, diagonal, least, report);
    k += made;
    if (made < detail::cholesky_block || k == n) break;
    if (auto const s = symmetric_product<Arch>(submatrix(a, k, k - made, n - k, made), submatrix(a, k, k, n - k, n - k), scratch,
                                               T(-1), T(1));
        !s)
      return s;
    for (std::size_t i = k; i < n; ++i) diagonal[i] = a(i, i);
  }
  for (std::size_t i = report.rank; i < n; ++i) {
    if (T(0) < diagonal[i]) report.rest_trace += diagonal[i];
    for (std::size_t j = report.rank; j <= i; ++j) a(i, j) = T(0);
  }
  for (std::size_t i = 0; i < n; ++i)
    if (!detail::all_finite<Arch, T>(submatrix(a, i, 0, 1, i + 1))) return errc::not_positive_definite;
  return errc::ok;
}

}  // namespace skive
