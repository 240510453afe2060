// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/e2m1.hpp - E2M1, the 4-bit float, sixty-four numbers at a time.
///
///   e2m1_lanes(q, x)           the low 4 bits of lane i: E2M1's code of |q|, nearest even, saturating, with the sign of x
///   store_e2m1(w, order, p)    the codes of four times sixteen such lanes, two to a byte
///
///   |q| + 2^(22 + e) (1 + 2 e 2^-23) for |q| in [2^e, 2^(e+1)), e = 0, 1, 2 (0 below 1 too) rounds |q| to multiples of 2^(e-1);
///   the last bits of the sum are then q 2^(1-e) + 2 e: the code. A table in a register has the three summands.
///
/// Model of : -
/// Cost     : with AVX-512 7 instructions for 16 codes and 8 to store 64 (VBMI; else 9), AVX2 13 and 16; elsewhere there is no such
///            path (has_e2m1 is false).
/// Accuracy : exact nearest, ties to even.
/// Promise  : the codes of skive::e2m1 for every q but NaN, under FTZ and DAZ too; exactly 32 bytes are written.
/// Source   : OCP Microscaling Formats (MX) Specification v1.0, 2023 (E2M1).

#include "skive/simd/signed_codes.hpp"

namespace skive::simd {

template <class Arch>
inline constexpr bool has_e2m1 = has_avx512<Arch> || has_avx2<Arch>;

/// Sixteen codes that are not packed yet.
template <class Arch>
using e2m1_codes = std::conditional_t<has_avx2<Arch>, signed_codes<Arch>, words<Arch>>;

template <class Arch>
  requires has_e2m1<Arch>
[[gnu::always_inline]] inline e2m1_codes<Arch> e2m1_lanes([[maybe_unused]] floats<Arch> const& q,
                                                          [[maybe_unused]] floats<Arch> const& x) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    // RNE(1.2 |q|) finds the summand: 0, 1, 2 up to 2.08, 3 and 4 up to 3.75, 5 ... 7. From 1.75 to 2.25 and from 3.5 to 4.5 two
    // binades round alike.
    using batch = typename floats<Arch>::batch;
    auto const summands = _mm256_castsi256_ps(
        _mm256_setr_epi32(0x4A800000, 0x4A800000, 0x4A800000, 0x4B000002, 0x4B000002, 0x4B800004, 0x4B800004, 0x4B800004));
    words<Arch> sum;
#pragma GCC unroll 2
    for (std::size_t i = 0; i < 2; ++i) {
      auto const size = _mm256_and_ps(q.part[i], _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFF'FFFF)));
      auto const y = _mm256_min_ps(size, _mm256_set1_ps(6.0f));
      __m256 const place = xsimd::fma(batch(y), batch(1.2f), batch(0x1p23f));
      sum.part[i] = _mm256_castps_si256(_mm256_add_ps(y, _mm256_permutevar8x32_ps(summands, _mm256_castps_si256(place))));
    }
    return signed_codes<Arch>::of(sum, x);  // a sum has nothing but its code in its low half
  }
#endif
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    // The last bits of the exponent field find the summand: 7 ... 15 are 2^-8 ... 1, 0 and 1 are 2 and 4.
    auto const summands = _mm512_castsi512_ps(
        _mm512_setr_epi32(0x4B000002, 0x4B800004, 0x4A800000, 0x4A800000, 0x4A800000, 0x4A800000, 0x4A800000, 0x4A800000,
                          0x4A800000, 0x4A800000, 0x4A800000, 0x4A800000, 0x4A800000, 0x4A800000, 0x4A800000, 0x4A800000));
    auto const within = _mm512_range_ps(q.part[0], _mm512_set1_ps(6.0f), 0x0A);  // the smaller magnitude, without its sign
    auto const y = _mm512_max_ps(within, _mm512_set1_ps(0x1p-8f));
    auto const binade = _mm512_srli_epi32(_mm512_castps_si512(y), 23);
    auto const sum = _mm512_castps_si512(_mm512_add_ps(y, _mm512_permutexvar_ps(binade, summands)));
    __m512i const bits = _mm512_castps_si512(x.part[0]);
    return {{_mm512_ternarylogic_epi32(sum, _mm512_srli_epi32(bits, 28), _mm512_set1_epi32(8), 0xF8)}};  // a | (b & c)
  }
#endif
}

template <class Arch>
  requires has_e2m1<Arch>
[[gnu::always_inline]] inline void store_e2m1([[maybe_unused]] e2m1_codes<Arch> const (&w)[4], [[maybe_unused]] bit_order order,
                                              [[maybe_unused]] std::byte* to) noexcept {
  if constexpr (has_avx2<Arch>) return store_signed_codes<4, Arch>(w, order, to);
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    // Byte r of lane j: number 16 r + j. A sum has nothing but its code below bit 23; what a shift leaves of others is cut off.
    auto const three =
        _mm512_ternarylogic_epi32(w[0].part[0], _mm512_slli_epi32(w[1].part[0], 8), _mm512_slli_epi32(w[2].part[0], 16), 0xFE);
    auto const four = _mm512_ternarylogic_epi32(three, _mm512_set1_epi32(0x7FFFFF), _mm512_slli_epi32(w[3].part[0], 24), 0xEA);
    // Byte r of lane 2 k: numbers 16 r + 2 k and the next.
    auto const pairs = order == bit_order::low_first ? _mm512_or_si512(four, _mm512_srli_epi64(four, 28))
                                                     : _mm512_or_si512(_mm512_slli_epi64(four, 4), _mm512_srli_epi64(four, 32));
#if XSIMD_WITH_AVX512VBMI
    if constexpr (has_avx512vbmi<Arch>) {
      auto const place = _mm512_castsi256_si512(_mm256_setr_epi8(0, 8, 16, 24, 32, 40, 48, 56, 1, 9, 17, 25, 33, 41, 49, 57, 2,
                                                                 10, 18, 26, 34, 42, 50, 58, 3, 11, 19, 27, 35, 43, 51, 59));
      auto const codes = _mm512_castsi512_si256(_mm512_permutexvar_epi8(place, pairs));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), codes);
      return;
    }
#endif
    auto const within = _mm512_set4_epi32(0, 0, 0x0B03'0A02, 0x0901'0800);
    auto const place = _mm512_castsi256_si512(_mm256_setr_epi16(0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27));
    auto const codes = _mm512_permutexvar_epi16(place, _mm512_shuffle_epi8(pairs, within));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(codes));
  }
#endif
}

}  // namespace skive::simd
