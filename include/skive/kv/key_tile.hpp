// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/key_tile.hpp - codes of 32 tokens of keys: from rows of bytes to units, and back.
///
/// Model of : -
/// Cost     : storing takes a gather of four bytes for each token and four channels.
/// Promise  : exactly the units of `n` channels are touched.
/// Source   : -

#include "skive/kv/page.hpp"
#include "skive/kv/tile_product.hpp"

namespace skive::detail {

/// 32 tokens of byte codes, token t at codes + t pitch, as units of a key tile; channels from `n` on are zero.
template <class Tile, class Arch>
inline void store_key_tile(std::byte const* codes, std::size_t pitch, std::size_t n, std::byte* to) noexcept {
  for (std::size_t u = 0; u < Tile::units(n); ++u, to += Tile::bytes) {
    simd::words<Arch> registers[Tile::registers];
    for (std::size_t v = 0; v < Tile::registers; ++v) {
      auto const channel = u * Tile::rows + v / 2 * 4;
      registers[v] = simd::generate<std::uint32_t, Arch>([&](std::size_t lane) noexcept {
        std::uint32_t four = 0;
        if (channel < n) std::memcpy(&four, codes + (v % 2 * 16 + lane) * pitch + channel, 4);
        return four;
      });
    }
    Tile::template store<Arch>(registers, to);
  }
}

/// Codes of tokens first ... first + out.rows - 1 of a tile as floats, for as many channels as `out` has.
template <class Tile, class Arch>
inline void read_key_tile(std::byte const* unit, std::size_t first, matrix_view<float> out) noexcept {
  alignas(64) std::uint8_t codes[Tile::registers][64];
  for (std::size_t u = 0; u * Tile::rows < out.cols; ++u, unit += Tile::bytes) {
    for (std::size_t v = 0; v < Tile::registers; ++v)
      Tile::template load<Arch>(unit, v).store(reinterpret_cast<std::uint32_t*>(codes[v]));
    auto const channels = smaller(Tile::rows, out.cols - u * Tile::rows);
    for (std::size_t j = 0; j < out.rows; ++j) {
      auto const token = first + j;
      for (std::size_t d = 0; d < channels; ++d)
        out(j, u * Tile::rows + d) = static_cast<float>(codes[d / 4 * 2 + token / 16][token % 16 * 4 + d % 4]);
    }
  }
}

/// Lanes from ... from + count - 1 of 32 to out[0] ...
template <class Arch>
[[gnu::always_inline]] inline void store_range(simd::floats<Arch> const (&x)[2], std::size_t from, std::size_t count,
                                               float* out) noexcept {
  if (count == tile_tokens) {
    x[0].store(out);
    x[1].store(out + 16);
    return;
  }
  alignas(64) float lane[tile_tokens];
  x[0].store(lane);
  x[1].store(lane + 16);
  for (std::size_t j = 0; j < count; ++j) out[j] = lane[from + j];
}

}  // namespace skive::detail
