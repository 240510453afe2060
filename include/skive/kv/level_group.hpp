// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/level_group.hpp - codes of any levels within a range of each channel or token, and a few numbers kept: KVQuant.
///
///   x' = middle + half level(code),  level in [-1, 1];   middle = (low + high) / 2,  half = (high - low) / 2
///   channel ranges   given with the quantizer, frozen: calibrated once for each head (channel_ranges), nothing stored
///   token ranges     min and max of the token without its kept numbers, float16 each
///   group: [token ranges, if any][codes of 1 to 8 bits, token after token, without gaps][kept numbers: kv/group_outliers.hpp]
///
/// Kept are the numbers farthest from the middle: of a channel in units of its half range, of a token in units of the numbers.
/// KVQuant's keys are these before rotary embedding (kv/roped_keys.hpp) with channel ranges, its values those with token ranges,
/// both with levels from k-means (codebook/kmeans_1d.hpp) and 1 % kept.
///
/// Model of : token_group
/// Cost     : encode 2^Bits comparisons a number; decode a look-up and a multiply-add a number.
/// Accuracy : half the distance of the levels around x times half; beyond a frozen range the distance from it, unless kept.
/// Promise  : the same bytes everywhere: products of floats are compared, never summed.
/// Source   : C. Hooper et al., "KVQuant", NeurIPS 2024.

#include "skive/core/bits.hpp"
#include "skive/kv/group_outliers.hpp"
#include "skive/kv/grouped_pages.hpp"

namespace skive {

/// Ranges of channels (n numbers each), or none: ranges of tokens.
struct channel_range {
  std::span<float const> low;
  std::span<float const> high;
};

class level_group {
 public:
  constexpr level_group() noexcept = default;
  /// `tokens`: a group; `levels`: 2, 4 ... 256 numbers, ascending within [-1, 1]; `kept`: numbers of a group. Fails with
  /// invalid_argument, size_mismatch (ranges).
  static constexpr result<level_group> make(std::size_t head_size, std::size_t tokens, std::span<float const> levels,
                                            channel_range ranges, std::size_t kept) noexcept {
    auto const n = head_size;
    if (!page_shape{n, tile_tokens}.valid() || tokens == 0 || tokens > 65536 / n || kept > n * tokens / 2)
      return errc::invalid_argument;
    if (levels.size() < 2 || levels.size() > 256 || (levels.size() & (levels.size() - 1)) != 0) return errc::invalid_argument;
    for (std::size_t i = 0; i < levels.size(); ++i)
      if (!(levels[i] >= -1.0f && levels[i] <= 1.0f) || (i != 0 && levels[i] < levels[i - 1])) return errc::invalid_argument;
    if (ranges.low.size() != ranges.high.size() || (!ranges.low.empty() && ranges.low.size() != n)) return errc::size_mismatch;
    for (std::size_t d = 0; d < ranges.low.size(); ++d)
      if (!(ranges.low[d] >= -65504.0f && ranges.low[d] <= ranges.high[d] && ranges.high[d] <= 65504.0f))
        return errc::invalid_argument;
    level_group g;
    g.head_size_ = n;
    g.tokens_ = tokens;
    g.kept_ = kept;
    g.levels_ = levels;
    g.ranges_ = ranges;
    for (std::size_t i = levels.size(); i > 1; i /= 2) ++g.width_;
    return g;
  }
  constexpr std::size_t head_size() const noexcept { return head_size_; }
  constexpr std::size_t group_tokens() const noexcept { return tokens_; }
  constexpr std::size_t group_bytes() const noexcept { return codes_at() + code_bytes() + detail::outlier_bytes(kept_); }
  constexpr std::size_t scratch_bytes() const noexcept {
    return workspace::bytes<float>(tokens_ * head_size_) + workspace::bytes<std::uint32_t>(kept_);
  }

  /// Precondition: rows of a group, at most 65504. Fails with workspace_too_small.
  status encode(matrix_view<float const> rows, std::span<std::byte> to, workspace scratch) const noexcept {
    if (scratch.size() < scratch_bytes()) return errc::workspace_too_small;
    auto const scores = scratch.take<float>(tokens_ * head_size_);
    auto const positions = scratch.take<std::uint32_t>(kept_);
    for (std::size_t t = 0; t < tokens_; ++t) score(rows.row(t), scores.subspan(t * head_size_, head_size_));
    detail::keep_outliers(rows, scores, positions, to.data() + codes_at() + code_bytes());
    for (auto& s : scores) s = 0.0f;
    for (auto const p : positions) scores[p] = 1.0f;
    for (auto& b : to.subspan(codes_at(), code_bytes())) b = std::byte{0};
    auto const codes =
        packed_fields<std::byte>::make(to.subspan(codes_at(), code_bytes()), tokens_ * head_size_, width_, bit_order::low_first);
    for (std::size_t t = 0; t < tokens_; ++t) {
      auto const kept = scores.subspan(t * head_size_, head_size_);
      if (ranges_.low.empty()) store_range(rows.row(t), kept, to.data() + 4 * t);
      for (std::size_t d = 0; d < head_size_; ++d) {
        auto const r = range(to.data(), t, d);
        codes->set(t * head_size_ + d, kept[d] != 0.0f ? middle_code() : nearest(rows(t, d) - r.middle, r.half));
      }
    }
    return errc::ok;
  }
  /// Tokens first, first + 1 ... of the group.
  status decode(std::span<std::byte const> from, std::size_t first, matrix_view<float> out, workspace = {}) const noexcept {
    std::uint8_t codes[largest_head_size];
    auto const row_bytes = head_size_ * static_cast<std::size_t>(width_) / 8;  // whole, for head sizes are multiples of 8
    for (std::size_t t = 0; t < out.rows; ++t) {
      auto const bytes = from.subspan(codes_at() + (first + t) * row_bytes, row_bytes);
      if (auto const s = unpack(bytes, width_, bit_order::low_first, {codes, head_size_}); !s) return s;
      auto const whole = ranges_.low.empty() ? range(from.data(), first + t, 0) : place{};
      for (std::size_t d = 0; d < head_size_; ++d) {
        auto const r = ranges_.low.empty() ? whole : range(from.data(), first + t, d);
        out(t, d) = r.middle + r.half * levels_[codes[d]];
      }
    }
    detail::restore_outliers(from.data() + codes_at() + code_bytes(), kept_, first, out);
    return errc::ok;
  }

 private:
  struct place {
    float middle, half;
  };
  constexpr std::size_t codes_at() const noexcept { return ranges_.low.empty() ? 4 * tokens_ : 0; }
  constexpr std::size_t code_bytes() const noexcept { return (tokens_ * head_size_ * static_cast<std::size_t>(width_) + 7) / 8; }
  constexpr std::uint8_t middle_code() const noexcept { return static_cast<std::uint8_t>(levels_.size() / 2); }
  static constexpr place between(float low, float high) noexcept { return {(low + high) * 0.5f, (high - low) * 0.5f}; }

  place range(std::byte const* group, std::size_t t, std::size_t d) const noexcept {
    if (!ranges_.low.empty()) return between(ranges_.low[d], ranges_.high[d]);
    std::uint16_t ends[2];
    std::memcpy(ends, group + 4 * t, 4);
    return between(float16::decode(ends[0]), float16::decode(ends[1]));
  }
  void score(std::span<float const> row, std::span<float> scores) const noexcept {
    auto low = row[0];
    auto high = row[0];
    for (auto const x : row) {
      low = x < low ? x : low;
      high = x > high ? x : high;
    }
    for (std::size_t d = 0; d < row.size(); ++d) {
      auto const r = ranges_.low.empty() ? between(low, high) : between(ranges_.low[d], ranges_.high[d]);
      auto const far = row[d] < r.middle ? r.middle - row[d] : row[d] - r.middle;
      scores[d] = ranges_.low.empty() ? far : far / (r.half > 0x1p-24f ? r.half : 0x1p-24f);
    }
  }
  static void store_range(std::span<float const> row, std::span<float const> kept, std::byte* to) noexcept {
    bool any = false;
    float low = 0.0f;
    float high = 0.0f;
    for (std::size_t d = 0; d < row.size(); ++d) {
      if (kept[d] != 0.0f) continue;
      low = !any || row[d] < low ? row[d] : low;
      high = !any || row[d] > high ? row[d] : high;
      any = true;
    }
    std::uint16_t const ends[2] = {float16::encode(low), float16::encode(high)};
    std::memcpy(to, ends, 4);
  }
  // The level nearest to offset / half, ties to the lower one: distances are compared as products.
  std::uint8_t nearest(float offset, float half) const noexcept {
    std::size_t best = 0;
    auto least = distance(offset, half, levels_[0]);
    for (std::size_t i = 1; i < levels_.size(); ++i) {
      auto const far = distance(offset, half, levels_[i]);
      if (far >= least) continue;
      least = far;
      best = i;
    }
    return static_cast<std::uint8_t>(best);
  }
  // By doubles: the product of two floats is exact there, so that contraction changes nothing.
  static double distance(float offset, float half, float level) noexcept {
    auto const far = static_cast<double>(offset) - static_cast<double>(half) * static_cast<double>(level);
    return far < 0 ? -far : far;
  }

  std::size_t head_size_ = 0;
  std::size_t tokens_ = 0;
  std::size_t kept_ = 0;
  int width_ = 0;
  std::span<float const> levels_;
  channel_range ranges_;
};

static_assert(token_group<level_group>);

/// Ranges that leave out the `outside` smallest and largest numbers of each channel. Fails with size_mismatch (also 2 outside >=
/// rows), not_finite.
inline status channel_ranges(matrix_view<float const> rows, std::size_t outside, std::span<float> low,
                             std::span<float> high) noexcept {
  if (!rows.valid() || low.size() != rows.cols || high.size() != rows.cols || outside > rows.rows || rows.rows <= 2 * outside)
    return errc::size_mismatch;
  for (std::size_t t = 0; t < rows.rows; ++t)
    for (auto const x : rows.row(t))
      if (!(x >= -65504.0f && x <= 65504.0f)) return errc::not_finite;
  for (std::size_t d = 0; d < rows.cols; ++d)
    for (bool const top : {false, true}) {
      auto const limit = detail::find_threshold(outside + 1, [&](auto use) noexcept {
        for (std::size_t t = 0; t < rows.rows; ++t) use(detail::score_key(top ? rows(t, d) : -rows(t, d)));
      });
      for (std::size_t t = 0; t < rows.rows; ++t)  // the number whose key is the threshold
        if (detail::score_key(top ? rows(t, d) : -rows(t, d)) == limit.key) (top ? high : low)[d] = rows(t, d);
    }
  return errc::ok;
}

}  // namespace skive
