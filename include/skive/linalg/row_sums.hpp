// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/row_sums.hpp - a row-major matrix times a vector from either side, as one pass over its rows.
///
///   row_dots   y_i = sum_k a_ik x_k            weighted_rows   y_k = sum_i w_i a_ik
///
/// Rows in a multiple of 16 columns. A pass takes four rows (row_dots) or eight (weighted_rows) at once.
///
/// Model of : -
/// Cost     : 2 operations per element, which is read once.
/// Accuracy : |error| <= (terms + 4) u times the sum of magnitudes, to first order.
/// Promise  : the same bits for one instruction set; no scratch.
/// Source   : -

#include "skive/linalg/lane_block.hpp"

#include "skive/core/matrix_view.hpp"

namespace skive::detail {

template <std::size_t Rows, class Arch, real T>
inline void some_row_dots(matrix_view<T const> const& a, std::size_t i, T const* x, T* y) noexcept {
  using piece = lane_part<T, Arch>;
  constexpr std::size_t each = Rows == 1 ? 4 : 2;  // sums a row
  typename piece::type sum[Rows][each];
#pragma GCC unroll 4
  for (auto& row : sum)
#pragma GCC unroll 4
    for (auto& s : row) s = typename piece::type(T(0));
  T const* const row = &a(i, 0);
  std::size_t k = 0;
  for (; k + each * piece::size <= a.cols; k += each * piece::size)
#pragma GCC unroll 4
    for (std::size_t h = 0; h < each; ++h) {
      auto const factor = piece::load(x + k + h * piece::size);
#pragma GCC unroll 4
      for (std::size_t r = 0; r < Rows; ++r)
        sum[r][h] = piece::fused(piece::load(row + r * a.row_stride + k + h * piece::size), factor, sum[r][h]);
    }
  for (; k < a.cols; k += piece::size) {
    auto const factor = piece::load(x + k);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < Rows; ++r) sum[r][0] = piece::fused(piece::load(row + r * a.row_stride + k), factor, sum[r][0]);
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < Rows; ++r) {
    auto total = sum[r][0];
#pragma GCC unroll 4
    for (std::size_t h = 1; h < each; ++h) total = total + sum[r][h];
    y[i + r] = piece::sum(total);
  }
}

template <class Arch, real T>
void row_dots(matrix_view<T const> a, T const* x, T* y) noexcept {
  std::size_t i = 0;
  for (; i + 4 <= a.rows; i += 4) some_row_dots<4, Arch>(a, i, x, y);
  for (; i < a.rows; ++i) some_row_dots<1, Arch>(a, i, x, y);
}

template <std::size_t Rows, class Arch, real T>
inline void add_weighted_rows(matrix_view<T const> const& a, std::size_t i, T const* w, T* y) noexcept {
  using piece = lane_part<T, Arch>;
  typename piece::type weight[Rows];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r) weight[r] = typename piece::type(w[i + r]);
  T const* const row = &a(i, 0);
  for (std::size_t k = 0; k < a.cols; k += piece::size) {
    auto sum = piece::load(y + k);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r) sum = piece::fused(weight[r], piece::load(row + r * a.row_stride + k), sum);
    piece::store(sum, y + k);
  }
}

template <class Arch, real T>
void weighted_rows(matrix_view<T const> a, T const* w, T* y) noexcept {
  for (std::size_t k = 0; k < a.cols; ++k) y[k] = T(0);
  std::size_t i = 0;
  for (; i + 8 <= a.rows; i += 8) add_weighted_rows<8, Arch>(a, i, w, y);
  for (; i < a.rows; ++i) add_weighted_rows<1, Arch>(a, i, w, y);
}

}  // namespace skive::detail
