// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/alternate_halves.hpp - the low halves of lanes, every second one together.
///
///   store_alternate(w, evens, odds)   16 bytes each: halves w_4i, w_4i+2 to word i of evens, w_4i+1, w_4i+3 to word i of odds
///
/// Model of : -
/// Cost     : AVX2 8 instructions, else about 50.
/// Accuracy : exact.
/// Source   : -

#include "skive/simd/sixteen.hpp"

#include <cstring>

namespace skive::simd {

template <class Arch>
[[gnu::always_inline]] inline void store_alternate(words<Arch> const& w, std::byte* evens, std::byte* odds) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch> && !has_avx512<Arch>) {
    // Of each 16 bytes a word for evens and one for odds, in the lower half of them for the first eight lanes, else in the upper one.
    auto const lower = _mm256_setr_epi8(0, 1, 8, 9, 4, 5, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1,  //
                                        0, 1, 8, 9, 4, 5, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1);
    auto const upper = _mm256_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 8, 9, 4, 5, 12, 13,  //
                                        -1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 8, 9, 4, 5, 12, 13);
    auto const both = _mm256_or_si256(_mm256_shuffle_epi8(w.part[0], lower), _mm256_shuffle_epi8(w.part[1], upper));
    auto const apart = _mm256_permutevar8x32_epi32(both, _mm256_setr_epi32(0, 4, 2, 6, 1, 5, 3, 7));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(evens), _mm256_castsi256_si128(apart));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(odds), _mm256_extracti128_si256(apart, 1));
    return;
  }
#endif
  alignas(64) std::uint32_t lane[16];
  (w & words<Arch>::broadcast(0xFFFF)).store(lane);
  for (std::size_t i = 0; i < 16; i += 4) {
    auto const even = lane[i] | lane[i + 2] << 16;
    auto const odd = lane[i + 1] | lane[i + 3] << 16;
    std::memcpy(evens + i, &even, 4);
    std::memcpy(odds + i, &odd, 4);
  }
}

}  // namespace skive::simd
