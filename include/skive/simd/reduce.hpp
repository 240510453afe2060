// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/reduce.hpp - one number from sixteen lanes: maximum, minimum, and the sum in a fixed order.
///
///   largest(w), smallest(w)      of words below 2^31
///   largest(x), smallest(x)      of floats without sign and NaN, as numbers and bit by bit: they are compared as words
///   sum(x)                       x_i + x_(i+8), then y_i + y_(i+4), z_i + z_(i+2), u_0 + u_1: the same bits everywhere
///   largest_of_each(v)           lane g is largest(v[g]), 0 <= g < 16: a tree that merges two registers a step
///   sum_of_each(v)               lane g is the sum of the register v[g]
///
/// Model of : -
/// Cost     : 9 instructions, which 512-bit registers make slow: largest_of_each takes 46 for sixteen maxima, AVX2 58.
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

// The sum of floats, given by their bits.
template <class Arch>
struct added_floats {
  using words = xsimd::batch<std::int32_t, Arch>;
  [[gnu::always_inline]] words operator()(words const& a, words const& b) const noexcept {
    return xsimd::bitwise_cast<std::int32_t>(xsimd::bitwise_cast<float>(a) + xsimd::bitwise_cast<float>(b));
  }
};

// Lane i: a where bit Distance of i is clear, else b; each op of its lanes i and i ^ Distance.
template <int Distance, class Arch, class Op>
[[gnu::always_inline]] inline xsimd::batch<std::int32_t, Arch> merged(xsimd::batch<std::int32_t, Arch> const& a,
                                                                      xsimd::batch<std::int32_t, Arch> const& b, Op op) noexcept {
  using batch = xsimd::batch<std::int32_t, Arch>;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    constexpr auto mask = static_cast<__mmask16>(Distance == 8       ? 0xFF00
                                                     : Distance == 4 ? 0xF0F0
                                                     : Distance == 2 ? 0xCCCC
                                                                     : 0xAAAA);
    batch const stay = _mm512_mask_blend_epi32(mask, a, b);
    __m512i move;
    if constexpr (Distance == 8) move = _mm512_shuffle_i64x2(a, b, 0x4E);
    if constexpr (Distance == 4) move = _mm512_permutex2var_epi64(a, _mm512_setr_epi64(2, 3, 8, 9, 6, 7, 12, 13), b);
    if constexpr (Distance == 2)
      move = _mm512_castpd_si512(_mm512_shuffle_pd(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b), 0x55));
    if constexpr (Distance == 1)
      move = _mm512_permutex2var_epi32(a, _mm512_setr_epi32(1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30), b);
    return op(stay, batch(move));
  } else
#endif
#if XSIMD_WITH_AVX2
      if constexpr (has_avx2<Arch>) {
    constexpr int mask = Distance == 4 ? 0xF0 : Distance == 2 ? 0xCC : 0xAA;
    batch const stay = _mm256_blend_epi32(a, b, mask);
    batch const move = _mm256_blend_epi32(b, a, mask);
    return op(stay, xsimd::bitwise_cast<std::int32_t>(exchanged<Distance, Arch>(xsimd::bitwise_cast<std::uint32_t>(move))));
  } else
#endif
#if XSIMD_WITH_SSE2
      if constexpr (has_sse2<Arch>) {  // [a b a b] of both halves, both times: the lanes end in the same order
    return op(batch(_mm_unpacklo_epi32(a, b)), batch(_mm_unpackhi_epi32(a, b)));
  } else
#endif
#if XSIMD_WITH_NEON64
      if constexpr (has_neon64<Arch>) {
    return op(batch(vzip1q_s32(a, b)), batch(vzip2q_s32(a, b)));
  } else
#endif
  {
    alignas(64) std::int32_t lane[2][16];
    alignas(64) std::int32_t moved[2][16];
    a.store_unaligned(lane[0]);
    b.store_unaligned(lane[1]);
    for (std::size_t i = 0; i < batch::size; ++i) {
      auto const& from = lane[(i & Distance) != 0 ? 1 : 0];
      moved[0][i] = from[i];
      moved[1][i] = from[i ^ Distance];
    }
    return op(batch::load_unaligned(moved[0]), batch::load_unaligned(moved[1]));
  }
}

// Half as many registers, where they are more than Distance.
template <int Distance, class Arch, std::size_t Size, class Op>
[[gnu::always_inline]] inline void halve(xsimd::batch<std::int32_t, Arch> (&x)[Size], Op op) noexcept {
  if constexpr (Distance < static_cast<int>(Size))
#pragma GCC unroll 8
    for (std::size_t g = 0; g < Distance; ++g) x[g] = merged<Distance, Arch>(x[g], x[g + Distance], op);
}
// Lane g: op of all lanes of x[g], which is overwritten. Size: the lanes of one.
template <class Arch, std::size_t Size, class Op>
[[gnu::always_inline]] inline xsimd::batch<std::int32_t, Arch> merged_all(xsimd::batch<std::int32_t, Arch> (&x)[Size],
                                                                          Op op) noexcept {
  halve<8>(x, op);
  halve<4>(x, op);
  halve<2>(x, op);
  halve<1>(x, op);
  return x[0];
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

/// As signed integers: bits of floats without NaN too, where one of each is +0 or more, or the result does not count.
template <class Arch>
[[gnu::always_inline]] inline words<Arch> largest_of_each(words<Arch> const (&v)[16]) noexcept {
  constexpr std::size_t size = xsimd::batch<std::int32_t, Arch>::size;
  words<Arch> r;
#pragma GCC unroll 4
  for (std::size_t part = 0; part < r.registers; ++part) {
    xsimd::batch<std::int32_t, Arch> x[size];
#pragma GCC unroll 16
    for (std::size_t g = 0; g < size; ++g) {
      auto const lanes = as<std::int32_t>(v[part * size + g]);
      x[g] = lanes.part[0];
#pragma GCC unroll 4
      for (std::size_t i = 1; i < r.registers; ++i) x[g] = xsimd::max(x[g], lanes.part[i]);
    }
    r.part[part] = xsimd::bitwise_cast<std::uint32_t>(detail::merged_all<Arch>(x, detail::larger<Arch>{}));
  }
  return r;
}

/// Lane g is the sum of the lanes of v[g], i and i + n/2 first, then n/4, ...; v: as many registers as one has lanes.
template <class Arch, std::size_t Size>
[[gnu::always_inline]] inline xsimd::batch<float, Arch> sum_of_each(xsimd::batch<float, Arch> const (&v)[Size]) noexcept {
  static_assert(Size == xsimd::batch<float, Arch>::size);
  xsimd::batch<std::int32_t, Arch> x[Size];
#pragma GCC unroll 16
  for (std::size_t g = 0; g < Size; ++g) x[g] = xsimd::bitwise_cast<std::int32_t>(v[g]);
  return xsimd::bitwise_cast<float>(detail::merged_all<Arch>(x, detail::added_floats<Arch>{}));
}

}  // namespace skive::simd
