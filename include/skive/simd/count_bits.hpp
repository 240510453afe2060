// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/count_bits.hpp - how many bits of each lane are set.
///
///   count_bits(w)     lane i: how many bits of w_i are set
///
/// Model of : -
/// Cost     : VPOPCNTDQ 1 instruction a register; by a table of 4 bits 9; else 16.
/// Accuracy : exact.
/// Source   : -

#include "skive/simd/byte_lookup.hpp"
#include "skive/simd/dot.hpp"

#include <bit>

namespace skive::simd {

namespace detail {

// Set bits of 0 ... 15, again and again.
template <class Arch>
struct nibble_table {
  alignas(64) std::uint8_t count[64];
  static constexpr nibble_table make() noexcept {
    nibble_table t{};
    for (unsigned i = 0; i < 64; ++i) t.count[i] = static_cast<std::uint8_t>(std::popcount(i % 16));
    return t;
  }
};
template <class Arch>
inline constexpr nibble_table<Arch> nibble_counts = nibble_table<Arch>::make();

}  // namespace detail

template <class Arch>
[[gnu::always_inline]] inline words<Arch> count_bits(words<Arch> const& w) noexcept {
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VPOPCNTDQ__)
  if constexpr (has_avx512vbmi<Arch>) {
    return {{_mm512_popcnt_epi32(w.part[0])}};
  } else
#endif
      if constexpr (detail::has_dot4_small<Arch>) {  // a table of 4 bits, twice; no byte of the sum is above 8
    auto const table = byte_batch<Arch>::load_unaligned(detail::nibble_counts<Arch>.count);
    auto const low = words<Arch>::broadcast(0x0F0F0F0F);
    auto const counts = [&table](words<Arch> const& nibbles) noexcept {
      words<Arch> r;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < r.registers; ++i)
        r.part[i] = xsimd::bitwise_cast<std::uint32_t>(
            detail::look_up_16<Arch>(table, xsimd::bitwise_cast<std::uint8_t>(nibbles.part[i])));
      return r;
    };
    auto const bytes = counts(w & low) + counts((w >> 4) & low);
    return as<std::uint32_t>(dot4<127>(integers<Arch>::broadcast(0), bytes, words<Arch>::broadcast(0x01010101)));
  } else {
    auto const mask = [](std::uint32_t x) noexcept { return words<Arch>::broadcast(x); };
    auto const two = w - ((w >> 1) & mask(0x55555555));
    auto const four = (two & mask(0x33333333)) + ((two >> 2) & mask(0x33333333));
    auto const eight = (four + (four >> 4)) & mask(0x0F0F0F0F);
    auto const sixteen_bits = eight + (eight >> 8);
    return (sixteen_bits + (sixteen_bits >> 16)) & mask(0x3F);
  }
}

}  // namespace skive::simd
