// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/reduce.hpp - one number from sixteen lanes: maximum, minimum, and the sum in a fixed order.
///
///   largest(w), smallest(w)      of words below 2^31
///   largest(x), smallest(x)      of floats without sign and NaN, as numbers and bit by bit: they are compared as words
///   sum(x)                       x_i + x_(i+8), then y_i + y_(i+4), z_i + z_(i+2), u_0 + u_1: the same bits everywhere
///
/// Model of : -
/// Cost     : 9 instructions, which 512-bit registers make slow: simd/reduce_each.hpp has sixteen at once.
/// Accuracy : sum rounds after each of 4 additions.
/// Promise  : the same bits on every instruction set.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

namespace detail {

// For whole batches, and for registers of x86 that are narrower than the batch they were cut from.
template <class Arch>
struct larger {
  template <class T>
  [[gnu::always_inline]] xsimd::batch<T, Arch> operator()(xsimd::batch<T, Arch> const& a,
                                                          xsimd::batch<T, Arch> const& b) const noexcept {
    return xsimd::max(a, b);
  }
#if XSIMD_WITH_AVX2
  [[gnu::always_inline]] __m256i operator()(__m256i a, __m256i b) const noexcept { return _mm256_max_epi32(a, b); }
  [[gnu::always_inline]] __m128i operator()(__m128i a, __m128i b) const noexcept { return _mm_max_epi32(a, b); }
#endif
};
template <class Arch>
struct lesser {
  template <class T>
  [[gnu::always_inline]] xsimd::batch<T, Arch> operator()(xsimd::batch<T, Arch> const& a,
                                                          xsimd::batch<T, Arch> const& b) const noexcept {
    return xsimd::min(a, b);
  }
#if XSIMD_WITH_AVX2
  [[gnu::always_inline]] __m256i operator()(__m256i a, __m256i b) const noexcept { return _mm256_min_epi32(a, b); }
  [[gnu::always_inline]] __m128i operator()(__m128i a, __m128i b) const noexcept { return _mm_min_epi32(a, b); }
#endif
};
template <class Arch>
struct added {  // of floats, in registers of x86 by their bits
  template <class T>
  [[gnu::always_inline]] xsimd::batch<T, Arch> operator()(xsimd::batch<T, Arch> const& a,
                                                          xsimd::batch<T, Arch> const& b) const noexcept {
    return a + b;
  }
#if XSIMD_WITH_AVX2
  [[gnu::always_inline]] __m256i operator()(__m256i a, __m256i b) const noexcept {
    return _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
  }
  [[gnu::always_inline]] __m128i operator()(__m128i a, __m128i b) const noexcept {
    return _mm_castps_si128(_mm_add_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b)));
  }
#endif
};

// Lane i of the result is lane i ^ Distance of x.
template <int Distance, class Arch>
[[gnu::always_inline]] inline xsimd::batch<std::uint32_t, Arch> exchanged(xsimd::batch<std::uint32_t, Arch> const& x) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    if constexpr (Distance == 4) return _mm256_permute2x128_si256(x, x, 1);
    if constexpr (Distance < 4) return _mm256_shuffle_epi32(x, Distance == 2 ? 0x4E : 0xB1);
  } else
#endif
#if XSIMD_WITH_SSE2
      if constexpr (has_sse2<Arch>) {
    return _mm_shuffle_epi32(x, Distance == 2 ? 0x4E : 0xB1);
  } else
#endif
#if XSIMD_WITH_NEON64
      if constexpr (has_neon64<Arch>) {
    if constexpr (Distance == 2) return vextq_u32(x, x, 2);
    if constexpr (Distance == 1) return vrev64q_u32(x);
  } else
#endif
  {
    alignas(64) std::uint32_t lane[2][16];
    x.store_unaligned(lane[0]);
    for (std::size_t i = 0; i < x.size; ++i) lane[1][i] = lane[0][i ^ Distance];
    return xsimd::batch<std::uint32_t, Arch>::load_unaligned(lane[1]);
  }
}

template <class T, class Arch>
[[gnu::always_inline]] inline T first_lane(xsimd::batch<T, Arch> const& x) noexcept {
  [[maybe_unused]] constexpr bool is_float = std::is_same_v<T, float>;
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch> && is_float) return _mm_cvtss_f32(x);
  if constexpr (has_sse2<Arch> && !is_float) return static_cast<T>(_mm_cvtsi128_si32(x));
#endif
  if constexpr (!has_sse2<Arch>) {
    alignas(64) T lane[16];
    x.store_unaligned(lane);
    return lane[0];
  }
}

#if XSIMD_WITH_AVX2
// The narrower the register, the more units of the processor take it.
template <class Arch, class Op>
[[gnu::always_inline]] inline __m128i fold_256(__m256i x, Op op) noexcept {
  auto const y = op(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  auto const z = op(y, _mm_shuffle_epi32(y, 0x4E));
  return op(z, _mm_shuffle_epi32(z, 0xB1));
}
#endif

// x_i op x_(i+8), y_i op y_(i+4), z_i op z_(i+2), u_0 op u_1.
template <class Op, class T, class Arch>
[[gnu::always_inline]] inline T fold(sixteen<T, Arch> x, Op op) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx512<Arch> || has_avx2<Arch>) {
    auto const bits = as<std::uint32_t>(x);
    __m128i y;
#if XSIMD_WITH_AVX512BW
    if constexpr (has_avx512<Arch>)
      y = fold_256<Arch>(op(_mm512_castsi512_si256(bits.part[0]), _mm512_extracti64x4_epi64(bits.part[0], 1)), op);
#endif
    if constexpr (has_avx2<Arch>) y = fold_256<Arch>(op(__m256i(bits.part[0]), __m256i(bits.part[1])), op);
    if constexpr (std::is_same_v<T, float>) return _mm_cvtss_f32(_mm_castsi128_ps(y));
    if constexpr (!std::is_same_v<T, float>) return static_cast<T>(_mm_cvtsi128_si32(y));
  } else
#endif
  {
    for (std::size_t half = x.registers / 2; half != 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) x.part[i] = op(x.part[i], x.part[i + half]);
    auto y = x.part[0];
    auto const partner = [&y]<int Distance>(std::integral_constant<int, Distance>) noexcept {
      return xsimd::bitwise_cast<T>(exchanged<Distance, Arch>(xsimd::bitwise_cast<std::uint32_t>(y)));
    };
    if constexpr (y.size > 8) y = op(y, partner(std::integral_constant<int, 8>{}));
    if constexpr (y.size > 4) y = op(y, partner(std::integral_constant<int, 4>{}));
    y = op(y, partner(std::integral_constant<int, 2>{}));
    return first_lane<T, Arch>(op(y, partner(std::integral_constant<int, 1>{})));
  }
}

}  // namespace detail

/// Precondition: every lane is below 2^31.
template <class Arch>
[[gnu::always_inline]] inline std::uint32_t largest(words<Arch> const& w) noexcept {
  return static_cast<std::uint32_t>(detail::fold(as<std::int32_t>(w), detail::larger<Arch>{}));
}
template <class Arch>
[[gnu::always_inline]] inline std::uint32_t smallest(words<Arch> const& w) noexcept {
  return static_cast<std::uint32_t>(detail::fold(as<std::int32_t>(w), detail::lesser<Arch>{}));
}

/// Precondition: no lane is NaN or has its sign bit set.
template <class Arch>
[[gnu::always_inline]] inline float largest(floats<Arch> const& x) noexcept {
  return std::bit_cast<float>(largest(as<std::uint32_t>(x)));
}
template <class Arch>
[[gnu::always_inline]] inline float smallest(floats<Arch> const& x) noexcept {
  return std::bit_cast<float>(smallest(as<std::uint32_t>(x)));
}

template <class Arch>
[[gnu::always_inline]] inline float sum(floats<Arch> const& x) noexcept {
  return detail::fold(x, detail::added<Arch>{});
}

}  // namespace skive::simd
