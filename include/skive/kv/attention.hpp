// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/attention.hpp - attention of a few queries to a range of tokens of a page, on packed data.
///
///   l(i, j) = cap(scale q_i k_j) where query i sees token j, else -infinity;   cap(x) = c tanh(x / c), or x for c = 0
///   query i stands at position  mask.position + i / mask.heads,  token `first` of the page at `position`
///   seen: token <= query (causal), and query - token < window or token < sinks (sliding window)
///
/// One call for each page (or part of one: threads split so and merge their states). Rows are all query heads of one key/value
/// head, for one or more successive positions. Key and value pages may have any quantizers, different for each page.
///
/// Model of : -
/// Cost     : 128 tokens at a time: dot, softmax, accumulate; each page byte leaves memory once for all rows. Tokens that no row
///            sees cost nothing in pieces of 128.
/// Accuracy : that of the quantizers and of kv/online_softmax.hpp.
/// Promise  : sizes are checked before the first write; a page found corrupt leaves the state of this call's rows unspecified.
/// Source   : T. Dao et al., "FlashAttention", NeurIPS 2022; G. Xiao et al., "Efficient Streaming Language Models with Attention
///            Sinks", ICLR 2024 (sinks); soft cap: Gemma 2, arXiv:2408.00118.

#include "skive/kv/online_softmax.hpp"

namespace skive {

/// Which tokens a query sees.
struct attention_mask {
  std::size_t position = 0;  ///< of the first query
  std::size_t heads = 1;     ///< rows that share a position
  std::size_t window = 0;    ///< tokens seen, the query's own included; 0: all
  std::size_t sinks = 0;     ///< first tokens that a window does not hide
  bool causal = true;
};

struct logit_rule {
  float scale = 1.0f;     ///< usually 1 / sqrt(head_size)
  float soft_cap = 0.0f;  ///< 0: none
};

namespace detail {

inline constexpr std::size_t attention_piece = 128;

/// Tokens of `count` from position `first` that a query at `position` sees: [0, sinks) and [begin, end).
struct seen_tokens {
  std::size_t sinks, begin, end;

  constexpr seen_tokens(attention_mask const& mask, std::size_t position, std::size_t first, std::size_t count) noexcept {
    auto const clamp = [first, count](std::size_t p) noexcept { return p <= first ? 0 : smaller(p - first, count); };
    end = mask.causal ? clamp(position + 1) : count;
    begin = mask.window != 0 && position >= mask.window ? smaller(clamp(position - mask.window + 1), end) : 0;
    sinks = smaller(smaller(clamp(mask.sinks), end), begin);
  }
  constexpr bool none() const noexcept { return sinks == 0 && begin == end; }
};

template <class Arch>
inline void apply_rule(logit_rule const& rule, std::span<float> logits) noexcept {
  using floats = simd::floats<Arch>;
  auto const scale = floats::broadcast(rule.soft_cap > 0 ? rule.scale / rule.soft_cap : rule.scale);
  for (std::size_t i = 0; i < logits.size(); i += 16) {
    auto const some = logits.size() - i;
    auto x = simd::product<Arch>(load_some<Arch>(logits.data() + i, some), scale);
    if (rule.soft_cap > 0) {
      for (std::size_t p = 0; p < x.registers; ++p) x.part[p] = xsimd::tanh(x.part[p]);
      x = simd::product<Arch>(x, floats::broadcast(rule.soft_cap));
    }
    store_some<Arch>(x, logits.data() + i, some);
  }
}

}  // namespace detail

/// Scratch of attend() for so many rows.
template <class Keys, class Values>
constexpr std::size_t attention_scratch_bytes(Keys const& keys, Values const& values, std::size_t rows) noexcept {
  auto const k = keys.scratch_bytes(rows);
  auto const v = values.scratch_bytes(rows);
  return saturating_add(workspace::bytes<float>(saturating_multiply(rows, detail::attention_piece)), k > v ? k : v);
}

/// Takes tokens first ... first + count - 1 of a page into the state. Fails with size_mismatch, invalid_argument (a scale or cap
/// that is not finite, no heads), workspace_too_small, and what dot and accumulate fail with.
template <class Arch = native_arch, key_quantizer Keys, value_quantizer Values>
status attend(Keys const& keys, typename Keys::query const& q, std::span<std::byte const> key_page, Values const& values,
              std::span<std::byte const> value_page, std::size_t first, std::size_t count, std::size_t position,
              attention_mask const& mask, logit_rule const& rule, attention_state const& state, workspace scratch) noexcept {
  auto const rows = state.accumulator.rows;
  if (!state.valid(rows) || keys.head_size() == 0 || state.accumulator.cols != values.head_size()) return errc::size_mismatch;
  if (key_page.size() < keys.page_bytes() || value_page.size() < values.page_bytes()) return errc::size_mismatch;
  for (auto const tokens : {keys.page_tokens(), values.page_tokens()})
    if (first > tokens || count > tokens - first) return errc::size_mismatch;
  if (!is_finite(rule.scale) || !is_finite(rule.soft_cap) || rule.soft_cap < 0 || mask.heads == 0) return errc::invalid_argument;
  if (position > ~std::size_t{0} - count || mask.position > ~std::size_t{0} - 1 - rows) return errc::overflow;
  if (scratch.size() < attention_scratch_bytes(keys, values, rows)) return errc::workspace_too_small;
  auto const memory = scratch.take<float>(rows * detail::attention_piece);
  for (std::size_t t = first; t < first + count;) {
    auto const piece = detail::smaller(detail::attention_piece - t % detail::attention_piece, first + count - t);
    bool some = false;
    for (std::size_t r = 0; r < rows && !some; r += mask.heads)
      some = !detail::seen_tokens{mask, mask.position + r / mask.heads, position + (t - first), piece}.none();
    if (some) {
      matrix_view<float> const logits{memory.data(), rows, piece, detail::attention_piece};
      if (auto const s = keys.template dot<Arch>(key_page, t, q, logits, scratch); !s) return s;
      for (std::size_t r = 0; r < rows; ++r) {
        detail::apply_rule<Arch>(rule, logits.row(r));
        detail::seen_tokens const seen{mask, mask.position + r / mask.heads, position + (t - first), piece};
        for (std::size_t j = seen.sinks; j < seen.begin; ++j) logits(r, j) = detail::masked;
        for (std::size_t j = seen.end; j < piece; ++j) logits(r, j) = detail::masked;
        detail::weigh<Arch>(state, r, logits.row(r));
      }
      if (auto const s = values.template accumulate<Arch>(value_page, t, logits, state.accumulator, scratch); !s) return s;
    }
    t += piece;
  }
  return errc::ok;
}

}  // namespace skive
