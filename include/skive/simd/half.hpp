// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/half.hpp - sixteen numbers of two bytes, bfloat16 or float16, to floats and back.
///
///   load_bfloat16<Arch>(p), load_float16<Arch>(p)      lane i is decode(number i)
///   store_bfloat16(x, p), store_float16(x, p)          number i is encode(lane i, nearest_even{}, non_saturating)
///   load_bfloat16<Arch, half_nan::any>(p), load_float16<Arch, half_nan::any>(p)   the same, but NaN's payload and sign are open
///   load_ue4m3<Arch>(p)                                lane i is ue4m3::decode(byte i), any NaN (has_load_ue4m3: F16C)
///
/// NaN becomes the quiet NaN without payload, its sign kept, both ways; overflow becomes infinity; subnormals of every format are
/// exact. vcvtneps2bf16 is not used: it flushes subnormals.
///
/// Model of : -
/// Cost     : instructions for 16 numbers, bfloat16 and float16: AVX-512 load 4 and 5 (any NaN: 2 and 1), store 8 and 6; AVX2 with
///            F16C load 9 and 11 (any NaN: 5 and 2), store 20 and 12; else 50 to 80.
/// Accuracy : decode exact, encode rounds once.
/// Promise  : the codes and bits of skive::bfloat16 and skive::float16 under any flags and under FTZ/DAZ (the instructions of
///            F16C ignore both); exactly 32 bytes are touched, little-endian. The rounding mode is nearest even.
/// Source   : IEEE 754-2019 section 5.4.2.

#include "skive/simd/bytes.hpp"

namespace skive::simd {

/// What loading makes of NaN: the quiet one without payload, or any.
enum class half_nan : bool { quiet, any };

namespace detail {

#if XSIMD_WITH_AVX2 && defined(__F16C__)
template <class Arch>
inline constexpr bool has_f16c = has_avx2<Arch>;
#else
template <class Arch>
inline constexpr bool has_f16c = false;
#endif

// NaN without payload.
template <class Arch>
[[gnu::always_inline]] inline words<Arch> quiet_nan(words<Arch> const& x) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const nan = _mm512_fpclass_ps_mask(_mm512_castsi512_ps(x.part[0]), 0x81);  // sets no flag, which a comparison would
    return {{_mm512_mask_ternarylogic_epi32(x.part[0], nan, _mm512_set1_epi32(static_cast<int>(0xFF800000)),
                                            _mm512_set1_epi32(0x00400000), 0xEA)}};  // (x & sign and exponent) | quiet
  }
#endif
  if constexpr (!has_avx512<Arch>) {
    auto const all = [](std::uint32_t bits) noexcept { return words<Arch>::broadcast(bits); };
    auto const nan = as<std::int32_t>(x & all(0x7FFFFFFF)) > integers<Arch>::broadcast(0x7F800000);
    return select(as<std::uint32_t>(nan), (x & all(0xFF800000)) | all(0x00400000), x);
  }
}

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> float16_to_float(words<Arch> const& code) noexcept {
  auto const all = [](std::uint32_t bits) noexcept { return words<Arch>::broadcast(bits); };
  auto const top = [](words<Arch> const& a, int bound) noexcept {
    return as<std::uint32_t>(as<std::int32_t>(a) > integers<Arch>::broadcast(bound));
  };
  auto const magnitude = code & all(0x7FFF);
  auto const normal = (magnitude << 13) + all(0x38000000);
  auto const special = (magnitude << 13) | all(0x7F800000);
  // Subnormal: k below 2^10 in the low bits of 1/2 makes 1/2 + k 2^-24.
  auto const half = floats<Arch>::broadcast(0.5f);
  auto const subnormal = as<std::uint32_t>(as<float>(magnitude | all(0x3F000000)) - half);
  auto const finite = select(top(magnitude, 0x3FF), normal, subnormal);
  auto const value = select(top(magnitude, 0x7BFF), special, finite);
  return as<float>(quiet_nan(value | ((code & all(0x8000)) << 16)));
}

template <class Arch>
[[gnu::always_inline]] inline words<Arch> float_to_float16(words<Arch> const& bits) noexcept {
  auto const all = [](std::uint32_t b) noexcept { return words<Arch>::broadcast(b); };
  auto const above = [](words<Arch> const& a, int bound) noexcept {
    return as<std::uint32_t>(as<std::int32_t>(a) > integers<Arch>::broadcast(bound));
  };
  auto const magnitude = bits & all(0x7FFFFFFF);
  auto const odd = (magnitude >> 13) & all(1);
  auto const normal = (magnitude + odd - all(0x38000000 - 0xFFF)) >> 13;
  // Below 2^-14 the sum with 1/2 has the steps of 2^-24 that are wanted.
  auto const sum = as<float>(magnitude) + floats<Arch>::broadcast(0.5f);
  auto const subnormal = as<std::uint32_t>(sum) - all(0x3F000000);
  auto const finite = select(above(magnitude, 0x387FFFFF), normal, subnormal);
  auto const bounded = select(above(magnitude, 0x477FEFFF), all(0x7C00), finite);  // half a unit past the largest number
  auto const code = select(above(magnitude, 0x7F800000), all(0x7E00), bounded);
  return code | ((bits >> 16) & all(0x8000));
}

#if XSIMD_WITH_AVX2
// Sixteen numbers of two bytes in a register: what lies above Infinity becomes the quiet NaN.
template <int Infinity, class Arch>
[[gnu::always_inline]] inline __m256i quiet_nan_halves(__m256i h) noexcept {
  constexpr short payload = Infinity == 0x7F80 ? 0x3F : 0x1FF;
  auto const nan = _mm256_cmpgt_epi16(_mm256_and_si256(h, _mm256_set1_epi16(0x7FFF)), _mm256_set1_epi16(Infinity));
  return _mm256_or_si256(_mm256_andnot_si256(_mm256_and_si256(nan, _mm256_set1_epi16(payload)), h),
                         _mm256_and_si256(nan, _mm256_set1_epi16(payload + 1)));
}

template <class Arch, half_nan Nan>
[[gnu::always_inline]] inline floats<Arch> load_bfloat16_avx2(void const* from) noexcept {
  auto const fours = _mm256_permute4x64_epi64(_mm256_loadu_si256(static_cast<__m256i const*>(from)), 0xD8);  // 0 2 1 3
  auto const h = Nan == half_nan::any ? fours : quiet_nan_halves<0x7F80, Arch>(fours);
  auto const zero = _mm256_setzero_si256();
  return {{_mm256_castsi256_ps(_mm256_unpacklo_epi16(zero, h)), _mm256_castsi256_ps(_mm256_unpackhi_epi16(zero, h))}};
}

// Upper and lower halves of all lanes have a register each; the sum of the lower one with 7FFF + odd carries into the upper one.
template <class Arch>
[[gnu::always_inline]] inline void store_bfloat16_avx2(floats<Arch> const& x, void* to) noexcept {
  auto const w = as<std::uint32_t>(x);
  auto upper = _mm256_blend_epi16(_mm256_srli_epi32(w.part[0], 16), w.part[1], 0xAA);
  auto lower = _mm256_blend_epi16(w.part[0], _mm256_slli_epi32(w.part[1], 16), 0xAA);
  auto const exact = _mm256_cmpeq_epi16(lower, _mm256_setzero_si256());  // -1
  auto const magnitude = _mm256_and_si256(upper, _mm256_set1_epi16(0x7FFF));
  auto const nan = _mm256_cmpgt_epi16(_mm256_add_epi16(magnitude, exact), _mm256_set1_epi16(0x7F7F));
  upper = _mm256_or_si256(_mm256_andnot_si256(_mm256_and_si256(nan, _mm256_set1_epi16(0x3F)), upper),
                          _mm256_and_si256(nan, _mm256_set1_epi16(0x40)));
  lower = _mm256_andnot_si256(nan, lower);
  auto const odd = _mm256_and_si256(upper, _mm256_set1_epi16(1));
  auto const half_sum = _mm256_avg_epu16(lower, _mm256_add_epi16(odd, _mm256_set1_epi16(0x7FFE)));  // (a + b + 1) / 2
  store_interleaved_halves<Arch>(_mm256_add_epi16(upper, _mm256_srli_epi16(half_sum, 15)), to);
}
#endif

}  // namespace detail

template <class Arch, half_nan Nan = half_nan::quiet>
[[gnu::always_inline]] inline floats<Arch> load_bfloat16(void const* from) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return detail::load_bfloat16_avx2<Arch, Nan>(from);
#endif
  if constexpr (!has_avx2<Arch>) {
    auto const x = load_upper_halves<Arch>(static_cast<std::byte const*>(from));
    return as<float>(Nan == half_nan::any ? x : detail::quiet_nan(x));
  }
}

template <class Arch>
[[gnu::always_inline]] inline void store_bfloat16(floats<Arch> const& x, void* to) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const bits = detail::quiet_nan(as<std::uint32_t>(x)).part[0];
    auto const odd = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x10000));
    auto const up = _mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF));
    words<Arch> const rounded{{_mm512_mask_add_epi32(up, odd, bits, _mm512_set1_epi32(0x8000))}};
    store_upper_halves(rounded, static_cast<std::byte*>(to));
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) detail::store_bfloat16_avx2<Arch>(x, to);
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) {
    auto const bits = detail::quiet_nan(as<std::uint32_t>(x));
    auto const odd = (bits >> 16) & words<Arch>::broadcast(1);
    store_upper_halves(bits + words<Arch>::broadcast(0x7FFF) + odd, static_cast<std::byte*>(to));
  }
}

template <class Arch, half_nan Nan = half_nan::quiet>
[[gnu::always_inline]] inline floats<Arch> load_float16(void const* from) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    floats<Arch> const x{{_mm512_cvtph_ps(_mm256_loadu_si256(static_cast<__m256i const*>(from)))}};
    return Nan == half_nan::any ? x : as<float>(detail::quiet_nan(as<std::uint32_t>(x)));
  }
#endif
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (detail::has_f16c<Arch>) {
    if constexpr (Nan == half_nan::any) {  // out of memory: out of a register it takes the multiplier's time (Zen 3)
      auto const* const eight = static_cast<__m128i const*>(from);
      return {{_mm256_cvtph_ps(_mm_loadu_si128(eight)), _mm256_cvtph_ps(_mm_loadu_si128(eight + 1))}};
    }
    auto const h = detail::quiet_nan_halves<0x7C00, Arch>(_mm256_loadu_si256(static_cast<__m256i const*>(from)));
    return {{_mm256_cvtph_ps(_mm256_castsi256_si128(h)), _mm256_cvtph_ps(_mm256_extracti128_si256(h, 1))}};
  }
#endif
  if constexpr (!has_avx512<Arch> && !detail::has_f16c<Arch>)
    return detail::float16_to_float(load_halves<Arch>(static_cast<std::byte const*>(from)));
}

/// Are bytes of 4 exponent and 3 fraction bits halves that lack some?
template <class Arch>
inline constexpr bool has_load_ue4m3 = detail::has_f16c<Arch>;

/// 16 bytes: 4 bits of exponent, bias 7, and 3 of fraction below a bit that does not count; 7F is NaN. Such a code is that of a
/// half 2^8 times as small.
template <class Arch>
  requires has_load_ue4m3<Arch>
[[gnu::always_inline]] inline floats<Arch> load_ue4m3([[maybe_unused]] std::byte const* from) noexcept {
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  auto const code = _mm256_slli_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<__m128i const*>(from))), 9);
  auto const nan = _mm256_cmpeq_epi16(code, _mm256_set1_epi16(static_cast<short>(0xFE00)));
  auto const half = _mm256_or_si256(_mm256_srli_epi16(code, 2), nan);
  auto const by = _mm256_set1_ps(256.0f);
  return {{_mm256_mul_ps(_mm256_cvtph_ps(_mm256_castsi256_si128(half)), by),
           _mm256_mul_ps(_mm256_cvtph_ps(_mm256_extracti128_si256(half, 1)), by)}};
#endif
}

template <class Arch>
[[gnu::always_inline]] inline void store_float16(floats<Arch> const& x, void* to) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const y = as<float>(detail::quiet_nan(as<std::uint32_t>(x)));
    auto const halves = _mm512_cvtps_ph(y.part[0], _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_storeu_si256(static_cast<__m256i*>(to), halves);
  }
#endif
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (detail::has_f16c<Arch>) {
    auto const low = _mm256_cvtps_ph(x.part[0], _MM_FROUND_TO_NEAREST_INT);
    auto const high = _mm256_cvtps_ph(x.part[1], _MM_FROUND_TO_NEAREST_INT);
    auto const h = detail::quiet_nan_halves<0x7C00, Arch>(_mm256_set_m128i(high, low));
    _mm256_storeu_si256(static_cast<__m256i*>(to), h);
  }
#endif
  if constexpr (!has_avx512<Arch> && !detail::has_f16c<Arch>)
    store_halves(detail::float_to_float16(as<std::uint32_t>(x)), static_cast<std::byte*>(to));
}

}  // namespace skive::simd
