// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/token_choice.hpp - further ways to choose tokens: by mass, by a thinning past, at random, by the best channels.
///
///   keep_mass(weights, share, kept)       the fewest tokens that hold that share of all weights (top-p)          Twilight
///   keep_thinned(n, window, kept)         the last tokens, older ones ever sparser: of 3 windows the first 2 lose every
///                                         second token as often as they fill up                                  LogQuant
///   add_perturbed_scores(logits, noise, temperature, scores)    s_t += softmax((l + noise) / temperature)_t      Keyformer
///   keep_balanced(rows, bound, uniform, kept)    about half of the tokens by a self-balancing walk: token t gets the sign +, and
///                                         stays, with probability 1/2 - x_t . (sum of signed x so far) / (2 bound)    BalanceKV
///   partial_logits(query, keys, channels, logits)    products over the given channels, the largest of |q|, times
///                                         sqrt(sum |q| / sum |q| of these)                                       SparQ
///
/// Weights, logits and rows are decoded numbers or estimates from packed pages (dot). Noise of Keyformer is Gumbel's,
/// -ln(-ln u); u and the numbers of keep_balanced come from the caller.
///
/// Model of : -
/// Cost     : keep_mass: 33 passes over the weights; the others one pass.
/// Accuracy : sums of doubles.
/// Promise  : indices ascend, none twice; ties go to the lower index. Sizes and NaN are checked before the first write.
/// Source   : C. Lin et al., "Twilight", arXiv:2502.02770; H. Chen et al., "LogQuant", arXiv:2503.19950; M. Adnan et al.,
///            "Keyformer", MLSys 2024; I. Han et al., "BalanceKV", arXiv:2502.07861; L. Ribar et al., "SparQ Attention", ICML 2024.

#include "skive/kv/selection.hpp"

#include <cmath>

namespace skive {

/// Returns how many of `kept` are filled. Fails with size_mismatch (kept is shorter than the weights), not_finite,
/// invalid_argument (a negative weight, a share outside of 0 to 1).
constexpr result<std::size_t> keep_mass(std::span<float const> weights, float share, std::span<std::uint32_t> kept) noexcept {
  if (kept.size() < weights.size() || weights.size() > 0xFFFF'FFFFU) return errc::size_mismatch;
  if (!(share >= 0.0f && share <= 1.0f)) return errc::invalid_argument;
  double all = 0;
  for (auto const w : weights) {
    if (!is_finite(w)) return errc::not_finite;
    if (w < 0.0f) return errc::invalid_argument;
    all += static_cast<double>(w);
  }
  auto const wanted = static_cast<double>(share) * all;
  auto const mass_from = [weights](std::uint32_t key) noexcept {
    double sum = 0;
    for (auto const w : weights) sum += detail::score_key(w) >= key ? static_cast<double>(w) : 0.0;
    return sum;
  };
  std::uint32_t key = 0;  // the largest threshold whose tokens hold enough
  for (std::uint32_t bit = 0x8000'0000U; bit != 0; bit >>= 1)
    if (mass_from(key | bit) >= wanted) key |= bit;
  auto mass = key == 0xFFFF'FFFFU ? 0.0 : mass_from(key + 1);
  std::size_t count = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    auto const own = detail::score_key(weights[i]);
    if (own < key || (own == key && mass >= wanted)) continue;
    if (own == key) mass += static_cast<double>(weights[i]);
    kept[count++] = static_cast<std::uint32_t>(i);
  }
  return count;
}

/// Returns how many of `kept` are filled, less than 3 window. Fails with size_mismatch (fewer than 3 window places),
/// invalid_argument (no window).
constexpr result<std::size_t> keep_thinned(std::size_t n, std::size_t window, std::span<std::uint32_t> kept) noexcept {
  if (window == 0 || window > 0xFFFF'FFFFU) return errc::invalid_argument;
  if (kept.size() < 3 * window || n > 0xFFFF'FFFFU) return errc::size_mismatch;
  std::size_t count = 0;
  for (std::size_t t = 0; t < n; ++t) {
    kept[count++] = static_cast<std::uint32_t>(t);
    if (count != 3 * window) continue;
    for (std::size_t i = 0; i < window; ++i) kept[i] = kept[2 * i + 1];
    for (std::size_t i = 0; i < window; ++i) kept[window + i] = kept[2 * window + i];
    count = 2 * window;
  }
  return count;
}

/// Logits of -infinity are tokens that are not seen; a row of nothing else adds nothing. Fails with size_mismatch, not_finite
/// (NaN, +infinity, noise), invalid_argument (a temperature that is not positive).
inline status add_perturbed_scores(matrix_view<float const> logits, std::span<float const> noise, float temperature,
                                   std::span<float> scores) noexcept {
  if (!logits.valid() || logits.cols != scores.size() || noise.size() != scores.size()) return errc::size_mismatch;
  if (!(temperature > 0.0f) || !is_finite(temperature)) return errc::invalid_argument;
  for (auto const x : noise)
    if (!is_finite(x)) return errc::not_finite;
  for (std::size_t i = 0; i < logits.rows; ++i)
    for (auto const l : logits.row(i))
      if (is_nan(l) || (!is_finite(l) && l > 0.0f)) return errc::not_finite;
  for (std::size_t i = 0; i < logits.rows; ++i) {
    auto const row = logits.row(i);
    auto const at = [&](std::size_t t) noexcept {
      return (static_cast<double>(row[t]) + static_cast<double>(noise[t])) / static_cast<double>(temperature);
    };
    std::size_t best = row.size();
    for (std::size_t t = 0; t < row.size(); ++t)
      if (is_finite(row[t]) && (best == row.size() || at(t) > at(best))) best = t;
    if (best == row.size()) continue;
    double sum = 0;
    for (std::size_t t = 0; t < row.size(); ++t)
      if (is_finite(row[t])) sum += std::exp(at(t) - at(best));
    for (std::size_t t = 0; t < row.size(); ++t)
      if (is_finite(row[t])) scores[t] = static_cast<float>(static_cast<double>(scores[t]) + std::exp(at(t) - at(best)) / sum);
  }
  return errc::ok;
}

/// rows: keys, values, or both side by side; uniform: a number from 0 to 1 for each; walk: scratch of a row. Probabilities outside
/// of 0 to 1 are certainties. Returns how many of `kept` are filled. Fails with size_mismatch, not_finite, invalid_argument (a
/// bound that is not positive).
constexpr result<std::size_t> keep_balanced(matrix_view<float const> rows, float bound, std::span<float const> uniform,
                                            std::span<double> walk, std::span<std::uint32_t> kept) noexcept {
  if (!rows.valid() || uniform.size() != rows.rows || walk.size() != rows.cols || kept.size() < rows.rows)
    return errc::size_mismatch;
  if (!(bound > 0.0f)) return errc::invalid_argument;
  for (std::size_t t = 0; t < rows.rows; ++t) {
    if (!is_finite(uniform[t])) return errc::not_finite;
    for (auto const x : rows.row(t))
      if (!is_finite(x)) return errc::not_finite;
  }
  for (auto& w : walk) w = 0;
  std::size_t count = 0;
  for (std::size_t t = 0; t < rows.rows; ++t) {
    auto const row = rows.row(t);
    double product = 0;
    for (std::size_t d = 0; d < row.size(); ++d) product += walk[d] * static_cast<double>(row[d]);
    bool const stays = static_cast<double>(uniform[t]) < 0.5 - product / (2.0 * static_cast<double>(bound));
    for (std::size_t d = 0; d < row.size(); ++d) walk[d] += stays ? static_cast<double>(row[d]) : -static_cast<double>(row[d]);
    if (stays) kept[count++] = static_cast<std::uint32_t>(t);
  }
  return count;
}

/// channels: for example keep_top() of |q|. Fails with size_mismatch (also for a channel that is not there), not_finite (a number
/// of the query or of these channels).
inline status partial_logits(std::span<float const> query, matrix_view<float const> keys, std::span<std::uint32_t const> channels,
                             std::span<float> logits) noexcept {
  if (!keys.valid() || keys.rows != logits.size() || keys.cols != query.size()) return errc::size_mismatch;
  double all = 0;
  double some = 0;
  for (auto const q : query) {
    if (!is_finite(q)) return errc::not_finite;
    all += std::fabs(static_cast<double>(q));
  }
  for (auto const c : channels) {
    if (c >= query.size()) return errc::size_mismatch;
    some += std::fabs(static_cast<double>(query[c]));
    for (std::size_t t = 0; t < keys.rows; ++t)
      if (!is_finite(keys(t, c))) return errc::not_finite;
  }
  auto const scale = some > 0 ? std::sqrt(all / some) : 0.0;
  for (std::size_t t = 0; t < keys.rows; ++t) {
    double sum = 0;
    for (auto const c : channels) sum += static_cast<double>(query[c]) * static_cast<double>(keys(t, c));
    logits[t] = static_cast<float>(scale * sum);
  }
  return errc::ok;
}

}  // namespace skive
