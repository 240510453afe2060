// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/tridiagonal.hpp - symmetric matrices: reduction to tridiagonal form, and its eigenvalues by implicit QR steps.
///
///   A = Q T Q^T,   T: diagonal d, beside it e,   Q = H_0 H_1 ... H_n-2, H_i = 1 - t_i v_i v_i^T: v_i is a row, its 1 at place i
///   + 1 T -> diag(d) = L^T T L,   rows of `vectors` become L^T vectors
///
/// The reduction reads the matrix once per column and writes it once per panel of 32, by a product. Steps run from the larger end
/// of a block to the smaller one (QL is QR with the order reversed), with Wilkinson's shift.
///
/// Model of : -
/// Cost     : 2 n^3 operations for the reduction; 0.9 n^2 rotations (random matrices), for vectors 6 operations more per
///            rotation and column.
/// Accuracy : eigenvalues to c n u |A|.
/// Promise  : ends after 12 n^2 + 400 rotations; d is unordered.
/// Source   : G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 8.3; J. Dongarra, D. Sorensen,
///            S. Hammarling, J. Comp. Appl. Math. 27, 1989.

#include "skive/linalg/reflections.hpp"
#include "skive/linalg/rotation_sequence.hpp"
#include "skive/linalg/row_sums.hpp"
#include "skive/linalg/svd_common.hpp"

namespace skive::detail {

/// a: n x n, symmetric, columns padded with zeros to a multiple of 16; destroyed. rows: n x n, padded: gets v_i as row i.
template <real T, class Arch>
class tridiagonal_reduction {
 public:
  static constexpr std::size_t width = 32;

  static constexpr std::size_t scratch_bytes(std::size_t n) noexcept {
    return workspace::bytes<T>(2 * width * to_sixteen(n)) + workspace::bytes<T>(2 * width) +
        product_scratch_bytes<T, Arch>(n, n, 2 * width);
  }

  static void run(matrix_view<T> a, matrix_view<T> rows, std::span<T> factors, std::span<T> d, std::span<T> e,
                  workspace scratch) noexcept {
    tridiagonal_reduction r{a, scratch};
    auto const n = a.rows;
    for (std::size_t first = 0; first < n; first += width) {
      auto const count = n - first < width ? n - first : width;
      for (std::size_t j = 0; j < count; ++j) {
        auto const i = first + j;
        auto const h = r.column(i, j, d[i]);
        factors[i] = h.factor;
        if (i + 1 < n) e[i] = h.value;
        for (std::size_t k = 0; k < rows.cols && rows.rows != 0; ++k) rows(i, k) = r.v(j)[k];
      }
      r.finish(first + count);
    }
  }

 private:
  // A = a - sum_k v_k w_k^T - sum_k w_k v_k^T: rows 0 .. 31 of left_ are v and then w, of right_ w and then v.
  tridiagonal_reduction(matrix_view<T> a, workspace scratch) noexcept : a_{a} {
    auto const wide = to_sixteen(a.rows);
    auto const numbers = take_reals<T>(scratch, 2 * width * wide);
    for (T& x : numbers) x = T(0);
    panel_ = {numbers.data(), 2 * width, wide};
    sums_ = take_reals<T>(scratch, 2 * width);
    rest_ = scratch;
  }

  T* v(std::size_t k) const noexcept { return &panel_(k, 0); }
  T* w(std::size_t k) const noexcept { return &panel_(width + k, 0); }

  reflection<T> column(std::size_t i, std::size_t j, T& diagonal) noexcept {
    auto const n = a_.rows;
    T* const own = v(j);
    auto const from = i / 16 * 16;
    auto const length = panel_.cols - from;
    for (std::size_t k = 0; k < panel_.cols; ++k) own[k] = k >= i && k < n ? a_(i, k) : T(0);
    for (std::size_t k = 0; k < j; ++k) {
      axpy<Arch>(T(-w(k)[i]), v(k) + i, own + i, n - i);
      axpy<Arch>(T(-v(k)[i]), w(k) + i, own + i, n - i);
    }
    diagonal = own[i];
    own[i] = T(0);
    for (std::size_t k = 0; k < panel_.cols; ++k) w(j)[k] = T(0);
    if (i + 1 == n) return {T(0), T(0)};
    auto const h = make_reflection<Arch>(own + i + 1, n - i - 1);
    T* const y = w(j);
    row_dots<Arch>(matrix_view<T const>{&a_(i + 1, from), n - i - 1, length, a_.row_stride}, own + from, y + i + 1);
    row_dots<Arch>(matrix_view<T const>{v(0) + from, j, length, panel_.row_stride}, own + from, sums_.data());
    row_dots<Arch>(matrix_view<T const>{w(0) + from, j, length, panel_.row_stride}, own + from, sums_.data() + width);
    for (std::size_t k = 0; k < j; ++k) {
      axpy<Arch>(T(-sums_[width + k]), v(k) + i + 1, y + i + 1, n - i - 1);
      axpy<Arch>(T(-sums_[k]), w(k) + i + 1, y + i + 1, n - i - 1);
    }
    scale<Arch>(h.factor, y + i + 1, n - i - 1);
    axpy<Arch>(T(-h.factor / T(2) * dot<Arch>(own + i + 1, y + i + 1, n - i - 1)), own + i + 1, y + i + 1, n - i - 1);
    return h;
  }

  void finish(std::size_t next) noexcept {
    if (next >= a_.rows) return;
    auto const n = a_.rows - next;
    auto const rest = submatrix(a_, next, next, n, n);
    auto const left = submatrix(panel_, 0, next, width, n);
    auto const right = submatrix(panel_, width, next, width, n);
    (void)product<Arch>(transposed(left), right, rest, rest_, T(-1), T(1));
    (void)product<Arch>(transposed(right), left, rest, rest_, T(-1), T(1));
  }

  matrix_view<T> a_;
  matrix_view<T> panel_;
  std::span<T> sums_;
  workspace rest_;
};

template <real T, class Arch>
class tridiagonal_qr {
 public:
  /// vectors: n rows, a multiple of 16 columns, or empty; memory: scratch_elements(n) rotations, or none.
  tridiagonal_qr(std::span<T> d, std::span<T> e, matrix_view<T> vectors, std::span<plane_rotation<T>> memory) noexcept
      : d_{d}, e_{e}, vectors_{vectors} {
    sweeps_.memory = memory;
    sweeps_.rows = d.size();
  }
  static constexpr std::size_t scratch_elements(std::size_t n) noexcept { return rotation_sequence<T>::elements(n); }

  status run() noexcept {
    auto const n = d_.size();
    std::size_t budget = 12 * n * n + 400;
    for (std::size_t high = n - 1; n > 1 && high > 0;) {
      std::size_t low = high;
      while (low > 0 && !splits(low - 1)) --low;
      if (low == high) {
        --high;
        continue;
      }
      if (budget < high - low) return errc::no_convergence;
      budget -= high - low;
      if (low != low_ || high > high_) mirror_ = absolute(d_[low]) < absolute(d_[high]);
      low_ = low;
      high_ = high;
      step(low, high);
    }
    flush();
    return errc::ok;
  }

 private:
  bool splits(std::size_t i) noexcept {
    T const eps = std::numeric_limits<T>::epsilon() / T(2);
    T const bound = eps * square_root(absolute(d_[i])) * square_root(absolute(d_[i + 1])) + std::numeric_limits<T>::min();
    if (bound < absolute(e_[i])) return false;
    e_[i] = T(0);
    return true;
  }

  T& d(std::size_t i) const noexcept { return mirror_ ? d_[d_.size() - 1 - i] : d_[i]; }
  T& e(std::size_t i) const noexcept { return mirror_ ? e_[d_.size() - 2 - i] : e_[i]; }

  void step(std::size_t low, std::size_t high) noexcept {
    auto const n = d_.size();
    auto const first = mirror_ ? n - 1 - high : low;
    auto const last = mirror_ ? n - 1 - low : high;
    bool const keep = vectors_.rows != 0;
    if (keep && (sweeps_.full() || sweeps_.mirrored != mirror_)) flush();
    sweeps_.mirrored = mirror_;
    T const z = (d(last - 1) - d(last)) / (T(2) * e(last - 1));
    T const root = square_root(T(T(1) + z * z));
    T const shift = d(last) - e(last - 1) / (z < T(0) ? z - root : z + root);
    T f = d(first) - shift;
    T g = e(first);
    for (std::size_t i = first; i < last; ++i) {
      auto const turn = given_rotation<T>::of(f, g);
      T const c = turn.cosine;
      T const s = turn.sine;
      if (i > first) e(i - 1) = turn.length;
      T const p = d(i);
      T const q = e(i);
      T const r = d(i + 1);
      T const lower = c * q - s * p;
      T const corner = c * r - s * q;
      d(i) = c * (c * p + s * q) + s * (c * q + s * r);
      d(i + 1) = c * corner - s * lower;
      e(i) = f = c * lower + s * corner;
      if (i + 1 < last) {
        g = s * e(i + 1);
        e(i + 1) = c * e(i + 1);
      }
      if (keep) sweeps_.put(i, c, s);
    }
    if (keep) sweeps_.end_sweep(first, last);
  }

  void flush() noexcept {
    if (sweeps_.count != 0) sweeps_.template apply<Arch>(vectors_);
    sweeps_.count = 0;
  }

  std::span<T> d_;
  std::span<T> e_;
  matrix_view<T> vectors_;
  bool mirror_ = false;
  std::size_t low_ = 0;
  std::size_t high_ = 0;
  rotation_sequence<T> sweeps_{};
};

}  // namespace skive::detail
