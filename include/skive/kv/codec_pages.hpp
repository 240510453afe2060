// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/codec_pages.hpp - any block codec as a quantizer of single tokens: FP8, MX, NVFP4, integers, tables, compositions.
///
///   codec_keys<Codec>, codec_values<Codec>      page: [plane 0 of token 0, of token 1, ...][plane 1 of token 0, ...] ...
///
/// So tokens side by side are one long row, where groups do not leave a token: 32 tokens are then decoded in one call.
///
/// A token is a group of its own: no tail is needed. Keys and values have the same bytes, so that a page may be read as both
/// (kv/joined_keys.hpp: latent caches).
///
/// Model of : key_quantizer (codec_keys), value_quantizer (codec_values)
/// Cost     : kv/nibble_products.hpp (4 bits) or kv/codec_products.hpp where groups are whole registers and fill a token, else
///            kv/decoded_pages.hpp.
/// Accuracy : the codec's, and that of the products: floats, or with AVX2 and AVX-512 VBMI, where codes of 4 bits have integer levels,
///            queries and weights of 16 bits (kv/nibble_products.hpp), so that these logits differ from those of other instruction
///            sets.
/// Promise  : the bytes of the codec. NaN and infinity are refused, and the page is left alone unless the codec itself refuses a
///            row that is finite.
/// Source   : -

#include "skive/block/grouped.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/kv/codec_products.hpp"
#include "skive/kv/decoded_pages.hpp"
#include "skive/kv/nibble_products.hpp"

namespace skive {
namespace detail {

/// The codec for several rows of n numbers as one: nothing unless the bytes are the same.
template <class Codec>
constexpr result<Codec> codec_of_rows(Codec const&, std::size_t) noexcept {
  return errc::invalid_argument;
}
template <class Scheme>
constexpr result<grouped<Scheme>> codec_of_rows(grouped<Scheme> const& codec, std::size_t n) noexcept {
  auto const group = codec.group_size() == 0 ? n : codec.group_size();
  grouped<Scheme> const rows{group, codec.scheme(), codec.order()};
  auto const one = codec.plane_bytes(n);
  auto const many = rows.plane_bytes(tile_tokens * n);
  for (std::size_t i = 0; i < one.size(); ++i)
    if (n % group != 0 || many[i] != tile_tokens * one[i]) return errc::invalid_argument;
  return rows;
}

/// What multiplies codes in registers.
template <class Codec, class Arch>
struct products_of;
template <class Scheme, class Arch>
  requires dot_lanes<Scheme, Arch>
struct products_of<grouped<Scheme>, Arch> {
  using type = codec_products<Scheme, Arch>;
};
template <class Scheme, class Arch>
  requires(dot_lanes<Scheme, Arch> && nibble_scheme<Scheme> && simd::has_nibble_levels<Arch>)
struct products_of<grouped<Scheme>, Arch> {
  using type = nibble_products<Arch>;
};
template <class Codec, class Arch>
concept multiplied_codec = requires { typename products_of<Codec, Arch>::type; };

template <class Codec>
inline constexpr bool nibble_codec = false;
template <class Scheme>
inline constexpr bool nibble_codec<grouped<Scheme>> = nibble_scheme<Scheme>;

/// Do groups of whole sixteens fill a token? `row`: the layout of tokens side by side.
constexpr bool fills_tokens(group_layout const& row, std::size_t head_size) noexcept {
  return row.group % 16 == 0 && row.group != 0 && head_size % row.group == 0 && row.whole == row.n;
}

/// What keys and values share.
template <block_codec Codec>
class codec_page {
 public:
  using codec_type = Codec;

  constexpr codec_page() noexcept = default;
  /// Fails with invalid_argument unless the codec takes rows of head_size numbers.
  static constexpr result<codec_page> make(Codec const& codec, page_shape shape) noexcept {
    if (!shape.valid() || shape.head_size % codec.row_multiple() != 0) return errc::invalid_argument;
    codec_page page{codec, shape};
    if (auto const rows = codec_of_rows(codec, shape.head_size)) {
      page.rows_ = *rows;
      page.joins_ = true;
      page.tile_strides_ = strides(*rows, shape.head_size);
      if constexpr (requires { rows->layout(shape.head_size); }) page.tile_ = rows->layout(tile_tokens * shape.head_size);
    }
    return page;
  }

  constexpr page_shape shape() const noexcept { return shape_; }
  constexpr std::size_t head_size() const noexcept { return shape_.head_size; }
  constexpr std::size_t page_tokens() const noexcept { return shape_.tokens; }
  constexpr std::size_t group_tokens() const noexcept { return 1; }
  constexpr std::size_t token_bytes() const noexcept { return total_bytes(codec_.plane_bytes(head_size())); }
  constexpr std::size_t page_bytes() const noexcept { return saturating_multiply(shape_.tokens, token_bytes()); }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return codec_.scratch_bytes(head_size()); }

  /// Fails with size_mismatch, not_finite, workspace_too_small, and what the codec fails with.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    if (auto const s = check_append<Arch>(shape_, 1, page_bytes(), page.size(), rows, first, largest_number<float>()); !s)
      return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    if (joins_ && rows.row_stride == rows.cols)
      return with_arch<Arch>::encode(rows_, std::span{rows.data, rows.rows * rows.cols},
                                     place<std::byte>(tile_strides_, page, first, rows.rows), scratch);
    for (std::size_t t = 0; t < rows.rows; ++t) {
      auto const to = place<std::byte>(row_strides_, page, first + t, 1);
      if (auto const s = with_arch<Arch>::encode(codec_, rows.row(t), to, scratch); !s) return s;
    }
    return errc::ok;
  }
  /// Fails with size_mismatch, workspace_too_small, and what the codec fails with.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = check_decode(shape_, page_bytes(), page.size(), first, out); !s) return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    return decode_rows<Arch>(page, first, out, scratch);
  }
  /// Are tokens multiplied without being written down as floats?
  template <class Arch>
  constexpr bool multiplies() const noexcept {
    if constexpr (multiplied_codec<Codec, Arch>)
      return joins_ && fills_tokens(tile_, head_size());
    else
      return false;
  }
  /// How nibbles lie in bytes, for kv/paired_queries.hpp.
  constexpr bit_order order() const noexcept
    requires nibble_codec<Codec>
  {
    return codec_.order();
  }

 protected:
  // At most 32 tokens. Precondition: multiplies().
  template <class Arch, class Query>
  void dot_packed(std::span<std::byte const> page, std::size_t first, Query const& queries,
                  matrix_view<float> logits) const noexcept {
    each_tile<Arch>(page, first, logits.cols, [&](auto const& tile, std::size_t t, std::size_t count) {
      matrix_view<float> const part{logits.data + t, logits.rows, count, logits.row_stride};
      in_fours(logits.rows, [&]<std::size_t Rows>(std::size_t h) { tile.template dot<Rows>(queries, h, part); });
    });
  }
  template <class Arch>
  bool accumulate_packed(std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights,
                         matrix_view<float> sums) const noexcept {
    bool good = true;
    each_tile<Arch>(page, first, weights.cols, [&](auto const& tile, std::size_t t, std::size_t count) {
      matrix_view<float const> const part{weights.data + t, weights.rows, count, weights.row_stride};
      in_fours(weights.rows, [&]<std::size_t Rows>(std::size_t h) { good &= tile.template accumulate<Rows>(part, h, sums); });
    });
    return good;
  }

  constexpr codec_page(Codec const& codec, page_shape shape) noexcept
      : codec_{codec},
        shape_{shape},
        token_bytes_{codec.plane_bytes(shape.head_size)},
        row_strides_{strides(codec, shape.head_size)} {}
  template <class Arch>
  status decode_rows(std::span<std::byte const> page, std::size_t first, matrix_view<float> out,
                     workspace scratch) const noexcept {
    if (joins_ && out.row_stride == out.cols)
      return with_arch<Arch>::decode(rows_, place<std::byte const>(tile_strides_, page, first, out.rows),
                                     std::span{out.data, out.rows * out.cols}, scratch);
    for (std::size_t t = 0; t < out.rows; ++t) {
      auto const from = place<std::byte const>(row_strides_, page, first + t, 1);
      if (auto const s = with_arch<Arch>::decode(codec_, from, out.row(t), scratch); !s) return s;
    }
    return errc::ok;
  }

 private:
  // Calls use(products of some tokens, the first of them, their number).
  template <class Arch, class Use>
  void each_tile(std::span<std::byte const> page, std::size_t first, std::size_t tokens, Use use) const noexcept {
    if constexpr (multiplied_codec<Codec, Arch>) {
      using products = typename products_of<Codec, Arch>::type;
      auto const most = products::tokens_at_once(tile_, head_size());
      auto from = place<std::byte const>(tile_strides_, page, first, 1);
      for (std::size_t t = 0; t < tokens; t += most) {
        auto const count = smaller(most, tokens - t);
        for (std::size_t i = 1; i < Codec::plane_count; ++i)  // scales of the next tile: codes are asked for as they are read
          for (std::size_t b = 0; b < count * token_bytes_[i]; b += 64)
            simd::prefetch<Arch>(from[i].data, count * token_bytes_[i] + b);
        products const tile{rows_.scheme(), tile_, from, head_size(), count};
        use(tile, t, count);
        for (std::size_t i = 0; i < Codec::plane_count; ++i) from[i].data += count * token_bytes_[i];
      }
    }
  }
  using sizes = std::array<std::size_t, Codec::plane_count>;
  static constexpr sizes strides(Codec const& codec, std::size_t n) noexcept {
    return codec.plane_bytes(codec.block_size() == 0 ? n : codec.block_size());
  }
  // Planes of `count` tokens as a row whose blocks are `strides` apart.
  template <class Byte>
  constexpr planes<Byte, Codec::plane_count> place(sizes const& strides, std::span<Byte> page, std::size_t token,
                                                   std::size_t count) const noexcept {
    planes<Byte, Codec::plane_count> out;
    std::size_t offset = 0;
    for (std::size_t i = 0; i < token_bytes_.size(); ++i) {
      out[i] = {page.data() + offset + token * token_bytes_[i], count * token_bytes_[i], strides[i]};
      offset += shape_.tokens * token_bytes_[i];
    }
    return out;
  }

  Codec codec_{};
  Codec rows_{};  // of several tokens as one row
  page_shape shape_{};
  sizes token_bytes_{};
  sizes row_strides_{};
  sizes tile_strides_{};
  group_layout tile_{};  // of 32 tokens as one row
  bool joins_ = false;
};

}  // namespace detail

template <block_codec Codec>
using codec_keys = decoded_keys<detail::codec_page<Codec>>;
template <block_codec Codec>
using codec_values = decoded_values<detail::codec_page<Codec>>;

}  // namespace skive
