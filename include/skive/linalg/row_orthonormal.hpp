// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/row_orthonormal.hpp - nearly orthonormal rows made orthonormal, the first ones changed least.
///
///   E = Z Z^T - 1,   Z <- (1 - strict lower triangle of E - diagonal of E / 2) Z     until |E| is rounding, if it is small
///   complete   each row loses its parts along those before it; one that has nothing left becomes what is left of a unit vector
///
/// Earlier rows (large singular values) keep their digits: row i moves by about |e_ij|, j <= i.
///
/// Model of : -
/// Cost     : 3 n^2 k operations a round for n rows of length k; complete 8 n k a row.
/// Accuracy : |Z Z^T - 1| of a few dozen roundings.
/// Promise  : any finite rows, zeros included, become orthonormal (n <= k).
/// Source   : first order of A. Bjoerck, "Solving linear least squares problems by Gram-Schmidt orthogonalization", BIT 7, 1967;
///            twice is enough: L. Giraud et al., Numerische Mathematik 101, 2005.

#include "skive/linalg/product.hpp"
#include "skive/linalg/row_sums.hpp"
#include "skive/linalg/vector.hpp"

namespace skive::detail {

template <real T, class Arch>
struct row_orthonormal {
  static constexpr std::size_t scratch_bytes(std::size_t n, std::size_t length) noexcept {
    return workspace::bytes<T>(n * n) + workspace::bytes<T>(n * length) + workspace::bytes<T>(n) + workspace::bytes<T>(length) +
        product_scratch_bytes<T, Arch>(n, length < n ? n : length, length < n ? n : length);
  }

  /// z: rows padded with zeros to a multiple of 16 columns; `length` of them count.
  static void run(matrix_view<T> z, std::size_t length, workspace scratch) noexcept {
    auto const n = z.rows;
    matrix_view<T> const e{take_reals<T>(scratch, n * n).data(), n, n};
    matrix_view<T> const change{take_reals<T>(scratch, n * z.cols).data(), n, z.cols};
    T const good = T(8) * std::numeric_limits<T>::epsilon() * square_root(T(static_cast<int>(n)));
    for (int round = 0; round < 4; ++round) {
      (void)symmetric_product<Arch>(z, e, scratch);
      T const distance = lower_part(e);
      if (!(distance <= T(1) / T(4))) break;
      if (distance <= good) return;
      (void)product<Arch>(e, z, change, scratch);
      for (std::size_t i = 0; i < n; ++i) axpy<Arch>(T(-1), &change(i, 0), &z(i, 0), z.cols);
      if (T(2) * distance * distance <= good) return;  // what is left is of second order
    }
    complete(z, length, 0, scratch);
  }

  /// Rows first ... are made orthonormal to all before them.
  static void complete(matrix_view<T> z, std::size_t length, std::size_t first, workspace scratch) noexcept {
    auto const sums = take_reals<T>(scratch, z.rows);
    auto const spare = take_reals<T>(scratch, z.cols);
    std::size_t next_unit = 0;
    for (std::size_t i = first; i < z.rows; ++i) {
      T* const own = &z(i, 0);
      while (!project(z, i, sums.data(), spare.data())) {
        for (std::size_t k = 0; k < z.cols; ++k) own[k] = T(0);
        own[next_unit++ % length] = T(1);
      }
    }
  }

 private:
  // E's lower triangle as the step takes it, zeros above; the Frobenius norm of E.
  static T lower_part(matrix_view<T> const& e) noexcept {
    T sum(0);
    for (std::size_t i = 0; i < e.rows; ++i) {
      T const own = e(i, i) - T(1);
      sum += own * own + T(2) * dot<Arch>(&e(i, 0), &e(i, 0), i);
      e(i, i) = own / T(2);
      for (std::size_t j = i + 1; j < e.cols; ++j) e(i, j) = T(0);
    }
    return square_root(sum);
  }

  // Twice; false if less than 1 / (2 sqrt(n)) of the row is left, which some unit vector always exceeds.
  static bool project(matrix_view<T> const& z, std::size_t i, T* sums, T* spare) noexcept {
    T* const own = &z(i, 0);
    T const before = norm<Arch>(own, z.cols);
    if (!(before > T(0)) || !finite(before)) return false;
    scale<Arch>(T(T(1) / before), own, z.cols);
    for (int round = 0; round < 2; ++round) {
      matrix_view<T const> const known{z.data, i, z.cols, z.row_stride};
      row_dots<Arch>(known, own, sums);
      weighted_rows<Arch>(known, sums, spare);
      axpy<Arch>(T(-1), spare, own, z.cols);
      T const left = norm<Arch>(own, z.cols);
      if (!(left * left * T(static_cast<int>(4 * z.cols)) > T(1))) return false;
      scale<Arch>(T(T(1) / left), own, z.cols);
    }
    return true;
  }
};

}  // namespace skive::detail
