// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/svd_fast.hpp - singular value decomposition by bidiagonal form and QR iteration.
///
///   A = U diag(sigma) V^T,   sigma falling;   svd_fast(a, u, sigma, vt, scratch)
///
/// u is m x r and vt r x n for any r <= min(m, n), the first r vectors; empty views where only values are wanted.
///
/// Model of : -
/// Cost     : n x n with vectors 21 n^3 operations, values only 8 n^3 / 3.
/// Accuracy : every value to c n u sigma_0: absolute, so that small values of graded matrices lose digits (svd_accurate keeps
///            them); |U^T U - 1| and |A - U diag(sigma) V^T| / |A| of a few dozen u for n = 64, growing slower than n.
/// Promise  : not_finite for NaN or infinity, no_convergence after a bounded number of steps; the same bits for one instruction
/// set. Source   : G. Golub, W. Kahan, "Calculating the singular values and pseudo-inverse of a matrix", SIAM J. Numer. Anal. 2,
/// 1965;
///            J. Demmel, W. Kahan, SIAM J. Sci. Stat. Comput. 11, 1990.

#include "skive/linalg/bidiagonal.hpp"
#include "skive/linalg/bidiagonal_qr.hpp"

namespace skive {

namespace detail {

template <real T, class Arch>
struct fast_svd {
  svd_task<T> task;

  static std::size_t scratch_bytes(std::size_t tall, std::size_t wide, bool vectors) noexcept {
    auto const m = to_sixteen(tall);
    auto const n = to_sixteen(wide);
    auto bytes = workspace::bytes<T>(tall * n) + 5 * workspace::bytes<T>(n) + workspace::bytes<std::size_t>(n);
    auto const reducing = bidiagonal_reduction<T, Arch>::scratch_bytes(tall, wide);
    if (!vectors) return bytes + reducing;
    bytes += 2 * workspace::bytes<T>(wide * m) + 2 * workspace::bytes<T>(wide * n);
    auto const forming = row_reflections<T, Arch>::scratch_bytes(wide, m);
    auto const turning = workspace::bytes<T>(2 * bidiagonal_qr<T, Arch>::scratch_elements(wide));
    auto const most = forming < turning ? turning : forming;
    return bytes + (most < reducing ? reducing : most);
  }

  status run(workspace scratch) const noexcept {
    T factor(1);
    if (auto const s = task.template choose_scale<Arch>(factor); !s) return s;
    auto const m = task.tall();
    auto const n = task.wide();
    auto const wide = to_sixteen(n);
    auto const d = take_reals<T>(scratch, wide);
    auto const e = take_reals<T>(scratch, wide);
    auto const left_factors = take_reals<T>(scratch, wide);
    auto const right_factors = take_reals<T>(scratch, wide);
    auto const values = take_reals<T>(scratch, wide);
    auto const order = scratch.take<std::size_t>(wide);
    auto const a = zeros(scratch, m, wide);
    task.load(factor, submatrix(a, 0, 0, m, n));
    bool const vectors = task.wants_vectors();
    auto const left = vectors ? zeros(scratch, n, to_sixteen(m)) : matrix_view<T>{};
    auto const right = vectors ? zeros(scratch, n, wide) : matrix_view<T>{};
    bidiagonal_reduction<T, Arch>::run({a, left, right, left_factors, right_factors, d, e}, n, scratch);
    matrix_view<T> left_rows;
    matrix_view<T> right_rows;
    if (vectors) {
      left_rows = zeros(scratch, n, to_sixteen(m));
      right_rows = zeros(scratch, n, wide);
      row_reflections<T, Arch>{left, left_factors, 0}.as_rows(left_rows, scratch);
      row_reflections<T, Arch>{right, right_factors, 1}.as_rows(right_rows, scratch);
    }
    auto const rotations = vectors ? take_rotations(scratch, n) : std::span<plane_rotation<T>>{};
    if (auto const s = bidiagonal_qr<T, Arch>{d.first(n), e.first(n - 1), left_rows, right_rows, rotations}.run(); !s) return s;
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = absolute(d[i]);
      if (d[i] < T(0) && vectors) scale<Arch>(T(-1), &right_rows(i, 0), n);
    }
    falling_order<T>(values.first(n), order.first(n));
    for (std::size_t i = 0; i < n; ++i) task.sigma[i] = values[order[i]] / factor;
    task.store(left_rows, right_rows, order.first(n));
    return errc::ok;
  }

 private:
  static matrix_view<T> zeros(workspace& scratch, std::size_t rows, std::size_t cols) noexcept {
    auto const numbers = take_reals<T>(scratch, rows * cols);
    for (T& x : numbers) x = T(0);
    return {numbers.data(), rows, cols};
  }
  static std::span<plane_rotation<T>> take_rotations(workspace& scratch, std::size_t n) noexcept {
    auto const count = bidiagonal_qr<T, Arch>::scratch_elements(n);
    auto const numbers = take_reals<T>(scratch, 2 * count);
    return {reinterpret_cast<plane_rotation<T>*>(numbers.data()), count};
  }
};

}  // namespace detail

/// Scratch of svd_fast for an m x n matrix; `vectors`: whether u or vt is wanted.
template <real T, class Arch = native_arch>
std::size_t svd_fast_scratch_bytes(std::size_t m, std::size_t n, bool vectors = true) noexcept {
  return detail::fast_svd<T, Arch>::scratch_bytes(m < n ? n : m, m < n ? m : n, vectors);
}

/// Fails with invalid_argument (a view that is not valid()), size_mismatch, overlap, workspace_too_small, not_finite or
/// no_convergence; results are untouched then.
template <class Arch = native_arch, real T>
status svd_fast(std::type_identity_t<matrix_view<T const>> a, matrix_view<T> u, std::span<T> sigma,
                std::type_identity_t<matrix_view<T>> vt, workspace scratch) noexcept {
  detail::fast_svd<T, Arch> const job{{a, u, sigma, vt}};
  if (auto const s = job.task.check(); !s) return s;
  if (sigma.empty()) return errc::ok;
  if (scratch.size() < svd_fast_scratch_bytes<T, Arch>(a.rows, a.cols, job.task.wants_vectors()))
    return errc::workspace_too_small;
  return job.run(scratch);
}

/// The values alone.
template <class Arch = native_arch, real T>
status singular_values_fast(std::type_identity_t<matrix_view<T const>> a, std::span<T> sigma, workspace scratch) noexcept {
  return svd_fast<Arch, T>(a, {}, sigma, {}, scratch);
}

}  // namespace skive
