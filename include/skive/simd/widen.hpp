// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/widen.hpp - a register of floats as two registers of doubles, and a register of integers out of two of doubles.
///
///   widen(x)       low: lanes 0 .. n/2 - 1, high: the rest, exactly converted
///   low_words(d)   the other way: lane i is the low word of double i, an integer below 2^32 that 2^52 was added to
///
/// Model of : -
/// Cost     : x86: 3 instructions; low_words 1 or 2.
/// Accuracy : exact.
/// Promise  : the same bits on every instruction set, unless a processor mode takes subnormals for zero.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

template <class Arch>
struct widened {
  xsimd::batch<double, Arch> low, high;
};

template <class Arch>
[[gnu::always_inline]] inline widened<Arch> widen(xsimd::batch<float, Arch> const& x) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>)
    return {_mm512_cvtps_pd(_mm512_castps512_ps256(x)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))};
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return {_mm256_cvtps_pd(_mm256_castps256_ps128(x)), _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))};
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>) return {_mm_cvtps_pd(x), _mm_cvtps_pd(_mm_movehl_ps(x, x))};
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch> && !has_sse2<Arch>) {
    using batch = xsimd::batch<double, Arch>;
    alignas(64) float lane[2 * batch::size];
    alignas(64) double wide[2 * batch::size];
    x.store_aligned(lane);
    for (std::size_t i = 0; i < 2 * batch::size; ++i) wide[i] = static_cast<double>(lane[i]);
    return {batch::load_aligned(wide), batch::load_aligned(wide + batch::size)};
  }
}

template <class Arch>
[[gnu::always_inline]] inline xsimd::batch<std::uint32_t, Arch> low_words(widened<Arch> const& x) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_epi32(_mm512_castpd_si512(x.low), even, _mm512_castpd_si512(x.high));
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const mixed = _mm256_shuffle_ps(_mm256_castpd_ps(x.low), _mm256_castpd_ps(x.high), 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xD8);
  }
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>) return _mm_castps_si128(_mm_shuffle_ps(_mm_castpd_ps(x.low), _mm_castpd_ps(x.high), 0x88));
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch> && !has_sse2<Arch>) {
    constexpr auto n = xsimd::batch<double, Arch>::size;
    alignas(64) double wide[2 * n];
    alignas(64) std::uint32_t word[2 * n];
    x.low.store_aligned(wide);
    x.high.store_aligned(wide + n);
    for (std::size_t i = 0; i < 2 * n; ++i) word[i] = static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(wide[i]));
    return xsimd::batch<std::uint32_t, Arch>::load_aligned(word);
  }
}

}  // namespace skive::simd
