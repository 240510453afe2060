// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/half.hpp - sixteen numbers of two bytes, bfloat16 or float16, to floats and back.
///
///   load_bfloat16<Arch>(p), load_float16<Arch>(p)      lane i is decode(number i)
///   store_bfloat16(x, p), store_float16(x, p)          number i is encode(lane i, nearest_even{}, non_saturating)
///
/// NaN becomes the quiet NaN without payload, its sign kept, both ways; overflow becomes infinity; subnormals of every format are
/// exact. vcvtneps2bf16 is not used: it flushes subnormals.
///
/// Model of : -
/// Cost     : in instructions, AVX-512: load 4 and 4, store 8 and 4; F16C with AVX2: 7 and 7 a register of 8; else 10 to 20.
/// Accuracy : decode exact, encode rounds once.
/// Promise  : the codes and bits of skive::bfloat16 and skive::float16 under any flags and under FTZ/DAZ (the instructions of
///            F16C ignore both); exactly 32 bytes are touched, little-endian. The rounding mode is nearest even.
/// Source   : IEEE 754-2019 section 5.4.2.

#include "skive/simd/bytes.hpp"

namespace skive::simd {

namespace detail {

#if XSIMD_WITH_AVX2 && defined(__F16C__)
template <class Arch>
inline constexpr bool has_f16c = has_avx2<Arch>;
#else
template <class Arch>
inline constexpr bool has_f16c = false;
#endif

/// NaN without payload.
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

}  // namespace detail

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> load_bfloat16(void const* from) noexcept {
  return as<float>(detail::quiet_nan(load_upper_halves<Arch>(static_cast<std::byte const*>(from))));
}

template <class Arch>
[[gnu::always_inline]] inline void store_bfloat16(floats<Arch> const& x, void* to) noexcept {
  auto const bits = detail::quiet_nan(as<std::uint32_t>(x));
  auto const odd = (bits >> 16) & words<Arch>::broadcast(1);
  store_upper_halves(bits + words<Arch>::broadcast(0x7FFF) + odd, static_cast<std::byte*>(to));
}

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> load_float16(void const* from) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    floats<Arch> const x{{_mm512_cvtph_ps(_mm256_loadu_si256(static_cast<__m256i const*>(from)))}};
    return as<float>(detail::quiet_nan(as<std::uint32_t>(x)));
  }
#endif
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (detail::has_f16c<Arch>) {
    auto const* const halves = static_cast<__m128i const*>(from);
    floats<Arch> const x{{_mm256_cvtph_ps(_mm_loadu_si128(halves)), _mm256_cvtph_ps(_mm_loadu_si128(halves + 1))}};
    return as<float>(detail::quiet_nan(as<std::uint32_t>(x)));
  }
#endif
  if constexpr (!has_avx512<Arch> && !detail::has_f16c<Arch>)
    return detail::float16_to_float(load_halves<Arch>(static_cast<std::byte const*>(from)));
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
    auto const y = as<float>(detail::quiet_nan(as<std::uint32_t>(x)));
    for (std::size_t i = 0; i < 2; ++i)
      _mm_storeu_si128(static_cast<__m128i*>(to) + i, _mm256_cvtps_ph(y.part[i], _MM_FROUND_TO_NEAREST_INT));
  }
#endif
  if constexpr (!has_avx512<Arch> && !detail::has_f16c<Arch>)
    store_halves(detail::float_to_float16(as<std::uint32_t>(x)), static_cast<std::byte*>(to));
}

}  // namespace skive::simd
