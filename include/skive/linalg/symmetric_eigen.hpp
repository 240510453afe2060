// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/symmetric_eigen.hpp - eigenvalues and eigenvectors of a symmetric matrix, by tridiagonal form or by rotations.
///
///   A = V diag(values) V^T,   values falling;   vectors: n x r, the first r columns of V, for any r <= n (0: values only)
///
///   symmetric_eigen          tridiagonal form and QR steps: the fast one
///   symmetric_eigen_jacobi   rotations of A itself, pair by pair: for small matrices, and where A is positive definite and
///   graded
///
/// Of A the lower triangle is read.
///
/// Model of : -
/// Cost     : symmetric_eigen 9 n^3 operations with all vectors, 2 n^3 without; _jacobi 6 n^3 a sweep with vectors, else 3 n^3.
/// Accuracy : values to c n u |A|; symmetric_eigen_jacobi of positive definite A to c n u k relative, k: the condition number
///            of A scaled to a diagonal of ones.
/// Promise  : not_finite for NaN or infinity, no_convergence after a bounded number of steps; the same bits for one
///            instruction set.
/// Source   : B. Parlett, "The Symmetric Eigenvalue Problem", 1980; J. Demmel, K. Veselic, SIAM J. Matrix Anal. Appl. 13,
///            1992.

#include "skive/linalg/tridiagonal.hpp"

namespace skive {

namespace detail {

template <real T>
struct eigen_task {
  matrix_view<T const> a;
  std::span<T> values;
  matrix_view<T> vectors;

  status check() const noexcept {
    if (!a.valid() || !vectors.valid()) return errc::invalid_argument;
    if (a.rows != a.cols || values.size() != a.rows || vectors.cols > a.rows) return errc::size_mismatch;
    if (vectors.cols != 0 && vectors.rows != a.rows) return errc::size_mismatch;
    matrix_view<T const> const results{values.data(), 1, values.size()};
    if (shares_elements<T>(a, vectors) || shares_elements<T>(a, results) || shares_elements<T>(vectors, results))
      return errc::overlap;
    return errc::ok;
  }

  /// Both triangles of `to` from the lower one of A, times `factor`, a power of two.
  template <class Arch>
  status load(T& factor, matrix_view<T> to) const noexcept {
    T largest(0);
    for (std::size_t i = 0; i < a.rows; ++i)
      if (!find_largest<Arch, T>(a.row(i).first(i + 1), largest)) return errc::not_finite;
    factor = power_of_two_for(largest, a.rows);
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t k = 0; k <= i; ++k) to(i, k) = to(k, i) = a(i, k) * factor;
    return errc::ok;
  }

  void store(T const& factor, std::span<T const> d, matrix_view<T const> rows, std::span<std::size_t> order) const noexcept {
    falling_order<T>(d, order);
    for (std::size_t i = 0; i < a.rows; ++i) values[i] = d[order[i]] / factor;
    for (std::size_t k = 0; k < vectors.cols; ++k)
      for (std::size_t i = 0; i < a.rows; ++i) vectors(i, k) = rows(order[k], i);
  }
};

// (x, y) <- (c x - s y, s x + c y) by 1 - c, which has digits where c has none left: else lengths would grow with every rotation.
template <class Arch, real T>
void turn_rows(T* x, T* y, T const& versine, T const& sine, std::size_t n) noexcept {
  using piece = lane_part<T, Arch>;
  typename piece::type const v(versine);
  typename piece::type const s(sine);
  for (std::size_t k = 0; k < n; k += piece::size) {
    auto const a = piece::load(x + k);
    auto const b = piece::load(y + k);
    piece::store(a - piece::fused(v, a, s * b), x + k);
    piece::store(b + piece::reduced(v, b, s * a), y + k);
  }
}

// One sweep; whether a pair was turned.
template <class Arch, real T>
bool eigen_sweep(matrix_view<T> a, matrix_view<T> rows) noexcept {
  auto const n = a.rows;
  T const eps = std::numeric_limits<T>::epsilon() / T(2);
  bool moved = false;
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t q = p + 1; q < n; ++q) {
      T const c = a(p, q);
      T const bound = eps * square_root(absolute(a(p, p))) * square_root(absolute(a(q, q))) + std::numeric_limits<T>::min();
      if (!(bound < absolute(c))) continue;
      moved = true;
      T const z = (a(q, q) - a(p, p)) / (T(2) * c);
      T const size = absolute(z);
      T const t = eps * size > T(1) ? T(T(1) / (T(2) * size)) : T(T(1) / (size + square_root(T(T(1) + z * z))));
      T const tangent = z < T(0) ? T(-t) : t;
      T const cosine = T(1) / square_root(T(T(1) + t * t));
      T const upper = a(p, p) - tangent * c;
      T const lower = a(q, q) + tangent * c;
      T const sine = cosine * tangent;
      T const versine = sine * (sine / (T(1) + cosine));
      turn_rows<Arch>(&a(p, 0), &a(q, 0), versine, sine, a.cols);
      a(p, p) = upper;
      a(q, q) = lower;
      a(p, q) = a(q, p) = T(0);
      for (std::size_t k = 0; k < n; ++k) {
        a(k, p) = a(p, k);
        a(k, q) = a(q, k);
      }
      if (rows.rows != 0) turn_rows<Arch>(&rows(p, 0), &rows(q, 0), versine, sine, rows.cols);
    }
  return moved;
}

template <real T>
matrix_view<T> take_zeros(workspace& scratch, std::size_t rows, std::size_t cols) noexcept {
  auto const numbers = take_reals<T>(scratch, rows * cols);
  for (T& x : numbers) x = T(0);
  return {numbers.data(), rows, cols};
}

}  // namespace detail

/// Scratch of symmetric_eigen for an n x n matrix; `vectors`: whether any are wanted.
template <real T, class Arch = native_arch>
std::size_t symmetric_eigen_scratch_bytes(std::size_t n, bool vectors = true) noexcept {
  auto const wide = detail::to_sixteen(n);
  auto const kept = workspace::bytes<T>(n * wide) + 3 * workspace::bytes<T>(wide) + workspace::bytes<std::size_t>(wide);
  auto const reducing = detail::tridiagonal_reduction<T, Arch>::scratch_bytes(n);
  if (!vectors) return kept + reducing;
  auto const forming = detail::row_reflections<T, Arch>::scratch_bytes(n, wide);
  auto const turning = workspace::bytes<T>(2 * detail::tridiagonal_qr<T, Arch>::scratch_elements(n));
  auto const most = forming < turning ? turning : forming;
  return kept + 2 * workspace::bytes<T>(n * wide) + (most < reducing ? reducing : most);
}

/// Fails with invalid_argument, size_mismatch, overlap, workspace_too_small, not_finite or no_convergence; results are untouched
/// then.
template <class Arch = native_arch, real T>
status symmetric_eigen(std::type_identity_t<matrix_view<T const>> a, std::span<T> values,
                       std::type_identity_t<matrix_view<T>> vectors, workspace scratch) noexcept {
  detail::eigen_task<T> const task{a, values, vectors};
  if (auto const s = task.check(); !s) return s;
  if (values.empty()) return errc::ok;
  bool const wanted = vectors.cols != 0;
  auto const n = a.rows;
  if (scratch.size() < symmetric_eigen_scratch_bytes<T, Arch>(n, wanted)) return errc::workspace_too_small;
  auto const wide = detail::to_sixteen(n);
  auto const d = take_reals<T>(scratch, wide).first(n);
  auto const e = take_reals<T>(scratch, wide).first(n - 1);
  auto const factors = take_reals<T>(scratch, wide).first(n);
  auto const order = scratch.take<std::size_t>(wide).first(n);
  auto const copy = detail::take_zeros<T>(scratch, n, wide);
  T factor(1);
  if (auto const s = task.template load<Arch>(factor, copy); !s) return s;
  auto const reflected = wanted ? detail::take_zeros<T>(scratch, n, wide) : matrix_view<T>{};
  auto const rows = wanted ? detail::take_zeros<T>(scratch, n, wide) : matrix_view<T>{};
  detail::tridiagonal_reduction<T, Arch>::run(copy, reflected, factors, d, e, scratch);
  std::span<detail::plane_rotation<T>> rotations;
  if (wanted) {
    detail::row_reflections<T, Arch>{reflected, factors, 1}.as_rows(rows, scratch);
    auto const count = detail::tridiagonal_qr<T, Arch>::scratch_elements(n);
    rotations = {reinterpret_cast<detail::plane_rotation<T>*>(take_reals<T>(scratch, 2 * count).data()), count};
  }
  if (auto const s = detail::tridiagonal_qr<T, Arch>{d, e, rows, rotations}.run(); !s) return s;
  task.store(factor, d, rows, order);
  return errc::ok;
}

/// Scratch of symmetric_eigen_jacobi for an n x n matrix.
template <real T, class Arch = native_arch>
std::size_t symmetric_eigen_jacobi_scratch_bytes(std::size_t n) noexcept {
  return 2 * workspace::bytes<T>(n * detail::to_sixteen(n)) + workspace::bytes<T>(n) + workspace::bytes<std::size_t>(n);
}

/// Fails as symmetric_eigen does; no_convergence after 40 sweeps.
template <class Arch = native_arch, real T>
status symmetric_eigen_jacobi(std::type_identity_t<matrix_view<T const>> a, std::span<T> values,
                              std::type_identity_t<matrix_view<T>> vectors, workspace scratch) noexcept {
  detail::eigen_task<T> const task{a, values, vectors};
  if (auto const s = task.check(); !s) return s;
  if (values.empty()) return errc::ok;
  auto const n = a.rows;
  if (scratch.size() < symmetric_eigen_jacobi_scratch_bytes<T, Arch>(n)) return errc::workspace_too_small;
  auto const copy = detail::take_zeros<T>(scratch, n, detail::to_sixteen(n));
  T factor(1);
  if (auto const s = task.template load<Arch>(factor, copy); !s) return s;
  auto const rows = vectors.cols != 0 ? detail::take_zeros<T>(scratch, n, detail::to_sixteen(n)) : matrix_view<T>{};
  for (std::size_t i = 0; i < rows.rows; ++i) rows(i, i) = T(1);
  int sweep = 0;
  while (detail::eigen_sweep<Arch>(copy, rows))
    if (++sweep == 40) return errc::no_convergence;
  auto const d = take_reals<T>(scratch, n);
  auto const order = scratch.take<std::size_t>(n);
  for (std::size_t i = 0; i < n; ++i) d[i] = copy(i, i);
  task.store(factor, d, rows, order);
  return errc::ok;
}

}  // namespace skive
