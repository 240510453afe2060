// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/scores.hpp - how much each weight matters: what masks then compare.
///
///   w_ij: row i is an output, column j an input;   |x_j|: l2 norm of the inputs' column j (sparse/channel_statistics.hpp)
///
///   magnitude   |w|                                    wanda     |w| |x_j|
///   ria         (|w| / sum_k |w_kj| + |w| / sum_k |w_ik|) f_j,   f_j = |x_j|^a of the caller's, a = 1/2 in the paper
///   obs         w^2 / [H^-1]_jj                        sparse_gpt  w^2 / U_jj^2,   H^-1 = U^T U, U upper triangular
///   taylor      |w g|                                  fisher    w^2 F        g: gradient, F: its mean square, by the caller
///   gblm        |w| (|x_j| + a g_ij)                   g_ij: norm of the gradient over samples
///   entropy     |w| (e_j + a |x_j|)                    e_j: entropy of the inputs' column j
///   flap        sum_i w_ij^2 var(x_j), a score a column
///
/// Model of : -
/// Cost     : one pass, ria two and 64 columns' sums on the stack. No allocation; `scores` may be the weights themselves (not ria).
/// Accuracy : in double, rounded to float once. Subnormal factors count as 0, results below 2^-125 are 0.
/// Promise  : sizes are checked before the first write. NaN spreads, and masks refuse it. Same bits everywhere but for gblm,
///            entropy and flap, whose sums of products a compiler may contract.
/// Source   : Sun et al., arXiv:2306.11695 (Wanda); Zhang et al., ICLR 2024 (RIA); Frantar, Alistarh, arXiv:2301.00774 (SparseGPT);
///            Das et al., arXiv:2311.04902 (GBLM); Li et al., arXiv:2310.15929 (E-Sparse); An et al., arXiv:2312.11983 (FLAP);
///            Molchanov et al., CVPR 2019 (Taylor).

#include "skive/sparse/channel_statistics.hpp"

namespace skive {

namespace detail {

inline bool same_shape(matrix_view<float const> a, matrix_view<float> b) noexcept {
  return a.valid() && b.valid() && a.rows == b.rows && a.cols == b.cols;
}
/// scores(i, j) = f(i, j) rounded.
template <class F>
status score_each(matrix_view<float const> weights, matrix_view<float> scores, bool good, F f) noexcept {
  if (!good || !same_shape(weights, scores)) return errc::size_mismatch;
  for (std::size_t i = 0; i < weights.rows; ++i)
    for (std::size_t j = 0; j < weights.cols; ++j) scores(i, j) = score_result(f(i, j));
  return errc::ok;
}

}  // namespace detail

// All of these fail with size_mismatch.

inline status magnitude_scores(matrix_view<float const> weights, matrix_view<float> scores) noexcept {
  return detail::score_each(weights, scores, true,
                            [&](std::size_t i, std::size_t j) { return detail::score_size(weights(i, j)); });
}

inline status wanda_scores(matrix_view<float const> weights, std::span<float const> input_norms,
                           matrix_view<float> scores) noexcept {
  return detail::score_each(weights, scores, input_norms.size() == weights.cols, [&](std::size_t i, std::size_t j) {
    return detail::score_size(weights(i, j)) * detail::score_term(input_norms[j]);
  });
}

/// input_factors: |x_j|^a. A row or column of zeros adds 0.
inline status ria_scores(matrix_view<float const> weights, std::span<float const> input_factors,
                         matrix_view<float> scores) noexcept {
  if (input_factors.size() != weights.cols || !detail::same_shape(weights, scores)) return errc::size_mismatch;
  auto const share = [](double part, double whole) { return part == 0.0 ? 0.0 : part / whole; };
  detail::by_columns(weights.cols, [&](std::size_t first, std::size_t count) noexcept {
    std::array<double, detail::columns_at_once> sum{};
    for (std::size_t i = 0; i < weights.rows; ++i)
      for (std::size_t c = 0; c < count; ++c) sum[c] += detail::score_size(weights(i, first + c));
    for (std::size_t i = 0; i < weights.rows; ++i)
      for (std::size_t c = 0; c < count; ++c)
        scores(i, first + c) = detail::score_result(share(detail::score_size(weights(i, first + c)), sum[c]));
  });
  for (std::size_t i = 0; i < weights.rows; ++i) {
    double sum = 0;
    for (auto const w : weights.row(i)) sum += detail::score_size(w);
    for (std::size_t j = 0; j < weights.cols; ++j) {
      auto const both = detail::score_term(scores(i, j)) + share(detail::score_size(weights(i, j)), sum);
      scores(i, j) = detail::score_result(both * detail::score_term(input_factors[j]));
    }
  }
  return errc::ok;
}

/// inverse_diagonal: [H^-1]_jj.
inline status obs_scores(matrix_view<float const> weights, std::span<float const> inverse_diagonal,
                         matrix_view<float> scores) noexcept {
  return detail::score_each(weights, scores, inverse_diagonal.size() == weights.cols, [&](std::size_t i, std::size_t j) {
    auto const w = detail::score_size(weights(i, j));
    return w * w / detail::score_term(inverse_diagonal[j]);
  });
}

/// factor_diagonal: U_jj of H^-1 = U^T U.
inline status sparse_gpt_scores(matrix_view<float const> weights, std::span<float const> factor_diagonal,
                                matrix_view<float> scores) noexcept {
  return detail::score_each(weights, scores, factor_diagonal.size() == weights.cols, [&](std::size_t i, std::size_t j) {
    auto const w = detail::score_size(weights(i, j));
    auto const u = detail::score_size(factor_diagonal[j]);
    return (w * w) / (u * u);
  });
}

inline status taylor_scores(matrix_view<float const> weights, matrix_view<float const> gradients,
                            matrix_view<float> scores) noexcept {
  return detail::score_each(weights, scores, detail::same_shape(gradients, scores), [&](std::size_t i, std::size_t j) {
    return detail::score_size(weights(i, j)) * detail::score_size(gradients(i, j));
  });
}

inline status fisher_scores(matrix_view<float const> weights, matrix_view<float const> mean_squares,
                            matrix_view<float> scores) noexcept {
  return detail::score_each(weights, scores, detail::same_shape(mean_squares, scores), [&](std::size_t i, std::size_t j) {
    auto const w = detail::score_size(weights(i, j));
    return w * w * detail::score_term(mean_squares(i, j));
  });
}

/// alpha: weight of the gradients; 100 in the published code.
inline status gblm_scores(matrix_view<float const> weights, std::span<float const> input_norms,
                          matrix_view<float const> gradient_norms, float alpha, matrix_view<float> scores) noexcept {
  bool const good = input_norms.size() == weights.cols && detail::same_shape(gradient_norms, scores);
  return detail::score_each(weights, scores, good, [&](std::size_t i, std::size_t j) {
    auto const gradient = detail::score_term(alpha) * detail::score_size(gradient_norms(i, j));
    return detail::score_size(weights(i, j)) * (detail::score_term(input_norms[j]) + gradient);
  });
}

inline status entropy_scores(matrix_view<float const> weights, std::span<float const> entropies,
                             std::span<float const> input_norms, float alpha, matrix_view<float> scores) noexcept {
  bool const good = input_norms.size() == weights.cols && entropies.size() == weights.cols;
  return detail::score_each(weights, scores, good, [&](std::size_t i, std::size_t j) {
    auto const norm = detail::score_term(alpha) * detail::score_term(input_norms[j]);
    return detail::score_size(weights(i, j)) * (detail::score_term(entropies[j]) + norm);
  });
}

/// A score for each input channel: what FLAP removes the smallest of.
inline status flap_scores(matrix_view<float const> weights, std::span<float const> input_variances,
                          std::span<float> scores) noexcept {
  if (!weights.valid() || input_variances.size() != weights.cols || scores.size() != weights.cols) return errc::size_mismatch;
  detail::by_columns(weights.cols, [&](std::size_t first, std::size_t count) noexcept {
    std::array<double, detail::columns_at_once> sum{};
    for (std::size_t i = 0; i < weights.rows; ++i)
      for (std::size_t c = 0; c < count; ++c) {
        auto const w = detail::score_size(weights(i, first + c));
        sum[c] += w * w;
      }
    for (std::size_t c = 0; c < count; ++c)
      scores[first + c] = detail::score_result(sum[c] * detail::score_term(input_variances[first + c]));
  });
  return errc::ok;
}

}  // namespace skive
