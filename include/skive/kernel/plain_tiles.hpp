// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/plain_tiles.hpp - what products read of plain packed rows: sixteen rows at a time, interleaved on the way.
///
///   64 bytes of codes of 16 rows become 16 words [word][row], scales (and zero points) of 16 groups 16 registers [group][row]
///
/// Model of : -
/// Cost     : a transposition (simd/transpose.hpp) for 64 bytes of 16 rows, and for 16 groups of 16 rows; 3 KiB of stack a tile.
/// Accuracy : -
/// Promise  : reads inside of the planes that check_rows() accepts, whatever the distances of rows and blocks.
/// Source   : -

#include "skive/core/checked.hpp"
#include "skive/kernel/interleaved_tiles.hpp"
#include "skive/simd/transpose.hpp"

namespace skive::detail {

/// Rows of kernel/tile_products.hpp: those of a range, number 0 the range's first.
template <class Scheme, class Arch>
class plain_tiles {
  static constexpr int width = Scheme::packing::width;
  static constexpr std::size_t fields = Scheme::field_bits.size();
  static constexpr std::size_t units = 16 / static_cast<std::size_t>(width);  // of 32 numbers in 64 bytes of codes
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using matrix = packed_matrix<1 + fields>;

 public:
  plain_tiles(grouped<Scheme> const& codec, matrix const& m, std::size_t n, row_range range) noexcept
      : scheme_{codec.scheme()},
        layout_{codec.layout(n)},
        m_{m},
        range_{range},
        bytes_{Scheme::packing::bytes(n)},
        block_bytes_{layout_.groups <= 1 ? bytes_ : Scheme::packing::bytes(layout_.group * layout_.per_block)},
        side_by_side_{layout_.groups <= layout_.per_block || m.first[0].block_stride == block_bytes_} {}

  std::size_t rows() const noexcept { return range_.count; }
  std::size_t group() const noexcept { return layout_.group; }
  std::size_t numbers() const noexcept { return layout_.n; }

  template <std::size_t Tiles>
  class reader {
    static constexpr std::size_t none = ~std::size_t{0};

   public:
    reader(plain_tiles const& w, std::size_t tile) noexcept : w_{w} {
      for (auto& at : codes_at_) at = none;
      for (std::size_t i = 0; i < 16 * Tiles; ++i) {  // past the last row: that one again
        auto const r = 16 * tile + i;
        from_[i / 16][i % 16] = w.m_.row(w.range_.first + smaller(r, w.range_.count - 1));
      }
    }
    template <std::size_t Registers>
    [[gnu::always_inline]] void load_codes(std::size_t i, std::size_t half, words (&byte)[Registers]) noexcept {
      auto const unit = half / 2;
      if (unit / units != codes_at_[i]) w_.load_codes(from_[i], codes_at_[i] = unit / units, codes_[i]);
      unpack_words<width, Arch>(codes_[i] + unit % units * (width * 64), half % 2, w_.layout_.order, byte);
    }
    [[gnu::always_inline]] void load_group(std::size_t g, floats (&scale)[Tiles], floats (&minus_zero)[Tiles]) noexcept {
      if (g / 16 != groups_at_) {
        groups_at_ = g / 16;
        for (std::size_t i = 0; i < Tiles; ++i) w_.load_groups(from_[i], groups_at_, scale_[i], minus_zero_[i]);
      }
      for (std::size_t i = 0; i < Tiles; ++i) {
        scale[i] = floats::load(scale_[i][g % 16]);
        minus_zero[i] = has_zero_point<Scheme> ? floats::load(minus_zero_[i][g % 16]) : floats::broadcast(0.0f);
      }
    }

   private:
    plain_tiles const& w_;
    planes<std::byte const, 1 + fields> from_[Tiles][16];
    std::size_t codes_at_[Tiles];
    std::size_t groups_at_ = none;
    alignas(64) std::byte codes_[Tiles][1024];
    alignas(64) float scale_[Tiles][16][16];
    alignas(64) float minus_zero_[Tiles][has_zero_point<Scheme> ? 16 : 1][16];
  };

 private:
  using from_planes = planes<std::byte const, 1 + fields>;

  [[gnu::noinline]] void load_codes(from_planes const (&from)[16], std::size_t at, std::byte* to) const noexcept {
    auto const first = at * (units * width * 4);
    std::byte const* row[16];
    alignas(64) std::byte copy[16][64];
    if (side_by_side_ && first + 64 <= bytes_) {
      for (std::size_t j = 0; j < 16; ++j) {
        row[j] = from[j][0].data + first;
        simd::prefetch<Arch>(row[j], 512);
      }
    } else {
      for (std::size_t j = 0; j < 16; ++j) {
        gather_codes<Arch>(from[j][0], first, bytes_, block_bytes_, copy[j]);
        row[j] = copy[j];
      }
    }
    simd::transpose_words<Arch>(row, to);
  }
  [[gnu::noinline]] void load_groups(from_planes const (&from)[16], std::size_t at, float (&scale)[16][16],
                                     float (*minus_zero)[16]) const noexcept {
    auto const count = smaller(16, layout_.groups - 16 * at);
    alignas(64) float of_row[2][16][16];
    std::byte const* row[2][16];
    for (std::size_t j = 0; j < 16; ++j) {
      for (std::size_t f = 0; f < 2; ++f) row[f][j] = reinterpret_cast<std::byte const*>(of_row[f][j]);
      load_sixteen_groups<Arch>(scheme_, from[j], 16 * at, count, layout_, of_row[0][j], of_row[1][j]);
    }
    simd::transpose_words<Arch>(row[0], reinterpret_cast<std::byte*>(scale));
    if constexpr (has_zero_point<Scheme>) simd::transpose_words<Arch>(row[1], reinterpret_cast<std::byte*>(minus_zero));
  }

  Scheme const& scheme_;
  group_layout layout_;
  matrix const& m_;
  row_range range_;
  std::size_t bytes_;
  std::size_t block_bytes_;
  bool side_by_side_;
};

}  // namespace skive::detail
