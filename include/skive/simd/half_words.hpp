// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/half_words.hpp - float16 as codes in the lanes of words: what scales of sixteen groups are kept as.
///
///   nearest_float16(x) -> w      lane i: encode(lane i, nearest_even{}, saturating) for x >= 0; 65504's code for NaN of that sign
///   float16_value(w)             lane i: decode(low half of lane i), but NaN's payload and sign are open
///
/// Model of : -
/// Cost     : AVX-512 3 and 2 instructions, AVX2 with F16C 6 and 7; else those of simd/half.hpp.
/// Accuracy : one rounding, none.
/// Promise  : the codes of skive::float16 under FTZ and DAZ too, as in simd/half.hpp; lanes of x below zero are open.
/// Source   : -

#include "skive/simd/half.hpp"

namespace skive::simd {

template <class Arch>
[[gnu::always_inline]] inline words<Arch> nearest_float16(floats<Arch> const& x) noexcept {
  auto const most = integers<Arch>::broadcast(std::bit_cast<std::int32_t>(65504.0f));
  auto const bounded = min(as<std::int32_t>(x), most);  // infinity and NaN, too
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>)
    return {{_mm512_cvtepu16_epi32(_mm512_cvtps_ph(_mm512_castsi512_ps(bounded.part[0]), _MM_FROUND_TO_NEAREST_INT))}};
#endif
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (detail::has_f16c<Arch>)
    return {{_mm256_cvtepu16_epi32(_mm256_cvtps_ph(_mm256_castsi256_ps(bounded.part[0]), _MM_FROUND_TO_NEAREST_INT)),
             _mm256_cvtepu16_epi32(_mm256_cvtps_ph(_mm256_castsi256_ps(bounded.part[1]), _MM_FROUND_TO_NEAREST_INT))}};
#endif
  if constexpr (!has_avx512<Arch> && !detail::has_f16c<Arch>) return detail::float_to_float16(as<std::uint32_t>(bounded));
}

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> float16_value(words<Arch> const& code) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return {{_mm512_cvtph_ps(_mm512_cvtepi32_epi16(code.part[0]))}};
#endif
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (detail::has_f16c<Arch>) {
    auto const low = _mm256_and_si256(code.part[0], _mm256_set1_epi32(0xFFFF));
    auto const high = _mm256_and_si256(code.part[1], _mm256_set1_epi32(0xFFFF));
    auto const h = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xD8);
    return {{_mm256_cvtph_ps(_mm256_castsi256_si128(h)), _mm256_cvtph_ps(_mm256_extracti128_si256(h, 1))}};
  }
#endif
  if constexpr (!has_avx512<Arch> && !detail::has_f16c<Arch>) return detail::float16_to_float(code);
}

}  // namespace skive::simd
