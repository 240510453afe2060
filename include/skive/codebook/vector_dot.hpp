// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/vector_dot.hpp - vector codebooks against a vector of bytes: codewords of byte tables that stay in registers.
///
///   codebook/byte_level_dot.hpp:   fields P 8 / Bits: number P c + j of a byte is number j of its codeword c;   Bits 4 or 8
///
/// Model of : levels_of_bytes
/// Cost     : VBMI, products and loop included (g++ 12): Bits = 8, P = 4 33 instructions for 256 numbers, P = 2 23 for 128; Bits = 4,
///            P = 2 18 for 256. Bits = 8 without byte shuffles: the rule, number by number.
/// Accuracy : levels are rounded to 255 values: |x'_i - used_i| <= largest / 254, largest the largest magnitude of the table times
///            the scale; evenly spread rounding is 0.8 % of the error of kmeans4_d2, 0.04 % of kmeans2_d4.
/// Promise  : any bytes are safe; nothing outside of the codes is read.
/// Source   : -

#include "skive/codebook/byte_level_dot.hpp"
#include "skive/codebook/vector_table.hpp"
#include "skive/simd/byte_windows.hpp"
#include "skive/simd/look_up_256.hpp"

#include <utility>

namespace skive::detail {

template <class Table>
concept table_of_bytes = requires(Table const& t) { t.byte_unit; };

inline constexpr int vector_bias = 128;
/// Of codes with `fields` numbers a byte.
constexpr std::uint32_t vector_query_order(std::size_t fields) noexcept {
  return query_order(static_cast<int>(8 / fields), vector_bias, false, bit_order::low_first) | 1U << 20;
}

/// Arch: where the look-ups are.
template <table_of_bytes Table, class Arch>
class vector_bytes {
  static constexpr auto index_bits = Table::index_bits;
  static constexpr std::size_t codes = 8 / index_bits;  // of a byte

 public:
  static constexpr std::size_t dimension = Table::dimension;
  static constexpr std::size_t fields = codes * dimension;
  static constexpr std::size_t parts = 1;
  static constexpr std::size_t chunk_bytes = 64;
  static constexpr int most = 255;
  static constexpr bool in_lanes = [] {
    if constexpr (index_bits == 4) return simd::vector_arch<Arch>;
    return simd::has_look_up_256<Arch>;
  }();

  explicit vector_bytes(Table const& t) noexcept : table_{&t}, kept_{t} {}
  float weight(std::size_t) const noexcept { return table_->byte_unit; }
  float unit() const noexcept { return table_->byte_unit; }
  void numbers(std::byte const* from, std::size_t i, std::int16_t* y) const noexcept {
    auto const byte = std::to_integer<std::size_t>(from[i / codes]);
    auto const index = byte >> (i % codes * index_bits) & (Table::entries - 1);
    for (std::size_t j = 0; j < dimension; ++j) y[j] = static_cast<std::int16_t>(table_->byte[j][index] - vector_bias);
  }
  template <class F>
  [[gnu::always_inline]] void bytes(std::byte const* p, F&& f) const noexcept {
    auto const index = load_64<Arch>(p);
    if constexpr (index_bits == 8) {
      simd::look_up_256(kept_.table, index,
                        [&f](std::size_t j, simd::words<Arch> const& levels) __attribute__((always_inline)) { f(0, j, levels); });
    } else {
      auto const low = simd::words<Arch>::broadcast(0x0F0F0F0F);
#pragma GCC unroll 4
      for (std::size_t j = 0; j < dimension; ++j) {
        f(0, j, simd::look_up_bytes(kept_.table[j], index & low));
        f(0, dimension + j, simd::look_up_bytes(kept_.table[j], (index >> 4) & low));
      }
    }
  }

 private:
  struct nothing {
    explicit nothing(Table const&) noexcept {}
  };
  template <class A>
  struct registers {
    simd::byte_table<16, A> table[dimension];
    explicit registers(Table const& t) noexcept : registers{t, std::make_index_sequence<dimension>{}} {}

   private:
    template <std::size_t... J>
    registers(Table const& t, std::index_sequence<J...>) noexcept : table{simd::byte_table<16, A>{std::to_array(t.byte[J])}...} {}
  };
  template <class A>
  struct wide {
    simd::byte_tables_256<dimension, A> table;
    explicit wide(Table const& t) noexcept : table{t.byte} {}
  };
  template <class A, bool InLanes, std::size_t Bits>
  struct choice {
    using type = nothing;
  };
  template <class A>
  struct choice<A, true, 4> {
    using type = registers<A>;
  };
  template <class A>
  struct choice<A, true, 8> {
    using type = wide<A>;
  };

  Table const* table_;
  [[no_unique_address]] typename choice<Arch, in_lanes, index_bits>::type kept_;
};

}  // namespace skive::detail
