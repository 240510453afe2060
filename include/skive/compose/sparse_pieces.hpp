// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/sparse_pieces.hpp - a row of a sparse_codec in pieces whose products fit fixed scratch, and what belongs to one.
///
///   piece    : all numbers of a row, or as many whole blocks and steps of a product as keep at most 4096 numbers
///   of one   : its positions and the codec's codes without gaps, where they lie or in a copy; the codec's product with what it keeps
///
/// Model of : -
/// Cost     : nothing where blocks lie without gaps; else a copy of positions, and of codes where one block holds many of the
///            codec's, in 16 KiB of stack.
/// Accuracy : -
/// Promise  : the same pieces in every layout. Codes of a piece that are larger than the copy are unsupported.
/// Source   : -

#include "skive/compose/parts.hpp"
#include "skive/core/with_arch.hpp"

#include <numeric>
#include <type_traits>

namespace skive::detail {

template <class Arch, class Sparse>
class sparse_pieces {
  static constexpr std::size_t plane_count = Sparse::plane_count;
  static constexpr std::size_t inner_planes = Sparse::inner_planes;
  static constexpr std::size_t kept = Sparse::kept;
  static constexpr std::size_t group = Sparse::group;
  using packed = typename Sparse::packed;
  using from_planes = planes<std::byte const, plane_count>;
  using codec_planes = planes<std::byte const, inner_planes>;

 public:
  static constexpr std::size_t most_at_once = 4096;  ///< kept numbers

  /// For rows of n numbers whose blocks are as far from each other as those of `from`; a product keeps multiples of `step`.
  constexpr sparse_pieces(Sparse const& s, std::size_t n, std::size_t step, from_planes const& from) noexcept
      : sparse_{s},
        size_{size(s, n, step)},
        blocks_{s.block_size() == 0 || size_ == 0 ? 0 : size_ / s.block_size()},
        gaps_{!s.contiguous(from) && n > s.block_size()},
        close_{!s.runs_on(gaps_)},
        position_unit_{s.position_run(n, from[inner_planes])} {}

  /// Numbers of a piece: all, or whole blocks and steps; 0 if they keep too many.
  static constexpr std::size_t size(Sparse const& s, std::size_t n, std::size_t step) noexcept {
    if (n / group * kept <= most_at_once) return n == 0 ? group : n;
    if (s.block_size() == 0 || s.block_size() / group * kept > most_at_once) return 0;
    auto const unit = std::lcm(s.block_size(), step / kept * group);
    return most_at_once / (unit / group * kept) * unit;
  }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::size_t blocks() const noexcept { return blocks_; }                ///< of a piece
  constexpr bool gaps() const noexcept { return gaps_; }                           ///< between blocks of a row
  constexpr std::size_t position_unit() const noexcept { return position_unit_; }  ///< numbers whose positions have no gaps

  /// Positions of `count` numbers where they lie without gaps, or their copy.
  constexpr std::span<std::byte const> positions_of(plane<std::byte const> const& places, std::size_t count,
                                                    std::span<std::byte> close) const noexcept {
    if (position_unit_ >= count) return {places.data, packed::position_bytes(count)};
    auto* to = close.data();
    for (std::size_t i = 0, b = 0; i < count; i += position_unit_, ++b)
      for (std::size_t k = 0; k < packed::position_bytes(count - i < position_unit_ ? count - i : position_unit_); ++k)
        *to++ = places.data[b * places.block_stride + k];
    return close.first(packed::position_bytes(count));
  }
  /// The codec's planes of `count` kept numbers without gaps, in `close`.
  constexpr codec_planes codes_of(from_planes const& from, std::size_t count, std::span<std::byte> close) const noexcept {
    planes<std::byte, inner_planes> whole;
    if (!planar(sparse_.codec(), count, close, whole)) return {};
    for (std::size_t i = 0; i < inner_planes; ++i) sparse_.copy_blocks(count / kept * group, i, from[i], whole[i].data);
    return codec_planes(whole);
  }

  /// The codec's product with the numbers of the vector that the piece keeps.
  template <class Query>
  constexpr result<float> product_of_kept(from_planes const& from, Query const& part) const noexcept {
    if (!close_) return codec_product(sparse_.codec_planes(from), part);
    std::array<std::byte, 4 * most_at_once> close;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    if (total_bytes(sparse_.codec().plane_bytes(part.size)) > close.size()) return errc::unsupported;
    return codec_product(codes_of(from, part.size, close), part);
  }

 private:
  template <class Query>
  constexpr result<float> codec_product(codec_planes const& from, Query const& part) const noexcept {
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
  std::size_t size_;
  std::size_t blocks_;
  bool gaps_;
  bool close_;  // the codec needs codes without gaps
  std::size_t position_unit_;
};

}  // namespace skive::detail
