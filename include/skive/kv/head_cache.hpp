// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/head_cache.hpp - the cache of one key/value head: sink tokens, packed pages and a tail of recent tokens.
///
///   token t < sinks                  float page of the sinks
///   then r = t - sinks;  r < packed  page r / page_tokens, token r % page_tokens
///   else                             slot r % ring of the tail
///   packed(length) = whole groups of max(0, length - sinks - recent),   ring >= recent + group + slack
///
/// Group boundaries depend on token numbers only, and every token passes through the tail: so tokens that come one by one, in
/// chunks or at once leave the same bytes, and a group is quantized once, from numbers that were rounded to Number only.
///
/// One writer, any number of readers, no lock: the length is published (release) after all bytes of its tokens, readers begin
/// with snapshot() (acquire). A snapshot may be read until the writer has appended `slack` further tokens; then its tail is
/// reused.
///
/// Keys before rotary embedding (kv/roped_keys.hpp) are rotated to the numbers of their tokens. Context shift: tokens behind
/// pages that are gone are attended to with `dropped` set, and stand so many positions earlier; no byte changes.
///
/// Model of : -
/// Cost     : append: rounding to Number, and a group's quantization once for each group. attend: kv/attention.hpp.
/// Accuracy : that of the quantizers.
/// Promise  : append checks all tokens and the room for them before the first write. Pages come from the caller as a table of
///            pointers, so that they may lie anywhere, and full ones may be shared, saved, restored or dropped.
/// Source   : Z. Liu et al., "KIVI", ICML 2024 (tail); G. Xiao et al., "Efficient Streaming Language Models with Attention Sinks",
///            ICLR 2024.

#include "skive/kv/attention.hpp"
#include "skive/kv/float_pages.hpp"
#include "skive/kv/float_rows.hpp"

#include <atomic>

namespace skive {

struct cache_shape {
  std::size_t sinks = 0;   ///< first tokens that stay floats
  std::size_t recent = 0;  ///< last tokens that stay floats, at least
  std::size_t slack = 0;   ///< tokens appended before a snapshot ends
};

/// Memory of one head: the caller's. `floats`: float_bytes() bytes for sinks and tail; pages: page_bytes() each.
struct head_memory {
  std::span<std::byte> floats;
  std::span<std::byte* const> key_pages;
  std::span<std::byte* const> value_pages;
  std::atomic<std::size_t>* length = nullptr;  ///< tokens published
};

template <key_quantizer Keys, value_quantizer Values, class Number = float16>
class head_cache {
  using tail_keys = float_row_keys<Number>;
  using tail_values = float_values<Number>;

 public:
  constexpr head_cache() noexcept = default;
  /// Fails with invalid_argument unless pages have the same tokens and one group divides the other.
  static constexpr result<head_cache> make(Keys const& keys, Values const& values, cache_shape shape) noexcept {
    constexpr std::size_t limit = std::size_t{1} << 22;
    auto const a = keys.group_tokens();
    auto const b = values.group_tokens();
    if (a == 0 || b == 0 || keys.page_tokens() != values.page_tokens()) return errc::invalid_argument;
    auto const group = a > b ? a : b;
    if (group % a != 0 || group % b != 0 || keys.page_tokens() % group != 0) return errc::invalid_argument;
    if (shape.sinks > limit || shape.recent > limit || shape.slack > limit || group > limit) return errc::invalid_argument;
    auto const unit = group % tile_tokens == 0 ? group : group * tile_tokens;
    auto const ring = detail::round_up_to(shape.recent + group + shape.slack, unit);
    auto const tail = tail_keys::make({keys.head_size(), ring});
    auto const tail_v = tail_values::make({values.head_size(), ring});
    auto const kept = detail::round_up_to(shape.sinks == 0 ? 1 : shape.sinks, tile_tokens);
    auto const sink = tail_keys::make({keys.head_size(), kept});
    auto const sink_v = tail_values::make({values.head_size(), kept});
    if (!tail || !tail_v || !sink || !sink_v) return errc::invalid_argument;
    return head_cache{keys, values, shape, group, *tail, *tail_v, *sink, *sink_v};
  }

  constexpr Keys const& keys() const noexcept { return keys_; }
  constexpr Values const& values() const noexcept { return values_; }
  constexpr std::size_t group_tokens() const noexcept { return group_; }
  constexpr std::size_t float_bytes() const noexcept {
    return tail_.page_bytes() + tail_values_.page_bytes() + sinks_.page_bytes() + sink_values_.page_bytes();
  }
  /// Tokens in pages when `length` are cached.
  constexpr std::size_t packed_tokens(std::size_t length) const noexcept {
    auto const kept = shape_.sinks + shape_.recent;
    return length > kept ? (length - kept) / group_ * group_ : 0;
  }
  constexpr std::size_t pages_for(std::size_t length) const noexcept {
    return (packed_tokens(length) + keys_.page_tokens() - 1) / keys_.page_tokens();
  }
  constexpr std::size_t append_scratch_bytes() const noexcept {
    auto const k = keys_.scratch_bytes(1);
    auto const v = values_.scratch_bytes(1);
    return workspace::bytes<float>(group_ * keys_.head_size()) + workspace::bytes<float>(group_ * values_.head_size()) +
        (k > v ? k : v);
  }
  constexpr std::size_t attend_scratch_bytes(std::size_t rows) const noexcept {
    return saturating_add(workspace::bytes<std::byte>(keys_.query_bytes(rows)), attention_scratch_bytes(keys_, values_, rows));
  }
  /// Tokens that may be read now.
  static std::size_t snapshot(head_memory const& m) noexcept { return m.length->load(std::memory_order_acquire); }

  /// Rows are the next tokens. Fails with size_mismatch (rows, memory), overflow (no room in the pages), not_finite (also beyond
  /// 65504, which packed pages refuse), workspace_too_small; nothing is then written. One thread at a time.
  template <class Arch = native_arch>
  status append(matrix_view<float const> keys, matrix_view<float const> values, head_memory const& m,
                workspace scratch) const noexcept {
    if (auto const s = check_memory(m); !s) return s;
    if (!keys.valid() || !values.valid() || keys.rows != values.rows) return errc::size_mismatch;
    if (keys.rows == 0) return errc::ok;
    if (keys.cols != keys_.head_size() || values.cols != values_.head_size()) return errc::size_mismatch;
    if (scratch.size() < append_scratch_bytes()) return errc::workspace_too_small;
    auto const length = m.length->load(std::memory_order_relaxed);
    if (length > ~std::size_t{0} / 2 || keys.rows > ~std::size_t{0} / 2) return errc::overflow;
    auto const pages = pages_for(length + keys.rows);
    if (pages > m.key_pages.size() || pages > m.value_pages.size()) return errc::overflow;
    auto const most = detail::smaller_float(detail::largest_number<Number>(), 65504.0f);
    for (std::size_t i = 0; i < keys.rows; ++i)
      if (!detail::within<Arch>(keys.row(i), most) || !detail::within<Arch>(values.row(i), most)) return errc::not_finite;
    for (std::size_t i = 0; i < keys.rows; ++i)
      if (auto const s = append_token<Arch>({&keys(i, 0), 1, keys.cols}, {&values(i, 0), 1, values.cols}, length + i, m, scratch);
          !s)
        return s;
    return errc::ok;
  }

  /// Tokens from ... to - 1 of a snapshot; several threads take ranges of their own and merge their states in a fixed order.
  /// `dropped`: tokens before `from` that are gone; the mask's positions and those of rotations count without them. Fails with
  /// size_mismatch, workspace_too_small (attend_scratch_bytes), and what attend() of pages fails with.
  template <class Arch = native_arch>
  status attend(matrix_view<float const> queries, head_memory const& m, std::size_t snapshot, std::size_t from, std::size_t to,
                attention_mask const& mask, logit_rule const& rule, attention_state const& state, workspace scratch,
                std::size_t dropped = 0) const noexcept {
    if (auto const s = check_memory(m); !s) return s;
    if (dropped > from) return errc::size_mismatch;
    auto const pages = pages_for(snapshot);
    if (from > to || to > snapshot || pages > m.key_pages.size() || pages > m.value_pages.size()) return errc::size_mismatch;
    if (scratch.size() < attend_scratch_bytes(queries.rows)) return errc::workspace_too_small;
    auto const query = keys_.template prepare<Arch>(queries, workspace{scratch.take<std::byte>(keys_.query_bytes(queries.rows))});
    if (!query) return query.error();
    auto const plain = detail::plain_query<Arch>(queries, keys_.head_size());
    if (!plain) return plain.error();
    auto const part = [&](auto const& k, auto const& q, std::byte const* kp, auto const& v, std::byte const* vp,
                          std::size_t first, std::size_t count, std::size_t position) noexcept {
      return skive::attend<Arch>(k, q, {kp, k.page_bytes()}, v, {vp, v.page_bytes()}, first, count, position, mask, rule, state,
                                 scratch);
    };
    auto const at = places(m);
    auto const packed_end = shape_.sinks + packed_tokens(snapshot);
    for (std::size_t t = from; t < to;) {
      status s;
      std::size_t count = 0;
      if (t < shape_.sinks) {
        count = detail::smaller(to, shape_.sinks) - t;
        s = part(placed(sinks_, 0), *plain, at.sinks, sink_values_, at.sink_values, t, count, t);
      } else if (t < packed_end) {
        auto const r = t - shape_.sinks;
        auto const first = r % keys_.page_tokens();
        count = detail::smaller(detail::smaller(to, packed_end) - t, keys_.page_tokens() - first);
        auto const page = r / keys_.page_tokens();
        s = part(placed(keys_, t - dropped - first), *query, m.key_pages[page], values_, m.value_pages[page], first, count,
                 t - dropped);
      } else {
        auto const first = (t - shape_.sinks) % tail_.page_tokens();
        count = detail::smaller(to - t, tail_.page_tokens() - first);
        s = part(placed(tail_, t - dropped - first), *plain, at.tail, tail_values_, at.tail_values, first, count, t - dropped);
      }
      if (!s) return s;
      t += count;
    }
    return errc::ok;
  }

 private:
  constexpr head_cache(Keys const& keys, Values const& values, cache_shape shape, std::size_t group, tail_keys tail,
                       tail_values tail_v, tail_keys sinks, tail_values sink_v) noexcept
      : keys_{keys},
        values_{values},
        shape_{shape},
        group_{group},
        tail_{tail},
        tail_values_{tail_v},
        sinks_{sinks},
        sink_values_{sink_v} {}

  // The quantizer of a page whose first token stands at `position`, where that matters; modulo 2^64, as roped_keys take it.
  template <class K>
  constexpr auto placed(K const& k, std::size_t position) const noexcept {
    if constexpr (!requires { keys_.at(position); })
      return k;
    else if constexpr (std::is_same_v<K, Keys>)
      return k.at(position);
    else
      return keys_.with(k)->at(position);
  }

  struct float_places {
    std::byte *tail, *tail_values, *sinks, *sink_values;
  };
  constexpr float_places places(head_memory const& m) const noexcept {
    auto* const tail_v = m.floats.data() + tail_.page_bytes();
    auto* const sinks = tail_v + tail_values_.page_bytes();
    return {m.floats.data(), tail_v, sinks, sinks + sinks_.page_bytes()};
  }
  status check_memory(head_memory const& m) const noexcept {
    if (m.length == nullptr || group_ == 0 || m.floats.size() < float_bytes()) return errc::size_mismatch;
    return errc::ok;
  }

  template <class Arch>
  status append_token(matrix_view<float const> k, matrix_view<float const> v, std::size_t t, head_memory const& m,
                      workspace scratch) const noexcept {
    auto const at = places(m);
    status s;
    if (t < shape_.sinks) {
      sinks_.template put<Arch>(k, t, {at.sinks, sinks_.page_bytes()});
      sink_values_.template put<Arch>(v, t, {at.sink_values, sink_values_.page_bytes()});
    } else {
      auto const slot = (t - shape_.sinks) % tail_.page_tokens();
      tail_.template put<Arch>(k, slot, {at.tail, tail_.page_bytes()});
      tail_values_.template put<Arch>(v, slot, {at.tail_values, tail_values_.page_bytes()});
      if (packed_tokens(t + 1) != packed_tokens(t)) s = pack<Arch>(packed_tokens(t), m, scratch);
    }
    if (s) m.length->store(t + 1, std::memory_order_release);
    return s;
  }

  // The group of tokens that starts `r` tokens after the sinks.
  template <class Arch>
  status pack(std::size_t r, head_memory const& m, workspace scratch) const noexcept {
    auto const at = places(m);
    auto const slot = r % tail_.page_tokens();
    matrix_view<float> const k{scratch.take<float>(group_ * keys_.head_size()).data(), group_, keys_.head_size()};
    matrix_view<float> const v{scratch.take<float>(group_ * values_.head_size()).data(), group_, values_.head_size()};
    tail_.template get<Arch>({at.tail, tail_.page_bytes()}, slot, k);
    tail_values_.template get<Arch>({at.tail_values, tail_values_.page_bytes()}, slot, v);
    auto const page = r / keys_.page_tokens();
    auto const first = r % keys_.page_tokens();
    if (auto const s = keys_.template append<Arch>(k, first, {m.key_pages[page], keys_.page_bytes()}, scratch); !s) return s;
    return values_.template append<Arch>(v, first, {m.value_pages[page], values_.page_bytes()}, scratch);
  }

  Keys keys_{};
  Values values_{};
  cache_shape shape_{};
  std::size_t group_ = 0;
  tail_keys tail_{};
  tail_values tail_values_{};
  tail_keys sinks_{};
  tail_values sink_values_{};
};

}  // namespace skive
