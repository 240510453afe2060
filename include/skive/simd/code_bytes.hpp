// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/code_bytes.hpp - 64 codes of 1 to 8 bits, packed without gaps, as the 64 bytes of a register, in their order.
///
///   code_bytes<Width, Arch>{order}.load(p)       byte i is field i of the row at p, laid out as core/bits.hpp says
///   ... .load(p, n)                              the first n <= 64 fields; bytes past them are open
///
/// Model of : -
/// Cost     : VBMI 2 instructions and a mask (8 bits: none); AVX2, 4 bits: 7; elsewhere that of simd/bits.hpp four times, and 64 bytes of memory.
/// Promise  : exactly 8 Width bytes are read, or those of n fields.
/// Source   : -

#include "skive/simd/bits.hpp"

#include <cstring>

namespace skive::simd {

/// Where the bits of field i are in the 8 bytes that its part of a register is made of.
struct code_byte_place {
  alignas(64) std::uint8_t source[64];
  alignas(64) std::uint8_t shift[64];

  static constexpr code_byte_place make(int width, bit_order order) noexcept {
    code_byte_place p{};
    bool const low = order == bit_order::low_first;
    for (int i = 0; i < 64; ++i) {
      p.source[i] = static_cast<std::uint8_t>(i / 8 * width + (low ? i % 8 : 7 - i % 8));
      p.shift[i] = static_cast<std::uint8_t>(low ? i % 8 * width : 64 - (i % 8 + 1) * width);
    }
    return p;
  }
};

/// Elsewhere than below: through memory.
template <int Width, class Arch>
class code_bytes {
 public:
  explicit code_bytes(bit_order order) noexcept : order_{order} {}
  [[gnu::always_inline]] words<Arch> load(std::byte const* from) const noexcept {
    if constexpr (Width == 8) return load_words<Arch>(from);
    alignas(64) std::byte bytes[64];
    for (std::size_t i = 0; i < 4; ++i) store_bytes(load_fields<Width, Arch>(from + 2 * i * Width, order_), bytes + 16 * i);
    return load_words<Arch>(bytes);
  }
  [[gnu::always_inline]] words<Arch> load(std::byte const* from, std::size_t n) const noexcept {
    alignas(64) std::byte whole[64] = {};
    std::memcpy(whole, from, (n * Width + 7) / 8);
    return load(whole);
  }

 private:
  bit_order order_;
};

#if XSIMD_WITH_AVX2
template <class Arch>
  requires has_avx2<Arch>
class code_bytes<4, Arch> {
 public:
  [[gnu::always_inline]] explicit code_bytes(bit_order order) noexcept
      : even_{_mm_cvtsi32_si128(order == bit_order::low_first ? 0 : 4)},
        odd_{_mm_cvtsi32_si128(order == bit_order::low_first ? 4 : 0)} {}
  [[gnu::always_inline]] words<Arch> load(std::byte const* from) const noexcept {
    // 8 bytes of each half come to each lane of 128 bits, so that what is interleaved there lies in order
    auto const bytes = _mm256_permute4x64_epi64(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)), 0xD8);
    auto const low = _mm256_set1_epi8(15);
    auto const even = _mm256_and_si256(_mm256_srl_epi16(bytes, even_), low);
    auto const odd = _mm256_and_si256(_mm256_srl_epi16(bytes, odd_), low);
    return {{_mm256_unpacklo_epi8(even, odd), _mm256_unpackhi_epi8(even, odd)}};
  }
  [[gnu::always_inline]] words<Arch> load(std::byte const* from, std::size_t n) const noexcept {
    alignas(32) std::byte whole[32] = {};
    std::memcpy(whole, from, (n + 1) / 2);
    return load(whole);
  }

 private:
  __m128i even_;
  __m128i odd_;
};
#endif

#if XSIMD_WITH_AVX512VBMI
template <int Width, class Arch>
  requires has_avx512vbmi<Arch>
class code_bytes<Width, Arch> {
  template <bit_order Order>
  static constexpr code_byte_place place = code_byte_place::make(Width, Order);

 public:
  [[gnu::always_inline]] explicit code_bytes(bit_order order) noexcept {
    auto const& p = order == bit_order::low_first ? place<bit_order::low_first> : place<bit_order::high_first>;
    source_ = _mm512_load_si512(p.source);
    shift_ = _mm512_load_si512(p.shift);
  }
  [[gnu::always_inline]] words<Arch> load(std::byte const* from) const noexcept {
    if constexpr (Width == 8)
      return {{_mm512_loadu_si512(from)}};
    else if constexpr (Width == 4)
      return spread(_mm512_zextsi256_si512(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from))));
    else if constexpr (Width == 2)
      return spread(_mm512_zextsi128_si512(_mm_loadu_si128(reinterpret_cast<__m128i const*>(from))));
    else
      return spread(_mm512_maskz_loadu_epi8((std::uint64_t{1} << (8 * Width % 64)) - 1, from));
  }
  [[gnu::always_inline]] words<Arch> load(std::byte const* from, std::size_t n) const noexcept {
    auto const bytes = (n * Width + 7) / 8;
    auto const some = _mm512_maskz_loadu_epi8(bytes == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bytes) - 1, from);
    if constexpr (Width == 8)
      return {{some}};
    else
      return spread(some);
  }

 private:
  [[gnu::always_inline]] words<Arch> spread(__m512i packed) const noexcept {
    auto const fields = _mm512_multishift_epi64_epi8(shift_, _mm512_permutexvar_epi8(source_, packed));
    return {{_mm512_and_si512(fields, _mm512_set1_epi8((1 << Width) - 1))}};
  }

  __m512i source_;
  __m512i shift_;
};
#endif

}  // namespace skive::simd
