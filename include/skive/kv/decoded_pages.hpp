// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/decoded_pages.hpp - key and value quantizers of pages that can be decoded: 32 tokens at a time, once for all queries.
///
///   logits(h, t) = q_h x_t,   sums(h, .) += sum_t w(h, t) x_t,   x_t: decoded rows, which stay in cache
///
/// Page: what knows the bytes (kv/codec_pages.hpp, kv/grouped_pages.hpp), with make, shape, page_bytes, scratch_bytes, append,
/// decode and decode_rows, the last without checks. Pages that can, multiply codes as they leave registers instead:
/// kv/codec_products.hpp.
///
/// Model of : key_quantizer (decoded_keys), value_quantizer (decoded_values)
/// Cost     : that of decoding, then one multiply-add for each number and query. Scratch: 32 tokens of floats.
/// Accuracy : that of the page; products are sums of floats.
/// Promise  : dot and accumulate fail with corrupt when decoded numbers are not finite.
/// Source   : -

#include "skive/kv/float_pages.hpp"
#include "skive/kv/float_rows.hpp"
#include "skive/kv/paired_queries.hpp"

namespace skive {
namespace detail {

/// Pages that know how to multiply without decoding to memory, where multiplies() says so.
template <class Page, class Arch>
concept multiplying_page = requires(Page const p) {
  { p.template multiplies<Arch>() } noexcept -> std::same_as<bool>;
};

/// Pages of codes of 4 bits, for which queries become integers.
template <class Page>
concept pairing_page = requires(Page const p) {
  { p.order() } noexcept -> std::same_as<bit_order>;
};

}  // namespace detail

template <class Page>
class decoded_keys : public Page {
 public:
  using query = std::conditional_t<detail::pairing_page<Page>, paired_queries, plain_queries>;
  using codec_type = typename Page::codec_type;

  constexpr decoded_keys() noexcept = default;
  /// Fails with what Page::make fails with.
  static constexpr result<decoded_keys> make(codec_type const& codec, page_shape shape) noexcept {
    auto const page = Page::make(codec, shape);
    if (!page) return page.error();
    return decoded_keys{*page};
  }
  constexpr std::size_t query_bytes([[maybe_unused]] std::size_t rows) const noexcept {
    return detail::pairing_page<Page> ? detail::paired_rows_bytes(rows, this->head_size()) : 0;
  }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept {
    return saturating_add(workspace::bytes<float>(tile_tokens * this->head_size()), Page::scratch_bytes(0));
  }
  /// Fails with size_mismatch, not_finite, workspace_too_small.
  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, [[maybe_unused]] workspace memory = {}) const noexcept {
    if constexpr (detail::pairing_page<Page>)
      return detail::pair_rows<Arch>(rows, this->head_size(), this->order(), memory);
    else
      return detail::plain_query<Arch>(rows, this->head_size());
  }
  /// logits(i, j) = query i times token first + j. Fails with size_mismatch, workspace_too_small, corrupt.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace scratch) const noexcept {
    auto const n = this->head_size();
    if (auto const s = detail::check_range(this->shape(), this->page_bytes(), page.size(), first, logits.cols); !s) return s;
    if (!logits.valid() || logits.rows != q.rows.rows || q.rows.cols != n) return errc::size_mismatch;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    auto const memory = scratch.take<float>(tile_tokens * n);
    for (std::size_t t = 0; t < logits.cols;) {
      auto const count = detail::smaller(tile_tokens - (first + t) % tile_tokens, logits.cols - t);
      matrix_view<float> const rows{memory.data(), count, n};
      matrix_view<float> const part{logits.data + t, logits.rows, count, logits.row_stride};
      t += count;
      if constexpr (detail::multiplying_page<Page, Arch>)
        if (this->template multiplies<Arch>()) {
          this->template dot_packed<Arch>(page, first + t - count, q, part);
          continue;
        }
      if (auto const s = Page::template decode_rows<Arch>(page, first + t - count, rows, scratch); !s) return s;
      detail::byte_rows const decoded{reinterpret_cast<std::byte const*>(rows.data), count, n, n * sizeof(float)};
      detail::in_fours(logits.rows,
                       [&]<std::size_t Rows>(std::size_t h) { detail::dot_rows<float, Arch, Rows>(decoded, q.rows, h, part); });
    }
    return detail::finite_rows<Arch>(logits) ? errc::ok : errc::corrupt;
  }

 private:
  constexpr explicit decoded_keys(Page const& page) noexcept : Page{page} {}
};

template <class Page>
class decoded_values : public Page {
 public:
  using codec_type = typename Page::codec_type;

  constexpr decoded_values() noexcept = default;
  /// Fails with what Page::make fails with.
  static constexpr result<decoded_values> make(codec_type const& codec, page_shape shape) noexcept {
    auto const page = Page::make(codec, shape);
    if (!page) return page.error();
    return decoded_values{*page};
  }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept {
    return saturating_add(workspace::bytes<float>(tile_tokens * this->head_size()), Page::scratch_bytes(0));
  }
  /// sums(i, d) += sum_j weights(i, j) v(first + j, d). Fails with size_mismatch, not_finite (a weight), workspace_too_small,
  /// corrupt.
  template <class Arch = native_arch>
  status accumulate(std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights, matrix_view<float> sums,
                    workspace scratch) const noexcept {
    auto const n = this->head_size();
    if (auto const s = detail::check_range(this->shape(), this->page_bytes(), page.size(), first, weights.cols); !s) return s;
    if (auto const s = detail::check_weights<Arch>(weights, sums, n); !s) return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    auto const plain = float_values<float>::make({n, tile_tokens});
    auto const memory = scratch.take<float>(tile_tokens * n);
    for (std::size_t t = 0; t < weights.cols;) {
      auto const count = detail::smaller(tile_tokens - (first + t) % tile_tokens, weights.cols - t);
      matrix_view<float const> const part{weights.data + t, weights.rows, count, weights.row_stride};
      t += count;
      if constexpr (detail::multiplying_page<Page, Arch>)
        if (this->template multiplies<Arch>()) {
          if (!this->template accumulate_packed<Arch>(page, first + t - count, part, sums)) return errc::corrupt;
          continue;
        }
      if (auto const s = Page::template decode_rows<Arch>(page, first + t - count, {memory.data(), count, n}, scratch); !s)
        return s;
      if (weights.rows != 0)
        if (auto const s = plain->template accumulate<Arch>(std::as_bytes(memory), 0, part, sums); !s) return s;
    }
    return errc::ok;
  }

 private:
  constexpr explicit decoded_values(Page const& page) noexcept : Page{page} {}
};

}  // namespace skive
