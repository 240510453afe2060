// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/code_tile.hpp - how codes of 1 to 8 bits lie in a page, so that byte products need no shuffle.
///
///   code_tile<Width, Columns>    a unit of `rows` x 16 Columns codes in `bytes` bytes
///
/// A register of 64 bytes is sixteen lanes of four rows: byte 4 l + k is row 4 q + k of column l. Rows are what a product sums
/// over (channels of keys, tokens of values), columns what it yields (tokens of keys, channels of values). Widths are sums of
/// 1, 2, 4 and 8 bits: each part of a code has registers of its own, in which the same bits of 8, 4, 2 or 1 registers lie one
/// above the other. So unpacking is a shift and a mask per part, for 64 codes.
///
/// Model of : -
/// Cost     : unpacking 64 codes: 2 instructions for 1, 2 and 4 bits, none for 8; 5 for 3, 5 and 6 bits, 8 for 7.
/// Promise  : rows divides 32; exactly `bytes` bytes are touched; any bytes unpack to codes below 2^Width.
/// Source   : -

#include "skive/simd/bytes.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace skive::detail {

template <int Width, std::size_t Columns>
struct code_tile {
  static_assert(1 <= Width && Width <= 8 && (Columns == 1 || Columns == 2));
  static constexpr int width = Width;
  static constexpr std::size_t columns = Columns;
  static constexpr int smallest = Width & -Width;  ///< bits of the smallest part
  static constexpr std::size_t registers = smallest == 8 ? Columns : static_cast<std::size_t>(8 / smallest);
  static constexpr std::size_t quads = registers / Columns;
  static constexpr std::size_t rows = 4 * quads;
  static constexpr std::size_t bytes = 8 * registers * static_cast<std::size_t>(Width);
  /// Units after which whole groups of four rows end for n rows, the last ones padded.
  static constexpr std::size_t units(std::size_t n) noexcept { return (n + rows - 1) / rows; }

  /// Register v: rows 4 (v / Columns) ... + 3, columns 16 (v % Columns) ... + 15. Shifts are immediate where v is a constant once
  /// loops are unrolled.
  template <class Arch>
  [[gnu::always_inline]] static simd::words<Arch> load(std::byte const* unit, std::size_t v) noexcept {
    auto codes = simd::words<Arch>::broadcast(0);
    each_part([&]<int Bits, int Position>() __attribute__((always_inline)) {
      constexpr std::size_t fields = 8 / Bits;
      auto const shift = static_cast<int>(v % fields) * Bits - Position;
      auto w = load_words<Arch>(unit + part_offset(Position) + v / fields * 64);
      if (shift > 0) w = w >> shift;
      if (shift < 0) w = w << -shift;
      if constexpr (Bits < 8) w = w & simd::words<Arch>::broadcast(repeat(Bits, Position));
      if constexpr (Position == 0)
        codes = w;
      else
        codes = codes | w;
    });
    return codes;
  }

  /// Precondition: every byte is below 2^Width.
  template <class Arch>
  static void store(simd::words<Arch> const (&codes)[registers], std::byte* unit) noexcept {
    each_part([&]<int Bits, int Position>() {
      constexpr std::size_t fields = 8 / Bits;
      for (std::size_t r = 0; r < registers / fields; ++r) {
        auto all = simd::words<Arch>::broadcast(0);
        for (std::size_t f = 0; f < fields; ++f) {
          auto const part = (codes[r * fields + f] >> Position) & simd::words<Arch>::broadcast(repeat(Bits, 0));
          all = all | (part << (static_cast<int>(f) * Bits));
        }
        alignas(64) std::uint32_t lane[16];
        all.store(lane);
        std::memcpy(unit + part_offset(Position) + 64 * r, lane, 64);
      }
    });
  }

 private:
  static constexpr std::size_t part_offset(int position) noexcept { return 8 * registers * static_cast<std::size_t>(position); }
  static constexpr std::uint32_t repeat(int bits, int position) noexcept {
    return (((1U << bits) - 1U) << position) * 0x01010101U;
  }
  template <class Arch>
  [[gnu::always_inline]] static simd::words<Arch> load_words(std::byte const* from) noexcept {
    return simd::words<Arch>::load(reinterpret_cast<std::uint32_t const*>(from));
  }
  // Calls f<bits of the part, its position in the code>() from the lowest part on.
  template <class F>
  [[gnu::always_inline]] static void each_part(F f) noexcept {
    if constexpr (Width == 8) f.template operator()<8, 0>();
    if constexpr (Width != 8 && (Width & 4) != 0) f.template operator()<4, 0>();
    if constexpr ((Width & 2) != 0) f.template operator()<2, Width & 4>();
    if constexpr ((Width & 1) != 0) f.template operator()<1, Width & 6>();
  }
};

/// Calls f<0>() ... f<N - 1>().
template <std::size_t N, class F>
[[gnu::always_inline]] inline void unrolled(F f) noexcept {
  [&]<std::size_t... I>(std::index_sequence<I...>)
      __attribute__((always_inline)) { (f.template operator()<I>(), ...); }(std::make_index_sequence<N>{});
}

}  // namespace skive::detail
