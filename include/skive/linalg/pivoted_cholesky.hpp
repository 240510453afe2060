// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/pivoted_cholesky.hpp - Cholesky factor of a positive semi-definite matrix and its rank, the largest pivot first.
///
///   A(order, order) = L L^T + rest,   L n x rank, l_00 >= l_11 >= ...;   stops where pivots are too small to mean anything
///
/// L takes the lower triangle of A; the upper one is never looked at.
///
/// Model of : -
/// Cost     : n^3 / 3 operations at full rank; what lies 64 columns ahead is updated by products; no allocation.
/// Accuracy : |A(order, order) - L L^T - rest| <= (n + 2) u |L| |L^T| to first order; rest is positive semi-definite with trace
///            `rest_trace` for a positive semi-definite A, up to rounding.
/// Promise  : never a NaN in L for a positive semi-definite A. Input that is not finite is refused before the first write. Of
///            equal pivots the one that stands first is taken. The same bits for one instruction set.
/// Source   : N. Higham, as in linalg/cholesky.hpp; C. Lucas, "LAPACK-style codes for level 2 and 3 pivoted Cholesky
///            factorizations", LAPACK working note 161, 2004.

#include "skive/linalg/cholesky.hpp"

namespace skive {

template <real T>
struct pivoted_cholesky_report {
  std::size_t rank = 0;
  T smallest_pivot = T(0);  ///< the last that was taken
  T rest_trace = T(0);      ///< sum of the diagonal elements that were left
};

namespace detail {

// Rows and columns p < q of the symmetric matrix of which a is the lower triangle change places; so do rows of L left of p.
template <class T>
[[gnu::always_inline]] inline void exchange_symmetric(matrix_view<T> a, std::size_t p, std::size_t q) noexcept {
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

template <class Arch, class T>
bool lower_is_finite(matrix_view<T const> a) noexcept {
  for (std::size_t i = 0; i < a.rows; ++i)
    if (!all_finite<Arch, T>(submatrix(a, i, 0, 1, i + 1))) return false;
  return true;
}

/// d_i = d_i - x_i^2.
template <class Arch, class T>
void subtract_squares(T const* x, T* d, std::size_t n) noexcept {
  std::size_t i = 0;
  if constexpr (vector_real<T, Arch>) {
    using batch = xsimd::batch<T, Arch>;
    for (; i + batch::size <= n; i += batch::size) {
      auto const y = batch::load_unaligned(x + i);
      multiply_subtract(y, y, batch::load_unaligned(d + i)).store_unaligned(d + i);
    }
    if (i == n) return;
    auto const y = load_some<T, Arch>(x + i, n - i);
    store_some(multiply_subtract(y, y, load_some<T, Arch>(d + i, n - i)), d + i, n - i);
  } else {
    for (; i < n; ++i) d[i] -= x[i] * x[i];
  }
}

// Columns k0 .. k0 + cholesky_block - 1 of L; what lies left of k0 has been taken off already. Row k - k0 of `columns` is column
// k of L. Returns the columns made.
template <class Arch, class T>
std::size_t pivot_block(matrix_view<T> a, std::size_t k0, matrix_view<T> columns, std::span<std::size_t> order,
                        std::span<T> diagonal, T const& least, pivoted_cholesky_report<T>& report) noexcept {
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
      for (std::size_t l = 0; l < k - k0; ++l) exchange<Arch>(&columns(l, k), &columns(l, best), 1);
      auto const index = order[k];
      order[k] = order[best];
      order[best] = index;
      diagonal[best] = diagonal[k];
    }
    report.rank = k + 1;
    report.smallest_pivot = pivot;
    a(k, k) = square_root(pivot);
    T* const column = columns.row(k - k0).data();
    for (std::size_t i = k + 1; i < n; ++i) column[i] = a(i, k);
    for (std::size_t l = 0; l < k - k0; ++l) axpy<Arch>(T(-columns(l, k)), &columns(l, k) + 1, column + k + 1, n - k - 1);
    divide<Arch>(a(k, k), column + k + 1, n - k - 1);
    subtract_squares<Arch>(column + k + 1, diagonal.data() + k + 1, n - k - 1);
    for (std::size_t i = k + 1; i < n; ++i) a(i, k) = column[i];
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
  if (!detail::lower_is_finite<Arch, T>(a)) return errc::not_finite;
  report = {};
  auto const n = a.rows;
  if (n == 0) return errc::ok;
  auto const diagonal = take_reals<T>(scratch, n);
  matrix_view<T> const columns{take_reals<T>(scratch, detail::cholesky_block * n).data(), detail::cholesky_block, n};
  T largest(0);
  for (std::size_t i = 0; i < n; ++i) {
    order[i] = i;
    diagonal[i] = a(i, i);
    if (largest < a(i, i)) largest = a(i, i);
  }
  T const floor = T(static_cast<int>(n)) * std::numeric_limits<T>::epsilon() / 2;
  T const least = largest * (relative < floor ? floor : relative);
  for (std::size_t k = 0; k < n;) {
    auto const made = detail::pivot_block<Arch, T>(a, k, columns, order, diagonal, least, report);
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
  return detail::lower_is_finite<Arch, T>(a) ? errc::ok : errc::not_positive_definite;
}

}  // namespace skive
