// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/representatives.hpp - tokens that stay for others like them: by how heads treat them, or by their place in the past.
///
///   mark_behaviour(weights, most, behaviour)   bit h of token t: it is among the `most` heaviest tokens of head h      KVCrush
///   keep_representatives(behaviour, anchor, kept)   tokens in the order of the bits in which they differ from the anchor
///                              (ties: the lower index), cut into kept.size() equal runs; the middle one of each stays  KVCrush
///   keep_tree(scores, sinks, kept)   tokens come one by one; when kept.size() are there, the next one costs the worse of two
///                              neighbours (ties: the earlier), and the pair moves on by one, again and again from the front:
///                              so the past thins out with its age                                                       TreeKV
///
/// KVCrush spends a part of the budget on the best tokens (kv/selection.hpp) and the rest on representatives of all others: of
/// these, the caller passes the behaviour. The anchor is any word: zero, random bits, or what the heads have in common.
///
/// Model of : -
/// Cost     : mark_behaviour: 33 passes over the weights; keep_representatives: two passes over the tokens; keep_tree: a move of
///            at most kept.size() indices for each token.
/// Accuracy : exact.
/// Promise  : indices ascend, none twice. Sizes and NaN are checked before the first write.
/// Source   : G. Jha et al., "KVCrush", arXiv:2503.00022; Z. He et al., "TreeKV", arXiv:2501.04987.

#include "skive/kv/selection.hpp"

#include <array>
#include <bit>

namespace skive {

/// weights: one row for each head, at most 64. Fails with size_mismatch (a token without a word, more heads, `most` beyond the
/// tokens), not_finite (NaN).
constexpr status mark_behaviour(matrix_view<float const> weights, std::size_t most, std::span<std::uint64_t> behaviour) noexcept {
  auto const n = weights.cols;
  if (!weights.valid() || weights.rows > 64 || behaviour.size() != n || most > n) return errc::size_mismatch;
  for (std::size_t h = 0; h < weights.rows; ++h)
    if (detail::any_nan(weights.row(h))) return errc::not_finite;
  for (auto& b : behaviour) b = 0;
  if (most == 0) return errc::ok;
  for (std::size_t h = 0; h < weights.rows; ++h) {
    auto const row = weights.row(h);
    auto const least = detail::find_threshold(most, [row](auto use) noexcept {
      for (auto const w : row) use(detail::score_key(w));
    });
    auto equals = most - least.above;
    for (std::size_t t = 0; t < n; ++t) {
      auto const key = detail::score_key(row[t]);
      if (key < least.key || (key == least.key && equals == 0)) continue;
      if (key == least.key) --equals;
      behaviour[t] |= std::uint64_t{1} << h;
    }
  }
  return errc::ok;
}

/// Fails with size_mismatch (more to keep than tokens, more than 2^31 tokens).
constexpr status keep_representatives(std::span<std::uint64_t const> behaviour, std::uint64_t anchor,
                                      std::span<std::uint32_t> kept) noexcept {
  std::uint64_t const n = behaviour.size();
  std::uint64_t const m = kept.size();
  if (m > n || n > 0x8000'0000U) return errc::size_mismatch;
  std::array<std::uint64_t, 65> rank{};  // of the next token at each distance
  for (auto const b : behaviour) {
    auto const distance = static_cast<std::size_t>(std::popcount(b ^ anchor));
    for (std::size_t d = distance + 1; d < rank.size(); ++d) ++rank[d];
  }
  std::size_t count = 0;
  for (std::size_t t = 0; t < behaviour.size() && count < m; ++t) {
    auto const r = rank[static_cast<std::size_t>(std::popcount(behaviour[t] ^ anchor))]++;
    auto const run = r * m / n;
    for (auto i = run; i < m && i <= run + 1; ++i)  // rounding may put a middle into the run before its own
      if ((2 * i + 1) * n / (2 * m) == r) {
        kept[count++] = static_cast<std::uint32_t>(t);
        break;
      }
  }
  return errc::ok;
}

/// Scores of all tokens in the order of their coming. The first `sinks` are never compared. Fails with size_mismatch (more to keep
/// than tokens, fewer than two beside the sinks, more than 2^32 - 1 tokens), not_finite (NaN).
constexpr status keep_tree(std::span<float const> scores, std::size_t sinks, std::span<std::uint32_t> kept) noexcept {
  auto const size = kept.size();
  if (size > scores.size() || sinks > size || size - sinks < 2 || scores.size() > 0xFFFF'FFFFU) return errc::size_mismatch;
  if (detail::any_nan(scores)) return errc::not_finite;
  for (std::size_t i = 0; i < size; ++i) kept[i] = static_cast<std::uint32_t>(i);
  auto at = sinks;
  for (auto t = size; t < scores.size(); ++t) {
    auto const worse = scores[kept[at]] <= scores[kept[at + 1]] ? at : at + 1;
    for (auto i = worse; i + 1 < size; ++i) kept[i] = kept[i + 1];
    kept[size - 1] = static_cast<std::uint32_t>(t);
    at = at + 3 > size ? sinks : at + 1;
  }
  return errc::ok;
}

}  // namespace skive
