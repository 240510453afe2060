// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/cholesky.hpp - Cholesky factors of symmetric matrices that need not be quite positive definite.
///
///   cholesky      A + damping I = L L^T      damping: what the caller asks, more where that is not enough
///
/// L takes the lower triangle of A. An attempt that fails is followed by one with more damping, from the strict upper triangle,
/// which has to be the mirror image of the lower one and stays as it is. Rank-deficient matrices that are to keep their rank:
/// linalg/pivoted_cholesky.hpp.
///
/// Model of : -
/// Cost     : n^3 / 3 operations, by products in blocks of 64, for each attempt that goes to the end; no allocation.
/// Accuracy : |A + damping I - L L^T| <= (n + 2) u |L| |L^T| to first order.
/// Promise  : never a NaN in L: every square root is of a pivot above n u times the largest diagonal element. Input that is not
///            finite is refused before the first write. The same bits for one instruction set.
/// Source   : N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, sections 10.1 and 10.3.

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
[[gnu::always_inline]] inline void restore_lower(matrix_view<T> a, std::span<T const> diagonal, T const& damping) noexcept {
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) a(i, j) = a(j, i);
    a(i, i) = diagonal[i] + damping;
  }
}

}  // namespace detail

/// Scratch of cholesky() and of pivoted_cholesky() for n x n.
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

}  // namespace skive
