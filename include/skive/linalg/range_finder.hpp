// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/range_finder.hpp - the steps between the products of a randomized decomposition of A.
///
///   times, transposed_times   y = factor A x,  y = factor A^T x
///   orthonormalize            y = q r
///   remove                    y <- y - q (q^T y), twice
///   triplets                  singular values and vectors of Q B, from Q and B^T
///
/// Model of : - (used by linalg/randomized_svd.hpp)
/// Cost     : a product each; orthonormalize 4 m l^2 operations, or those of a QR decomposition where columns depend on each other.
/// Accuracy : q orthonormal to a few roundings whatever the rank of y: CholeskyQR2 only where the pivots allow it.
/// Promise  : the same bits for one instruction set; not_finite for NaN or infinity.
/// Source   : N. Halko, P.-G. Martinsson, J. Tropp, "Finding structure with randomness", SIAM Review 53(2), 2011, sections 4 and 5;
///            T. Fukaya et al., "CholeskyQR2", ScalA 2014.

#include "skive/linalg/cholesky.hpp"
#include "skive/linalg/qr.hpp"
#include "skive/linalg/svd_fast.hpp"

namespace skive::detail {

/// The matrix that is decomposed, the power of two that it is taken times, and memory of scratch_bytes(m, n, l) for blocks of up to
/// l columns.
template <real T, class Arch>
class range_finder {
 public:
  range_finder(matrix_view<T const> a, T const& factor, workspace scratch) noexcept : a_{a}, factor_{factor}, rest_{scratch} {}

  static std::size_t scratch_bytes(std::size_t m, std::size_t n, std::size_t l) noexcept {
    auto const larger = [](std::size_t x, std::size_t y) { return x < y ? y : x; };
    auto const longest = larger(m, n);
    auto const forming = larger(qr_scratch_bytes<T, Arch>(longest, l), apply_q_scratch_bytes<T, Arch>(longest, l, l));
    auto const inner =
        larger(larger(product_scratch_bytes<T, Arch>(longest, longest, longest), forming), cholesky_scratch_bytes<T, Arch>(l));
    auto const basis = workspace::bytes<T>(longest * l) + workspace::bytes<T>(2 * l * l) + workspace::bytes<T>(l) + inner;
    auto const triplets = workspace::bytes<T>(3 * l * l) + workspace::bytes<T>(l);
    return triplets + larger(basis, larger(svd_fast_scratch_bytes<T, Arch>(l, l), inner + workspace::bytes<T>(l * l)));
  }

  void times(operand<T> x, matrix_view<T> y) const noexcept { (void)product<Arch>(a_, x, y, rest_, factor_); }
  void transposed_times(operand<T> x, matrix_view<T> y) const noexcept {
    (void)product<Arch>(skive::transposed(a_), x, y, rest_, factor_);
  }
  /// y <- y - q (q^T y), twice.
  void remove(matrix_view<T const> q, matrix_view<T> y) const noexcept {
    auto scratch = rest_;
    if (q.cols == 0) return;
    matrix_view<T> const along{take_reals<T>(scratch, q.cols * y.cols).data(), q.cols, y.cols};
    for (int round = 0; round < 2; ++round) {
      (void)product<Arch>(skive::transposed(q), matrix_view<T const>{y}, along, scratch);
      (void)product<Arch>(q, along, y, scratch, T(-1), T(1));
    }
  }

  /// y = q r: q takes y's place; r is l x l. By two Cholesky factors of Gram matrices, whose inverses are small enough to be
  /// multiplied with, and by reflections where columns depend on each other. Fails with not_finite.
  status orthonormalize(matrix_view<T> y, matrix_view<T> r) const noexcept {
    auto scratch = rest_;
    auto const l = y.cols;
    matrix_view<T> const other{take_reals<T>(scratch, y.rows * l).data(), y.rows, l};
    auto const numbers = take_reals<T>(scratch, 2 * l * l);
    matrix_view<T> const first{numbers.data(), l, l};
    matrix_view<T> const second{numbers.data() + l * l, l, l};
    if (divide(y, first, r, other, scratch) && divide(other, second, r, y, scratch)) {  // each writes only if it succeeds
      return product<Arch>(skive::transposed(second), skive::transposed(first), r, scratch);
    }
    auto const tau = take_reals<T>(scratch, l);
    for (std::size_t i = 0; i < y.rows; ++i)
      for (std::size_t j = 0; j < l; ++j) other(i, j) = y(i, j);
    if (auto const s = qr<Arch>(other, tau, scratch); !s) return s;
    for (std::size_t i = 0; i < l; ++i)
      for (std::size_t j = 0; j < l; ++j) r(i, j) = j < i ? T(0) : other(i, j);
    return form_q<Arch>(other, tau, y, scratch);
  }

  /// The leading triplets of Q B, from Q and the columns of B^T, which is lost.
  status triplets(matrix_view<T const> q, matrix_view<T> bt, matrix_view<T> u, std::span<T> sigma,
                  matrix_view<T> vt) const noexcept {
    auto scratch = rest_;
    auto const l = q.cols;
    auto const numbers = take_reals<T>(scratch, 3 * l * l);
    matrix_view<T> const r{numbers.data(), l, l};
    matrix_view<T> const left{numbers.data() + l * l, l, sigma.size()};
    matrix_view<T> const right{numbers.data() + 2 * l * l, sigma.size(), l};
    auto const values = take_reals<T>(scratch, l);
    // B^T = P R, so Q B = Q R^T P^T
    if (auto const s = range_finder{a_, factor_, scratch}.orthonormalize(bt, r); !s) return s;
    if (auto const s = svd_fast<Arch, T>(r, left, values, right, scratch); !s) return s;
    for (std::size_t k = 0; k < sigma.size(); ++k) sigma[k] = values[k] / factor_;
    if (u.cols != 0) (void)product<Arch>(q, skive::transposed(submatrix(right, 0, 0, u.cols, l)), u, scratch);
    if (vt.rows != 0)
      (void)product<Arch>(skive::transposed(submatrix(left, 0, 0, l, vt.rows)), skive::transposed(bt), vt, scratch);
    return errc::ok;
  }

 private:
  // y^T y = lower lower^T, to = y lower^-T; false, and `to` as it was, if y's columns are too far from orthogonal for that.
  static bool divide(matrix_view<T const> y, matrix_view<T> lower, matrix_view<T> inverse, matrix_view<T> to,
                     workspace scratch) noexcept {
    (void)symmetric_product<Arch>(skive::transposed(y), lower, scratch);
    (void)mirror_lower(lower);
    auto const l = lower.rows;
    T most(0);
    for (std::size_t i = 0; i < l; ++i) most = most < lower(i, i) ? lower(i, i) : most;
    cholesky_report<T> report;
    if (!cholesky<Arch>(lower, report, scratch) || report.damping != T(0)) return false;
    for (std::size_t i = 0; i < l; ++i)
      for (std::size_t j = i + 1; j < l; ++j) lower(i, j) = T(0);
    if (!(report.smallest_pivot > T(64) * T(static_cast<int>(l)) * std::numeric_limits<T>::epsilon() * most)) return false;
    for (std::size_t i = 0; i < l; ++i)
      for (std::size_t j = 0; j < l; ++j) {
        T sum = i == j ? T(1) : T(0);
        for (std::size_t k = j; k < i; ++k) sum -= lower(i, k) * inverse(k, j);
        inverse(i, j) = j > i ? T(0) : T(sum / lower(i, i));
      }
    (void)product<Arch>(y, skive::transposed(inverse), to, scratch);
    return true;
  }

  matrix_view<T const> a_;
  T factor_;
  workspace rest_;
};

}  // namespace skive::detail
