// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/reference_scores.hpp - how much a token matters by keys and values alone, against other tokens: larger means keep.
///
///   lag_scores        std over channels of (x - min) / (max - min), min and max of each channel over the `lag` tokens after the
///                     token's chunk of `lag`; softmax within the chunk; keys and values added        LagKV
///   leverage_scores   k (K^T K + ridge I)^-1 k: how much a key stands out of the others' span        leverage scores
///
/// Tokens of the last whole chunk and after it have no reference: they score 2, above all others, and stay.
///
/// Model of : -
/// Cost     : lag_scores: three passes; leverage_scores: n^2 multiply-adds a token, twice, and n^3 / 6 for the factor.
/// Accuracy : sums of doubles; leverage_scores: Cholesky factor in double.
/// Promise  : sizes are checked before the first write; leverage scores lie between 0 and 1 and add up to the rank, less what
///            the ridge takes.
/// Source   : M. Liang et al., "LagKV", arXiv:2504.04704; M. Mahoney, "Randomized Algorithms for Matrices and Data", 2011.

#include "skive/core/matrix_view.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"

#include <cmath>

namespace skive {
namespace detail {

/// Adds the softmax within each chunk of spreads against the next chunk; `spread`: scratch of a chunk.
inline void add_lag(matrix_view<float const> rows, std::size_t lag, std::span<double> spread, std::span<float> scores) noexcept {
  for (std::size_t first = 0; first + 2 * lag <= rows.rows; first += lag) {
    double top = 0;
    for (std::size_t t = first; t < first + lag; ++t) {
      double sum = 0;
      double square = 0;
      for (std::size_t d = 0; d < rows.cols; ++d) {
        auto low = static_cast<double>(rows(first + lag, d));
        auto high = low;
        for (std::size_t i = first + lag; i < first + 2 * lag; ++i) {
          auto const x = static_cast<double>(rows(i, d));
          low = x < low ? x : low;
          high = x > high ? x : high;
        }
        auto const y = high > low ? (static_cast<double>(rows(t, d)) - low) / (high - low) : 0.0;
        sum += y;
        square += y * y;
      }
      auto const n = static_cast<double>(rows.cols);
      auto const variance = square / n - sum / n * (sum / n);
      spread[t - first] = variance > 0 ? std::sqrt(variance) : 0.0;
      top = spread[t - first] > top ? spread[t - first] : top;
    }
    double total = 0;
    for (std::size_t i = 0; i < lag; ++i) total += std::exp(spread[i] - top);
    for (std::size_t i = 0; i < lag; ++i) scores[first + i] += static_cast<float>(std::exp(spread[i] - top) / total);
  }
}

}  // namespace detail

/// `spread`: scratch of `lag` numbers. Fails with size_mismatch, invalid_argument (no lag).
inline status lag_scores(matrix_view<float const> keys, matrix_view<float const> values, std::size_t lag,
                         std::span<double> spread, std::span<float> scores) noexcept {
  if (lag == 0) return errc::invalid_argument;
  if (!keys.valid() || !values.valid() || keys.rows != values.rows || scores.size() != keys.rows || spread.size() != lag)
    return errc::size_mismatch;
  auto const whole = keys.rows / lag;
  for (std::size_t t = 0; t < scores.size(); ++t) scores[t] = whole < 2 || t >= (whole - 1) * lag ? 2.0f : 0.0f;
  detail::add_lag(keys, lag, spread, scores);
  detail::add_lag(values, lag, spread, scores);
  return errc::ok;
}

constexpr std::size_t leverage_scratch_bytes(std::size_t n) noexcept {
  return saturating_add(workspace::bytes<double>(saturating_multiply(n, n)), workspace::bytes<double>(n));
}

/// `ridge` > 0. Fails with size_mismatch, invalid_argument (ridge), workspace_too_small, not_finite.
inline status leverage_scores(matrix_view<float const> keys, double ridge, std::span<float> scores, workspace scratch) noexcept {
  if (!keys.valid() || scores.size() != keys.rows) return errc::size_mismatch;
  if (!(ridge > 0) || !(ridge < 1e300)) return errc::invalid_argument;
  auto const n = keys.cols;
  if (scratch.size() < leverage_scratch_bytes(n)) return errc::workspace_too_small;
  if (keys.rows == 0 || n == 0) return errc::ok;
  matrix_view<double> const a{scratch.take<double>(n * n).data(), n, n};
  auto const y = scratch.take<double>(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k <= i; ++k) {
      double sum = i == k ? ridge : 0.0;
      for (std::size_t t = 0; t < keys.rows; ++t) sum += static_cast<double>(keys(t, i)) * static_cast<double>(keys(t, k));
      a(i, k) = sum;
    }
  for (std::size_t i = 0; i < n; ++i)  // a becomes its factor L
    for (std::size_t k = 0; k <= i; ++k) {
      double sum = a(i, k);
      for (std::size_t j = 0; j < k; ++j) sum -= a(i, j) * a(k, j);
      if (i == k && !(sum > 0 && sum < 1e300)) return errc::not_finite;
      a(i, k) = i == k ? std::sqrt(sum) : sum / a(k, k);
    }
  for (std::size_t t = 0; t < keys.rows; ++t) {  // |L^-1 k|^2
    double square = 0;
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = static_cast<double>(keys(t, i));
      for (std::size_t j = 0; j < i; ++j) y[i] -= a(i, j) * y[j];
      y[i] /= a(i, i);
      square += y[i] * y[i];
    }
    scores[t] = static_cast<float>(square);
  }
  return errc::ok;
}

}  // namespace skive
