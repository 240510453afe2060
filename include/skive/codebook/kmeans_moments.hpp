// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/kmeans_moments.hpp - k-means where errors are weighed by a matrix of second moments.
///
///   minimise sum_i w_i (x_i - c)^T H (x_i - c):   H = L L^T,   k-means of y_i = L^T x_i,   c = L^-T c_y
///
/// H: second moments of what a group of weights is multiplied with, damped until it is positive definite. Weights that differ
/// from sample to sample: kmeans_weights of codebook/kmeans.hpp.
///
/// Model of : -
/// Cost     : k-means and n d^2 operations.
/// Accuracy : codewords: a triangular solve; H's damping as linalg/cholesky.hpp says.
/// Promise  : that of codebook/kmeans.hpp; seeds that the caller gives are in the coordinates of x.
/// Source   : M. van Baalen et al., "GPTVQ: the blessing of dimensionality for LLM quantization", arXiv 2402.15319, 2024.

#include "skive/codebook/kmeans.hpp"
#include "skive/linalg/cholesky.hpp"

namespace skive {

template <class Arch = native_arch>
constexpr std::size_t kmeans_moments_bytes(std::size_t n, std::size_t d, std::size_t k, bool balanced = false) noexcept {
  auto const own =
      saturating_add(workspace::bytes<float>(saturating_multiply(n, d)), workspace::bytes<float>(saturating_multiply(d, d)));
  auto rest = kmeans_bytes(n, d, k, false, balanced);
  for (auto const other : {cholesky_scratch_bytes<float, Arch>(d), product_scratch_bytes<float, Arch>(n > k ? n : k, d, d),
                           solve_scratch_bytes<float, Arch>(d, k)})
    rest = rest > other ? rest : other;
  return saturating_add(own, rest);
}

/// Fails as kmeans() does, also where a product with L is not finite; with unsupported if `options.cosine`, with size_mismatch unless
/// `moments` is d x d, and as cholesky() does. The error in the report is the weighed one.
template <class Arch = native_arch>
result<kmeans_report> kmeans_with_moments(matrix_view<float const> x, matrix_view<float const> moments,
                                          matrix_view<float> codewords, std::span<float const> weights,
                                          kmeans_options const& options, workspace scratch,
                                          std::span<std::uint32_t> assigned = {}) noexcept {
  auto const d = x.cols;
  if (auto const s = detail::check_kmeans(x, codewords, {weights, {}}); !s) return s;
  if (moments.rows != d || moments.cols != d) return errc::size_mismatch;
  if (!moments.valid()) return errc::invalid_argument;
  if (options.cosine) return errc::unsupported;
  if (auto const s = detail::check_kmeans_call(x.rows, codewords, options, assigned); !s) return s;
  if (scratch.size() < kmeans_moments_bytes<Arch>(x.rows, d, codewords.rows, options.balanced)) return errc::workspace_too_small;
  auto const rows = scratch.take<float>(x.rows * d);
  auto const factor = scratch.take<float>(d * d);
  matrix_view<float> const y{rows.data(), x.rows, d};
  matrix_view<float> const l{factor.data(), d, d};
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j) l(i, j) = moments(i > j ? i : j, i > j ? j : i);
  cholesky_report<float> factored;
  if (auto const s = cholesky<Arch>(l, factored, scratch); !s) return s;
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = i + 1; j < d; ++j) l(i, j) = 0.0f;
  if (auto const s = product<Arch>(x, matrix_view<float const>{l}, y, scratch); !s) return s;
  if (auto const s = detail::check_kmeans(y, codewords, {weights, {}}); !s) return s;  // its products may have become infinite
  if (options.seeding == kmeans_seeding::given) {
    auto const turned = [&](std::size_t k, std::size_t j) noexcept {
      double sum = 0;  // row k from its first number on: number j needs those from j on only
      for (std::size_t i = j; i < d; ++i) sum += static_cast<double>(codewords(k, i)) * static_cast<double>(l(i, j));
      return static_cast<float>(sum);
    };
    for (std::size_t k = 0; k < codewords.rows; ++k)
      for (std::size_t j = 0; j < d; ++j)
        if (!is_finite(turned(k, j))) return errc::not_finite;
    for (std::size_t k = 0; k < codewords.rows; ++k)
      for (std::size_t j = 0; j < d; ++j) codewords(k, j) = turned(k, j);
  }
  auto const report = kmeans<Arch>(y, codewords, {weights, {}}, options, scratch, assigned);
  if (!report) return report;
  if (auto const s = solve_right<Arch>(lower(l), codewords, scratch); !s) return s;
  return report;
}

}  // namespace skive
