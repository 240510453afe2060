// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/signed_codes.hpp - codes of 4 or 8 bits with a sign bit, sixty-four numbers at a time: magnitudes and signs are packed
/// apart and meet as bytes.
///
///   signed_codes<Arch>::of(sizes, x)               sixteen codes: the low 16 bits of `sizes` without sign, the signs of x
///   store_signed_codes<Width>(w[4], order, p)      64 fields of Width bits, the sign on top
///
/// Numbers of 32 bits that are packed with saturation keep their sign: the floats themselves bring it.
///
/// Model of : -
/// Cost     : AVX2, for 64 codes besides memory: 12, and 15 or 14 to store 4 or 8 bits; elsewhere there is no such path.
/// Accuracy : exact.
/// Promise  : the bytes of core/bits.hpp; exactly 8 Width bytes are written.
/// Source   : -

#include "skive/simd/saturate.hpp"

namespace skive::simd {

template <class Arch>
struct signed_codes;

#if XSIMD_WITH_AVX2
template <class Arch>
  requires has_avx2<Arch>
struct signed_codes<Arch> {
  __m256i sizes;  // words of numbers j and j + 8 side by side
  __m256i signs;  // words in the order of packing

  [[gnu::always_inline]] static signed_codes of(words<Arch> const& sizes, floats<Arch> const& x) noexcept {
    return {_mm256_blend_epi16(sizes.part[0], _mm256_slli_epi32(sizes.part[1], 16), 0xAA),
            _mm256_packs_epi32(_mm256_castps_si256(x.part[0]), _mm256_castps_si256(x.part[1]))};
  }
};
#endif

template <int Width, class Arch>
  requires(has_avx2<Arch> && (Width == 4 || Width == 8))
[[gnu::always_inline]] inline void store_signed_codes([[maybe_unused]] signed_codes<Arch> const (&w)[4],
                                                      [[maybe_unused]] bit_order order, [[maybe_unused]] std::byte* to) noexcept {
#if XSIMD_WITH_AVX2
  auto const place = _mm256_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15, 0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14,
                                      9, 11, 13, 15);
  __m256i codes[2];
#pragma GCC unroll 2
  for (std::size_t h = 0; h < 2; ++h) {
    auto const sizes = _mm256_shuffle_epi8(_mm256_packus_epi16(w[2 * h].sizes, w[2 * h + 1].sizes), place);
    auto const signs = _mm256_packs_epi16(w[2 * h].signs, w[2 * h + 1].signs);
    if constexpr (Width == 4)
      codes[h] = _mm256_blendv_epi8(sizes, _mm256_or_si256(sizes, _mm256_set1_epi8(8)), signs);
    else
      codes[h] = _mm256_or_si256(sizes, _mm256_and_si256(signs, _mm256_set1_epi8(-128)));
  }
  detail::store_eighths<Width, Arch>(codes, order, to);
#endif
}

}  // namespace skive::simd
