// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/triangular.hpp - systems of equations with a triangular matrix, in place.
///
///   solve_left    op(T) X = B        solve_right    X op(T) = B        X takes B's place
///   T: lower(m), upper(m): that triangle of a square view, the other one is never read;   unit(t): ones on the diagonal, which
///   is not read either;   transposed(t): op(T) = T^T
///
/// Blocks of 64 unknowns: products (linalg/product.hpp) take known ones to the other side. Inside of a block right-hand sides lie
/// across the lanes of registers. Columns of B (solve_left) or rows (solve_right) are independent: threads share a system by
/// them.
///
/// Model of : -
/// Cost     : n^2 times the right-hand sides, by products but for the blocks on the diagonal; no allocation.
/// Accuracy : (op(T) + E) x = b for every right-hand side, |E| <= (n + 2) u |op(T)| to first order.
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
[[gnu::always_inline]] inline status check_solve(triangle<T> const& t, matrix_view<T> b, std::size_t unknowns) noexcept {
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
[[gnu::always_inline]] inline matrix_view<T> copy_diagonal_block(triangle<T> const& t, std::size_t first, std::size_t n,
                                                                 T* to) noexcept {
  matrix_view<T> const block{to, n, n};
  auto const from = submatrix(t.all(), first, first, n, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      block(i, j) = i == j && t.is_unit ? T(1) : (j <= i) == t.lower() || i == j ? from(i, j) : T(0);
  return block;
}

/// Right-hand sides that stay in registers together; 1: the plain path.
template <class T, class Arch>
constexpr std::size_t solved_together() noexcept {
  if constexpr (vector_real<T, Arch>)
    return 4 * xsimd::batch<T, Arch>::size;
  else
    return 1;
}

/// op(T) X = B for a small triangle and solved_together() columns, in place: a row of X after the other.
template <class Arch, class T>
void solve_columns(matrix_view<T const> t, bool is_lower, bool is_unit, T* x, std::size_t stride) noexcept {
  for (std::size_t step = 0; step < t.rows; ++step) {
    auto const i = is_lower ? step : t.rows - 1 - step;
    T* const row = x + i * stride;
    T const inverse = T(1) / t(i, i);
    if constexpr (vector_real<T, Arch>) {
      using batch = xsimd::batch<T, Arch>;
      constexpr std::size_t lanes = batch::size;
      batch y[4] = {batch::load_unaligned(row), batch::load_unaligned(row + lanes), batch::load_unaligned(row + 2 * lanes),
                    batch::load_unaligned(row + 3 * lanes)};
      for (std::size_t known = 0; known < step; ++known) {
        auto const k = is_lower ? known : t.rows - 1 - known;
        T const* const other = x + k * stride;
        batch const factor(t(i, k));
        y[0] = multiply_subtract(factor, batch::load_unaligned(other), y[0]);
        y[1] = multiply_subtract(factor, batch::load_unaligned(other + lanes), y[1]);
        y[2] = multiply_subtract(factor, batch::load_unaligned(other + 2 * lanes), y[2]);
        y[3] = multiply_subtract(factor, batch::load_unaligned(other + 3 * lanes), y[3]);
      }
      for (std::size_t v = 0; v < 4; ++v) {
        if (!is_unit) y[v] = finite(inverse) ? y[v] * batch(inverse) : simd::divided(y[v], batch(t(i, i)));
        y[v].store_unaligned(row + v * lanes);
      }
    } else {
      for (std::size_t known = 0; known < step; ++known) {
        auto const k = is_lower ? known : t.rows - 1 - known;
        row[0] -= t(i, k) * x[k * stride];
      }
      if (!is_unit) row[0] /= t(i, i);
    }
  }
}

/// op(T) X = B; `buffer` has room for solved_together() columns, side by side.
template <class Arch, class T>
void solve_left_block(matrix_view<T const> t, bool is_lower, bool is_unit, matrix_view<T> b, T* buffer) noexcept {
  constexpr auto width = solved_together<T, Arch>();
  std::size_t j = 0;
  for (; j + width <= b.cols; j += width) solve_columns<Arch>(t, is_lower, is_unit, &b(0, j), b.row_stride);
  if (j == b.cols) return;
  auto const some = b.cols - j;
  for (std::size_t i = 0; i < t.rows; ++i)
    for (std::size_t l = 0; l < width; ++l) buffer[i * width + l] = l < some ? b(i, j + l) : T(0);
  solve_columns<Arch>(t, is_lower, is_unit, buffer, width);
  for (std::size_t i = 0; i < t.rows; ++i)
    for (std::size_t l = 0; l < some; ++l) b(i, j + l) = buffer[i * width + l];
}

/// X op(T)^T = B: rows of B as columns of the buffer.
template <class Arch, class T>
void solve_right_block(matrix_view<T const> t, bool is_lower, bool is_unit, matrix_view<T> b, T* buffer) noexcept {
  constexpr auto width = solved_together<T, Arch>();
  for (std::size_t i = 0; i < b.rows; i += width) {
    auto const some = b.rows - i < width ? b.rows - i : width;
    auto const rows = submatrix(b, i, 0, some, b.cols);
    matrix_view<T> const columns{buffer, b.cols, some, width};
    if (some != width)
      for (std::size_t l = 0; l < b.cols * width; ++l) buffer[l] = T(0);
    copy_transposed<Arch, T>(rows, columns);
    solve_columns<Arch>(t, is_lower, is_unit, buffer, width);
    copy_transposed<Arch, T>(matrix_view<T const>{columns}, rows);
  }
}

}  // namespace detail

/// Scratch of solve_left() and solve_right() for B of rows x cols.
template <real T, class Arch = native_arch>
constexpr std::size_t solve_scratch_bytes(std::size_t rows, std::size_t cols) noexcept {
  constexpr auto block = detail::triangle_block;
  auto const left = product_scratch_bytes<T, Arch>(block, cols, rows);
  auto const right = product_scratch_bytes<T, Arch>(rows, block, cols);
  return workspace::bytes<T>(block * block) + workspace::bytes<T>(block * detail::solved_together<T, Arch>()) +
      (left > right ? left : right);
}

/// Fails with size_mismatch, invalid_argument (an invalid view, or a zero on the diagonal), overlap or workspace_too_small; B is
/// then untouched. NaN and infinity travel into X.
template <class Arch = native_arch, real T>
status solve_left(std::type_identity_t<triangle<T>> t, matrix_view<T> b, workspace scratch) noexcept {
  if (auto const s = detail::check_solve(t, b, b.rows); !s) return s;
  if (scratch.size() < solve_scratch_bytes<T, Arch>(b.rows, b.cols)) return errc::workspace_too_small;
  auto const memory = take_reals<T>(scratch, detail::triangle_block * detail::triangle_block);
  auto const buffer = take_reals<T>(scratch, detail::triangle_block * detail::solved_together<T, Arch>());
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
    detail::solve_left_block<Arch, T>(detail::copy_diagonal_block(t, first, some, memory.data()), t.lower(), t.is_unit, now,
                                      buffer.data());
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
  auto const buffer = take_reals<T>(scratch, detail::triangle_block * detail::solved_together<T, Arch>());
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
    auto const block = detail::copy_diagonal_block(transposed(t), first, some, memory.data());
    detail::solve_right_block<Arch, T>(block, !t.lower(), t.is_unit, now, buffer.data());
    done += some;
  }
  return errc::ok;
}

}  // namespace skive
