// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/product_kernel.hpp - a tile of a matrix product in registers, and how its operands are laid down for it.
///
///   rows x (2 lanes) sums stay in registers;   sum(i, j) = fma(a(i, k), b(k, j), sum(i, j)),  k = 0 ... depth - 1 in this order
///   a: `tile_rows` rows of one block, row by row as they stand, or (transposed operand) k by k
///   b: panels of 2 lanes columns (the last of 1 lanes if that is enough), k by k
///
/// Model of : -
/// Cost     : AVX-512: 28 multiply-adds for 2 + 14 loads.
/// Accuracy : one rounding per multiply-add where the instruction set fuses.
/// Promise  : sum(i, j) depends on row i of a, column j of b and the instruction set only, not on where the tile lies.
/// Source   : K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.

#include "skive/linalg/operand.hpp"
#include "skive/linalg/registers.hpp"

#include <cstring>
#include <utility>

namespace skive::detail {

/// Sizes in elements. A block of b (block_depth x block_cols) fits into the second cache, a tile of a into the first.
template <class T, class Arch>
struct product_shape {
  static constexpr std::size_t lanes = xsimd::batch<T, Arch>::size;
  static constexpr bool many_registers = simd::has_avx512<Arch> || simd::has_neon64<Arch>;
  static constexpr std::size_t tile_rows = simd::has_avx512<Arch> ? 14 : many_registers ? 12 : 6;
  static constexpr std::size_t tile_cols = 2 * lanes;
  static constexpr std::size_t block_depth = sizeof(T) == 4 ? 256 : 192;
  static constexpr std::size_t block_cols = sizeof(T) == 4 ? 1024 : 512;
  static constexpr std::size_t row_step = block_depth + 64 / sizeof(T);  // rows of a tile start in different cache sets
  static constexpr std::size_t a_elements = tile_rows * row_step;
  static constexpr std::size_t near_bytes = 16384;
  /// Numbers of a packed block of a product of n columns, k products a number.
  static constexpr std::size_t block_elements(std::size_t n, std::size_t k) noexcept {
    auto const cols = n < block_cols ? (n + tile_cols - 1) / tile_cols * tile_cols : block_cols;
    return cols * (k < block_depth ? k : block_depth);
  }
};

/// How a tile of a lies in memory: element (i, k) = data[i * row_step + k * depth_step].
template <std::size_t RowStep, std::size_t DepthStep>
struct tile_layout {
  static constexpr std::size_t row_step = RowStep;
  static constexpr std::size_t depth_step = DepthStep;
};
template <class T, class Arch>
using rows_layout = tile_layout<product_shape<T, Arch>::row_step, 1>;
template <class T, class Arch>
using columns_layout = tile_layout<1, product_shape<T, Arch>::tile_rows>;

/// Rows of the operand that the next tiles read: asked from memory while this tile computes.
template <class T>
struct rows_ahead {
  T const* data = nullptr;
  std::size_t rows = 0;
  std::size_t stride = 0;

  constexpr rows_ahead first(std::size_t n) const noexcept { return {data, n, stride}; }
  constexpr rows_ahead rest(std::size_t n) const noexcept { return {n == rows ? nullptr : data + n * stride, rows - n, stride}; }
};

template <class T, class Arch, std::size_t Rows, std::size_t Vectors>
struct tile_sums {
  using batch = xsimd::batch<T, Arch>;
  static constexpr std::size_t lanes = batch::size;
  batch sum[Rows * Vectors];

  template <class Layout>
  [[gnu::always_inline]] void accumulate(T const* a, T const* b, std::size_t b_step, std::size_t depth,
                                         rows_ahead<T> ahead) noexcept {
    constexpr std::size_t line = 64 / sizeof(T);
#pragma GCC unroll 28
    for (auto& s : sum) s = batch(T(0));
    for (std::size_t k = 0; k < depth;) {
      for (std::size_t i = 0; i < ahead.rows; ++i) __builtin_prefetch(ahead.data + i * ahead.stride + k, 0, 2);
      for (auto const end = depth - k < line ? depth : k + line; k < end; ++k) {
        add_outer_product<Layout>(a, b, std::make_index_sequence<Rows>{});
        a += Layout::depth_step;
        b += b_step;
      }
    }
  }

  /// c = alpha sum + beta c in the first `rows` rows; c is not read when `overwrite`.
  [[gnu::always_inline]] void store(T* c, std::size_t stride, std::size_t rows, T alpha, T beta, bool overwrite) const noexcept {
    store_rows(c, stride, rows, batch(alpha), batch(beta), overwrite, std::make_index_sequence<Rows>{});
  }

 private:
  template <class Layout, std::size_t... Row>
  [[gnu::always_inline]] void add_outer_product(T const* a, T const* b, std::index_sequence<Row...>) noexcept {
    batch right[Vectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) right[v] = batch::load_unaligned(b + v * lanes);
    (add_row<Row>(batch(a[Row * Layout::row_step]), right), ...);
  }
  template <std::size_t Row>
  [[gnu::always_inline]] void add_row(batch const& left, batch const (&right)[Vectors]) noexcept {
    sum[Row * Vectors] = multiply_add(left, right[0], sum[Row * Vectors]);
    if constexpr (Vectors == 2) sum[Row * 2 + 1] = multiply_add(left, right[1], sum[Row * 2 + 1]);
  }
  template <std::size_t... Row>
  [[gnu::always_inline]] void store_rows(T* c, std::size_t stride, std::size_t rows, batch const& alpha, batch const& beta,
                                         bool overwrite, std::index_sequence<Row...>) const noexcept {
    (store_row<Row>(c + Row * stride, Row < rows, alpha, beta, overwrite), ...);
  }
  template <std::size_t Row>
  [[gnu::always_inline]] void store_row(T* c, bool wanted, batch const& alpha, batch const& beta, bool overwrite) const noexcept {
    if (!wanted) return;
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) {
      auto const& s = sum[Row * Vectors + v];
      auto const x = overwrite ? alpha * s : multiply_add(alpha, s, beta * batch::load_unaligned(c + v * lanes));
      x.store_unaligned(c + v * lanes);
    }
  }
};

/// What becomes of the sums of a tile: rows x cols of them belong to c, in row i only the first diagonal + i + 1 where only the
/// lower triangle is wanted.
template <class T>
struct tile_target {
  T* c;
  std::size_t stride;
  std::size_t rows;
  std::size_t cols;
  T alpha;
  T beta;
  bool overwrite;
  bool lower_only = false;
  std::ptrdiff_t diagonal = 0;  // column of the tile in which its row 0 meets the diagonal
};

template <class T, class Arch, std::size_t Rows, std::size_t Vectors, class Layout>
void multiply_tile(T const* a, T const* b, std::size_t b_step, std::size_t depth, rows_ahead<T> const& ahead,
                   tile_target<T> const& to) noexcept {
  using sums = tile_sums<T, Arch, Rows, Vectors>;
  constexpr std::size_t cols = Vectors * sums::lanes;
  sums s;
  s.template accumulate<Layout>(a, b, b_step, depth, ahead);
  bool const below = !to.lower_only || to.diagonal >= static_cast<std::ptrdiff_t>(cols) - 1;
  if (to.cols == cols && below) return s.store(to.c, to.stride, to.rows, to.alpha, to.beta, to.overwrite);
  alignas(64) T edge[Rows * cols];
  if (!to.overwrite)
    for (std::size_t i = 0; i < to.rows; ++i)
      for (std::size_t j = 0; j < cols; ++j) edge[i * cols + j] = j < to.cols ? to.c[i * to.stride + j] : T(0);
  s.store(edge, cols, to.rows, to.alpha, to.beta, to.overwrite);
  for (std::size_t i = 0; i < to.rows; ++i)
    for (std::size_t j = 0; j < to.cols; ++j)
      if (!to.lower_only || static_cast<std::ptrdiff_t>(j) <= to.diagonal + static_cast<std::ptrdiff_t>(i))
        to.c[i * to.stride + j] = edge[i * cols + j];
}

/// Rows of op(A) from `row` on, columns k0 .. k0 + depth - 1; missing rows are zero.
template <class T, class Arch>
void pack_tile(operand<T> const& a, std::size_t row, std::size_t rows, std::size_t k0, std::size_t depth, T* to) noexcept {
  using shape = product_shape<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  if (a.is_transposed) {
    for (std::size_t k = 0; k < depth; ++k) {
      T const* const from = &a.view(k0 + k, row);
      T* const at = to + k * shape::tile_rows;
      if (rows == shape::tile_rows)
        std::memcpy(at, from, shape::tile_rows * sizeof(T));
      else
        for (std::size_t i = 0; i < shape::tile_rows; ++i) at[i] = i < rows ? from[i] : T(0);
    }
    return;
  }
  for (std::size_t i = 0; i < shape::tile_rows; ++i) {
    T* const at = to + i * shape::row_step;
    T const* const from = i < rows ? &a.view(row + i, k0) : nullptr;
    std::size_t k = 0;
    if (i < rows)
      for (; k + batch::size <= depth; k += batch::size) batch::load_unaligned(from + k).store_aligned(at + k);
    for (; k < depth; ++k) at[k] = i < rows ? from[k] : T(0);
  }
}

/// Rows k0 .. k0 + depth - 1 of op(B), columns col .. col + cols - 1, as panels; in the last one missing columns are zero.
template <class T, class Arch>
struct packed_block {
  using shape = product_shape<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  static constexpr std::size_t lanes = batch::size;
  operand<T> const& b;
  std::size_t k0, depth, col, cols;
  T* data;

  /// Columns of the panel that starts at column j.
  static constexpr std::size_t width(std::size_t rest) noexcept { return rest > lanes ? shape::tile_cols : lanes; }

  void pack(std::size_t from) const noexcept {
    if (b.is_transposed) {
      for (std::size_t j = from; j < cols; j += lanes) pack_transposed(j);
      return;
    }
    constexpr std::size_t together = 8;  // rows, which memory delivers side by side
    for (std::size_t k = 0; k < depth; k += together)
      for (std::size_t j = from; j < cols; j += shape::tile_cols)
        for (std::size_t i = k; i < depth && i < k + together; ++i) pack_row(i, j);
  }

 private:
  void pack_row(std::size_t k, std::size_t j) const noexcept {
    T const* const from = &b.view(k0 + k, col + j);
    auto const step = width(cols - j);
    T* const to = data + j * depth + k * step;
    for (std::size_t v = 0; v < step; v += lanes) {
      auto const some = v >= cols - j ? 0 : cols - j - v < lanes ? cols - j - v : lanes;
      auto const x = some == lanes ? batch::load_unaligned(from + v) : load_some<T, Arch>(from + v, some);
      x.store_aligned(to + v);
    }
  }
  void pack_transposed(std::size_t j) const noexcept {
    auto const first = j / shape::tile_cols * shape::tile_cols;
    auto const step = width(cols - first);
    T* const to = data + first * depth + (j - first);
    auto const some = cols - j < lanes ? cols - j : lanes;
    for (std::size_t k = 0; k < depth; k += lanes) {
      auto const steps = depth - k < lanes ? depth - k : lanes;
      batch x[lanes];
#pragma GCC unroll 16
      for (std::size_t i = 0; i < lanes; ++i) {
        T const* const from = &b.view(col + j + (i < some ? i : 0), k0 + k);
        x[i] = i >= some ? batch(T(0)) : steps == lanes ? batch::load_unaligned(from) : load_some<T, Arch>(from, steps);
      }
      transpose(x);
      for (std::size_t i = 0; i < steps; ++i) x[i].store_aligned(to + (k + i) * step);
    }
  }
};

}  // namespace skive::detail
