// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/byte_floats.hpp - 32 codes of eight-bit floats to floats by way of float16, whose exponent is at least as wide; and
/// floats of six bits by a table of 32 magnitudes.
///
///   load_byte_floats<FractionBits, Nan, Shift, Arch>(p, out)    out[0], out[1]: 2^Shift value(half) for the codes at p
///   load_byte_floats<FractionBits, Nan, Shift, Arch>(p)         sixteen of them, every NaN 7FC00000 (AVX2 with F16C)
///   load_wide_byte_floats<Bias, Arch>(p, out)    the same where 5 bits of exponent have no special value (NaN is negative zero) and
///                                                the fraction has 2: by way of bfloat16, of which subnormal codes are looked up
///   look_up_32<Arch>(values, index)                             lane i is values[index lane i mod 32]
///
///   Seven bits of exponent and fraction, moved up to the place of float16's, are the number 2^(bias - 15) times as large, also
///   where it is subnormal.
///
/// Model of : -
/// Cost     : AVX-512: 32 codes 8 to 11 instructions, wide ones 11; a look-up 1. AVX2 with F16C: 16 codes 9 to 14, no wide
///            ones (has_half_byte_floats, has_byte_floats). Elsewhere there is none.
/// Accuracy : exact.
/// Promise  : NaN becomes 7FC00000, with its sign where it has one; exactly 32 bytes are read; FTZ and DAZ change nothing.
/// Source   : IEEE 754-2019 (binary16).

#include "skive/simd/arithmetic.hpp"
#include "skive/simd/half.hpp"

#include <array>

namespace skive::simd {

template <class Arch>
inline constexpr bool has_byte_floats = has_avx512<Arch>;

/// Is there load_byte_floats()?
template <class Arch>
inline constexpr bool has_half_byte_floats = has_avx512<Arch> || detail::has_f16c<Arch>;

/// Which codes are NaN.
enum class byte_nan : std::uint8_t { none, all_ones, negative_zero, past_infinity };

namespace detail {
#if XSIMD_WITH_AVX2 && defined(__F16C__)
template <int FractionBits, byte_nan Nan, int Shift, bool OneNan, class Arch>
[[gnu::always_inline]] inline floats<Arch> sixteen_byte_floats(std::byte const* from) noexcept {
  constexpr int up = 10 - FractionBits;
  constexpr int ones = 0x7F << up;
  auto const all = [](int bits) noexcept { return _mm256_set1_epi16(static_cast<short>(bits)); };
  auto const codes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
  auto halves = _mm256_slli_epi16(_mm256_cvtepi8_epi16(codes), up);  // copies of the sign above the exponent
  if constexpr (up != 8) halves = _mm256_and_si256(halves, all(0x8000 | ones));
  if constexpr (Nan != byte_nan::none) {
    __m256i nan;
    if constexpr (Nan == byte_nan::all_ones) nan = _mm256_cmpeq_epi16(_mm256_or_si256(halves, all(0x8000)), all(0x8000 | ones));
    if constexpr (Nan == byte_nan::negative_zero) nan = _mm256_cmpeq_epi16(halves, all(0x8000));
    if constexpr (Nan == byte_nan::past_infinity) nan = _mm256_cmpgt_epi16(_mm256_and_si256(halves, all(0x7FFF)), all(0x7C00));
    auto quiet = all(0x7E00);
    if constexpr (!OneNan && Nan != byte_nan::negative_zero)
      quiet = _mm256_or_si256(quiet, _mm256_and_si256(halves, all(0x8000)));
    halves = _mm256_blendv_epi8(halves, quiet, nan);
  }
  floats<Arch> x{{_mm256_cvtph_ps(_mm256_castsi256_si128(halves)), _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1))}};
  if constexpr (Shift != 0) {
    constexpr auto factor =
        Shift > 0 ? static_cast<float>(1 << (Shift > 0 ? Shift : 0)) : 1.0f / static_cast<float>(1 << (Shift < 0 ? -Shift : 0));
    x = product<Arch>(x, floats<Arch>::broadcast(factor));
  }
  return x;
}
#endif
}  // namespace detail

template <int FractionBits, byte_nan Nan, int Shift, class Arch>
  requires detail::has_f16c<Arch>
[[gnu::always_inline]] inline floats<Arch> load_byte_floats([[maybe_unused]] std::byte const* from) noexcept {
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  return detail::sixteen_byte_floats<FractionBits, Nan, Shift, true, Arch>(from);
#endif
}

template <int FractionBits, byte_nan Nan, int Shift, class Arch>
  requires has_half_byte_floats<Arch>
[[gnu::always_inline]] inline void load_byte_floats([[maybe_unused]] std::byte const* from,
                                                    [[maybe_unused]] floats<Arch> (&out)[2]) noexcept {
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (detail::has_f16c<Arch>) {
    out[0] = detail::sixteen_byte_floats<FractionBits, Nan, Shift, false, Arch>(from);
    out[1] = detail::sixteen_byte_floats<FractionBits, Nan, Shift, false, Arch>(from + 16);
    return;
  }
#endif
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    constexpr int up = 10 - FractionBits;
    auto const all = [](int bits) noexcept { return _mm512_set1_epi16(static_cast<short>(bits)); };
    auto const codes = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(from));
    auto halves = _mm512_slli_epi16(_mm512_cvtepi8_epi16(codes), up);  // copies of the sign above the exponent
    if constexpr (up != 8) halves = _mm512_and_si512(halves, all(0x8000 | 0x7F << up));
    if constexpr (Nan == byte_nan::all_ones) {
      auto const nan = _mm512_cmpeq_epi16_mask(_mm512_or_si512(halves, all(0x8000)), all(0x8000 | 0x7F << up));
      halves = _mm512_mask_add_epi16(halves, nan, halves, all(0x7E00 - (0x7F << up)));
    }
    if constexpr (Nan == byte_nan::negative_zero)
      halves = _mm512_mask_mov_epi16(halves, _mm512_cmpeq_epi16_mask(halves, all(0x8000)), all(0x7E00));
    if constexpr (Nan == byte_nan::past_infinity) {
      auto const nan = _mm512_cmpgt_epu16_mask(_mm512_or_si512(halves, all(0x8000)), all(0xFC00));
      halves = _mm512_mask_mov_epi16(halves, nan, _mm512_or_si512(_mm512_and_si512(halves, all(0x8000)), all(0x7E00)));
    }
    auto const factor = _mm512_set1_ps(Shift >= 0 ? static_cast<float>(1 << (Shift >= 0 ? Shift : 0))
                                                  : 1.0f / static_cast<float>(1 << (Shift < 0 ? -Shift : 0)));
    auto const low = _mm512_cvtph_ps(_mm512_castsi512_si256(halves));
    auto const high = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1));
    out[0].part[0] = Shift == 0 ? low : _mm512_mul_ps(low, factor);
    out[1].part[0] = Shift == 0 ? high : _mm512_mul_ps(high, factor);
  }
#endif
}

template <int Bias, class Arch>
  requires has_byte_floats<Arch>
[[gnu::always_inline]] inline void load_wide_byte_floats([[maybe_unused]] std::byte const* from,
                                                         [[maybe_unused]] floats<Arch> (&out)[2]) noexcept {
#if XSIMD_WITH_AVX512BW
  auto const all = [](int bits) noexcept { return _mm512_set1_epi16(static_cast<short>(bits)); };
  // Upper halves of the floats 0, 1, 2 and 3 times 2^(-1 - Bias).
  constexpr long long one = (126 - Bias) << 7;
  constexpr long long two = one + 0x80;
  constexpr auto subnormals = one << 16 | two << 32 | (two + 0x40) << 48;
  auto const codes = _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)));
  auto const size = _mm512_slli_epi16(_mm512_and_si512(codes, all(0x7F)), 5);
  auto const normal = _mm512_add_epi16(size, all((127 - Bias) << 7));
  auto const is_small = _mm512_testn_epi16_mask(codes, all(0x7C));
  auto const value = _mm512_mask_permutexvar_epi16(normal, is_small, codes, _mm512_set1_epi64(subnormals));
  auto const with_sign = _mm512_ternarylogic_epi32(value, codes, all(0x8000), 0xF8);  // a | (b & c)
  auto const halves = _mm512_mask_mov_epi16(with_sign, _mm512_cmpeq_epi16_mask(codes, all(0xFF80)), all(0x7FC0));
  auto const spread = _mm512_cvtepu16_epi32(_mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  auto const low = _mm512_slli_epi32(spread, 16);
  auto const high = _mm512_add_epi16(low, all(16));
  out[0].part[0] = _mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(0xAAAAAAAA, low, halves));
  out[1].part[0] = _mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(0xAAAAAAAA, high, halves));
#endif
}

template <class Arch>
  requires has_byte_floats<Arch>
[[gnu::always_inline]] inline floats<Arch> look_up_32([[maybe_unused]] std::array<float, 32> const& values,
                                                      [[maybe_unused]] words<Arch> const& index) noexcept {
  floats<Arch> r;
#if XSIMD_WITH_AVX512BW
  r.part[0] = _mm512_permutex2var_ps(_mm512_loadu_ps(values.data()), index.part[0], _mm512_loadu_ps(values.data() + 16));
#endif
  return r;
}

}  // namespace skive::simd
