// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/svd_fast.hpp - singular value decomposition by bidiagonal form and QR iteration.
///
///   A = U diag(sigma) V^T,   sigma falling;   svd_fast(a, u, sigma, vt, scratch)
///
/// u is m x r and vt r x n for any r <= min(m, n), the first r vectors; empty views where only values are wanted.
///
/// Model of : -
/// Cost     : n x n with vectors 14 n^3 operations (random matrices), values only 8 n^3 / 3; a matrix that is longer than 7 / 4 of
///            its width is made triangular first.
/// Accuracy : every value to c n u sigma_0: absolute, so that small values of graded matrices lose digits (svd_accurate keeps
///            them); |U^T U - 1| (largest element) and |A - U diag(sigma) V^T| / |A| stay below 100 u for n = 64, 160 u for n =
///            1024 (random matrices, float).
/// Promise  : not_finite for NaN or infinity, no_convergence after a bounded number of steps; the same bits for one instruction
///            set.
/// Source   : G. Golub, W. Kahan, "Calculating the singular values and pseudo-inverse of a matrix", SIAM Journal on Numerical
///            Analysis 2, 1965; J. Demmel, W. Kahan, SIAM J. Sci. Stat. Comput. 11, 1990.

#include "skive/linalg/bidiagonal.hpp"
#include "skive/linalg/bidiagonal_qr.hpp"
#include "skive/linalg/row_lq.hpp"

namespace skive {

namespace detail {

template <real T, class Arch>
struct fast_svd {
  svd_task<T> task;

  /// Is it worth while to make the tall form triangular first?
  static constexpr bool triangular_first(std::size_t tall, std::size_t wide) noexcept { return tall - wide > wide / 4 * 3; }

  static std::size_t scratch_bytes(std::size_t tall, std::size_t wide, bool vectors) noexcept {
    auto const n = to_sixteen(wide);
    if (!triangular_first(tall, wide)) return square_bytes(tall, wide, vectors) + workspace::bytes<std::size_t>(n);
    auto const m = to_sixteen(tall);
    auto const rest = square_bytes(wide, wide, vectors);
    auto const factoring = row_lq<T, Arch>::scratch_bytes(tall, wide);
    auto const turning = vectors ? workspace::bytes<T>(wide * m) + row_reflections<T, Arch>::scratch_bytes(wide, m) : 0;
    return workspace::bytes<T>(wide * m) + workspace::bytes<T>(wide * n) + workspace::bytes<T>(n) +
        workspace::bytes<std::size_t>(n) + rest + (factoring < turning ? turning : factoring);
  }

  status run(workspace scratch) const noexcept {
    T factor(1);
    if (auto const s = task.template choose_scale<Arch>(factor); !s) return s;
    auto const m = task.tall();
    auto const n = task.wide();
    auto const order = scratch.take<std::size_t>(to_sixteen(n)).first(n);
    rows_of_vectors rows;
    if (!triangular_first(m, n)) {
      auto const a = zeros(scratch, m, to_sixteen(n));
      task.load(factor, submatrix(a, 0, 0, m, n));
      if (auto const s = decompose(a, n, rows, scratch); !s) return s;
    } else {
      auto const c = zeros(scratch, n, to_sixteen(m));
      auto const factors = take_reals<T>(scratch, to_sixteen(n)).first(n);
      auto const r = zeros(scratch, n, to_sixteen(n));
      task.load_transposed(factor, submatrix(c, 0, 0, n, m));
      row_lq<T, Arch>::run(c, m, r, factors, {}, scratch);
      if (auto const s = decompose(r, n, rows, scratch); !s) return s;
      if (task.wants_vectors()) {
        auto const longer = zeros(scratch, n, to_sixteen(m));
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t k = 0; k < n; ++k) longer(i, k) = rows.left(i, k);
        row_reflections<T, Arch>{c, factors}.apply_all(longer, scratch);
        rows.left = longer;
      }
    }
    falling_order<T>(rows.values, order);
    for (std::size_t i = 0; i < n; ++i) task.sigma[i] = rows.values[order[i]] / factor;
    task.store(rows.left, rows.right, order);
    return errc::ok;
  }

 private:
  struct rows_of_vectors {
    std::span<T> values;
    matrix_view<T> left;
    matrix_view<T> right;
  };

  static std::size_t square_bytes(std::size_t tall, std::size_t wide, bool vectors) noexcept {
    auto const m = to_sixteen(tall);
    auto const n = to_sixteen(wide);
    auto const kept = workspace::bytes<T>(tall * n) + 4 * workspace::bytes<T>(n);
    auto const reducing = bidiagonal_reduction<T, Arch>::scratch_bytes(tall, wide);
    if (!vectors) return kept + reducing;
    auto const forming = row_reflections<T, Arch>::scratch_bytes(wide, m);
    auto const turning = workspace::bytes<T>(2 * bidiagonal_qr<T, Arch>::scratch_elements(wide));
    auto const most = forming < turning ? turning : forming;
    return kept + 2 * workspace::bytes<T>(wide * m) + 2 * workspace::bytes<T>(wide * n) + (most < reducing ? reducing : most);
  }

  // a: columns padded, n of them count; the rows stay in the caller's scratch.
  status decompose(matrix_view<T> a, std::size_t n, rows_of_vectors& to, workspace& scratch) const noexcept {
    auto const wide = to_sixteen(n);
    auto const d = take_reals<T>(scratch, wide).first(n);
    auto const e = take_reals<T>(scratch, wide).first(n - 1);
    auto const left_factors = take_reals<T>(scratch, wide).first(n);
    auto const right_factors = take_reals<T>(scratch, wide).first(n);
    bool const vectors = task.wants_vectors();
    if (vectors) {
      to.left = zeros(scratch, n, to_sixteen(a.rows));
      to.right = zeros(scratch, n, wide);
    }
    auto const left = vectors ? zeros(scratch, n, to_sixteen(a.rows)) : matrix_view<T>{};
    auto const right = vectors ? zeros(scratch, n, wide) : matrix_view<T>{};
    bidiagonal_reduction<T, Arch>::run({a, left, right, left_factors, right_factors, d, e}, n, scratch);
    if (vectors) {
      row_reflections<T, Arch>{left, left_factors, 0}.as_rows(to.left, scratch);
      row_reflections<T, Arch>{right, right_factors, 1}.as_rows(to.right, scratch);
    }
    auto unused = scratch;
    auto const rotations = vectors ? take_rotations(unused, n) : std::span<plane_rotation<T>>{};
    if (auto const s = bidiagonal_qr<T, Arch>{d, e, to.left, to.right, rotations}.run(); !s) return s;
    for (std::size_t i = 0; i < n; ++i) {
      if (d[i] < T(0) && vectors) scale<Arch>(T(-1), &to.right(i, 0), n);
      d[i] = absolute(d[i]);
    }
    to.values = d;
    return errc::ok;
  }

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
