// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/operand.hpp - a matrix as it stands or transposed, a part of a matrix, and whether two share elements.
///
///   operand<float> a = weights;             op(A) = A
///   operand<float> b = transposed(inputs);  op(B) = B^T, by the way it is read
///   submatrix(a, r, c, rows, cols)          the view of rows r .. r + rows - 1, columns c .. c + cols - 1
///
/// Model of : -
/// Cost     : five words; no element moves.
/// Promise  : shares_elements() never misses a shared element; views of different strides that lie among each other count as
///            sharing.
/// Source   : -

#include "skive/core/matrix_view.hpp"

#include <cstdint>

namespace skive {

template <class T>
struct operand {
  matrix_view<T const> view;
  bool is_transposed = false;

  constexpr operand() noexcept = default;
  constexpr operand(matrix_view<T const> m, bool transposed = false) noexcept : view{m}, is_transposed{transposed} {}
  constexpr operand(matrix_view<T> m) noexcept : view{m} {}

  constexpr std::size_t rows() const noexcept { return is_transposed ? view.cols : view.rows; }
  constexpr std::size_t cols() const noexcept { return is_transposed ? view.rows : view.cols; }
  constexpr T const& operator()(std::size_t r, std::size_t c) const noexcept { return is_transposed ? view(c, r) : view(r, c); }
};

template <class T>
constexpr operand<std::remove_const_t<T>> transposed(matrix_view<T> m) noexcept {
  return {matrix_view<std::remove_const_t<T> const>{m}, true};
}
template <class T>
constexpr operand<T> transposed(operand<T> m) noexcept {
  return {m.view, !m.is_transposed};
}

/// Precondition: the part lies in m.
template <class T>
constexpr matrix_view<T> submatrix(matrix_view<T> m, std::size_t row, std::size_t col, std::size_t rows,
                                   std::size_t cols) noexcept {
  return {rows == 0 || cols == 0 ? m.data : m.data + row * m.row_stride + col, rows, cols, m.row_stride};
}
template <class T>
constexpr operand<T> submatrix(operand<T> m, std::size_t row, std::size_t col, std::size_t rows, std::size_t cols) noexcept {
  if (m.is_transposed) return {submatrix(m.view, col, row, cols, rows), true};
  return {submatrix(m.view, row, col, rows, cols)};
}

namespace detail {

/// Is there an element of both? Precondition: both views are valid().
template <class T>
bool shares_elements(matrix_view<T const> a, matrix_view<T const> b) noexcept {
  if (a.rows == 0 || a.cols == 0 || b.rows == 0 || b.cols == 0) return false;
  auto first = reinterpret_cast<std::uintptr_t>(a.data);
  auto second = reinterpret_cast<std::uintptr_t>(b.data);
  if (second < first) {
    auto const lower = b;
    b = a;
    a = lower;
    first = reinterpret_cast<std::uintptr_t>(a.data);
    second = reinterpret_cast<std::uintptr_t>(b.data);
  }
  auto const bytes = second - first;
  if (bytes >= ((a.rows - 1) * a.row_stride + a.cols) * sizeof(T)) return false;
  if (a.rows == 1 || (b.rows > 1 && a.row_stride != b.row_stride) || bytes % sizeof(T) != 0) return true;
  auto const stride = a.row_stride;
  auto const row = bytes / sizeof(T) / stride;
  auto const col = bytes / sizeof(T) % stride;
  if (row < a.rows && col < a.cols) return true;
  return b.cols > stride - col && row + 1 < a.rows;  // b's rows run over the end of a's
}

}  // namespace detail
}  // namespace skive
