// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/triangular.hpp - systems of equations with a triangular matrix, in place.
///
///   solve_left    op(T) X = B        solve_right    X op(T) = B        X takes B's place
///   T: lower(m), upper(m): that triangle of a square view, the other one is never read;   unit(t): ones on the diagonal, which
///   is not read either;   transposed(t): op(T) = T^T
///
/// Blocks of 64 unknowns: products (linalg/product.hpp) take known ones to the other side. Columns of B (solve_left) or rows
/// (solve_right) are independent: threads share a system by them.
///
/// Model of : -
/// Cost     : n^2 times the right-hand sides, by products but for the blocks on the diagonal; no allocation.
/// Accuracy : (op(T) + E) x = b for every right-hand side, |E| <= (n + 1) u |op(T)| to first order.
/// Promise  : the same bits for one instruction set, however right-hand sides are split. Sizes and the diagonal are checked
///            before the first write.
/// Source   : N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, section 8.1.

#include "skive/linalg/product.hpp"
#include "skive/linalg/vector.hpp"

namespace skive {

template <class T>
struct triangle {
  matrix_view<T const> view;
  bool is_lower = true;  ///< of the view, before transposing
  bool is_unit = false;
  bool is_transposed = false;

  constexpr std::size_t size() const noexcept { return view.rows; }
  /// Is op(T) lower?
  constexpr bool lower() const noexcept { return is_lower != is_transposed; }
  constexpr operand<T> all() const noexcept { return {view, is_transposed}; }
};

template <class T>
constexpr triangle<std::remove_const_t<T>> lower(matrix_view<T> m) noexcept {
  return {m};
}
template <class T>
constexpr triangle<std::remove_const_t<T>> upper(matrix_view<T> m) noexcept {
  return {m, false};
}
template <class T>
constexpr triangle<T> unit(triangle<T> t) noexcept {
  t.is_unit = true;
  return t;
}
template <class T>
constexpr triangle<T> transposed(triangle<T> t) noexcept {
  t.is_transposed = !t.is_transposed;
  return t;
}

namespace detail {

inline constexpr std::size_t triangle_block = 64;

template <class T>
status check_solve(triangle<T> const& t, matrix_view<T> b, std::size_t unknowns) noexcept {
  if (t.view.rows != t.view.cols || t.size() != unknowns) return errc::size_mismatch;
  if (!t.view.valid() || !b.valid()) return errc::invalid_argument;
  if (shares_elements<T>(t.view, b)) return errc::overlap;
  if (!t.is_unit)
    for (std::size_t i = 0; i < t.size(); ++i)
      if (t.view(i, i) == T(0)) return errc::invalid_argument;
  return errc::ok;
}

// One block on the diagonal of op(T), its rows side by side.
template <class T>
matrix_view<T> copy_diagonal_block(triangle<T> const& t, std::size_t first, std::size_t n, T* to) noexcept {
  matrix_view<T> const block{to, n, n};
  auto const from = submatrix(t.all(), first, first, n, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      block(i, j) = i == j && t.is_unit ? T(1) : (j <= i) == t.lower() || i == j ? from(i, j) : T(0);
  return block;
}

template <class Arch, class T>
void solve_left_block(matrix_view<T> t, bool is_lower, bool is_unit, matrix_view<T> b) noexcept {
  for (std::size_t step = 0; step < t.rows; ++step) {
    auto const i = is_lower ? step : t.rows - 1 - step;
    T* const row = b.row(i).data();
    if (is_lower)
      for (std::size_t k = 0; k < i; ++k) axpy<Arch>(T(-t(i, k)), b.row(k).data(), row, b.cols);
    else
      for (std::size_t k = t.rows - 1; k > i; --k) axpy<Arch>(T(-t(i, k)), b.row(k).data(), row, b.cols);
    if (!is_unit)
      for (std::size_t j = 0; j < b.cols; ++j) row[j] /= t(i, i);
  }
}

template <class Arch, class T>
void solve_right_block(matrix_view<T> t, bool is_lower, bool is_unit, matrix_view<T> b) noexcept {
  for (std::size_t r = 0; r < b.rows; ++r) {
    T* const x = b.row(r).data();
    for (std::size_t step = 0; step < t.rows; ++step) {
      auto const i = is_lower ? t.rows - 1 - step : step;
      if (!is_unit) x[i] /= t(i, i);
      if (is_lower)
        axpy<Arch>(T(-x[i]), t.row(i).data(), x, i);
      else
        axpy<Arch>(T(-x[i]), t.row(i).data() + i + 1, x + i + 1, t.rows - 1 - i);
    }
  }
}

}  // namespace detail

/// Scratch of solve_left() and solve_right() for B of rows x cols.
template <real T, class Arch = native_arch>
constexpr std::size_t solve_scratch_bytes(std::size_t rows, std::size_t cols) noexcept {
  constexpr auto block = detail::triangle_block;
  auto const left = product_scratch_bytes<T, Arch>(block, cols, rows);
  auto const right = product_scratch_bytes<T, Arch>(rows, block, cols);
  return workspace::bytes<T>(block * block) + (left > right ? left : right);
}

/// Fails with size_mismatch, invalid_argument (an invalid view, or a zero on the diagonal), overlap or workspace_too_small; B is
/// then untouched. NaN and infinity travel into X.
template <class Arch = native_arch, real T>
status solve_left(std::type_identity_t<triangle<T>> t, matrix_view<T> b, workspace scratch) noexcept {
  if (auto const s = detail::check_solve(t, b, b.rows); !s) return s;
  if (scratch.size() < solve_scratch_bytes<T, Arch>(b.rows, b.cols)) return errc::workspace_too_small;
  auto const memory = take_reals<T>(scratch, detail::triangle_block * detail::triangle_block);
  auto const n = b.rows;
  for (std::size_t done = 0; done < n;) {
    auto const some = n - done < detail::triangle_block ? n - done : detail::triangle_block;
    auto const first = t.lower() ? done : n - done - some;
    auto const known = t.lower() ? 0 : n - done;
    auto const now = submatrix(b, first, 0, some, b.cols);
    if (done != 0)
      if (auto const s = product<Arch>(submatrix(t.all(), first, known, some, done), submatrix(b, known, 0, done, b.cols), now,
                                       scratch, T(-1), T(1));
          !s)
        return s;
    detail::solve_left_block<Arch>(detail::copy_diagonal_block(t, first, some, memory.data()), t.lower(), t.is_unit, now);
    done += some;
  }
  return errc::ok;
}

/// As solve_left().
template <class Arch = native_arch, real T>
status solve_right(std::type_identity_t<triangle<T>> t, matrix_view<T> b, workspace scratch) noexcept {
  if (auto const s = detail::check_solve(t, b, b.cols); !s) return s;
  if (scratch.size() < solve_scratch_bytes<T, Arch>(b.rows, b.cols)) return errc::workspace_too_small;
  auto const memory = take_reals<T>(scratch, detail::triangle_block * detail::triangle_block);
  auto const n = b.cols;
  for (std::size_t done = 0; done < n;) {
    auto const some = n - done < detail::triangle_block ? n - done : detail::triangle_block;
    auto const first = t.lower() ? n - done - some : done;
    auto const known = t.lower() ? n - done : 0;
    auto const now = submatrix(b, 0, first, b.rows, some);
    if (done != 0)
      if (auto const s = product<Arch>(submatrix(b, 0, known, b.rows, done), submatrix(t.all(), known, first, done, some), now,
                                       scratch, T(-1), T(1));
          !s)
        return s;
    detail::solve_right_block<Arch>(detail::copy_diagonal_block(t, first, some, memory.data()), t.lower(), t.is_unit, now);
    done += some;
  }
  return errc::ok;
}

}  // namespace skive
