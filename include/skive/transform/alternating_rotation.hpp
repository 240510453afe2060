// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/alternating_rotation.hpp - a rotation and a quantizer that fit each other, in turn: ITQ and OPQ.
///
///   repeat:  Z = X Q^T;   Y = quantize(Z);   Q = U V^T of Y^T X = U S V^T        x_t ~ Q^T y_t: minimises sum ||Q x_t - y_t||^2
///
/// `quantize` replaces the rows of a matrix by what they decode to; it may train itself on them first. With nearest_signs it is
/// ITQ, with a product quantizer OPQ (non-parametric), with any block codec's encode and decode the same idea for weights.
///
/// Model of : -
/// Cost     : 2 tokens n^2 multiply-adds, a singular value decomposition of n x n and one quantization a step.
/// Accuracy : that of procrustes_rotation().
/// Promise  : the result is the best rotation seen, the given one included: report.after <= report.before. Where the quantizer
///            is never worse on rotated rows than by keeping its former rows, errors fall step by step. q is untouched on
///            failure.
/// Source   : Y. Gong, S. Lazebnik, "Iterative quantization", CVPR 2011; T. Ge, K. He, Q. Ke, J. Sun, "Optimized product
///            quantization", CVPR 2013.

#include "skive/transform/fitted_rotation.hpp"

namespace skive {

template <real T>
struct alternation_report {
  T before = T(0);  ///< sum of squared errors under the given rotation
  T after = T(0);   ///< under the one found
  int best = 0;     ///< the step that made it; 0: the given one
};

/// ITQ's quantizer: signs times their mean magnitude, which is the best factor.
struct nearest_signs {
  template <real T>
  status operator()(matrix_view<T> z) const noexcept {
    T sum(0);
    for (std::size_t r = 0; r < z.rows; ++r)
      for (std::size_t c = 0; c < z.cols; ++c) sum += detail::absolute(z(r, c));
    auto const count = static_cast<T>(z.rows) * static_cast<T>(z.cols);
    T const mean = count == T(0) ? T(0) : T(sum / count);
    for (std::size_t r = 0; r < z.rows; ++r)
      for (std::size_t c = 0; c < z.cols; ++c) z(r, c) = z(r, c) < T(0) ? T(-mean) : mean;
    return errc::ok;
  }
};

template <real T, class Arch = native_arch>
std::size_t alternating_rotation_bytes(std::size_t tokens, std::size_t n) noexcept {
  auto const rows = workspace::bytes<T>(saturating_multiply(tokens, n));
  auto const square = workspace::bytes<T>(saturating_multiply(n, n));
  auto const turning = product_scratch_bytes<T, Arch>(tokens, n, n);
  auto const joining = product_scratch_bytes<T, Arch>(n, n, tokens);
  return saturating_add(saturating_add(saturating_multiply(rows, 2), saturating_multiply(square, 2)),
                        detail::larger(procrustes_rotation_bytes<T, Arch>(n), detail::larger(turning, joining)));
}

/// x: tokens x n; q: an orthogonal start, for instance the identity or random_orthogonal(). Fails with invalid_argument (also for
/// steps < 0), size_mismatch, overlap, workspace_too_small, not_finite, or as `quantize` does.
template <class Arch = native_arch, real T, class Quantize>
result<alternation_report<T>> alternating_rotation(std::type_identity_t<matrix_view<T const>> x, Quantize quantize, int steps,
                                                   matrix_view<T> q, workspace scratch) noexcept {
  auto const n = q.rows;
  if (!x.valid() || !q.valid() || steps < 0) return errc::invalid_argument;
  if (q.cols != n || x.cols != n) return errc::size_mismatch;
  if (detail::shares_elements<T>(x, q)) return errc::overlap;
  if (scratch.size() < alternating_rotation_bytes<T, Arch>(x.rows, n)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, T>(x) || !detail::all_finite<Arch, T>(q)) return errc::not_finite;
  matrix_view<T> const z{take_reals<T>(scratch, x.rows * n).data(), x.rows, n};
  matrix_view<T> const y{take_reals<T>(scratch, x.rows * n).data(), x.rows, n};
  matrix_view<T> const now{take_reals<T>(scratch, n * n).data(), n, n};
  matrix_view<T> const best{take_reals<T>(scratch, n * n).data(), n, n};
  auto const copy = [n](matrix_view<T const> from, matrix_view<T> to) noexcept {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) to(i, j) = from(i, j);
  };
  copy(q, now);
  alternation_report<T> report;
  for (int step = 0; step <= steps; ++step) {
    static_cast<void>(product<Arch, T>(x, transposed(now), z, scratch));
    for (std::size_t r = 0; r < x.rows; ++r)
      for (std::size_t c = 0; c < n; ++c) y(r, c) = z(r, c);
    if (status const s = quantize(y); !s) return s.error();
    T error(0);
    for (std::size_t r = 0; r < x.rows; ++r)
      for (std::size_t c = 0; c < n; ++c) error += (z(r, c) - y(r, c)) * (z(r, c) - y(r, c));
    if (!detail::finite(error)) return errc::not_finite;
    if (step == 0) report.before = error;
    if (step == 0 || error < report.after) {
      report.after = error;
      report.best = step;
      copy(now, best);
    }
    if (step == steps) break;
    static_cast<void>(product<Arch, T>(transposed(y), x, now, scratch));
    if (auto const s = procrustes_rotation<Arch, T>(now, now, scratch); !s) return s.error();
  }
  copy(best, q);
  return report;
}

}  // namespace skive
