// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/saturate.hpp - sixty-four integers, four times sixteen lanes, to codes of 8 or 4 bits that stop at their ends.
///
///   nearest_integers(x)                       lane i: x rounded to the nearest integer, ties to even; past 2^31 the least integer
///   store_signed<Width>(n, low, order, p)     field i is clamp(n_i, low, 2^(Width-1) - 1), low >= -2^(Width-1)
///   store_unsigned<Width>(n, order, p)        field i is clamp(n_i, 0, 2^Width - 1)
///   store_random<Width>(x, random, low, order, p)   field i is clamp(n_i, low, 2^(Width-1) - 1), n_i = floor((|t_i| + r_i) / 256)
///                                             with the sign of t_i, t_i = x_i to the nearest integer, r_i byte i at `random` (AVX2)
///   store_to_two(n, order, p)                 fields of two bits: field i is clamp(n_i, 0, 2) (AVX2)
///
/// Packing saturates by itself: to 16 bits, then to 8, so that sixty-four numbers are clamped by the instructions that narrow them.
///
/// Model of : -
/// Cost     : for 64 codes besides memory, AVX-512: 8 bits 4 or 5 instructions, 4 bits 7 or 9; AVX2 8 or 10, and 13 or 17. Elsewhere
///            there is no such path (has_saturate is false); nearest_integers is an instruction a register with SSE2, too.
/// Accuracy : exact.
/// Promise  : the bytes of core/bits.hpp; exactly 8 Width bytes are written. The rounding mode is nearest even.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/simd/bytes.hpp"

namespace skive::simd {

template <class Arch>
inline constexpr bool has_saturate = has_avx512<Arch> || has_avx2<Arch>;

template <class Arch>
inline constexpr bool has_nearest_integers = has_saturate<Arch> || has_sse2<Arch>;

template <class Arch>
  requires has_nearest_integers<Arch>
[[gnu::always_inline]] inline integers<Arch> nearest_integers([[maybe_unused]] floats<Arch> const& x) noexcept {
  integers<Arch> n;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) n.part[0] = _mm512_cvtps_epi32(x.part[0]);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 2; ++i) n.part[i] = _mm256_cvtps_epi32(x.part[i]);
#endif
#if XSIMD_WITH_SSE2
  if constexpr (!has_saturate<Arch>)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) n.part[i] = _mm_cvtps_epi32(x.part[i]);
#endif
  return n;
}

namespace detail {

// What joins two codes of 4 bits to a byte: the factors of the even and of the odd code.
constexpr short joins_nibbles(bit_order order) noexcept { return order == bit_order::low_first ? 0x1001 : 0x0110; }

#if XSIMD_WITH_AVX512BW
// Bytes whose dword 4 L + r holds numbers 16 r + 4 L ... of 64, in their order; of 4 bits each, two to a byte.
template <int Width, class Arch>
[[gnu::always_inline]] inline void store_quarters(__m512i x, bit_order order, std::byte* to) noexcept {
  if constexpr (Width == 8) {
    auto const place = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(place, x));
  } else {
    auto const pairs = _mm512_maddubs_epi16(_mm512_set1_epi16(joins_nibbles(order)), x);  // the factors are the unsigned operand
    auto const place = _mm256_setr_epi16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permutexvar_epi16(place, _mm512_cvtepi16_epi8(pairs)));
  }
}
#endif
#if XSIMD_WITH_AVX2
// The same of 2 x 32 numbers: dword 4 L + r of x[h] holds numbers 32 h + 8 r + 4 L ...
template <int Width, class Arch>
[[gnu::always_inline]] inline void store_eighths(__m256i const (&x)[2], bit_order order, std::byte* to) noexcept {
  auto* const out = reinterpret_cast<__m256i*>(to);
  if constexpr (Width == 8) {
    auto const place = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
#pragma GCC unroll 2
    for (std::size_t h = 0; h < 2; ++h) _mm256_storeu_si256(out + h, _mm256_permutevar8x32_epi32(x[h], place));
  } else {
    // Pairs become bytes first: they are half as many to put in order.
    auto const factors = _mm256_set1_epi16(joins_nibbles(order));
    auto const bytes = _mm256_packus_epi16(_mm256_maddubs_epi16(factors, x[0]), _mm256_maddubs_epi16(factors, x[1]));
    auto const place = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12,
                                        13, 6, 7, 14, 15);
    _mm256_storeu_si256(out, _mm256_shuffle_epi8(_mm256_permute4x64_epi64(bytes, 0xD8), place));
  }
}
#endif

}  // namespace detail

template <int Width, class Arch>
  requires(has_saturate<Arch> && (Width == 4 || Width == 8))
[[gnu::always_inline]] inline void store_signed([[maybe_unused]] integers<Arch> const (&n)[4], int low,
                                                [[maybe_unused]] bit_order order, [[maybe_unused]] std::byte* to) noexcept {
  [[maybe_unused]] auto const least = static_cast<char>(low);
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto x = _mm512_packs_epi16(_mm512_packs_epi32(n[0].part[0], n[1].part[0]), _mm512_packs_epi32(n[2].part[0], n[3].part[0]));
    x = _mm512_max_epi8(x, _mm512_set1_epi8(least));
    if constexpr (Width == 4) x = _mm512_and_si512(_mm512_min_epi8(x, _mm512_set1_epi8(7)), _mm512_set1_epi8(15));
    detail::store_quarters<Width, Arch>(x, order, to);
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    __m256i x[2];
#pragma GCC unroll 4
    for (std::size_t h = 0; h < 2; ++h) {
      x[h] = _mm256_packs_epi16(_mm256_packs_epi32(n[2 * h].part[0], n[2 * h].part[1]),
                                _mm256_packs_epi32(n[2 * h + 1].part[0], n[2 * h + 1].part[1]));
      x[h] = _mm256_max_epi8(x[h], _mm256_set1_epi8(least));
      if constexpr (Width == 4) x[h] = _mm256_and_si256(_mm256_min_epi8(x[h], _mm256_set1_epi8(7)), _mm256_set1_epi8(15));
    }
    detail::store_eighths<Width, Arch>(x, order, to);
  }
#endif
}

template <int Width, class Arch>
  requires(has_saturate<Arch> && (Width == 4 || Width == 8))
[[gnu::always_inline]] inline void store_unsigned([[maybe_unused]] integers<Arch> const (&n)[4], [[maybe_unused]] bit_order order,
                                                  [[maybe_unused]] std::byte* to) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto x = _mm512_packus_epi16(_mm512_packs_epi32(n[0].part[0], n[1].part[0]), _mm512_packs_epi32(n[2].part[0], n[3].part[0]));
    if constexpr (Width == 4) x = _mm512_min_epu8(x, _mm512_set1_epi8(15));
    detail::store_quarters<Width, Arch>(x, order, to);
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    __m256i x[2];
#pragma GCC unroll 4
    for (std::size_t h = 0; h < 2; ++h) {
      x[h] = _mm256_packus_epi16(_mm256_packs_epi32(n[2 * h].part[0], n[2 * h].part[1]),
                                 _mm256_packs_epi32(n[2 * h + 1].part[0], n[2 * h + 1].part[1]));
      if constexpr (Width == 4) x[h] = _mm256_min_epu8(x[h], _mm256_set1_epi8(15));
    }
    detail::store_eighths<Width, Arch>(x, order, to);
  }
#endif
}

// Numbers of 16 bits saturate well past every code. Below zero the least carry comes with 255 - r.
template <int Width, class Arch>
  requires(has_avx2<Arch> && (Width == 4 || Width == 8))
[[gnu::always_inline]] inline void store_random([[maybe_unused]] floats<Arch> const (&x)[4],
                                                [[maybe_unused]] std::byte const* random, int low,
                                                [[maybe_unused]] bit_order order, [[maybe_unused]] std::byte* to) noexcept {
  [[maybe_unused]] auto const least = static_cast<char>(low);
#if XSIMD_WITH_AVX2
  __m256i codes[2];
#pragma GCC unroll 2
  for (std::size_t h = 0; h < 2; ++h) {
    __m256i n[2];
#pragma GCC unroll 2
    for (std::size_t j = 0; j < 2; ++j) {
      auto const& y = x[2 * h + j];
      auto const bound = _mm256_set1_ps(0x1p24f);  // what is past 2^31 would become the least integer
      auto const t = _mm256_packs_epi32(_mm256_cvtps_epi32(_mm256_min_ps(y.part[0], bound)),
                                        _mm256_cvtps_epi32(_mm256_min_ps(y.part[1], bound)));  // numbers 0-3 8-11 4-7 12-15
      auto const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(random + 32 * h + 16 * j));
      auto const r = _mm256_permute4x64_epi64(_mm256_cvtepu8_epi16(bytes), 0xD8);
      auto const below = _mm256_srli_epi16(_mm256_srai_epi16(t, 15), 8);
      n[j] = _mm256_srai_epi16(_mm256_adds_epi16(t, _mm256_xor_si256(r, below)), 8);
    }
    codes[h] = _mm256_max_epi8(_mm256_packs_epi16(n[0], n[1]), _mm256_set1_epi8(least));
    if constexpr (Width == 4) codes[h] = _mm256_and_si256(_mm256_min_epi8(codes[h], _mm256_set1_epi8(7)), _mm256_set1_epi8(15));
  }
  detail::store_eighths<Width, Arch>(codes, order, to);
#endif
}

template <class Arch>
  requires has_avx2<Arch>
[[gnu::always_inline]] inline void store_to_two([[maybe_unused]] integers<Arch> const (&n)[4], [[maybe_unused]] bit_order order,
                                                [[maybe_unused]] std::byte* to) noexcept {
#if XSIMD_WITH_AVX2
  bool const low = order == bit_order::low_first;
  auto const pairs = _mm256_set1_epi16(low ? 0x0401 : 0x0104);
  auto const fours = _mm256_set1_epi32(low ? 0x0010'0001 : 0x0001'0010);
  auto const place = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  __m256i x[2];  // a byte of four fields in each dword
#pragma GCC unroll 2
  for (std::size_t h = 0; h < 2; ++h) {
    x[h] = _mm256_packus_epi16(_mm256_packs_epi32(n[2 * h].part[0], n[2 * h].part[1]),
                               _mm256_packs_epi32(n[2 * h + 1].part[0], n[2 * h + 1].part[1]));
    x[h] = _mm256_permutevar8x32_epi32(_mm256_min_epu8(x[h], _mm256_set1_epi8(2)), place);
    x[h] = _mm256_madd_epi16(_mm256_maddubs_epi16(pairs, x[h]), fours);  // the factors are the unsigned operand
  }
  auto const words = _mm256_packs_epi32(x[0], x[1]);
  auto const bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(words, words), place);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(bytes));
#endif
}

}  // namespace skive::simd
