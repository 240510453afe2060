// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/pick_neon.hpp - the pickers of simd/pick.hpp for NEON: two codes, six bits, name a row of a table of byte indices.
///
/// Model of : -
/// Cost     : 32 floats 4 table look-ups and loads of their indices from 1 KiB; 128 bytes 16 words of indices from 256 bytes, and 4
///            look-ups.
/// Promise  : that of simd/pick.hpp; where a code is no set its numbers are zeros.
/// Source   : -

#include "skive/simd/sixteen.hpp"

#include <cstring>

namespace skive::simd {

template <class Arch>
class picker_2_of_4;
template <class Arch>
class byte_picker_2_of_4;

#if XSIMD_WITH_NEON64
namespace detail {

/// Row c: where the bytes of the four kept numbers of Size bytes lie, those of the group with code c mod 8, then those of the next
/// with code c / 8. Bit 7: there is no such set.
template <std::size_t Size>
struct pair_places {
  alignas(16) std::uint8_t of[64][4 * Size];
  static constexpr pair_places make() noexcept {
    constexpr std::uint8_t set[8][2] = {{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}, {0, 0}, {0, 0}};
    pair_places p{};
    for (std::size_t c = 0; c < 64; ++c)
      for (std::size_t b = 0; b < 4 * Size; ++b) {
        auto const number = b / Size;
        auto const code = number < 2 ? c % 8 : c / 8;
        auto const place = set[code][number % 2] + (number < 2 ? 0U : 4U);
        p.of[c][b] = static_cast<std::uint8_t>(code < 6 ? place * Size + b % Size : 0x80U);
      }
    return p;
  }
};
template <std::size_t Size>
inline constexpr pair_places<Size> places_of_pairs = pair_places<Size>::make();

}  // namespace detail

template <class Arch>
  requires has_neon64<Arch>
class picker_2_of_4<Arch> {
 public:
  [[gnu::always_inline]] picker_2_of_4() noexcept : seen_{vdupq_n_u8(0)} {}
  [[gnu::always_inline]] floats<Arch> pick(float const* x, std::byte const* codes) noexcept {
    std::uint32_t word;
    std::memcpy(&word, codes, 4);
    floats<Arch> r;
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      auto const index = vld1q_u8(detail::places_of_pairs<4>.of[word >> (6 * k) & 63]);
      seen_ = vorrq_u8(seen_, index);
      uint8x16x2_t const both{{vreinterpretq_u8_f32(vld1q_f32(x + 8 * k)), vreinterpretq_u8_f32(vld1q_f32(x + 8 * k + 4))}};
      r.part[k] = vreinterpretq_f32_u8(vqtbl2q_u8(both, index));
    }
    return r;
  }
  [[gnu::always_inline]] void pick_128(float const* x, std::byte const* codes, floats<Arch> (&out)[4]) noexcept {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) out[k] = pick(x + 32 * k, codes + 3 * k);
  }
  [[gnu::always_inline]] bool met_wrong_code() const noexcept { return vmaxvq_u8(seen_) >= 0x80; }

 private:
  uint8x16_t seen_;
};

/// Places are counted from the 32 bytes that a register of kept ones is taken from.
template <class Arch>
  requires has_neon64<Arch>
class byte_picker_2_of_4<Arch> {
 public:
  [[gnu::always_inline]] byte_picker_2_of_4() noexcept : seen_{vdupq_n_u8(0)} {}
  [[gnu::always_inline]] words<Arch> places(std::byte const* codes) noexcept {
    words<Arch> r;
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      std::uint32_t word;
      std::memcpy(&word, codes + 3 * k, 4);
      std::uint32_t index[4];
      for (int i = 0; i < 4; ++i) std::memcpy(index + i, detail::places_of_pairs<1>.of[word >> (6 * i) & 63], 4);
      auto const of_pairs = vld1q_u32(index);
      seen_ = vorrq_u8(seen_, vreinterpretq_u8_u32(of_pairs));
      std::uint32_t const base[4]{0, 0x08080808, 0x10101010, 0x18181818};
      r.part[k] = vorrq_u32(of_pairs, vld1q_u32(base));
    }
    return r;
  }
  [[gnu::always_inline]] words<Arch> places(std::byte const* codes, std::size_t n) noexcept {
    std::byte some[16] = {};  // code 0 is a set
    auto const bits = 3 * (n / 2);
    std::memcpy(some, codes, (bits + 7) / 8);
    if (bits % 8 != 0) some[bits / 8] &= static_cast<std::byte>((1U << bits % 8) - 1);
    return places(some);
  }
  [[gnu::always_inline]] static words<Arch> pick(std::byte const* x, words<Arch> const& places) noexcept {
    auto const* const bytes = reinterpret_cast<std::uint8_t const*>(x);
    words<Arch> r;
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      uint8x16x2_t const both{{vld1q_u8(bytes + 32 * k), vld1q_u8(bytes + 32 * k + 16)}};
      r.part[k] = vreinterpretq_u32_u8(vqtbl2q_u8(both, vreinterpretq_u8_u32(places.part[k])));
    }
    return r;
  }
  [[gnu::always_inline]] bool met_wrong_code() const noexcept { return vmaxvq_u8(seen_) >= 0x80; }

 private:
  uint8x16_t seen_;
};
#endif

}  // namespace skive::simd
