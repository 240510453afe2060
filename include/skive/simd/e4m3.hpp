// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/e4m3.hpp - 64 or 16 codes of E4M3 at a time, by way of float16, which has the same fraction and a wider exponent.
///
///   load_e4m3<Arch>(p, nan, out) -> out[N], N times 16 floats 2^-8 value(code), in order, N = e4m3_at_once<Arch>: 4, 1, or 0
///   widen_e4m3<Arch>(p, n, nan, halves)      halves[i] is the float16 2^-8 value(code i), i < n, n a multiple of 16: widens_e4m3
///   widen_e5m2<Arch>(p, n, halves)           halves[i] is code i and eight zeros, which is its float16, NaN and infinity included
///   nan collects whether a code is NaN (7F, FF)
///
///   Seven bits eeeemmm, moved up by 7, are the float16 2^(e - 15) (1 + m / 8), or m 2^-17 for e = 0: 2^-8 of E4M3's number.
///
/// Model of : -
/// Cost     : 20 instructions with AVX-512 for 64, 9 with AVX2 and F16C for 16; elsewhere there is no such path. Widening, 10 for 32:
///            float16 in the first cache turns to floats for nothing beside multiply-adds, where out of a register it takes the
///            multiplier's time (Zen 3).
/// Accuracy : exact; codes of NaN come out as +-480 / 256.
/// Promise  : exactly 16 N bytes are read; FTZ and DAZ change nothing.
/// Source   : OCP 8-bit Floating Point Specification v1.0 (E4M3); IEEE 754-2019 (binary16).

#include "skive/simd/bytes.hpp"

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

/// Are codes widened in memory?
template <class Arch>
inline constexpr bool widens_e4m3 = e4m3_at_once<Arch> == 1;

/// The largest magnitudes seen, in each lane.
template <class Arch>
struct e4m3_nan {
  using bytes = xsimd::batch<std::uint8_t, Arch>;
  bytes most{std::uint8_t{0}};

  [[gnu::always_inline]] bool any() const noexcept { return xsimd::any(most == bytes(std::uint8_t{0xFF})); }
};

#if XSIMD_WITH_AVX2 && defined(__F16C__)
namespace detail {

// 2^-8 of sixteen numbers, each as a float16. The sign lies in bits 14 and 15 after the shift.
[[gnu::always_inline]] inline __m256i e4m3_halves(std::byte const* from) noexcept {
  auto const codes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
  return _mm256_and_si256(_mm256_slli_epi16(_mm256_cvtepi8_epi16(codes), 7), _mm256_set1_epi16(static_cast<short>(0xBF80)));
}
[[gnu::always_inline]] inline __m256i larger_e4m3(__m256i most, __m256i codes) noexcept {
  return _mm256_max_epu8(most, _mm256_or_si256(codes, _mm256_set1_epi8(static_cast<char>(0x80))));
}

}  // namespace detail
#endif

template <class Arch>
  requires(widens_e4m3<Arch>)
[[gnu::always_inline]] inline void widen_e4m3([[maybe_unused]] std::byte const* from, [[maybe_unused]] std::size_t n,
                                              [[maybe_unused]] e4m3_nan<Arch>& nan, [[maybe_unused]] std::uint16_t* to) noexcept {
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    nan.most = detail::larger_e4m3(nan.most, _mm256_loadu_si256(reinterpret_cast<__m256i const*>(from + i)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), detail::e4m3_halves(from + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i + 16), detail::e4m3_halves(from + i + 16));
  }
  if (i < n) {
    auto const codes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from + i));
    nan.most = detail::larger_e4m3(nan.most, _mm256_broadcastsi128_si256(codes));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), detail::e4m3_halves(from + i));
  }
#endif
}

template <class Arch>
  requires(e4m3_at_once<Arch> != 0)
[[gnu::always_inline]] inline void load_e4m3([[maybe_unused]] std::byte const* from, [[maybe_unused]] e4m3_nan<Arch>& nan,
                                             [[maybe_unused]] floats<Arch> (&out)[e4m3_at_once<Arch>]) noexcept {
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (!has_avx512<Arch>) {
    auto const codes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
    nan.most = detail::larger_e4m3(nan.most, _mm256_broadcastsi128_si256(codes));
    auto const halves = detail::e4m3_halves(from);
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

template <class Arch>
  requires(widens_e4m3<Arch>)
[[gnu::always_inline]] inline void widen_e5m2([[maybe_unused]] std::byte const* from, [[maybe_unused]] std::size_t n,
                                              [[maybe_unused]] std::uint16_t* to) noexcept {
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  for (std::size_t i = 0; i < n; i += 16) {
    auto const codes = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<__m128i const*>(from + i)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm256_slli_epi16(codes, 8));
  }
#endif
}

}  // namespace skive::simd
