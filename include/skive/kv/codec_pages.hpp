// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/codec_pages.hpp - any block codec as a quantizer of single tokens: FP8, MX, NVFP4, integers, tables, compositions.
///
///   codec_keys<Codec>, codec_values<Codec>      page: [encoded token 0][encoded token 1] ...   (planes one after another)
///
/// A token is a group of its own: no tail is needed. Tokens are decoded 32 at a time into floats, once for all queries.
///
/// Model of : key_quantizer (codec_keys), value_quantizer (codec_values)
/// Cost     : that of decoding, then of kv/float_pages.hpp; keys are turned on the way. Scratch: 32 tokens of floats twice.
/// Accuracy : the codec's.
/// Promise  : the bytes of the codec. NaN and infinity are refused, and the page is left alone unless the codec itself refuses a
///            row that is finite. dot and accumulate fail with corrupt when decoded numbers are not finite.
/// Source   : -

#include "skive/kv/float_pages.hpp"

namespace skive {
namespace detail {

/// What keys and values share.
template <block_codec Codec>
class codec_page {
 public:
  constexpr codec_page() noexcept = default;

  constexpr page_shape shape() const noexcept { return shape_; }
  constexpr std::size_t head_size() const noexcept { return shape_.head_size; }
  constexpr std::size_t page_tokens() const noexcept { return shape_.tokens; }
  constexpr std::size_t group_tokens() const noexcept { return 1; }
  constexpr std::size_t token_bytes() const noexcept { return total_bytes(codec_.plane_bytes(head_size())); }
  constexpr std::size_t page_bytes() const noexcept { return saturating_multiply(shape_.tokens, token_bytes()); }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept {
    return 2 * workspace::bytes<float>(tile_tokens * head_size()) + codec_.scratch_bytes(head_size());
  }

  /// Fails with size_mismatch, not_finite, workspace_too_small, and what the codec fails with.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    if (auto const s = check_append<Arch>(shape_, 1, page_bytes(), page.size(), rows, first, largest_number<float>()); !s)
      return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    for (std::size_t t = 0; t < rows.rows; ++t) {
      planes<std::byte, Codec::plane_count> to;
      if (auto const s = planar(codec_, head_size(), page.subspan((first + t) * token_bytes(), token_bytes()), to); !s) return s;
      if (auto const s = codec_.encode(rows.row(t), to, scratch); !s) return s;
    }
    return errc::ok;
  }
  /// Fails with size_mismatch, workspace_too_small, and what the codec fails with.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = check_range(shape_, page_bytes(), page.size(), first, out.rows); !s) return s;
    if (!out.valid() || (out.rows != 0 && out.cols != head_size())) return errc::size_mismatch;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    return decode_rows(page, first, out, scratch);
  }

 protected:
  constexpr codec_page(Codec const& codec, page_shape shape) noexcept : codec_{codec}, shape_{shape} {}
  static constexpr status check(Codec const& codec, page_shape shape) noexcept {
    if (!shape.valid() || shape.head_size % codec.row_multiple() != 0) return errc::invalid_argument;
    return errc::ok;
  }
  status decode_rows(std::span<std::byte const> page, std::size_t first, matrix_view<float> out,
                     workspace scratch) const noexcept {
    for (std::size_t t = 0; t < out.rows; ++t) {
      planes<std::byte const, Codec::plane_count> from;
      if (auto const s = planar(codec_, head_size(), page.subspan((first + t) * token_bytes(), token_bytes()), from); !s)
        return s;
      if (auto const s = codec_.decode(from, out.row(t), scratch); !s) return s;
    }
    return errc::ok;
  }
  /// Calls use(floats of a tile of rows, its first token, how many) for tokens first ... first + count - 1.
  template <class Use>
  status in_tiles(std::span<std::byte const> page, std::size_t first, std::size_t count, workspace scratch,
                  Use use) const noexcept {
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    auto const memory = scratch.take<float>(tile_tokens * head_size());
    auto const turned = scratch.take<float>(tile_tokens * head_size());
    for (std::size_t t = 0; t < count; t += tile_tokens) {
      matrix_view<float> const rows{memory.data(), smaller(tile_tokens, count - t), head_size()};
      if (auto const s = decode_rows(page, first + t, rows, scratch); !s) return s;
      if (auto const s = use(rows, t, turned); !s) return s;
    }
    return errc::ok;
  }

 private:
  Codec codec_{};
  page_shape shape_{};
};

}  // namespace detail

template <block_codec Codec>
class codec_keys : public detail::codec_page<Codec> {
  using base = detail::codec_page<Codec>;

 public:
  using query = plain_queries;

  constexpr codec_keys() noexcept = default;
  /// Fails with invalid_argument unless the codec takes rows of head_size numbers.
  static constexpr result<codec_keys> make(Codec const& codec, page_shape shape) noexcept {
    if (auto const s = base::check(codec, shape); !s) return s;
    return codec_keys{codec, shape};
  }
  constexpr std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace = {}) const noexcept {
    return detail::plain_query<Arch>(rows, this->head_size());
  }
  /// logits(i, j) = query i times token first + j. Fails with size_mismatch, workspace_too_small, corrupt.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace scratch) const noexcept {
    auto const n = this->head_size();
    if (auto const s = detail::check_range(this->shape(), this->page_bytes(), page.size(), first, logits.cols); !s) return s;
    if (!logits.valid() || logits.rows != q.rows.rows || q.rows.cols != n) return errc::size_mismatch;
    auto const plain = float_keys<float>::make({n, tile_tokens});
    return this->in_tiles(page, first, logits.cols, scratch,
                          [&](matrix_view<float> rows, std::size_t t, std::span<float> turned) {
                            for (std::size_t d = 0; d < n; ++d)
                              for (std::size_t i = 0; i < rows.rows; ++i) turned[d * tile_tokens + i] = rows(i, d);
                            matrix_view<float> const part{&logits(0, t), logits.rows, rows.rows, logits.row_stride};
                            return logits.rows == 0 ? status{} : plain->template dot<Arch>(std::as_bytes(turned), 0, q, part);
                          });
  }

 private:
  constexpr codec_keys(Codec const& codec, page_shape shape) noexcept : base{codec, shape} {}
};

template <block_codec Codec>
class codec_values : public detail::codec_page<Codec> {
  using base = detail::codec_page<Codec>;

 public:
  constexpr codec_values() noexcept = default;
  /// Fails with invalid_argument unless the codec takes rows of head_size numbers.
  static constexpr result<codec_values> make(Codec const& codec, page_shape shape) noexcept {
    if (auto const s = base::check(codec, shape); !s) return s;
    return codec_values{codec, shape};
  }
  /// sums(i, d) += sum_j weights(i, j) v(first + j, d). Fails with size_mismatch, not_finite (a weight), workspace_too_small,
  /// corrupt.
  template <class Arch = native_arch>
  status accumulate(std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights, matrix_view<float> sums,
                    workspace scratch) const noexcept {
    auto const n = this->head_size();
    if (auto const s = detail::check_range(this->shape(), this->page_bytes(), page.size(), first, weights.cols); !s) return s;
    if (auto const s = detail::check_weights<Arch>(weights, sums, n); !s) return s;
    auto const plain = float_values<float>::make({n, tile_tokens});
    return this->in_tiles(page, first, weights.cols, scratch, [&](matrix_view<float> rows, std::size_t t, std::span<float>) {
      if (weights.rows == 0) return status{};
      matrix_view<float const> const part{&weights(0, t), weights.rows, rows.rows, weights.row_stride};
      std::span<std::byte const> const bytes{reinterpret_cast<std::byte const*>(rows.data), plain->page_bytes()};
      return plain->template accumulate<Arch>(bytes, 0, part, sums);
    });
  }

 private:
  constexpr codec_values(Codec const& codec, page_shape shape) noexcept : base{codec, shape} {}
};

}  // namespace skive
