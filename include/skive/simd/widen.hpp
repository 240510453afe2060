// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/widen.hpp - a register of floats as two registers of doubles.
///
///   widen(x)   low: lanes 0 .. n/2 - 1, high: the rest, exactly converted
///
/// Model of : -
/// Cost     : x86: 3 instructions.
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

}  // namespace skive::simd
