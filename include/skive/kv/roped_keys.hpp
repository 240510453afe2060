// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/roped_keys.hpp - keys that pages keep as they were before rotary embedding, rotated in the score loop.
///
///   logit(q, t) = q . R_t k_t = (R_-T q) . R_j k_t   for t = T + j, 0 <= j < 32;   q is already rotated to its own position
///
/// A page does not know where it stands: at(position) says so (a head_cache does it), so that shifting a context, or sharing a page between sequences
/// at different places, changes no byte and loses nothing. Before rotary embedding channels keep their ranges: keys lose less.
///
/// Model of : key_quantizer (of one position of the page; decode gives rotated keys)
/// Cost     : dot: decoding 32 tokens and rotating them once for all queries, then one multiply-add a number and query.
/// Accuracy : that of Keys and kv/rope.hpp.
/// Promise  : positions past the table are refused (overflow). Bytes are those of Keys.
/// Source   : C. Hooper et al., "KVQuant", NeurIPS 2024 (keys before rotary embedding).

#include "skive/kv/rope.hpp"

namespace skive {

template <key_quantizer Keys>
class roped_keys {
 public:
  using query = plain_queries;

  constexpr roped_keys() noexcept = default;
  /// Fails with size_mismatch unless keys and table have the same head size.
  static constexpr result<roped_keys> make(Keys const& keys, rope_table const& table) noexcept {
    if (keys.head_size() != table.head_size()) return errc::size_mismatch;
    return roped_keys{keys, table};
  }
  /// The same for a page whose first token stands at `position`.
  constexpr roped_keys at(std::size_t position) const noexcept {
    auto moved = *this;
    moved.position_ = position;
    return moved;
  }

  /// Other keys under the same table: of the sinks and the tail of a cache.
  template <key_quantizer Other>
  constexpr result<roped_keys<Other>> with(Other const& other) const noexcept {
    return roped_keys<Other>::make(other, table_);
  }

  constexpr std::size_t head_size() const noexcept { return keys_.head_size(); }
  constexpr std::size_t page_tokens() const noexcept { return keys_.page_tokens(); }
  constexpr std::size_t group_tokens() const noexcept { return keys_.group_tokens(); }
  constexpr std::size_t page_bytes() const noexcept { return keys_.page_bytes(); }
  constexpr std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  constexpr std::size_t scratch_bytes(std::size_t queries) const noexcept {
    return 2 * workspace::bytes<float>(tile_tokens * head_size()) +
        workspace::bytes<float>(saturating_multiply(queries, head_size())) + keys_.scratch_bytes(queries);
  }

  /// Rows as they are before rotary embedding.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    return keys_.template append<Arch>(rows, first, page, scratch);
  }
  /// Rotated keys. Fails with what Keys fails with, overflow.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = keys_.template decode<Arch>(page, first, out, scratch); !s) return s;
    for (std::size_t t = 0; t < out.rows; ++t)
      if (auto const s = table_.rotate(out.row(t), position_ + first + t); !s) return s;
    return errc::ok;
  }
  /// Rows that are rotated to their positions.
  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace = {}) const noexcept {
    return detail::plain_query<Arch>(rows, head_size());
  }
  /// logits(i, j) = query i times rotated token first + j. Fails with size_mismatch, overflow (position), workspace_too_small,
  /// corrupt.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace scratch) const noexcept {
    auto const n = head_size();
    if (auto const s = detail::check_range({n, page_tokens()}, page_bytes(), page.size(), first, logits.cols); !s) return s;
    if (!logits.valid() || logits.rows != q.rows.rows || q.rows.cols != n) return errc::size_mismatch;
    if (scratch.size() < scratch_bytes(q.rows.rows)) return errc::workspace_too_small;
    auto const begin = position_ + first;  // modulo 2^64: the page may begin before position 0, its tokens that are read do not
    if (begin >= table_.positions() || logits.cols > table_.positions() - begin) return errc::overflow;
    if (logits.rows == 0) return errc::ok;
    auto const turned = scratch.take<float>(tile_tokens * n);
    auto const memory = scratch.take<float>(tile_tokens * n);
    auto const back = scratch.take<float>(q.rows.rows * n);
    auto const plain = float_keys<float>::make({n, tile_tokens});
    for (std::size_t t = first; t < first + logits.cols;) {
      auto const start = t % tile_tokens;
      auto const count = detail::smaller(tile_tokens - start, first + logits.cols - t);
      auto const tile = t - start;
      matrix_view<float> const rows{memory.data() + start * n, count, n};
      if (auto const s = decode_tile<Arch>(page, tile, rows, start, turned, scratch); !s) return s;
      rotate_lanes<Arch>(turned.data());
      for (std::size_t h = 0; h < q.rows.rows; ++h) {
        for (std::size_t d = 0; d < n; ++d) back[h * n + d] = q.rows(h, d);
        auto const place = position_ + tile;
        bool const early = place > ~tile_tokens;  // by less than a tile
        if (auto const s = table_.rotate(back.subspan(h * n, n), early ? 0 - place : place, !early); !s) return s;
      }
      matrix_view<float> const part{&logits(0, t - first), logits.rows, count, logits.row_stride};
      plain_queries const shifted{{back.data(), q.rows.rows, n}};
      if (auto const s = plain->template dot<Arch>(std::as_bytes(turned), start, shifted, part); !s) return s;
      t += count;
    }
    return errc::ok;
  }

 private:
  constexpr roped_keys(Keys const& keys, rope_table const& table) noexcept : keys_{keys}, table_{table} {}

  // Tokens start ... of a tile to [channel][32 tokens]; other tokens are zeros.
  template <class Arch>
  status decode_tile(std::span<std::byte const> page, std::size_t tile, matrix_view<float> rows, std::size_t start,
                     std::span<float> turned, workspace scratch) const noexcept {
    if constexpr (requires { keys_.decodes_turned(); })
      if (keys_.decodes_turned()) return keys_.template decode_turned<Arch>(page, tile, turned);
    if (auto const s = keys_.template decode<Arch>(page, tile + start, rows, scratch); !s) return s;
    for (auto& x : turned) x = 0.0f;
    for (std::size_t j = 0; j < rows.rows; ++j)
      for (std::size_t d = 0; d < rows.cols; ++d) turned[d * tile_tokens + start + j] = rows(j, d);
    return errc::ok;
  }
  template <class Arch>
  void rotate_lanes(float* turned) const noexcept {
    using floats = simd::floats<Arch>;
    for (std::size_t i = 0; i < head_size() / 2; ++i)
      for (std::size_t j = 0; j < tile_tokens; j += 16) {
        auto* const first = turned + table_.first(i) * tile_tokens + j;
        auto* const second = turned + table_.second(i) * tile_tokens + j;
        auto const cosine = floats::load(table_.offsets(i) + j);
        auto const sine = floats::load(table_.offsets(i) + tile_tokens + j);
        auto const a = floats::load(first);
        auto const b = floats::load(second);
        (simd::product<Arch>(a, cosine) - simd::product<Arch>(b, sine)).store(first);
        simd::fused(a, sine, simd::product<Arch>(b, cosine)).store(second);
      }
  }

  Keys keys_{};
  rope_table table_;
  std::size_t position_ = 0;
};

}  // namespace skive
