// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/token_scores.hpp - how much a cached token matters, from attention weights: larger means keep.
///
///   weights(i, t): probability that query i gives to token t (rows: positions and heads that read this key/value head)
///   add_heavy_hitters    s_t += sum_i w(i, t)                                 H2O
///   last_query_scores    s_t  = mean over the last `heads` rows               TOVA
///   add_persistence      s_t += number of rows with w(i, t) > 1 / tokens      Scissorhands
///   snapshot_scores      s_t  = pooled sum over the rows of a window, maximum or mean of `pool` neighbours    SnapKV
///   visible_mean         s_t /= rows that could see token t                   ZipCache's saliency
///   weigh_by_values      s_t *= sum_d |v(t, d)|                               CriticalKV (v: values, or values times output
///   matrix) chunk_scores         s of a chunk = sum of its tokens                     ChunkKV
///
/// Model of : -
/// Cost     : one pass over the weights, in plain loops.
/// Accuracy : sums of doubles, rounded to float once; add_...: once a call.
/// Promise  : sizes are checked before the first write.
/// Source   : Z. Zhang et al., H2O, NeurIPS 2023; M. Oren et al., TOVA, EMNLP 2024; Z. Liu et al., Scissorhands, NeurIPS 2023; Y.
///            Li et al., SnapKV, NeurIPS 2024; Y. He et al., ZipCache, NeurIPS 2024; Y. Feng et al., CriticalKV, arXiv:2502.03805;
///            X. Liu et al., ChunkKV, arXiv:2502.00299.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cstddef>
#include <span>

namespace skive {

enum class pooling : unsigned char { maximum, mean };

/// Fails with size_mismatch.
constexpr status add_heavy_hitters(matrix_view<float const> weights, std::span<float> scores) noexcept {
  if (!weights.valid() || weights.cols != scores.size()) return errc::size_mismatch;
  for (std::size_t t = 0; t < scores.size(); ++t) {
    auto sum = static_cast<double>(scores[t]);
    for (std::size_t i = 0; i < weights.rows; ++i) sum += static_cast<double>(weights(i, t));
    scores[t] = static_cast<float>(sum);
  }
  return errc::ok;
}

/// Fails with size_mismatch, invalid_argument (no heads).
constexpr status last_query_scores(matrix_view<float const> weights, std::size_t heads, std::span<float> scores) noexcept {
  if (!weights.valid() || weights.cols != scores.size() || heads > weights.rows) return errc::size_mismatch;
  if (heads == 0) return errc::invalid_argument;
  for (std::size_t t = 0; t < scores.size(); ++t) {
    double sum = 0;
    for (std::size_t i = weights.rows - heads; i < weights.rows; ++i) sum += static_cast<double>(weights(i, t));
    scores[t] = static_cast<float>(sum / static_cast<double>(heads));
  }
  return errc::ok;
}

/// Fails with size_mismatch.
constexpr status add_persistence(matrix_view<float const> weights, std::span<float> scores) noexcept {
  if (!weights.valid() || weights.cols != scores.size()) return errc::size_mismatch;
  auto const even = scores.empty() ? 0.0f : 1.0f / static_cast<float>(scores.size());
  for (std::size_t t = 0; t < scores.size(); ++t)
    for (std::size_t i = 0; i < weights.rows; ++i) scores[t] += weights(i, t) > even ? 1.0f : 0.0f;
  return errc::ok;
}

/// `pool`: odd; neighbours past an end are left out. `sums`: scratch of the same length, which must not overlap scores. Fails
/// with size_mismatch, invalid_argument (pool).
constexpr status snapshot_scores(matrix_view<float const> weights, std::size_t pool, pooling kind, std::span<float> sums,
                                 std::span<float> scores) noexcept {
  if (!weights.valid() || weights.cols != scores.size() || sums.size() != scores.size()) return errc::size_mismatch;
  if (pool % 2 == 0) return errc::invalid_argument;
  for (auto& s : sums) s = 0.0f;
  if (auto const s = add_heavy_hitters(weights, sums); !s) return s;
  auto const reach = pool / 2;
  for (std::size_t t = 0; t < scores.size(); ++t) {
    auto const first = t < reach ? 0 : t - reach;
    auto const last = scores.size() - t <= reach ? scores.size() - 1 : t + reach;
    auto most = sums[first];
    double sum = 0;
    for (std::size_t i = first; i <= last; ++i) {
      most = sums[i] > most ? sums[i] : most;
      sum += static_cast<double>(sums[i]);
    }
    scores[t] = kind == pooling::maximum ? most : static_cast<float>(sum / static_cast<double>(last - first + 1));
  }
  return errc::ok;
}

/// Scores that are sums over `rows` causal rows, `heads` a position, the last position being that of the last token. Fails with
/// invalid_argument (no heads), size_mismatch (rows that are not whole positions, or more positions than tokens).
constexpr status visible_mean(std::size_t rows, std::size_t heads, std::span<float> scores) noexcept {
  if (heads == 0) return errc::invalid_argument;
  if (rows % heads != 0 || rows / heads > scores.size()) return errc::size_mismatch;
  auto const positions = rows / heads;
  for (std::size_t t = 0; t < scores.size(); ++t) {
    auto const after = scores.size() - t;  // positions at or after the token
    auto const seeing = (after < positions ? after : positions) * heads;
    if (seeing != 0) scores[t] /= static_cast<float>(seeing);
  }
  return errc::ok;
}

/// Fails with size_mismatch.
constexpr status weigh_by_values(matrix_view<float const> values, std::span<float> scores) noexcept {
  if (!values.valid() || values.rows != scores.size()) return errc::size_mismatch;
  for (std::size_t t = 0; t < scores.size(); ++t) {
    double sum = 0;
    for (auto const v : values.row(t)) sum += static_cast<double>(v < 0 ? -v : v);
    scores[t] = static_cast<float>(static_cast<double>(scores[t]) * sum);
  }
  return errc::ok;
}

/// The last chunk may be shorter. Fails with invalid_argument (no chunk), size_mismatch.
constexpr status chunk_scores(std::span<float const> scores, std::size_t chunk, std::span<float> out) noexcept {
  if (chunk == 0) return errc::invalid_argument;
  if (out.size() != scores.size() / chunk + (scores.size() % chunk != 0 ? 1 : 0)) return errc::size_mismatch;
  for (std::size_t c = 0; c < out.size(); ++c) {
    double sum = 0;
    for (std::size_t t = c * chunk; t < scores.size() && t < (c + 1) * chunk; ++t) sum += static_cast<double>(scores[t]);
    out[c] = static_cast<float>(sum);
  }
  return errc::ok;
}

}  // namespace skive
