// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/e4m3.hpp - 64 or 16 codes of E4M3 at a time, by way of float16, which has the same fraction and a wider exponent.
///
///   load_e4m3<Arch>(p, nan, out) -> out[N], N times 16 floats 2^-8 value(code), in order, N = e4m3_at_once<Arch>: 4, 1, or 0
///   nan collects whether a code is NaN (7F, FF)
///
///   Seven bits eeeemmm, moved up by 7, are the float16 2^(e - 15) (1 + m / 8), or m 2^-17 for e = 0: 2^-8 of E4M3's number.
///
/// Model of : -
/// Cost     : 20 instructions with AVX-512 for 64, 9 with AVX2 and F16C for 16; elsewhere there is no such path.
/// Accuracy : exact; codes of NaN come out as +-480 / 256.
/// Promise  : exactly 16 N bytes are read; FTZ and DAZ change nothing.
/// Source   : OCP 8-bit Floating Point Specification v1.0 (E4M3); IEEE 754-2019 (binary16).

#include "skive/simd/bytes.hpp"

#include <limits>

namespace skive::simd {

template <class Arch>
inline constexpr std::size_t e4m3_at_once = has_avx512<Arch> ? 4
#if defined(__F16C__)
    : has_avx2<Arch> ? 1
#endif
                     : 0;
/// Are 64 converted at a time?
template <class Arch>
inline constexpr bool has_e4m3 = e4m3_at_once<Arch> == 4;

/// The largest magnitudes seen, in each lane.
template <class Arch>
struct e4m3_nan {
  using lane = std::conditional_t<has_e4m3<Arch>, std::uint8_t, std::uint16_t>;
  xsimd::batch<lane, Arch> most{lane{0}};

  [[gnu::always_inline]] bool any() const noexcept {
    return xsimd::any(most == xsimd::batch<lane, Arch>(std::numeric_limits<lane>::max()));
  }
};

template <class Arch>
  requires(e4m3_at_once<Arch> != 0)
[[gnu::always_inline]] inline void load_e4m3([[maybe_unused]] std::byte const* from, [[maybe_unused]] e4m3_nan<Arch>& nan,
                                             [[maybe_unused]] floats<Arch> (&out)[e4m3_at_once<Arch>]) noexcept {
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (!has_avx512<Arch>) {
    auto const codes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
    auto const moved = _mm256_slli_epi16(_mm256_cvtepi8_epi16(codes), 7);  // the sign lies in bits 14 and 15
    nan.most = _mm256_max_epu16(nan.most, _mm256_or_si256(moved, _mm256_set1_epi16(static_cast<short>(0xC07F))));
    auto const halves = _mm256_and_si256(moved, _mm256_set1_epi16(static_cast<short>(0xBF80)));
    out[0].part[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(halves));
    out[0].part[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1));
  }
#endif
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    nan.most = _mm512_max_epu8(nan.most, _mm512_or_si512(_mm512_loadu_si512(from), _mm512_set1_epi8(static_cast<char>(0x80))));
    for (std::size_t i = 0; i < 2; ++i) {
      auto const codes = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(from + 32 * i));
      auto const moved = _mm512_slli_epi16(_mm512_cvtepi8_epi16(codes), 7);  // the sign lies in bits 14 and 15
      auto const halves = _mm512_and_si512(moved, _mm512_set1_epi16(static_cast<short>(0xBF80)));
      out[2 * i].part[0] = _mm512_cvtph_ps(_mm512_castsi512_si256(halves));
      out[2 * i + 1].part[0] = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1));
    }
  }
#endif
}

}  // namespace skive::simd
