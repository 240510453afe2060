// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/reflections.hpp - Householder reflections whose vectors are the rows of a matrix, applied to the rows of another.
///
///   H_i = 1 - t_i v_i v_i^T,   Q = H_0 H_1 ... ;   v_i is row i of a matrix: zeros, then 1 at place i + offset
///   apply           z <- z Q or z Q^T for a panel of reflections        as_rows   the first rows of Q^T
///   apply_all       z <- z Q^T for all of them
///
/// Panels of 32: H_a ... H_b = 1 - V^T S V with S upper triangular.
///
/// Model of : -
/// Cost     : apply 4 r k (l + k / 2) operations for r rows of length l and k reflections.
/// Accuracy : as a product with an exactly orthogonal matrix, plus c k u |z| in the Frobenius norm.
/// Promise  : the same bits for one instruction set; scratch from the caller.
/// Source   : R. Schreiber, C. Van Loan, "A storage-efficient WY representation for products of Householder transformations",
///            SIAM J. Sci. Stat. Comput. 10, 1989.

#include "skive/linalg/householder.hpp"

namespace skive::detail {

template <real T>
struct reflection {
  T factor;  ///< t
  T value;   ///< what is left of the vector: H x = value e_0
};

/// x becomes v with v_0 = 1.
template <class Arch, real T>
reflection<T> make_reflection(T* x, std::size_t n) noexcept {
  T const factor = make_reflector<Arch>(x, n);
  T const value = x[0];
  x[0] = T(1);
  return {factor, value};
}

template <real T, class Arch>
struct row_reflections {
  static constexpr std::size_t width = 32;

  matrix_view<T const> vectors;
  std::span<T const> factors;
  std::size_t offset = 0;

  static constexpr std::size_t scratch_bytes(std::size_t rows, std::size_t length) noexcept {
    return workspace::bytes<T>(2 * rows * width) + 2 * workspace::bytes<T>(width * width) +
        product_scratch_bytes<T, Arch>(rows, length, width) + product_scratch_bytes<T, Arch>(rows, width, length) +
        product_scratch_bytes<T, Arch>(width, width, length);
  }

  /// part <- part Q^T (or Q) for reflections first .. first + count - 1, count <= width; the columns of `part` are those from
  /// first + offset on.
  void apply(std::size_t first, std::size_t count, matrix_view<T> part, bool inverse, workspace scratch) const noexcept {
    if (part.rows == 0) return;
    auto const panel = submatrix(vectors, first, first + offset, count, part.cols);
    matrix_view<T> const gram{take_reals<T>(scratch, width * width).data(), count, count, width};
    matrix_view<T> const triangle{take_reals<T>(scratch, width * width).data(), count, count, width};
    make_block_factor<Arch, T>(panel, factors.subspan(first, count), triangle, gram, scratch);
    auto const numbers = take_reals<T>(scratch, 2 * part.rows * width);
    matrix_view<T> const along{numbers.data(), part.rows, count, width};
    matrix_view<T> const turned{numbers.data() + part.rows * width, part.rows, count, width};
    (void)product<Arch>(part, transposed(panel), along, scratch);
    (void)product<Arch>(along, operand<T>{triangle, inverse}, turned, scratch);
    (void)product<Arch>(turned, panel, part, scratch, T(-1), T(1));
  }

  /// z <- z Q^T.
  void apply_all(matrix_view<T> z, workspace scratch) const noexcept {
    from_the_end([&](std::size_t first, std::size_t count) {
      auto const skip = first + offset;
      if (skip < z.cols) apply(first, count, submatrix(z, 0, skip, z.rows, z.cols - skip), true, scratch);
    });
  }

  /// z: the first rows of Q^T, on return. Precondition: z has the columns of the vectors, and not more rows.
  void as_rows(matrix_view<T> z, workspace scratch) const noexcept {
    for (std::size_t i = 0; i < z.rows; ++i)
      for (std::size_t k = 0; k < z.cols; ++k) z(i, k) = i == k ? T(1) : T(0);
    from_the_end([&](std::size_t first, std::size_t count) {
      auto const skip = first + offset;  // rows and columns before are still those of the identity
      if (skip < z.rows) apply(first, count, submatrix(z, skip, skip, z.rows - skip, z.cols - skip), true, scratch);
    });
  }

 private:
  template <class F>
  void from_the_end(F f) const noexcept {
    for (std::size_t end = vectors.rows; end > 0;) {
      auto const first = (end - 1) / width * width;
      f(first, end - first);
      end = first;
    }
  }
};

}  // namespace skive::detail
