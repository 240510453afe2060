// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/jacobi_svd.hpp - singular value decomposition in which small values keep their digits (one-sided Jacobi).
///
///   A = U diag(sigma) V^T,   sigma falling;   svd_accurate(a, u, sigma, vt, scratch)
///
///   A^T with its rows ordered = R_1^T Q_1^T (pivoting), R_1 = R_2^T Q_2^T, W = R_2
///   rotations make W's rows orthogonal: W = S X;   U^T = X Q_1^T,   V^T = S^-1 X R_1, made orthonormal from the largest value on
///
/// u is m x r and vt r x n for any r <= min(m, n), the first r vectors; empty views where only values are wanted.
///
/// Model of : -
/// Cost     : n x n: 5 n^3 operations a sweep, 6 (n = 64) to 10 (n = 1024) sweeps for random matrices; about 12 n^3 besides.
/// Accuracy : every value to c n u k relative, k: the smallest condition number that scaling A's columns (the rows of a wide A)
///            can give; values 2^-90 and less of the largest one (float) lose digits to underflow.
/// Promise  : not_finite for NaN or infinity, no_convergence after 40 sweeps; the same bits for one instruction set.
/// Source   : Z. Drmac, K. Veselic, "New fast and accurate Jacobi SVD algorithm I, II", SIAM J. Matrix Anal. Appl. 29, 2008.

#include "skive/linalg/row_jacobi.hpp"
#include "skive/linalg/row_lq.hpp"
#include "skive/linalg/row_orthonormal.hpp"

namespace skive {

namespace detail {

template <real T, class Arch>
struct jacobi_svd {
  svd_task<T> task;

  static constexpr std::size_t most_sweeps = 40;
  static constexpr std::size_t panels(std::size_t n) noexcept { return (n + 31) / 32 * 32; }

  static std::size_t scratch_bytes(std::size_t tall, std::size_t wide, bool vectors) noexcept {
    auto const m = to_sixteen(tall);
    auto const n = to_sixteen(wide);
    auto const kept = workspace::bytes<T>(wide * m) + 2 * workspace::bytes<T>(wide * n) + workspace::bytes<T>(panels(wide) * n) +
        3 * workspace::bytes<T>(panels(wide)) + workspace::bytes<T>(16 * panels(wide)) +
        2 * workspace::bytes<std::size_t>(panels(wide));
    auto const factoring = row_lq<T, Arch>::scratch_bytes(tall, wide);
    if (!vectors) return kept + factoring;
    auto const turning = row_reflections<T, Arch>::scratch_bytes(wide, m);
    auto const mending = row_orthonormal<T, Arch>::scratch_bytes(wide, m);
    auto const most = mending < turning ? turning : mending;
    return kept + workspace::bytes<T>(wide * m) + (factoring < most ? most : factoring) +
        product_scratch_bytes<T, Arch>(wide, n, wide);
  }

  status run(workspace scratch) const noexcept {
    T factor(1);
    if (auto const s = task.template choose_scale<Arch>(factor); !s) return s;
    auto const n = task.wide();
    auto const c = zeros(scratch, n, to_sixteen(task.tall()));
    auto const r = zeros(scratch, n, to_sixteen(n));
    auto const copy = zeros(scratch, n, to_sixteen(n));
    auto const w = zeros(scratch, panels(n), to_sixteen(n));
    auto const factors = take_reals<T>(scratch, panels(n));
    auto const other_factors = take_reals<T>(scratch, panels(n));
    auto const lengths = take_reals<T>(scratch, panels(n));
    auto const pivots = scratch.take<std::size_t>(panels(n)).first(n);
    auto const order = scratch.take<std::size_t>(panels(n)).first(n);
    task.load_transposed(factor, submatrix(c, 0, 0, n, task.tall()));
    row_lq<T, Arch>::run(c, task.tall(), r, factors, pivots, scratch);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = i; k < n; ++k) copy(i, k) = r(i, k);
    row_lq<T, Arch>::run(copy, n, submatrix(w, 0, 0, n, w.cols), other_factors, {}, scratch);
    T const tolerance = square_root(T(static_cast<int>(n + 16))) * std::numeric_limits<T>::epsilon();
    auto const products = take_reals<T>(scratch, panels(n) * 16);
    if (row_jacobi<T>{w, products, tolerance}.template run<Arch>(most_sweeps) == 0) return errc::no_convergence;
    for (std::size_t i = 0; i < n; ++i) lengths[i] = norm<Arch>(&w(i, 0), w.cols);
    falling_order<T>(lengths.first(n), order);
    if (task.wants_vectors()) put_vectors({c, r, copy, w}, factors, lengths, pivots, order, scratch);
    for (std::size_t i = 0; i < n; ++i) task.sigma[i] = lengths[order[i]] / factor;
    return errc::ok;
  }

 private:
  struct matrices {
    matrix_view<T> c, r, right, w;
  };

  static matrix_view<T> zeros(workspace& scratch, std::size_t rows, std::size_t cols) noexcept {
    auto const numbers = take_reals<T>(scratch, rows * cols);
    for (T& x : numbers) x = T(0);
    return {numbers.data(), rows, cols};
  }

  void put_vectors(matrices const& m, std::span<T const> factors, std::span<T const> lengths, std::span<std::size_t const> pivots,
                   std::span<std::size_t const> order, workspace scratch) const noexcept {
    auto const n = task.wide();
    auto const tall_rows = zeros(scratch, n, m.c.cols);
    std::size_t rank = 0;
    for (std::size_t i = 0; i < n; ++i) {
      T const length = lengths[order[i]];
      if (!(length > std::numeric_limits<T>::min())) break;
      rank = i + 1;
      for (std::size_t k = 0; k < n; ++k) tall_rows(i, k) = m.w(order[i], k) / length;
    }
    row_orthonormal<T, Arch>::complete(submatrix(tall_rows, 0, 0, n, to_sixteen(n)), n, rank, scratch);
    auto const wide_rows = submatrix(m.w, 0, 0, n, m.w.cols);  // V^T by the order of the pivots, which W makes room for
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k) m.right(i, k) = i < rank ? T(tall_rows(i, k) / lengths[order[i]]) : T(0);
    (void)product<Arch>(submatrix(m.right, 0, 0, n, n), m.r, wide_rows, scratch);
    row_orthonormal<T, Arch>::run(submatrix(tall_rows, 0, 0, n, to_sixteen(n)), n, scratch);
    row_orthonormal<T, Arch>::run(wide_rows, n, scratch);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k) m.right(i, pivots[k]) = wide_rows(i, k);
    row_reflections<T, Arch>{m.c, factors}.apply_all(tall_rows, scratch);
    task.store(tall_rows, m.right);
  }
};

}  // namespace detail

/// Scratch of svd_accurate for an m x n matrix; `vectors`: whether u or vt is wanted.
template <real T, class Arch = native_arch>
std::size_t svd_accurate_scratch_bytes(std::size_t m, std::size_t n, bool vectors = true) noexcept {
  return detail::jacobi_svd<T, Arch>::scratch_bytes(m < n ? n : m, m < n ? m : n, vectors);
}

/// Fails with invalid_argument (a view that is not valid()), size_mismatch, overlap, workspace_too_small, not_finite or
/// no_convergence; results are untouched then.
template <class Arch = native_arch, real T>
status svd_accurate(std::type_identity_t<matrix_view<T const>> a, matrix_view<T> u, std::span<T> sigma,
                    std::type_identity_t<matrix_view<T>> vt, workspace scratch) noexcept {
  detail::jacobi_svd<T, Arch> const job{{a, u, sigma, vt}};
  if (auto const s = job.task.check(); !s) return s;
  if (sigma.empty()) return errc::ok;
  if (scratch.size() < svd_accurate_scratch_bytes<T, Arch>(a.rows, a.cols, job.task.wants_vectors()))
    return errc::workspace_too_small;
  return job.run(scratch);
}

/// The values alone.
template <class Arch = native_arch, real T>
status singular_values_accurate(std::type_identity_t<matrix_view<T const>> a, std::span<T> sigma, workspace scratch) noexcept {
  return svd_accurate<Arch, T>(a, {}, sigma, {}, scratch);
}

}  // namespace skive
