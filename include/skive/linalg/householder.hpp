// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/householder.hpp - reflectors, and blocks of them as one product (compact WY).
///
///   H = I - tau v v^T, v_0 = 1, H x = (beta, 0, ..., 0)        H_0 H_1 ... H_(k-1) = I - V T V^T, T upper triangular, k x k
///
/// 1 <= tau <= 2, and beta has the sign opposite to x_0, as in LAPACK. Reflectors of a block are the rows of V^T: sums run along
/// memory.
///
/// Model of : -
/// Cost     : reflecting r rows of m numbers: 4 m r operations in two passes over each row; T of k reflectors: m k^2 + k^3 / 3.
/// Accuracy : H differs from an orthogonal matrix by a small multiple of m u.
/// Promise  : no overflow or underflow that the numbers of x do not force; x = 0 gives tau = 0 (H = I). No allocation.
/// Source   : R. Schreiber, C. Van Loan, "A storage-efficient WY representation for products of Householder transformations",
///            SIAM J. Sci. Stat. Comput. 10(1), 1989; G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 5.1.

#include "skive/linalg/product.hpp"
#include "skive/linalg/vector.hpp"

namespace skive::detail {

/// x becomes (beta, v_1, ..., v_(n-1)); returns tau. Numbers near the smallest normal one are scaled up meanwhile: a length of
/// few significant bits would make H anything but orthogonal.
template <class Arch, real T>
T make_reflector(T* x, std::size_t n) noexcept {
  if (n < 2 || norm<Arch>(x + 1, n - 1) == T(0)) return T(0);
  T const small = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
  T length = norm<Arch>(x, n);
  bool const scaled = length < small;
  if (scaled) {
    scale<Arch>(T(T(1) / small), x, n);
    length = norm<Arch>(x, n);
  }
  T const beta = x[0] < T(0) ? length : T(-length);
  T const pivot = x[0] - beta;
  divide<Arch>(pivot, x + 1, n - 1);
  x[0] = scaled ? T(beta * small) : beta;
  return -pivot / beta;
}

/// y = H y for the reflector (1, v_1, ..., v_(n-1)); v[0] is not read.
template <class Arch, real T>
void reflect(T const* v, T const& tau, T* y, std::size_t n) noexcept {
  if (n == 0) return;
  T const sum = tau * (y[0] + dot<Arch>(v + 1, y + 1, n - 1));
  y[0] -= sum;
  axpy<Arch>(T(-sum), v + 1, y + 1, n - 1);
}

/// T of the block whose reflectors are the rows of vt (ones and zeros written out): k x k, zeros below the diagonal. `gram`: k x
/// k.
template <class Arch, real T>
void make_block_factor(matrix_view<T const> vt, std::span<T const> tau, matrix_view<T> t, matrix_view<T> gram,
                       workspace scratch) noexcept {
  static_cast<void>(symmetric_product<Arch>(vt, gram, scratch));
  auto const k = vt.rows;
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t i = 0; i < k; ++i) t(i, j) = T(0);
    t(j, j) = tau[j];
    for (std::size_t i = 0; i < j; ++i) {
      T sum(0);
      for (std::size_t l = i; l < j; ++l) sum += t(i, l) * gram(j, l);
      t(i, j) = -tau[j] * sum;
    }
  }
}

/// Memory in which blocks are applied.
template <real T>
struct block_memory {
  matrix_view<T> vt;    // block x rows
  matrix_view<T> t;     // block x block
  matrix_view<T> gram;  // block x block
  std::span<T> w;       // twice block x columns
};

/// C = (I - V op(T) V^T) C; w holds two matrices of the shape of V^T C.
template <class Arch, real T>
void reflect_block(matrix_view<T const> vt, operand<T> t, matrix_view<T> c, std::span<T> w, workspace scratch) noexcept {
  matrix_view<T> const first{w.data(), vt.rows, c.cols};
  matrix_view<T> const second{w.data() + vt.rows * c.cols, vt.rows, c.cols};
  static_cast<void>(product<Arch>(vt, c, first, scratch));
  static_cast<void>(product<Arch>(t, first, second, scratch));
  static_cast<void>(product<Arch>(transposed(vt), second, c, scratch, T(-1), T(1)));
}

}  // namespace skive::detail
