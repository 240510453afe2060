// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/bidiagonal.hpp - reduction to upper bidiagonal form by Householder reflections.
///
///   A = Q B P^T,   A of m rows and n <= m columns, B upper bidiagonal,   Q = H_0 H_1 ... , P = G_0 G_1 ...
///   H_i = 1 - t_i v_i v_i^T: v_i is row i of `left` (zeros, then 1 at place i)
///   G_i = 1 - s_i u_i u_i^T: u_i is row i of `right`, its 1 at i + 1
///
/// Panels of 32 columns: the matrix is read twice per column and written once per panel, by a product.
///
/// Model of : -
/// Cost     : 4 m n^2 - 4 n^3 / 3 operations, half of them matrix times vector.
/// Accuracy : backward stable: B is the exact form of A + E, |E| <= c m n^(1/2) u |A| in the Frobenius norm.
/// Promise  : the same bits for one instruction set; scratch from the caller.
/// Source   : J. Dongarra, D. Sorensen, S. Hammarling, "Block reduction of matrices to condensed forms", J. Comp. Appl. Math. 27,
///            1989.

#include "skive/linalg/reflections.hpp"
#include "skive/linalg/row_sums.hpp"
#include "skive/linalg/svd_common.hpp"

namespace skive::detail {

template <real T>
struct bidiagonal_form {
  matrix_view<T> a;      ///< m x n, columns padded with zeros to a multiple of 16; destroyed
  matrix_view<T> left;   ///< n rows of m padded to a multiple of 16
  matrix_view<T> right;  ///< n rows of n padded
  std::span<T> left_factors;
  std::span<T> right_factors;
  std::span<T> diagonal;
  std::span<T> beside;  ///< n - 1
};

inline constexpr std::size_t bidiagonal_panel = 32;

template <real T, class Arch>
class bidiagonal_reduction {
 public:
  static constexpr std::size_t scratch_bytes(std::size_t m, std::size_t n) noexcept {
    constexpr auto k = bidiagonal_panel;
    return workspace::bytes<T>(2 * k * (to_sixteen(m) + to_sixteen(n))) + workspace::bytes<T>(2 * k) +
        product_scratch_bytes<T, Arch>(to_sixteen(m), to_sixteen(n), 2 * k);
  }

  static void run(bidiagonal_form<T> const& f, std::size_t n, workspace scratch) noexcept {
    bidiagonal_reduction r{f, n, scratch};
    for (std::size_t first = 0; first < n; first += bidiagonal_panel) {
      auto const width = n - first < bidiagonal_panel ? n - first : bidiagonal_panel;
      for (std::size_t j = 0; j < width; ++j) r.column(first + j, j);
      r.finish(first, width);
    }
  }

 private:
  // Rows 0 .. 31 of tall_: v of this panel; 32 ..: x. Of wide_: y, then u.   A = a - sum_k v_k y_k^T - sum_k x_k u_k^T.
  bidiagonal_reduction(bidiagonal_form<T> const& f, std::size_t n, workspace scratch) noexcept : f_{f}, m_{f.a.rows}, n_{n} {
    constexpr auto k = bidiagonal_panel;
    auto const tall = to_sixteen(m_);
    auto const wide = to_sixteen(n_);
    auto const numbers = take_reals<T>(scratch, 2 * k * (tall + wide));
    tall_ = {numbers.data(), 2 * k, tall};
    wide_ = {numbers.data() + 2 * k * tall, 2 * k, wide};
    sums_ = take_reals<T>(scratch, 2 * k);
    for (T& x : numbers) x = T(0);
    rest_ = scratch;
  }

  T* v(std::size_t k) const noexcept { return &tall_(k, 0); }
  T* x(std::size_t k) const noexcept { return &tall_(bidiagonal_panel + k, 0); }
  T* y(std::size_t k) const noexcept { return &wide_(k, 0); }
  T* u(std::size_t k) const noexcept { return &wide_(bidiagonal_panel + k, 0); }

  // Column i of the matrix is column j of the panel.
  void column(std::size_t i, std::size_t j) noexcept {
    T* const own = v(j);
    for (std::size_t r = 0; r < tall_.cols; ++r) own[r] = r >= i && r < m_ ? f_.a(r, i) : T(0);
    for (std::size_t k = 0; k < j; ++k) {
      axpy<Arch>(T(-y(k)[i]), v(k) + i, own + i, m_ - i);
      axpy<Arch>(T(-u(k)[i]), x(k) + i, own + i, m_ - i);
    }
    auto const left = make_reflection<Arch>(own + i, m_ - i);
    f_.left_factors[i] = left.factor;
    f_.diagonal[i] = left.value;
    copy(own, f_.left, i);
    clear(y(j), wide_.cols);
    clear(u(j), wide_.cols);
    clear(x(j), tall_.cols);
    f_.right_factors[i] = T(0);
    if (i + 1 == n_) return copy(u(j), f_.right, i);
    left_product(i, j, left.factor);
    row(i, j);
  }

  // y_j = t (A^T v_j), of the numbers behind column i.
  void left_product(std::size_t i, std::size_t j, T const& factor) noexcept {
    auto const from = (i + 1) / 16 * 16;
    auto const length = wide_.cols - from;
    T* const to = y(j) + from;
    weighted_rows<Arch>(matrix_view<T const>{&f_.a(i, from), m_ - i, length, f_.a.row_stride}, v(j) + i, to);
    auto const start = i / 16 * 16;
    auto const height = tall_.cols - start;
    row_dots<Arch>(matrix_view<T const>{v(0) + start, j, height, tall_.row_stride}, v(j) + start, sums_.data());
    row_dots<Arch>(matrix_view<T const>{x(0) + start, j, height, tall_.row_stride}, v(j) + start,
                   sums_.data() + bidiagonal_panel);
    for (std::size_t k = 0; k < j; ++k) {
      axpy<Arch>(T(-sums_[k]), y(k) + from, to, length);
      axpy<Arch>(T(-sums_[bidiagonal_panel + k]), u(k) + from, to, length);
    }
    for (std::size_t c = from; c <= i; ++c) y(j)[c] = T(0);
    scale<Arch>(factor, to, length);
  }

  // Row i: its reflection u_j, and x_j = s (A u_j), of the numbers below row i.
  void row(std::size_t i, std::size_t j) noexcept {
    T* const own = u(j);
    auto const from = (i + 1) / 16 * 16;
    auto const length = wide_.cols - from;
    for (std::size_t c = i + 1; c < n_; ++c) own[c] = f_.a(i, c);
    for (std::size_t k = 0; k <= j; ++k) {
      axpy<Arch>(T(-v(k)[i]), y(k) + from, own + from, length);
      if (k < j) axpy<Arch>(T(-x(k)[i]), u(k) + from, own + from, length);
    }
    for (std::size_t c = from; c <= i; ++c) own[c] = T(0);
    auto const right = make_reflection<Arch>(own + i + 1, n_ - i - 1);
    f_.right_factors[i] = right.factor;
    f_.beside[i] = right.value;
    copy(own, f_.right, i);
    row_dots<Arch>(matrix_view<T const>{&f_.a(i + 1, from), m_ - i - 1, length, f_.a.row_stride}, own + from, x(j) + i + 1);
    row_dots<Arch>(matrix_view<T const>{y(0) + from, j + 1, length, wide_.row_stride}, own + from, sums_.data());
    row_dots<Arch>(matrix_view<T const>{u(0) + from, j, length, wide_.row_stride}, own + from, sums_.data() + bidiagonal_panel);
    for (std::size_t k = 0; k <= j; ++k) {
      axpy<Arch>(T(-sums_[k]), v(k) + i + 1, x(j) + i + 1, m_ - i - 1);
      if (k < j) axpy<Arch>(T(-sums_[bidiagonal_panel + k]), x(k) + i + 1, x(j) + i + 1, m_ - i - 1);
    }
    scale<Arch>(right.factor, x(j) + i + 1, m_ - i - 1);
  }

  // What the panel does to the columns behind it.
  void finish(std::size_t first, std::size_t width) noexcept {
    auto const next = first + width;
    if (next >= n_) return;
    auto const rest = matrix_view<T>{&f_.a(next, next), m_ - next, n_ - next, f_.a.row_stride};
    (void)product<Arch>(transposed(submatrix(tall_, 0, next, 2 * bidiagonal_panel, m_ - next)),
                        submatrix(wide_, 0, next, 2 * bidiagonal_panel, n_ - next), rest, rest_, T(-1), T(1));
  }

  static void clear(T* p, std::size_t n) noexcept {
    for (std::size_t k = 0; k < n; ++k) p[k] = T(0);
  }
  static void copy(T const* p, matrix_view<T> const& to, std::size_t i) noexcept {
    for (std::size_t k = 0; k < to.cols && to.rows != 0; ++k) to(i, k) = p[k];
  }

  bidiagonal_form<T> f_;
  std::size_t m_;
  std::size_t n_;
  matrix_view<T> tall_;
  matrix_view<T> wide_;
  std::span<T> sums_;
  workspace rest_;
};

}  // namespace skive::detail
