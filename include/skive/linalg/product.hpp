// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/product.hpp - matrix products, general and symmetric.
///
///   product             C = alpha op(A) op(B) + beta C      op(X) = X or X^T: `transposed(x)`
///   symmetric_product   C = alpha op(A) op(A)^T + beta C    the lower triangle only; `mirror_lower(c)` fills the upper one
///
/// Blocks of op(B) are packed into the workspace, tiles of op(A) meet them in registers (linalg/product_kernel.hpp). Threads
/// share a product by rows or columns: each takes a submatrix of op(A) or op(B) and of C, or a range of rows of the symmetric
/// product.
///
/// Model of : -
/// Cost     : 2 m n k operations, half of that for symmetric ones; no allocation; scratch at most 1 MiB and a tile.
/// Accuracy : |C - exact| <= (min(k, d) + k / d + 3) u |alpha| |op(A)| |op(B)| + 2 u |beta C|, to first order in u; d = 256 for
///            float, 192 for double, and k where there are no registers for T.
/// Promise  : an element of C has the same bits for one instruction set, however the caller splits rows and columns. beta = 0 never
///            reads C. All sizes are checked before the first write.
/// Source   : K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.

#include "skive/core/status.hpp"
#include "skive/linalg/product_kernel.hpp"

namespace skive {

/// Scratch of product() for C of m x n and k products a number, whatever the operands; a part of C needs no more than C.
template <real T, class Arch = native_arch>
constexpr std::size_t product_scratch_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
  if (n == 0 || k == 0) return 0;
  if constexpr (vector_real<T, Arch>) {
    using shape = detail::product_shape<T, Arch>;
    return workspace::bytes<T>(shape::block_elements(n, k)) + workspace::bytes<T>(shape::a_elements);
  } else {
    return 0;
  }
}

namespace detail {

// Which part of C a call computes.
struct product_range {
  std::size_t first = 0;  // row of C that is row 0 of the call
  bool lower_only = false;
};

template <class T>
struct product_factors {
  operand<T> a;
  operand<T> b;
  T alpha;
  T beta;
  product_range range;
};

// One tile of rows of C against a block of op(B), of which the first `direct` columns are read where they stand.
template <class T, class Arch, class Layout>
void multiply_row_of_tiles(T const* a, packed_block<T, Arch> const& block, std::size_t direct, rows_ahead<T> ahead,
                           tile_target<T> to) noexcept {
  using shape = product_shape<T, Arch>;
  constexpr std::size_t half = (shape::tile_rows + 1) / 2;
  for (std::size_t j = 0; j < block.cols; j += shape::tile_cols) {
    if (to.lower_only && to.diagonal + static_cast<std::ptrdiff_t>(to.rows) <= 0) return;
    to.cols = block.cols - j < shape::tile_cols ? block.cols - j : shape::tile_cols;
    bool const stands = j < direct;
    T const* const b = stands ? &block.b.view(block.k0, block.col + j) : block.data + j * block.depth;
    auto const step = stands ? block.b.view.row_stride : block.width(to.cols);
    auto const panels = (block.cols - j + shape::tile_cols - 1) / shape::tile_cols;
    auto const now = ahead.first((ahead.rows + panels - 1) / panels);
    ahead = ahead.rest(now.rows);
    if (to.cols > shape::lanes) {
      if (to.rows > half)
        multiply_tile<T, Arch, shape::tile_rows, 2, Layout>(a, b, step, block.depth, now, to);
      else
        multiply_tile<T, Arch, half, 2, Layout>(a, b, step, block.depth, now, to);
    } else {
      if (to.rows > half)
        multiply_tile<T, Arch, shape::tile_rows, 1, Layout>(a, b, step, block.depth, now, to);
      else
        multiply_tile<T, Arch, half, 1, Layout>(a, b, step, block.depth, now, to);
    }
    to.c += shape::tile_cols;
    to.diagonal -= static_cast<std::ptrdiff_t>(shape::tile_cols);
  }
}

// A block of op(B) against all rows of C.
template <class T, class Arch>
void multiply_block(product_factors<T> const& f, packed_block<T, Arch> const& block, matrix_view<T> c, T* tile) noexcept {
  using shape = product_shape<T, Arch>;
  // Packing does not pay for few rows, nor for a block that lies in the first cache as it stands.
  bool const stays = c.rows <= shape::tile_rows || block.depth * block.b.view.row_stride * sizeof(T) <= shape::near_bytes;
  auto const direct = block.b.is_transposed || !stays ? 0 : block.cols / shape::tile_cols * shape::tile_cols;
  block.pack(direct);
  for (std::size_t i = 0; i < c.rows; i += shape::tile_rows) {
    auto const rows = c.rows - i < shape::tile_rows ? c.rows - i : shape::tile_rows;
    auto const diagonal = static_cast<std::ptrdiff_t>(f.range.first + i) - static_cast<std::ptrdiff_t>(block.col);
    if (f.range.lower_only && diagonal + static_cast<std::ptrdiff_t>(rows) <= 0) continue;
    pack_tile<T, Arch>(f.a, i, rows, block.k0, block.depth, tile);
    bool const first = block.k0 == 0;
    tile_target<T> const to{&c(i, block.col),        c.row_stride,       rows,    0, f.alpha, first ? f.beta : T(1),
                            first && f.beta == T(0), f.range.lower_only, diagonal};
    if (f.a.is_transposed) {
      multiply_row_of_tiles<T, Arch, columns_layout<T, Arch>>(tile, block, direct, {}, to);
    } else {
      auto const left = c.rows - i - rows;
      rows_ahead<T> const ahead{left == 0 ? nullptr : &f.a.view(i + rows, block.k0),
                                left < shape::tile_rows ? left : shape::tile_rows, f.a.view.row_stride};
      multiply_row_of_tiles<T, Arch, rows_layout<T, Arch>>(tile, block, direct, ahead, to);
    }
  }
}

template <class T, class Arch>
void multiply_blocks(product_factors<T> const& f, matrix_view<T> c, workspace scratch) noexcept {
  using shape = product_shape<T, Arch>;
  auto const depth = f.a.cols();
  auto const tile = scratch.take<T>(shape::a_elements);
  auto const block = scratch.take<T>(shape::block_elements(c.cols, depth));
  for (std::size_t j = 0; j < c.cols; j += shape::block_cols) {
    if (f.range.lower_only && j >= f.range.first + c.rows) return;
    auto const cols = c.cols - j < shape::block_cols ? c.cols - j : shape::block_cols;
    for (std::size_t k = 0; k < depth; k += shape::block_depth) {
      auto const some = depth - k < shape::block_depth ? depth - k : shape::block_depth;
      multiply_block<T, Arch>(f, {f.b, k, some, j, cols, block.data()}, c, tile.data());
    }
  }
}

template <class T, class Arch>
void multiply(product_factors<T> const& f, matrix_view<T> c, [[maybe_unused]] workspace scratch) noexcept {
  if constexpr (vector_real<T, Arch>)
    if (c.cols != 0 && f.a.cols() != 0) return multiply_blocks<T, Arch>(f, c, scratch);
  for (std::size_t i = 0; i < c.rows; ++i)
    for (std::size_t j = 0; j < c.cols; ++j) {
      if (f.range.lower_only && j > f.range.first + i) break;
      T sum(0);
      for (std::size_t k = 0; k < f.a.cols(); ++k) sum += f.a(i, k) * f.b(k, j);
      if (f.beta == T(0))
        c(i, j) = f.alpha * sum;
      else
        c(i, j) = f.alpha * sum + f.beta * c(i, j);
    }
}

template <class T>
[[gnu::always_inline]] inline status check_product(operand<T> const& a, operand<T> const& b, matrix_view<T> c) noexcept {
  if (a.rows() != c.rows || b.cols() != c.cols || a.cols() != b.rows()) return errc::size_mismatch;
  if (!a.view.valid() || !b.view.valid() || !c.valid()) return errc::invalid_argument;
  if (shares_elements<T>(a.view, c) || shares_elements<T>(b.view, c)) return errc::overlap;
  return errc::ok;
}

}  // namespace detail

/// Fails with size_mismatch, invalid_argument (a view that is not valid()), overlap (C and an operand share elements) or
/// workspace_too_small; C is then untouched.
template <class Arch = native_arch, real T>
status product(std::type_identity_t<operand<T>> a, std::type_identity_t<operand<T>> b, matrix_view<T> c, workspace scratch,
               std::type_identity_t<T> alpha = T(1), std::type_identity_t<T> beta = T(0)) noexcept {
  if (auto const s = detail::check_product(a, b, c); !s) return s;
  if (scratch.size() < product_scratch_bytes<T, Arch>(c.rows, c.cols, a.cols())) return errc::workspace_too_small;
  detail::multiply<T, Arch>(detail::product_factors<T>{a, b, alpha, beta, {}}, c, scratch);
  return errc::ok;
}

/// Rows first .. first + count - 1 of the lower triangle of C, which is n x n for op(A) of n rows. Elements above the diagonal
/// and other rows are neither read nor written. Fails as product() does; workspace: product_scratch_bytes(count, n, k).
template <class Arch = native_arch, real T>
status symmetric_product(std::type_identity_t<operand<T>> a, matrix_view<T> c, std::size_t first, std::size_t count,
                         workspace scratch, std::type_identity_t<T> alpha = T(1), std::type_identity_t<T> beta = T(0)) noexcept {
  if (auto const s = detail::check_product(a, transposed(a), c); !s) return s;
  if (first > c.rows || count > c.rows - first) return errc::size_mismatch;
  if (scratch.size() < product_scratch_bytes<T, Arch>(count, c.cols, a.cols())) return errc::workspace_too_small;
  auto const end = first + count;
  detail::multiply<T, Arch>(
      detail::product_factors<T>{
          submatrix(a, first, 0, count, a.cols()), submatrix(transposed(a), 0, 0, a.cols(), end), alpha, beta, {first, true}},
      submatrix(c, first, 0, count, end), scratch);
  return errc::ok;
}
template <class Arch = native_arch, real T>
status symmetric_product(std::type_identity_t<operand<T>> a, matrix_view<T> c, workspace scratch,
                         std::type_identity_t<T> alpha = T(1), std::type_identity_t<T> beta = T(0)) noexcept {
  return symmetric_product<Arch>(a, c, 0, c.rows, scratch, alpha, beta);
}

/// The strict upper triangle becomes the mirror image of the lower one. Fails with size_mismatch if c is not square.
template <class Arch = native_arch, real T>
status mirror_lower(matrix_view<T> c) noexcept {
  if (c.rows != c.cols || !c.valid()) return errc::size_mismatch;
  constexpr std::size_t tile = 32;
  for (std::size_t i0 = 0; i0 < c.rows; i0 += tile)
    for (std::size_t j0 = 0; j0 <= i0; j0 += tile)
      for (std::size_t i = i0; i < c.rows && i < i0 + tile; ++i)
        for (std::size_t j = j0; j < i && j < j0 + tile; ++j) c(j, i) = c(i, j);
  return errc::ok;
}

}  // namespace skive
