// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/tile_product.hpp - products of a few rows of coefficients with a column of packed codes, in lanes.
///
///   sum(h, column) = sum_r coefficient(h, r) code(r, column),   coefficients as kv/coefficients.hpp leaves them
///
/// Lanes are columns, so that nothing is added across lanes: four rows of codes meet a word of four coefficients that all lanes
/// share. A register of codes is unpacked once for all h. Where registers are few a column is done at a time, so that its sums
/// stay in them.
///
/// Model of : -
/// Cost     : 64 codes: unpacking (kv/code_tile.hpp) and 2 dot4 for each h, or widening and 2 dot2.
/// Accuracy : exact while (2^Width - 1) 127 rows < 2^31, then one rounding to float. Sums of halves: (2^Width - 1) 16383 rows of
///            all calls < 2^31, or all rows in one call.
/// Promise  : the same integers everywhere.
/// Source   : -

#include "skive/kv/code_tile.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/dot.hpp"

namespace skive::detail {

/// Codes as they are.
struct same_bytes {
  template <class Words>
  [[gnu::always_inline]] Words operator()(Words const& codes) const noexcept {
    return codes;
  }
};

/// Largest: no byte that is multiplied is above it.
template <class Tile, std::size_t Rows, class Arch, int Largest = (1 << Tile::width) - 1>
struct tile_product {
  using integers = simd::integers<Arch>;
  using words = simd::words<Arch>;
  using floats = simd::floats<Arch>;

  integers high[Rows][Tile::columns];
  integers low[Rows][Tile::columns];

  [[gnu::always_inline]] void clear() noexcept {
    unrolled<Rows * Tile::columns>([&]<std::size_t I>() __attribute__((always_inline)) {
      high[I / Tile::columns][I % Tile::columns] = integers::broadcast(0);
      low[I / Tile::columns][I % Tile::columns] = integers::broadcast(0);
    });
  }
  /// Units one after another; coefficients of row h start at `stride` h bytes. map: what becomes of codes first.
  template <class Map = same_bytes>
  [[gnu::always_inline]] void add(std::byte const* unit, std::size_t units, std::byte const* first, std::byte const* second,
                                  std::size_t stride, Map map = {}) noexcept {
    if constexpr (simd::prefers_halves<Arch>) {
      for (;;) {
        auto const now = units < most_units ? units : most_units;
        add_halves(unit, now, first, second, stride, map);
        units -= now;
        if (units == 0) return;
        unrolled<Rows * Tile::columns>([&]<std::size_t I>() __attribute__((always_inline)) {
          auto& sum = low[I / Tile::columns][I % Tile::columns];
          auto& upper = high[I / Tile::columns][I % Tile::columns];
          auto const carried = sum >> 7;
          upper = upper + carried;
          sum = sum - (carried << 7);
        });
        unit += now * Tile::bytes;
        first += now * Tile::rows;
        second += now * Tile::rows;
      }
    } else {
      add_bytes(unit, units, first, second, stride, map);
    }
  }
  [[gnu::always_inline]] floats value(std::size_t h, std::size_t column) const noexcept {
    return simd::fused(simd::to_float(high[h][column]), floats::broadcast(128.0f), simd::to_float(low[h][column]));
  }

 private:
  static constexpr std::size_t read_ahead = 4096;                                                       // bytes
  static constexpr std::size_t most_units = 0x7FFF'FFFF / (std::size_t{Largest} * 16384 * Tile::rows);  // of 31 bits

  template <class Map>
  [[gnu::always_inline]] void add_bytes(std::byte const* unit, std::size_t units, std::byte const* highs, std::byte const* lows,
                                        std::size_t stride, Map map) noexcept {
    for (std::size_t u = 0; u < units; ++u, unit += Tile::bytes, highs += Tile::rows, lows += Tile::rows) {
      for (std::size_t i = 0; i < Tile::bytes; i += 64) simd::prefetch<Arch>(unit + i, read_ahead);
#pragma GCC unroll 16
      for (std::size_t v = 0; v < Tile::registers; ++v) {
        auto const codes = map(Tile::template load<Arch>(unit, v));
        auto const column = v % Tile::columns;
        auto const at = v / Tile::columns * 4;
#pragma GCC unroll 4
        for (std::size_t h = 0; h < Rows; ++h) {
          high[h][column] = simd::dot4<Largest>(high[h][column], codes, four(highs + h * stride + at));
          low[h][column] = simd::dot4<Largest>(low[h][column], codes, four(lows + h * stride + at));
        }
      }
    }
  }
  // A column at a time: the sums of four rows fill half of AVX2's registers.
  template <class Map>
  [[gnu::always_inline]] void add_halves(std::byte const* const from, std::size_t units, std::byte const* const evens,
                                         std::byte const* const odds, std::size_t stride, Map map) noexcept {
    unrolled<Tile::columns>([&]<std::size_t Column>() __attribute__((always_inline)) {
      integers sum[Rows];
      unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) { sum[H] = low[H][Column]; });
      auto const* unit = from;
      auto const* even = evens;
      auto const* odd = odds;
      for (std::size_t u = 0; u < units; ++u, unit += Tile::bytes, even += Tile::rows, odd += Tile::rows) {
        if constexpr (Column == 0)
          for (std::size_t i = 0; i < Tile::bytes; i += 64) simd::prefetch<Arch>(unit + i, read_ahead);
#pragma GCC unroll 8
        for (std::size_t q = 0; q < Tile::quads; ++q) {
          auto const codes = map(Tile::template load<Arch>(unit, q * Tile::columns + Column));
          auto const a = simd::even_bytes(codes);
          auto const b = simd::odd_bytes(codes);
#pragma GCC unroll 4
          for (std::size_t h = 0; h < Rows; ++h) {
            auto const half = simd::dot2(sum[h], a, four(even + h * stride + 4 * q));
            sum[h] = simd::settled(simd::dot2(half, b, four(odd + h * stride + 4 * q)));
          }
        }
      }
      unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) { low[H][Column] = sum[H]; });
    });
  }
  [[gnu::always_inline]] static words four(std::byte const* from) noexcept {
    std::uint32_t w;
    std::memcpy(&w, from, 4);
    return words::broadcast(w);
  }
};

}  // namespace skive::detail
