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
/// Cost     : n^3 / 3 operations, by products in blocks of 64, for each attempt that goes to the end; no allocation.
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
bool factor_by_dots(matrix_view<T> a, T const& least, T& smallest) noexcept {
  for (std::size_t i = 0; i < a.rows; ++i) {
    T* const row = a.row(i).data();
    for (std::size_t j = 0; j < i; ++j) row[j] = (row[j] - dot<Arch>(row, a.row(j).data(), j)) / a(j, j);
    T const pivot = row[i] - dot<Arch>(row, row, i);
    if (!(pivot > least) || !finite(pivot)) return false;
    if (pivot < smallest) smallest = pivot;
    row[i] = square_root(pivot);
  }
  return true;
}

// Row i of u = L^T from column `first` on, as many as four registers hold: what the rows above leave of it.
template <class Arch, class T>
[[gnu::always_inline]] inline void reduce_row(matrix_view<T> u, std::size_t i, std::size_t first) noexcept {
  using batch = xsimd::batch<T, Arch>;
  constexpr std::size_t lanes = batch::size;
  T* const row = &u(i, first);
  batch y[4] = {batch::load_unaligned(row), batch::load_unaligned(row + lanes), batch::load_unaligned(row + 2 * lanes),
                batch::load_unaligned(row + 3 * lanes)};
  for (std::size_t k = 0; k < i; ++k) {
    T const* const above = &u(k, first);
    batch const factor(u(k, i));
    y[0] = multiply_subtract(factor, batch::load_unaligned(above), y[0]);
    y[1] = multiply_subtract(factor, batch::load_unaligned(above + lanes), y[1]);
    y[2] = multiply_subtract(factor, batch::load_unaligned(above + 2 * lanes), y[2]);
    y[3] = multiply_subtract(factor, batch::load_unaligned(above + 3 * lanes), y[3]);
  }
  for (std::size_t v = 0; v < 4; ++v) y[v].store_unaligned(row + v * lanes);
}

// The same by rows of L^T in `buffer`, of cholesky_block rows of cholesky_block numbers.
template <class Arch, class T>
bool factor_small(matrix_view<T> a, T const& least, T& smallest, std::span<T> buffer) noexcept {
  if constexpr (vector_real<T, Arch>) {
    constexpr auto width = 4 * xsimd::batch<T, Arch>::size;
    static_assert(cholesky_block % width == 0);
    matrix_view<T> const u{buffer.data(), cholesky_block, cholesky_block};
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = 0; j < cholesky_block; ++j) u(i, j) = j >= i && j < a.rows ? a(j, i) : T(0);
    for (std::size_t i = 0; i < a.rows; ++i) {
      auto const first = i / width * width;
      for (auto j = first; j < a.rows; j += width) reduce_row<Arch>(u, i, j);
      T const pivot = u(i, i);
      if (!(pivot > least) || !finite(pivot)) return false;
      if (pivot < smallest) smallest = pivot;
      divide<Arch>(square_root(pivot), &u(i, first), cholesky_block - first);
      u(i, i) = square_root(pivot);
    }
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = 0; j <= i; ++j) a(i, j) = u(j, i);
    return true;
  } else {
    return factor_by_dots<Arch>(a, least, smallest);
  }
}

// Left-looking, block column by block column.
template <class Arch, class T>
bool factor_blocks(matrix_view<T> a, T const& least, T& smallest, workspace scratch) noexcept {
  auto const buffer = take_reals<T>(scratch, cholesky_block * cholesky_block);
  for (std::size_t k = 0; k < a.rows; k += cholesky_block) {
    auto const some = a.rows - k < cholesky_block ? a.rows - k : cholesky_block;
    auto const below = a.rows - k - some;
    auto const head = submatrix(a, k, k, some, some);
    auto const done = submatrix(a, k, 0, some, k);
    if (k != 0 && !symmetric_product<Arch>(done, head, scratch, T(-1), T(1))) return false;
    if (!factor_small<Arch, T>(head, least, smallest, buffer)) return false;
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
  return workspace::bytes<T>(n) + workspace::bytes<T>(block * (n < block ? block : n)) + (solve > update ? solve : update);
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
    mean += detail::absolute(a(i, i)) / n;
    if (largest < detail::absolute(a(i, i))) largest = detail::absolute(a(i, i));
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
  if (!detail::all_finite<Arch, T>(a)) return errc::not_finite;
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
  for (std::size_t i = 0; i < n; ++i)
    if (!detail::all_finite<Arch, T>(submatrix(a, i, 0, 1, i + 1))) return errc::not_positive_definite;
  return errc::ok;
}

}  // namespace skive
