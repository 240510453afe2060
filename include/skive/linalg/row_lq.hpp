// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/row_lq.hpp - triangular factor of a matrix that is given by its columns as rows, with and without pivoting.
///
///   P C = R^T Q^T,   C n x m, m >= n: R upper triangular (the R of the QR decomposition of C^T), row order P[k] of C at place k
///
/// With pivoting each step takes the row of C that is longest in what is left of the space, so that |r_kk| falls and
/// |r_kk|^2 >= sum_i<=j r_ij^2 over i >= k. Rows of C become the vectors of reflections (linalg/reflections.hpp), Q = H_0 H_1 ...
///
/// Model of : -
/// Cost     : 2 m n^2 - 2 n^3 / 3 operations; with pivoting half of them matrix times vector.
/// Accuracy : backward stable row by row of C: R^T Q^T = P (C + E), |e_i| <= c m u |c_i|.
/// Promise  : lengths that lost digits by cancellation are computed afresh; ties go to the lower index.
/// Source   : P. Businger, G. Golub, Numerische Mathematik 7, 1965; G. Quintana-Orti, X. Sun, C. Bischof, "A BLAS-3 version of the
///            QR factorization with column pivoting", SIAM J. Sci. Comput. 19, 1998; Z. Drmac, Z. Bujanovic, "On the failure of
///            rank-revealing QR factorization software", ACM TOMS 35, 2008.

#include "skive/linalg/reflections.hpp"
#include "skive/linalg/row_sums.hpp"
#include "skive/linalg/svd_common.hpp"

namespace skive::detail {

template <real T, class Arch>
class row_lq {
 public:
  static constexpr std::size_t width = row_reflections<T, Arch>::width;

  static constexpr std::size_t scratch_bytes(std::size_t m, std::size_t n) noexcept {
    return workspace::bytes<T>(width * to_sixteen(n)) + workspace::bytes<T>(width) + 2 * workspace::bytes<T>(n) +
        workspace::bytes<T>(to_sixteen(m)) + product_scratch_bytes<T, Arch>(n, to_sixteen(m), width) +
        row_reflections<T, Arch>::scratch_bytes(n, to_sixteen(m));
  }

  /// c: n rows, columns padded with zeros to a multiple of 16; m of them count. r: n x n, padded, zeros at first. factors: n.
  /// order: empty (no pivoting) or n.
  static void run(matrix_view<T> c, std::size_t m, matrix_view<T> r, std::span<T> factors, std::span<std::size_t> order,
                  workspace scratch) noexcept {
    row_lq q{c, m, r, factors, order, scratch};
    auto const n = c.rows;
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
      q.left_[i] = q.known_[i] = dot<Arch>(&c(i, 0), &c(i, 0), c.cols);
    }
    for (std::size_t first = 0; first < n; first += width) {
      q.first_ = first;
      q.next_ = n - first < width ? n : first + width;
      for (std::size_t k = first; k < q.next_; ++k) q.row(k);
      q.finish();
    }
  }

 private:
  row_lq(matrix_view<T> c, std::size_t m, matrix_view<T> r, std::span<T> factors, std::span<std::size_t> order,
         workspace scratch) noexcept
      : c_{c}, r_{r}, factors_{factors}, order_{order}, m_{m} {
    auto const n = to_sixteen(c.rows);
    f_ = {take_reals<T>(scratch, width * n).data(), width, n};
    sums_ = take_reals<T>(scratch, width);
    left_ = take_reals<T>(scratch, c.rows);
    known_ = take_reals<T>(scratch, c.rows);
    spare_ = take_reals<T>(scratch, c.cols);
    rest_ = scratch;
  }

  bool pivots() const noexcept { return !order_.empty(); }

  void bring_forward(std::size_t k) noexcept {
    std::size_t best = k;
    for (std::size_t i = k + 1; i < c_.rows; ++i)
      if (left_[best] < left_[i]) best = i;
    if (best == k) return;
    exchange<Arch>(&c_(k, 0), &c_(best, 0), c_.cols);
    for (std::size_t l = 0; l < k - first_; ++l) swap(f_(l, k), f_(l, best));
    for (std::size_t l = 0; l < k; ++l) swap(r_(l, k), r_(l, best));
    swap(left_[k], left_[best]);
    swap(known_[k], known_[best]);
    swap(order_[k], order_[best]);
  }

  // Row k of C becomes a reflection and gives row k of R; F, of which row l belongs to reflection first + l, says what the
  // reflections of this panel do: C - F^T V.
  void row(std::size_t k) noexcept {
    if (pivots()) bring_forward(k);
    auto const j = k - first_;
    auto const from = k / 16 * 16;
    auto const length = c_.cols - from;
    T* const own = &c_(k, 0);
    for (std::size_t l = 0; l < j; ++l) axpy<Arch>(T(-f_(l, k)), &c_(first_ + l, from), own + from, length);
    auto const h = make_reflection<Arch>(own + k, m_ - k);
    for (std::size_t i = 0; i < k; ++i) own[i] = T(0);
    factors_[k] = h.factor;
    r_(k, k) = h.value;
    auto const end = pivots() ? c_.rows : next_;
    auto const below = end - k - 1;
    if (below == 0) return;
    T* const f = &f_(j, k + 1);
    row_dots<Arch>(matrix_view<T const>{&c_(k + 1, from), below, length, c_.row_stride}, own + from, f);
    row_dots<Arch>(matrix_view<T const>{&c_(first_, from), j, length, c_.row_stride}, own + from, sums_.data());
    for (std::size_t l = 0; l < j; ++l) axpy<Arch>(T(-sums_[l]), &f_(l, k + 1), f, below);
    scale<Arch>(h.factor, f, below);
    T* const r = &r_(k, k + 1);
    for (std::size_t i = 0; i < below; ++i) r[i] = c_(k + 1 + i, k);
    for (std::size_t l = 0; l <= j; ++l) axpy<Arch>(T(-c_(first_ + l, k)), &f_(l, k + 1), r, below);
    if (pivots()) shorten(k);
  }

  void shorten(std::size_t k) noexcept {
    T const trusted = square_root(std::numeric_limits<T>::epsilon());
    for (std::size_t i = k + 1; i < c_.rows; ++i) {
      left_[i] -= r_(k, i) * r_(k, i);
      if (left_[i] > trusted * known_[i]) continue;  // fourth powers of lengths would leave the range
      auto const from = (k + 1) / 16 * 16;
      for (std::size_t x = from; x < c_.cols; ++x) spare_[x] = c_(i, x);
      for (std::size_t l = 0; l <= k - first_; ++l)
        axpy<Arch>(T(-f_(l, i)), &c_(first_ + l, from), spare_.data() + from, c_.cols - from);
      left_[i] = known_[i] = dot<Arch>(spare_.data() + k + 1, spare_.data() + k + 1, c_.cols - k - 1);
    }
  }

  void finish() noexcept {
    auto const rows = c_.rows - next_;
    if (rows == 0) return;
    if (pivots()) {
      auto const count = next_ - first_;
      (void)product<Arch>(transposed(submatrix(f_, 0, next_, count, rows)), submatrix(c_, first_, next_, count, m_ - next_),
                          submatrix(c_, next_, next_, rows, m_ - next_), rest_, T(-1), T(1));
      return;
    }
    row_reflections<T, Arch>{c_, factors_}.apply(first_, next_ - first_, submatrix(c_, next_, first_, rows, c_.cols - first_),
                                                 false, rest_);
    for (std::size_t k = first_; k < next_; ++k)
      for (std::size_t i = next_; i < c_.rows; ++i) r_(k, i) = c_(i, k);
  }

  template <class X>
  static void swap(X& a, X& b) noexcept {
    X const kept = a;
    a = b;
    b = kept;
  }

  matrix_view<T> c_;
  matrix_view<T> r_;
  matrix_view<T> f_;
  std::span<T> factors_;
  std::span<T> sums_;
  std::span<T> left_;
  std::span<T> known_;
  std::span<T> spare_;
  std::span<std::size_t> order_;
  workspace rest_;
  std::size_t m_;
  std::size_t first_ = 0;
  std::size_t next_ = 0;
};

}  // namespace skive::detail
