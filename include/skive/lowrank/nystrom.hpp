// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/nystrom.hpp - some of a layer's inputs kept, the others made up for from second moments (MoDeGPT, SliceGPT).
///
///   leverage_scores   s_i = (G (G + lambda 1)^-1)_ii
///   nystrom           x ~ M x(I),  M = G(:, I) (G(I, I) + damping)^-1,   so W x ~ (W M) x(I)
///   principal_inputs  x ~ Q Q^T x, Q: the leading eigenvectors of G,      so W x ~ (W Q) (Q^T x)                   (SliceGPT)
///
/// G = X X^T, n x n, of the inputs X (linalg/gram.hpp). Of all M, Nystrom's leaves the least |W (X - M X(I))| for every W; of all
/// subspaces of rank k, the principal one leaves the least |X - Q Q^T X|, whose square is the sum of G's other eigenvalues.
///
/// Model of : -
/// Cost     : leverage_scores 4 n^3 / 3 operations; nystrom k^3 / 3 + 2 n k^2; principal_inputs 9 n^3.
/// Accuracy : as linalg/cholesky.hpp and symmetric_eigen.hpp; damping only where G(I, I) is of lower rank.
/// Promise  : G of any rank, zeros included: never NaN. not_finite for NaN or infinity; all checks before the first write.
/// Source   : MoDeGPT: C.-H. Lin et al., arXiv:2408.09632; ridge leverage scores: A. Alaoui, M. Mahoney, 2015; SliceGPT: S.
///            Ashkboos et al., arXiv:2401.15024.

#include "skive/linalg/cholesky.hpp"
#include "skive/linalg/symmetric_eigen.hpp"
#include "skive/linalg/triangular.hpp"

namespace skive {

template <class Arch = native_arch>
std::size_t leverage_scores_scratch_bytes(std::size_t n) noexcept {
  auto const solving = solve_scratch_bytes<float, Arch>(n, n);
  auto const factoring = cholesky_scratch_bytes<float, Arch>(n);
  return 2 * workspace::bytes<float>(n * n) + (solving < factoring ? factoring : solving);
}

/// lambda > 0: a mean eigenvalue of G, say. Fails with size_mismatch, invalid_argument, workspace_too_small, not_finite, or
/// not_positive_definite (G + lambda 1 far from it).
template <class Arch = native_arch>
status leverage_scores(matrix_view<float const> g, float lambda, std::span<float> scores, workspace scratch) noexcept {
  auto const n = g.rows;
  if (g.cols != n || scores.size() != n) return errc::size_mismatch;
  if (!g.valid() || !(lambda > 0.0f) || !is_finite(lambda)) return errc::invalid_argument;
  if (scratch.size() < leverage_scores_scratch_bytes<Arch>(n)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, float>(g)) return errc::not_finite;
  matrix_view<float> const damped{take_reals<float>(scratch, n * n).data(), n, n};
  matrix_view<float> const inverse{take_reals<float>(scratch, n * n).data(), n, n};
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      damped(i, j) = g(i, j) + (i == j ? lambda : 0.0f);
      inverse(i, j) = i == j ? 1.0f : 0.0f;
    }
  cholesky_report<float> report;
  if (auto const s = cholesky<Arch>(damped, report, scratch); !s) return s;
  if (auto const s = solve_left<Arch, float>(lower(damped), inverse, scratch); !s) return s;
  for (std::size_t j = 0; j < n; ++j) {  // 1 - lambda ((G + lambda 1)^-1)_jj
    double sum = 0;
    for (std::size_t i = j; i < n; ++i) sum += static_cast<double>(inverse(i, j)) * static_cast<double>(inverse(i, j));
    auto const score = 1.0 - static_cast<double>(lambda) * sum;
    scores[j] = static_cast<float>(score < 0 ? 0.0 : score);
  }
  return errc::ok;
}

template <class Arch = native_arch>
std::size_t nystrom_scratch_bytes(std::size_t n, std::size_t k) noexcept {
  auto const solving = solve_scratch_bytes<float, Arch>(n, k);
  auto const factoring = cholesky_scratch_bytes<float, Arch>(k);
  return workspace::bytes<float>(k * k) + (solving < factoring ? factoring : solving);
}

/// kept: I, ascending or not, no index twice; m: n x k. Returns the damping. Fails with size_mismatch, invalid_argument (an index
/// too large or twice), overlap, workspace_too_small, not_finite, or not_positive_definite (G far from it; m is unspecified).
template <class Arch = native_arch>
result<float> nystrom(matrix_view<float const> g, std::span<std::size_t const> kept, matrix_view<float> m,
                      workspace scratch) noexcept {
  auto const n = g.rows;
  auto const k = kept.size();
  if (g.cols != n || m.rows != n || m.cols != k || k > n) return errc::size_mismatch;
  if (!g.valid() || !m.valid()) return errc::invalid_argument;
  for (std::size_t i = 0; i < k; ++i) {
    if (kept[i] >= n) return errc::invalid_argument;
    for (std::size_t j = 0; j < i; ++j)
      if (kept[i] == kept[j]) return errc::invalid_argument;
  }
  if (detail::shares_elements<float>(g, m)) return errc::overlap;
  if (scratch.size() < nystrom_scratch_bytes<Arch>(n, k)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, float>(g)) return errc::not_finite;
  if (k == 0) return 0.0f;
  matrix_view<float> const part{take_reals<float>(scratch, k * k).data(), k, k};
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t i = 0; i < k; ++i) part(i, j) = g(kept[i], kept[j]);
    for (std::size_t i = 0; i < n; ++i) m(i, j) = g(i, kept[j]);
  }
  cholesky_report<float> report;
  if (auto const s = cholesky<Arch>(part, report, scratch); !s) return s.error();
  if (auto const s = solve_right<Arch, float>(transposed(lower(part)), m, scratch); !s) return s.error();
  if (auto const s = solve_right<Arch, float>(lower(part), m, scratch); !s) return s.error();
  return report.damping;
}

template <class Arch = native_arch>
std::size_t principal_inputs_scratch_bytes(std::size_t n) noexcept {
  return workspace::bytes<float>(n) + symmetric_eigen_scratch_bytes<float, Arch>(n);
}

/// q: n x k, orthonormal columns, the largest eigenvalue's first. Returns the square of the loss, the sum of G's other eigenvalues.
/// Fails with size_mismatch, invalid_argument, overlap, workspace_too_small, not_finite or no_convergence; q is untouched then.
template <class Arch = native_arch>
result<double> principal_inputs(matrix_view<float const> g, matrix_view<float> q, workspace scratch) noexcept {
  if (scratch.size() < principal_inputs_scratch_bytes<Arch>(g.rows)) return errc::workspace_too_small;
  auto const values = take_reals<float>(scratch, g.rows);
  if (auto const s = symmetric_eigen<Arch, float>(g, values, q, scratch); !s) return s.error();
  double rest = 0;
  for (std::size_t i = g.rows; i-- > q.cols;) rest += values[i] > 0.0f ? static_cast<double>(values[i]) : 0.0;
  return rest;
}

}  // namespace skive
