// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/sparse_blocks.hpp - where a sparse codec's bytes lie: planes of the codec of kept numbers, then one of positions.
///
///   a block is the fewest groups of M whose kept numbers are whole blocks of the codec and whose positions are whole bytes;
///   a plane holds one block after another, apart by its block_stride
///
/// Model of : - (base of compose/sparse_codec.hpp)
/// Cost     : -
/// Accuracy : -
/// Promise  : sizes saturate, they do not wrap.
/// Source   : -

#include "skive/compose/parts.hpp"
#include "skive/sparse/packed_n_of_m.hpp"

#include <numeric>

namespace skive::detail {

template <class Pattern, class Codec, position_layout Layout>
class sparse_blocks {
 public:
  static constexpr std::size_t kept = Pattern::kept;
  static constexpr std::size_t group = Pattern::group;
  static constexpr int n_kept = static_cast<int>(kept);
  static constexpr int m_group = static_cast<int>(group);
  using packed = packed_n_of_m<n_kept, m_group, Layout>;
  static constexpr std::size_t bits = packed::position_bits;
  static constexpr std::size_t inner_planes = Codec::plane_count;
  static constexpr std::size_t plane_count = inner_planes + 1;

  constexpr sparse_blocks() noexcept = default;
  constexpr explicit sparse_blocks(Codec of_kept) noexcept : codec_{of_kept} {}

  constexpr Codec const& codec() const noexcept { return codec_; }

  /// Whole blocks of the codec and whole bytes of positions.
  constexpr std::size_t block_size() const noexcept { return block_; }
  constexpr std::size_t row_multiple() const noexcept {
    auto const values = codec_.row_multiple();
    return values / std::gcd(values, kept) * group;
  }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return joined(codec_.plane_bytes(n / group * kept), std::array<std::size_t, 1>{packed::position_bytes(n)});
  }

  constexpr std::size_t codec_blocks() const noexcept { return codec_blocks_; }
  // Blocks follow each other in every plane without gaps.
  template <class Byte>
  constexpr bool contiguous(planes<Byte, plane_count> const& p) const noexcept {
    if (block_size() == 0) return true;
    auto const each = plane_bytes(block_size());
    for (std::size_t i = 0; i < plane_count; ++i)
      if (p[i].block_stride != each[i]) return false;
    return true;
  }
  // The planes from block b on.
  template <class Byte>
  static constexpr planes<Byte, plane_count> planes_from(planes<Byte, plane_count> p, std::size_t b) noexcept {
    for (auto& one : p.parts) {
      one.data += b * one.block_stride;
      one.size -= b * one.block_stride;
    }
    return p;
  }
  // The codec's planes, where one of our blocks is one of its, or blocks have no gaps.
  template <class Byte>
  constexpr auto codec_planes(planes<Byte, plane_count> const& p) const noexcept {
    auto const block = codec_blocks() > 1 ? 0 : block_size();
    return planes_of<0>(codec_, block, p);
  }
  constexpr bool runs_on(bool gaps) const noexcept { return !gaps || codec_blocks() == 1; }

  // Numbers whose positions lie without gaps.
  template <class Byte>
  constexpr std::size_t position_run(std::size_t n, plane<Byte> const& p) const noexcept {
    auto const block = block_size();
    return block == 0 || p.block_stride == packed::position_bytes(block) ? n : block;
  }
  // Plane i of the codec from blocks to bytes without gaps, or back.
  template <class From, class To>
  constexpr void copy_blocks(std::size_t n, std::size_t i, From from, To to) const noexcept {
    for (std::size_t first = 0, b = 0; first < n; first += block_size(), ++b) {
      auto const bytes = plane_bytes(n - first < block_size() ? n - first : block_size())[i];
      for (std::size_t k = 0; k < bytes; ++k)
        if constexpr (std::is_pointer_v<From>)
          to.data[b * to.block_stride + k] = *from++;
        else
          *to++ = from.data[b * from.block_stride + k];
    }
  }

 private:
  static constexpr std::size_t block_of(Codec const& codec) noexcept {
    auto const values = codec.block_size();
    return values == 0 ? 0 : std::lcm(values / std::gcd(values, kept), 8 / std::gcd(std::size_t{8}, bits)) * group;
  }
  // Blocks of the codec in one of ours.
  static constexpr std::size_t blocks_in(Codec const& codec) noexcept {
    return codec.block_size() == 0 ? 1 : block_of(codec) / group * kept / codec.block_size();
  }

  [[no_unique_address]] Codec codec_{};
  std::size_t block_ = block_of(codec_);
  std::size_t codec_blocks_ = blocks_in(codec_);
};

}  // namespace skive::detail
