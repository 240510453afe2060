// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/sparse_product.hpp - products of rows of a sparse_codec: what all rows share is worked out once.
///
///   a row is cut into pieces of at most 4096 kept numbers; each gathers what its positions name of the vector, floats or bytes,
///   and takes the codec's own product with that
///
/// Model of : -
/// Cost     : the gathering and the codec's product; 16 KiB of stack for floats, 12 for bytes (and 16 where one block holds many
///            of the codec's and blocks have gaps).
/// Accuracy : the codec's for each piece; pieces are summed in double.
/// Promise  : the same pieces, and bits, in every layout. Positions that no mask has give errc::corrupt.
/// Source   : -

#include "skive/block/float_query.hpp"
#include "skive/compose/parts.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/sparse/kept_bytes.hpp"

#include <numeric>

namespace skive::detail {

/// Its query is a view of the vector: any part of a row can be multiplied by itself.
template <class Codec>
concept has_float_query = dot_codec<Codec> && std::is_same_v<typename Codec::query, float_query>;
/// Meets vectors of bytes, a scale for 32 numbers, when Kept numbers of a group are kept.
template <class Codec, std::size_t Kept>
concept has_byte_query = has_float_query<Codec> && 32 % Kept == 0 && requires(Codec const c) {
  requires integer_scheme<typename Codec::scheme_type>;
  { c.order() } -> std::same_as<bit_order>;
};

template <class Arch, class Sparse>
class sparse_product {
  static constexpr std::size_t plane_count = Sparse::plane_count;
  static constexpr std::size_t inner_planes = Sparse::inner_planes;
  static constexpr std::size_t kept = Sparse::kept;
  static constexpr std::size_t group = Sparse::group;
  static constexpr std::size_t most_at_once = 4096;  // kept numbers
  using packed = typename Sparse::packed;
  using codec_type = std::remove_cvref_t<decltype(std::declval<Sparse const&>().codec())>;
  using from_planes = planes<std::byte const, plane_count>;

  template <class Query>
  static constexpr std::size_t step_of() noexcept {
    if constexpr (std::is_same_v<Query, sparse_int8_query>) return Sparse::template bytes_of<codec_type>::step;
    return kept;
  }

 public:
  /// For all rows of q.size numbers whose blocks are as far from each other as those of `from`.
  template <class Query>
  constexpr sparse_product(Sparse const& s, Query const& q, from_planes const& from) noexcept
      : sparse_{s},
        at_once_{piece(s, q.size, step_of<Query>())},
        blocks_{s.block_size() == 0 || at_once_ == 0 ? 0 : at_once_ / s.block_size()},
        close_{!s.runs_on(!s.contiguous(from))} {
    position_unit_ = s.position_run(q.size, from[inner_planes]);
  }
  constexpr bool fits() const noexcept { return at_once_ != 0; }
  /// Can rows of n numbers be cut into pieces that keep multiples of `step` numbers?
  static constexpr bool fits(Sparse const& s, std::size_t n, std::size_t step) noexcept { return piece(s, n, step) != 0; }

  template <class Query>
  constexpr result<float> operator()(from_planes const& from, Query const& q) const noexcept {
    double sum = 0;
    for (std::size_t first = 0, b = 0; first < q.size; first += at_once_, b += blocks_) {
      auto const size = q.size - first < at_once_ ? q.size - first : at_once_;
      auto const part = product_of(Sparse::planes_from(from, b), q, first, size);
      if (!part) return part;
      sum += static_cast<double>(*part);
    }
    return static_cast<float>(sum);
  }

 private:
  // Numbers of a piece: all, or whole blocks and steps; 0 if they keep too many.
  static constexpr std::size_t piece(Sparse const& s, std::size_t n, std::size_t step) noexcept {
    if (n / group * kept <= most_at_once) return n == 0 ? group : n;
    if (s.block_size() == 0 || s.block_size() / group * kept > most_at_once) return 0;
    auto const unit = std::lcm(s.block_size(), step / kept * group);
    return most_at_once / (unit / group * kept) * unit;
  }

  constexpr result<float> product_of(from_planes const& from, float_query const& q, std::size_t first,
                                     std::size_t size) const noexcept {
    alignas(64) std::array<float, most_at_once + 16> values;  // NOLINT(cppcoreguidelines-pro-type-member-init): 16 KiB
    auto const& places = from[inner_planes];
    bool good = true;
    for (std::size_t i = 0, b = 0; i < size; i += position_unit_, ++b) {
      auto const now = size - i < position_unit_ ? size - i : position_unit_;
      std::span<std::byte const> const positions{places.data + b * places.block_stride, packed::position_bytes(now)};
      good = gather_at<Sparse::n_kept, Sparse::m_group, packed::layout, Arch>({q.data + first + i, now}, positions,
                                                                              values.data() + i / group * kept) &&
          good;
    }
    if (!good) return errc::corrupt;
    return product_of_kept(from, size, float_query{values.data(), size / group * kept});
  }

  constexpr result<float> product_of(from_planes const& from, sparse_int8_query const& q, std::size_t first,
                                     std::size_t size) const noexcept {
    using bytes = typename Sparse::template bytes_of<codec_type>;
    auto const& places = from[inner_planes];
    auto const order = sparse_.codec().order();
    if constexpr (bytes::template by_picker<Arch> && integer_lanes<typename codec_type::scheme_type, Arch>)
      if (position_unit_ >= size && !close_)
        if (auto const l = sparse_.codec().layout(size / group * kept);
            integer_dot<typename codec_type::scheme_type, Arch, 1>::fits(l))
          return picked(from, q, first, size, l);
    alignas(64) std::array<std::byte, bytes::most_bytes> records;  // NOLINT(cppcoreguidelines-pro-type-member-init): 12 KiB
    bool good = true;
    if (position_unit_ >= size) {
      good = bytes::template fill<Arch>(q, first, size, {places.data, packed::position_bytes(size)}, order, records.data());
    } else {
      std::array<std::byte, bytes::most_position_bytes> close;  // NOLINT(cppcoreguidelines-pro-type-member-init)
      auto* to = close.data();
      for (std::size_t i = 0, b = 0; i < size; i += position_unit_, ++b)
        for (std::size_t k = 0; k < packed::position_bytes(size - i < position_unit_ ? size - i : position_unit_); ++k)
          *to++ = places.data[b * places.block_stride + k];
      good = bytes::template fill<Arch>(q, first, size, {close.data(), packed::position_bytes(size)}, order, records.data());
    }
    if (!good) return errc::corrupt;
    return product_of_kept(
        from, size,
        int8_query{records.data(), size / group * kept, q.scale, q.kind, query_order<typename codec_type::scheme_type>(order)});
  }

  // Steps of the vector are made one by one, just before they are needed.
  result<float> picked(from_planes const& from, sparse_int8_query const& q, std::size_t first, std::size_t size,
                       group_layout const& l) const noexcept {
    using scheme = typename codec_type::scheme_type;
    using source = kept_steps<typename Sparse::template bytes_of<codec_type>, Arch>;
    auto const& codec = sparse_.codec();
    source steps{q, first, size, {from[inner_planes].data, packed::position_bytes(size)}, codec.order()};
    int8_query const part{nullptr, size / group * kept, q.scale, q.kind, 0};
    float y = 0.0f;
    integer_dot<scheme, Arch, 1, source>{codec.scheme(), l, &part}({sparse_.codec_planes(from), {}, 1, &y, 0}, q.kind, steps);
    return steps.good() ? result<float>{y} : errc::corrupt;
  }

  // The codec's product with the numbers of the vector that n numbers of the row keep.
  template <class Query>
  constexpr result<float> product_of_kept(from_planes const& from, std::size_t n, Query const& part) const noexcept {
    if (!close_) return codec_product(sparse_.codec_planes(from), part);
    std::array<std::byte, 4 * most_at_once> close;  // NOLINT(cppcoreguidelines-pro-type-member-init): codes without gaps
    planes<std::byte, inner_planes> whole;
    if (auto const s = planar(sparse_.codec(), part.size, close, whole); !s) return errc::unsupported;
    for (std::size_t i = 0; i < inner_planes; ++i) sparse_.copy_blocks(n, i, from[i], whole[i].data);
    return codec_product(planes<std::byte const, inner_planes>(whole), part);
  }
  template <class Query>
  constexpr result<float> codec_product(planes<std::byte const, inner_planes> const& from, Query const& part) const noexcept {
    auto const& codec = sparse_.codec();
    if constexpr (requires(float y) { codec.template multiply<Arch, 1>({from, {}, 1, &y, 0}, codec.layout(part.size), &part); }) {
      float y = 0.0f;
      codec.template multiply<Arch, 1>({from, {}, 1, &y, 0}, codec.layout(part.size), &part);
      return y;
    } else {
      return with_arch<Arch>::dot(codec, from, part);
    }
  }

  Sparse const& sparse_;
  std::size_t at_once_;
  std::size_t blocks_;
  bool close_;
  std::size_t position_unit_ = 0;
};

}  // namespace skive::detail
