// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/cholesky_qr.hpp - QR of a tall matrix by Cholesky factors of its Gram matrix, twice or three times.
///
///   A^T A + shift I = R_1^T R_1,  A = A R_1^-1;   again without shift, until Q^T Q = I as well as a Gram matrix can say
///   Q takes A's place, R = ... R_2 R_1 is n x n and upper triangular
///
/// The shift is zero unless the first Cholesky factor meets a pivot that is too small (CholeskyQR2); otherwise one more pass
/// makes up for it (shifted CholeskyQR3).
///
/// Model of : -
/// Cost     : 2 or 3 times 2 m n^2 + n^3 operations, all of them products and triangular solves.
/// Accuracy : that of Householder QR, |Q^T Q - I| and |A - Q R| / |A| <= c m n u, as long as the condition number of A stays below
///            about 1 / (m n u) in its scaled form; else no_convergence.
/// Promise  : the same bits for one instruction set. Sizes and finite numbers are checked before the first write.
/// Source   : Y. Yamamoto, Y. Nakatsukasa, Y. Yanagisawa, T. Fukaya, "Roundoff error analysis of the CholeskyQR2 algorithm", ETNA
///            44, 2015; T. Fukaya, R. Kannan, Y. Nakatsukasa, Y. Yamamoto, Y. Yanagisawa, "Shifted Cholesky QR for computing the QR
///            factorization of ill-conditioned matrices", SIAM J. Sci. Comput. 42(1), 2020.

#include "skive/linalg/cholesky.hpp"

namespace skive {

template <real T>
struct cholesky_qr_report {
  int passes = 0;
  T shift = T(0);  ///< of the first pass
};

template <real T, class Arch = native_arch>
constexpr std::size_t cholesky_qr_scratch_bytes(std::size_t rows, std::size_t cols) noexcept {
  auto const gram = product_scratch_bytes<T, Arch>(cols, cols, rows);
  auto const factor = cholesky_scratch_bytes<T, Arch>(cols);
  auto const solve = solve_scratch_bytes<T, Arch>(rows, cols);
  auto const most = gram > factor ? (gram > solve ? gram : solve) : factor > solve ? factor : solve;
  return 2 * workspace::bytes<T>(cols * cols) + most;
}

namespace detail {

/// r = l^T r: both n x n, l lower, r upper; `first`: r = l^T.
template <class Arch, class T>
void collect_factor(matrix_view<T> l, matrix_view<T> r, matrix_view<T> copy, bool first, workspace scratch) noexcept {
  auto const n = l.rows;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) l(i, j) = T(0);
  if (first) {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) r(i, j) = l(j, i);
    return;
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) copy(i, j) = r(i, j);
  static_cast<void>(product<Arch>(transposed(l), copy, r, scratch));
}

/// Largest element of |G - I| in the lower triangle.
template <class T>
[[gnu::always_inline]] inline T distance_from_identity(matrix_view<T const> g) noexcept {
  T worst(0);
  for (std::size_t i = 0; i < g.rows; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      T const e = absolute(T(g(i, j) - T(i == j ? 1 : 0)));
      if (!(e <= worst)) worst = e;
    }
  return worst;
}

}  // namespace detail

/// Fails with size_mismatch (a.rows >= a.cols, r n x n), invalid_argument, overlap, workspace_too_small or not_finite before the
/// first write; with no_convergence when columns are too nearly dependent: a and r are then unspecified, and qr() is the way.
template <class Arch = native_arch, real T>
status cholesky_qr(matrix_view<T> a, std::type_identity_t<matrix_view<T>> r, cholesky_qr_report<T>& report,
                   workspace scratch) noexcept {
  auto const n = a.cols;
  if (a.rows < n || r.rows != n || r.cols != n) return errc::size_mismatch;
  if (!a.valid() || !r.valid()) return errc::invalid_argument;
  if (detail::shares_elements<T>(a, r)) return errc::overlap;
  if (scratch.size() < cholesky_qr_scratch_bytes<T, Arch>(a.rows, n)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, T>(a)) return errc::not_finite;
  report = {};
  if (n == 0) return errc::ok;
  matrix_view<T> const gram{take_reals<T>(scratch, n * n).data(), n, n};
  matrix_view<T> const copy{take_reals<T>(scratch, n * n).data(), n, n};
  for (int wanted = 2; report.passes < wanted; ++report.passes) {
    static_cast<void>(symmetric_product<Arch>(transposed(a), gram, scratch));
    static_cast<void>(mirror_lower<Arch>(gram));
    bool const first = report.passes == 0;
    // After the first pass the columns are nearly orthonormal, or else one pass more will not help.
    if (!first && report.passes + 1 == wanted && !(detail::distance_from_identity<T>(gram) <= T(1) / T(4))) {
      if (wanted == 4) return errc::no_convergence;
      ++wanted;
    }
    cholesky_report<T> factor;
    if (auto const s = cholesky<Arch>(gram, factor, scratch); !s) return s.error() == errc::not_finite ? s : errc::no_convergence;
    if (first) {
      report.shift = factor.damping;
      if (factor.damping != T(0)) wanted = 3;
    }
    detail::collect_factor<Arch>(gram, r, copy, first, scratch);
    if (auto const s = solve_right<Arch>(transposed(lower(gram)), a, scratch); !s) return s;
  }
  return detail::all_finite<Arch, T>(a) ? errc::ok : errc::no_convergence;
}

}  // namespace skive
