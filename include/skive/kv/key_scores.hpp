// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/key_scores.hpp - how much a cached token, page or channel matters, from keys (and queries): larger means keep.
///
///   norm_scores        s_t = -|k_t|                                                        L2-norm keys: small ones attract
///   attention key_diff_scores    s_t = -cos(k_t, mean of k / |k|)                                    KeyDiff filter_scores s_t =
///   k_t f,  f: a direction that queries of this head share        Q-Filters expected_scores    s_t = (k_t mu + k_t S k_t / (2
///   sqrt n)) / sqrt n,  S diagonal       expected attention of Gaussian queries channel_scores     s_d = |q_.d| |k_.d|  over all
///   rows                                  ThinK page_bounds        low_d = min_t k(t, d), high_d = max_t k(t, d) Quest
///   page_score         sum_d max(q_d low_d, q_d high_d) >= q k_t for every token           Quest
///
/// Model of : -
/// Cost     : one or two passes over the keys, in plain loops.
/// Accuracy : sums of doubles, rounded to float once.
/// Promise  : sizes are checked before the first write.
/// Source   : A. Devoto et al., "A Simple and Effective L2 Norm-Based Strategy for KV Cache Compression", EMNLP 2024; J. Park et
///            al., KeyDiff, arXiv:2504.15364; N. Godey et al., Q-Filters, arXiv:2503.02812; A. Devoto et al., Expected Attention,
///            arXiv:2510.00636; Y. Xu et al., ThinK, ICLR 2025; J. Tang et al., Quest, ICML 2024.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cmath>
#include <cstddef>
#include <span>

namespace skive {
namespace detail {

inline double length_of(std::span<float const> x) noexcept {
  double sum = 0;
  for (auto const v : x) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}
inline double product_of(std::span<float const> x, std::span<float const> y) noexcept {
  double sum = 0;
  for (std::size_t d = 0; d < x.size(); ++d) sum += static_cast<double>(x[d]) * static_cast<double>(y[d]);
  return sum;
}

}  // namespace detail

/// Fails with size_mismatch.
inline status norm_scores(matrix_view<float const> keys, std::span<float> scores) noexcept {
  if (!keys.valid() || keys.rows != scores.size()) return errc::size_mismatch;
  for (std::size_t t = 0; t < keys.rows; ++t) scores[t] = static_cast<float>(-detail::length_of(keys.row(t)));
  return errc::ok;
}

/// `mean`: scratch of a key's length, then the anchor. Zero keys score 0. Fails with size_mismatch.
inline status key_diff_scores(matrix_view<float const> keys, std::span<float> mean, std::span<float> scores) noexcept {
  if (!keys.valid() || keys.rows != scores.size() || keys.cols != mean.size()) return errc::size_mismatch;
  for (auto& m : mean) m = 0.0f;
  for (std::size_t t = 0; t < keys.rows; ++t) {
    auto const length = detail::length_of(keys.row(t));
    scores[t] = static_cast<float>(length > 0 ? 1.0 / length : 0.0);
  }
  for (std::size_t d = 0; d < keys.cols; ++d) {
    double sum = 0;
    for (std::size_t t = 0; t < keys.rows; ++t) sum += static_cast<double>(keys(t, d)) * static_cast<double>(scores[t]);
    mean[d] = static_cast<float>(sum / static_cast<double>(keys.rows));
  }
  auto const anchor = detail::length_of(mean);
  for (std::size_t t = 0; t < keys.rows; ++t) {
    auto const cosine = anchor > 0 ? detail::product_of(keys.row(t), mean) * static_cast<double>(scores[t]) / anchor : 0.0;
    scores[t] = static_cast<float>(-cosine);
  }
  return errc::ok;
}

/// Fails with size_mismatch.
inline status filter_scores(matrix_view<float const> keys, std::span<float const> filter, std::span<float> scores) noexcept {
  if (!keys.valid() || keys.rows != scores.size() || keys.cols != filter.size()) return errc::size_mismatch;
  for (std::size_t t = 0; t < keys.rows; ++t) scores[t] = static_cast<float>(detail::product_of(keys.row(t), filter));
  return errc::ok;
}

/// Logarithms of the expected weight, from the mean and the variances of the queries' channels. Fails with size_mismatch.
inline status expected_scores(matrix_view<float const> keys, std::span<float const> mean, std::span<float const> variance,
                              std::span<float> scores) noexcept {
  if (!keys.valid() || keys.rows != scores.size() || keys.cols != mean.size() || keys.cols != variance.size())
    return errc::size_mismatch;
  auto const root = std::sqrt(static_cast<double>(keys.cols));
  for (std::size_t t = 0; t < keys.rows; ++t) {
    double spread = 0;
    for (std::size_t d = 0; d < keys.cols; ++d)
      spread += static_cast<double>(keys(t, d)) * static_cast<double>(keys(t, d)) * static_cast<double>(variance[d]);
    scores[t] = static_cast<float>((detail::product_of(keys.row(t), mean) + spread / (2 * root)) / root);
  }
  return errc::ok;
}

/// Fails with size_mismatch.
inline status channel_scores(matrix_view<float const> queries, matrix_view<float const> keys, std::span<float> scores) noexcept {
  if (!queries.valid() || !keys.valid() || queries.cols != scores.size() || keys.cols != scores.size())
    return errc::size_mismatch;
  auto const squares = [](matrix_view<float const> m, std::size_t d) noexcept {
    double sum = 0;
    for (std::size_t t = 0; t < m.rows; ++t) sum += static_cast<double>(m(t, d)) * static_cast<double>(m(t, d));
    return sum;
  };
  for (std::size_t d = 0; d < scores.size(); ++d)
    scores[d] = static_cast<float>(std::sqrt(squares(queries, d) * squares(keys, d)));
  return errc::ok;
}

/// Bounds of a page's keys; further tokens widen them when `widen` is set. Fails with size_mismatch (also no keys without widen).
inline status page_bounds(matrix_view<float const> keys, std::span<float> low, std::span<float> high,
                          bool widen = false) noexcept {
  if (!keys.valid() || keys.cols != low.size() || keys.cols != high.size() || (keys.rows == 0 && !widen))
    return errc::size_mismatch;
  for (std::size_t t = 0; t < keys.rows; ++t)
    for (std::size_t d = 0; d < keys.cols; ++d) {
      auto const x = keys(t, d);
      bool const fresh = t == 0 && !widen;
      if (fresh || x < low[d]) low[d] = x;
      if (fresh || x > high[d]) high[d] = x;
    }
  return errc::ok;
}

/// The largest logit that a key within the bounds can have. Fails with size_mismatch.
inline result<float> page_score(std::span<float const> query, std::span<float const> low, std::span<float const> high) noexcept {
  if (query.size() != low.size() || query.size() != high.size()) return errc::size_mismatch;
  double sum = 0;
  for (std::size_t d = 0; d < query.size(); ++d) {
    auto const a = static_cast<double>(query[d]) * static_cast<double>(low[d]);
    auto const b = static_cast<double>(query[d]) * static_cast<double>(high[d]);
    sum += a > b ? a : b;
  }
  return static_cast<float>(sum);
}

}  // namespace skive
