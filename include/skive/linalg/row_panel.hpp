// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/row_panel.hpp - two blocks of sixteen rows taken together: their inner products, and their linear combinations.
///
///   inner_products   g[i][j] = sum_k x_i[k] x_j[k]          combine   x_j <- x_j + sum_i c[i][j] x_i,   0 <= i, j < 32
///
/// x_0 ... x_15 are the rows of one block, x_16 ... x_31 those of the other. Row lengths are multiples of 16.
///
/// Model of : -
/// Cost     : 32 * 33 (16 * 32 between the blocks) and 64 * 32 operations per column; `combine` works in place, one or two
///            registers of columns at a time.
/// Accuracy : an inner product is summed in the lanes of one register and then as a tree; errors are relative to |x_i| |x_j|.
/// Promise  : no scratch; every result depends on the 32 rows only.
/// Source   : -

#include "skive/linalg/lane_block.hpp"

#include <array>

namespace skive::detail {

inline constexpr std::size_t panel_rows = 32;

/// Rows of the two blocks, and their stride.
template <class T>
struct row_panel {
  T* first;
  T* second;
  std::size_t stride;
  std::size_t length;

  constexpr T* row(std::size_t i) const noexcept { return i < 16 ? first + i * stride : second + (i - 16) * stride; }
};

template <class T>
using panel_square = std::array<T, panel_rows * panel_rows>;  // row by row

// g of four rows against four.
template <class T, class Arch>
inline void inner_product_tile(row_panel<T> const& p, std::size_t i, std::size_t j, panel_square<T>& g) noexcept {
  using piece = lane_part<T, Arch>;
  typename piece::type sum[16];
#pragma GCC unroll 16
  for (auto& s : sum) s = typename piece::type(T(0));
  T const* const a[4] = {p.row(i), p.row(i + 1), p.row(i + 2), p.row(i + 3)};
  T const* const b[4] = {p.row(j), p.row(j + 1), p.row(j + 2), p.row(j + 3)};
  for (std::size_t k = 0; k < p.length; k += piece::size) {
    typename piece::type const y[4] = {piece::load(b[0] + k), piece::load(b[1] + k), piece::load(b[2] + k),
                                       piece::load(b[3] + k)};
#pragma GCC unroll 4
    for (std::size_t r = 0; r < 4; ++r) {
      auto const x = piece::load(a[r] + k);
#pragma GCC unroll 4
      for (std::size_t c = 0; c < 4; ++c) sum[4 * r + c] = piece::fused(x, y[c], sum[4 * r + c]);
    }
  }
  alignas(64) T total[16];
  piece::sums_of_sixteen(sum, total);
#pragma GCC unroll 4
  for (std::size_t r = 0; r < 4; ++r)
#pragma GCC unroll 4
    for (std::size_t c = 0; c < 4; ++c) g[(i + r) * panel_rows + j + c] = g[(j + c) * panel_rows + i + r] = total[4 * r + c];
}

/// Of all rows, or only those of one block with those of the other.
template <class T, class Arch>
void inner_products(row_panel<T> const& p, panel_square<T>& g, bool all) noexcept {
  for (std::size_t i = all ? 0 : 16; i < panel_rows; i += 4)
    for (std::size_t j = 0; all ? j <= i : j < 16; j += 4) inner_product_tile<T, Arch>(p, i, j, g);
}

// Columns k ... k + Parts * size - 1: eight new rows at a time, out of a copy of the old ones.
template <std::size_t Parts, class T, class Arch>
inline void combine_columns(row_panel<T> const& p, std::size_t k, panel_square<T> const& c) noexcept {
  using piece = lane_part<T, Arch>;
  using part = typename piece::type;
  part old[panel_rows][Parts];
  for (std::size_t i = 0; i < panel_rows; ++i)
#pragma GCC unroll 2
    for (std::size_t q = 0; q < Parts; ++q) old[i][q] = piece::load(p.row(i) + k + q * piece::size);
  for (std::size_t j = 0; j < panel_rows; j += 8) {
    part sum[8][Parts];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < 8; ++r)
#pragma GCC unroll 2
      for (std::size_t q = 0; q < Parts; ++q) sum[r][q] = old[j + r][q];
    for (std::size_t i = 0; i < panel_rows; ++i) {
#pragma GCC unroll 8
      for (std::size_t r = 0; r < 8; ++r) {
        part const factor(c[i * panel_rows + j + r]);
#pragma GCC unroll 2
        for (std::size_t q = 0; q < Parts; ++q) sum[r][q] = piece::fused(factor, old[i][q], sum[r][q]);
      }
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < 8; ++r)
#pragma GCC unroll 2
      for (std::size_t q = 0; q < Parts; ++q) piece::store(sum[r][q], p.row(j + r) + k + q * piece::size);
  }
}

template <class T, class Arch>
void combine(row_panel<T> const& p, panel_square<T> const& c) noexcept {
  constexpr auto step = 2 * lane_part<T, Arch>::size;
  std::size_t k = 0;
  for (; k + step <= p.length; k += step) combine_columns<2, T, Arch>(p, k, c);
  for (; k < p.length; k += step / 2) combine_columns<1, T, Arch>(p, k, c);
}

}  // namespace skive::detail
