// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/joined_keys.hpp - keys of two parts with a quantizer each: latent caches (MLA), whose rotary part is stored apart.
///
///   k = [a | b],  q k = q_a a + q_b b;     page: [page of First][page of Second]
///
/// A latent cache keeps one row per token that is read as key and as value: First is codec_keys<C>, Second the rotary part (for
/// example float_keys<float16>), and the value quantizer is codec_values<C>, which reads the first bytes of the very same page.
/// Appending keys writes all of it; appending the latent rows as values writes the same bytes again and may be left out. So
/// attend() takes the page twice, and in a head_cache key and value pages are the same pointers.
///
/// Model of : key_quantizer
/// Cost     : both parts', one pass over the logits; scratch for the logits of 128 tokens.
/// Accuracy : both parts'.
/// Promise  : a refused append leaves the page alone as far as the parts' do, for the second is tried only after the first took
///            the rows: rows are checked for both before.
/// Source   : DeepSeek-AI, "DeepSeek-V2", arXiv:2405.04434 (multi-head latent attention).

#include "skive/kv/affine_lanes.hpp"
#include "skive/kv/plain_queries.hpp"

namespace skive {

template <class First, class Second>
struct joined_queries {
  std::size_t rows = 0;
  First first;
  Second second;
};

namespace detail {

inline constexpr std::size_t logits_at_once = 128;

/// logits += those of other keys. Scratch: logits_at_once for each row, then that of the keys. Fails with what they fail with,
/// corrupt.
template <class Arch, class Keys>
inline status add_logits(Keys const& keys, std::span<std::byte const> page, std::size_t first, typename Keys::query const& query,
                         matrix_view<float> logits, workspace scratch) noexcept {
  auto const memory = scratch.take<float>(logits.rows * logits_at_once);
  for (std::size_t t = 0; t < logits.cols && logits.rows != 0; t += logits_at_once) {
    matrix_view<float> const more{memory.data(), logits.rows, smaller(logits_at_once, logits.cols - t)};
    if (auto const s = keys.template dot<Arch>(page, first + t, query, more, scratch); !s) return s;
    for (std::size_t i = 0; i < more.rows; ++i)
      for (std::size_t j = 0; j < more.cols; ++j) logits(i, t + j) += more(i, j);
  }
  return finite_rows<Arch>(logits) ? errc::ok : errc::corrupt;
}

}  // namespace detail

template <key_quantizer First, key_quantizer Second>
class joined_keys {
 public:
  using query = joined_queries<typename First::query, typename Second::query>;

  constexpr joined_keys() noexcept = default;
  /// Fails with invalid_argument unless pages have the same tokens and one group divides the other, and the page.
  static constexpr result<joined_keys> make(First const& first, Second const& second) noexcept {
    auto const a = first.group_tokens();
    auto const b = second.group_tokens();
    if (a == 0 || b == 0 || first.page_tokens() != second.page_tokens() || (a % b != 0 && b % a != 0))
      return errc::invalid_argument;
    if (first.head_size() + second.head_size() > largest_head_size) return errc::invalid_argument;
    return joined_keys{first, second};
  }

  constexpr First const& first() const noexcept { return first_; }
  constexpr Second const& second() const noexcept { return second_; }
  constexpr std::size_t head_size() const noexcept { return first_.head_size() + second_.head_size(); }
  constexpr std::size_t page_tokens() const noexcept { return first_.page_tokens(); }
  constexpr std::size_t group_tokens() const noexcept {
    return first_.group_tokens() > second_.group_tokens() ? first_.group_tokens() : second_.group_tokens();
  }
  constexpr std::size_t page_bytes() const noexcept { return first_.page_bytes() + second_.page_bytes(); }
  constexpr std::size_t scratch_bytes(std::size_t queries) const noexcept {
    auto const a = first_.scratch_bytes(queries);
    auto const b = second_.scratch_bytes(queries);
    return saturating_add(workspace::bytes<float>(saturating_multiply(queries, detail::logits_at_once)), a > b ? a : b);
  }
  constexpr std::size_t query_bytes(std::size_t queries) const noexcept {
    return saturating_add(workspace::bytes<std::byte>(first_.query_bytes(queries)),
                          workspace::bytes<std::byte>(second_.query_bytes(queries)));
  }

  /// Fails with size_mismatch, not_finite (also beyond 65504), workspace_too_small.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    page_shape const shape{head_size(), page_tokens()};
    if (auto const s =
            detail::check_append<Arch>(shape, group_tokens(), page_bytes(), page.size(), rows, first, detail::largest_float16);
        !s)
      return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    if (rows.rows == 0) return errc::ok;
    if (auto const s = first_.template append<Arch>(left(rows), first, page.first(first_.page_bytes()), scratch); !s) return s;
    return second_.template append<Arch>(right(rows), first, page.subspan(first_.page_bytes()), scratch);
  }
  /// Fails with what both parts fail with.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = check(page, first, out.rows); !s) return s;
    if (!out.valid() || (out.rows != 0 && out.cols != head_size())) return errc::size_mismatch;
    if (out.rows == 0) return errc::ok;
    if (auto const s = first_.template decode<Arch>(page.first(first_.page_bytes()), first, left(out), scratch); !s) return s;
    return second_.template decode<Arch>(page.subspan(first_.page_bytes()), first, right(out), scratch);
  }
  /// Fails with size_mismatch, not_finite, workspace_too_small.
  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace memory) const noexcept {
    if (!rows.valid() || rows.cols != head_size()) return errc::size_mismatch;
    if (memory.size() < query_bytes(rows.rows)) return errc::workspace_too_small;
    auto const a = first_.template prepare<Arch>(left(rows), part(memory, first_.query_bytes(rows.rows)));
    if (!a) return a.error();
    auto const b = second_.template prepare<Arch>(right(rows), part(memory, second_.query_bytes(rows.rows)));
    if (!b) return b.error();
    return query{rows.rows, *a, *b};
  }
  /// logits(i, j) = query i times token first + j. Fails with what both parts fail with, workspace_too_small.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace scratch) const noexcept {
    if (auto const s = check(page, first, logits.cols); !s) return s;
    if (!logits.valid() || logits.rows != q.rows) return errc::size_mismatch;
    if (scratch.size() < scratch_bytes(q.rows)) return errc::workspace_too_small;
    if (auto const s = first_.template dot<Arch>(page.first(first_.page_bytes()), first, q.first, logits, scratch); !s) return s;
    return detail::add_logits<Arch>(second_, page.subspan(first_.page_bytes()), first, q.second, logits, scratch);
  }

 private:
  constexpr joined_keys(First const& first, Second const& second) noexcept : first_{first}, second_{second} {}

  template <class T>
  constexpr matrix_view<T> left(matrix_view<T> rows) const noexcept {
    return {rows.data, rows.rows, first_.head_size(), rows.row_stride};
  }
  template <class T>
  constexpr matrix_view<T> right(matrix_view<T> rows) const noexcept {
    return {rows.rows == 0 ? rows.data : rows.data + first_.head_size(), rows.rows, second_.head_size(), rows.row_stride};
  }
  static workspace part(workspace& memory, std::size_t bytes) noexcept { return workspace{memory.take<std::byte>(bytes)}; }
  constexpr status check(std::span<std::byte const> page, std::size_t first, std::size_t count) const noexcept {
    return detail::check_range({head_size(), page_tokens()}, page_bytes(), page.size(), first, count);
  }

  First first_{};
  Second second_{};
};

}  // namespace skive
