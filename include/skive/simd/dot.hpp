// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/dot.hpp - products of bytes, four to a lane, and of halves of words, two to a lane.
///
///   dot2(sum, a, b)            lane i: sum_i + a_i0 b_i0 + a_i1 b_i1, a_ij and b_ij signed numbers of 16 bits
///   dot4(sum, a, b)            lane i: sum_i + a_i0 b_i0 + a_i1 b_i1 + a_i2 b_i2 + a_i3 b_i3, a_ij unsigned, b_ij signed bytes
///   dot4<127>(sum, a, b)       the same, where no a_ij is above 127: 3 instructions instead of 9 below VNNI
///   dot4_signed(sum, a, b)     the same with both signed
///   dot4_by_signs(sum, a, b)   the same where no b_ij is -128 (has_dot4_by_signs: AVX2 and SSSE3 below VNNI)
///   even_bytes(w), odd_bytes(w)  bytes 0 and 2, or 1 and 3, of a lane as its halves
///
/// 64 bytes are 16 lanes of four: byte j of lane i is (w_i >> 8 j) & 255, as in little-endian memory.
///
/// Model of : -
/// Cost     : dot2: VNNI 1 instruction a register, x86 2, else 6; dot4: VNNI 1, else 9 or 3; dot4_signed: VNNI 3 and a move, NEON
///            dot products 1, else 10; dot4_by_signs 5. Loops over registers are unrolled: g++ 12 kept sums in memory (AVX2: 6
///            times as slow).
/// Accuracy : exact: no intermediate sum saturates.
/// Promise  : the caller keeps sums below 2^31: 2^16 products of bytes always fit. dot2: a lane of a whose numbers are both -2^15
///            meets no such lane of b.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

namespace detail {

template <class A>
inline constexpr bool has_avx512vnni =
#if XSIMD_WITH_AVX512VNNI_AVX512BW
    derives<A, xsimd::avx512vnni<xsimd::avx512bw>> ||
#endif
#if XSIMD_VERSION_MAJOR >= 14 && XSIMD_WITH_AVX512VNNI_AVX512VBMI2
    derives<A, xsimd::avx512vnni<xsimd::avx512vbmi2>> ||
#elif XSIMD_VERSION_MAJOR < 14 && XSIMD_WITH_AVX512VNNI_AVX512VBMI
    derives<A, xsimd::avx512vnni<xsimd::avx512vbmi>> ||
#endif
    false;
template <class A>
inline constexpr bool has_avxvnni =
#if XSIMD_WITH_AVXVNNI
    derives<A, xsimd::avxvnni> ||
#endif
    false;
template <class A>
inline constexpr bool has_neon_dot =
#if XSIMD_WITH_NEON64 && defined(__ARM_FEATURE_DOTPROD)
    has_neon64<A>;
#else
    false;
#endif

template <class Arch>
using lanes32 = xsimd::batch<std::int32_t, Arch>;
template <class Arch>
using lanes16 = xsimd::batch<std::int16_t, Arch>;

// Lane i: a_2i b_2i + a_(2i+1) b_(2i+1).
template <class Arch>
[[gnu::always_inline]] inline lanes32<Arch> dot2(lanes16<Arch> const& a, lanes16<Arch> const& b) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return _mm512_madd_epi16(a, b);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return _mm256_madd_epi16(a, b);
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>) return _mm_madd_epi16(a, b);
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch> && !has_sse2<Arch>) {
    auto const x = xsimd::bitwise_cast<std::int32_t>(a);
    auto const y = xsimd::bitwise_cast<std::int32_t>(b);
    return ((x << 16) >> 16) * ((y << 16) >> 16) + (x >> 16) * (y >> 16);
  }
}

// Lane i of 16 bits: a_2i b_2i + a_(2i+1) b_(2i+1). Precondition: no sum of two products reaches 2^15; so where a_ij <= 127.
template <class Arch>
[[gnu::always_inline]] inline lanes16<Arch> pair_sums([[maybe_unused]] lanes32<Arch> const& a,
                                                      [[maybe_unused]] lanes32<Arch> const& b) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return _mm512_maddubs_epi16(a, b);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return _mm256_maddubs_epi16(a, b);
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (has_ssse3<Arch>) return _mm_maddubs_epi16(a, b);
#endif
}
template <class Arch>
[[gnu::always_inline]] inline lanes32<Arch> dot4_small(lanes32<Arch> const& a, lanes32<Arch> const& b) noexcept {
  return dot2<Arch>(pair_sums<Arch>(a, b), lanes16<Arch>(1));
}
template <class Arch>
inline constexpr bool has_dot4_small = has_avx512<Arch> || has_avx2<Arch> || has_ssse3<Arch>;

// The same with both signed, where no byte of b is -128: |a| meets b with the signs of a.
template <class Arch>
[[gnu::always_inline]] inline lanes16<Arch> products_by_signs([[maybe_unused]] lanes32<Arch> const& a,
                                                              [[maybe_unused]] lanes32<Arch> const& b) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(b, a));
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (!has_avx2<Arch> && has_ssse3<Arch>) return _mm_maddubs_epi16(_mm_abs_epi8(a), _mm_sign_epi8(b, a));
#endif
}

// Bytes of even and of odd number as lanes of 16 bits.
template <bool Signed, class Arch>
[[gnu::always_inline]] inline lanes16<Arch> even_bytes(lanes32<Arch> const& w) noexcept {
  auto const x = xsimd::bitwise_cast<std::int16_t>(w);
  if constexpr (Signed) return (x << 8) >> 8;
  if constexpr (!Signed) return x & lanes16<Arch>(0xFF);
}
template <bool Signed, class Arch>
[[gnu::always_inline]] inline lanes16<Arch> odd_bytes(lanes32<Arch> const& w) noexcept {
  if constexpr (Signed) return xsimd::bitwise_cast<std::int16_t>(w) >> 8;
  if constexpr (!Signed) return xsimd::bitwise_cast<std::int16_t>(xsimd::bitwise_cast<std::uint16_t>(w) >> 8);
}

template <bool SignedA, class Arch>
[[gnu::always_inline]] inline lanes32<Arch> dot4_by_halves(lanes32<Arch> const& a, lanes32<Arch> const& b) noexcept {
  return dot2<Arch>(even_bytes<SignedA, Arch>(a), even_bytes<true, Arch>(b)) +
      dot2<Arch>(odd_bytes<SignedA, Arch>(a), odd_bytes<true, Arch>(b));
}

}  // namespace detail

template <class Arch>
[[gnu::always_inline]] inline integers<Arch> dot2(integers<Arch> const& sum, words<Arch> const& a,
                                                  words<Arch> const& b) noexcept {
  auto const x = as<std::int32_t>(a);
  auto const y = as<std::int32_t>(b);
  integers<Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < r.registers; ++i) {
#if defined(__AVX512VNNI__)
    if constexpr (detail::has_avx512vnni<Arch>) {
      r.part[i] = _mm512_dpwssd_epi32(sum.part[i], x.part[i], y.part[i]);
    } else
#endif
    {
      r.part[i] = sum.part[i] +
          detail::dot2<Arch>(xsimd::bitwise_cast<std::int16_t>(x.part[i]), xsimd::bitwise_cast<std::int16_t>(y.part[i]));
    }
  }
  return r;
}

/// Do four products of 16 bits take no more instructions than four of bytes? x86 without products of bytes that add four.
template <class Arch>
inline constexpr bool prefers_halves = (has_avx2<Arch> || has_sse2<Arch>) && !has_avx512<Arch> && !detail::has_avxvnni<Arch>;

template <class Arch>
[[gnu::always_inline]] inline words<Arch> even_bytes(words<Arch> const& w) noexcept {
  return w & words<Arch>::broadcast(0x00FF00FF);
}
template <class Arch>
[[gnu::always_inline]] inline words<Arch> odd_bytes(words<Arch> const& w) noexcept {
  words<Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < r.registers; ++i)
    r.part[i] = xsimd::bitwise_cast<std::uint32_t>(xsimd::bitwise_cast<std::uint16_t>(w.part[i]) >> 8);
  return r;
}

/// Precondition: no byte of a is above Largest.
template <int Largest = 255, class Arch>
[[gnu::always_inline]] inline integers<Arch> dot4(integers<Arch> const& sum, words<Arch> const& a,
                                                  words<Arch> const& b) noexcept {
  auto const x = as<std::int32_t>(a);
  auto const y = as<std::int32_t>(b);
  integers<Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < r.registers; ++i) {
#if defined(__AVX512VNNI__)
    if constexpr (detail::has_avx512vnni<Arch>) {
      r.part[i] = _mm512_dpbusd_epi32(sum.part[i], x.part[i], y.part[i]);
    } else
#endif
#if defined(__AVXVNNI__)
        if constexpr (detail::has_avxvnni<Arch>) {
      r.part[i] = _mm256_dpbusd_avx_epi32(sum.part[i], x.part[i], y.part[i]);
    } else
#endif
        if constexpr (Largest <= 127 && detail::has_dot4_small<Arch>) {
      r.part[i] = sum.part[i] + detail::dot4_small<Arch>(x.part[i], y.part[i]);
    } else {
      r.part[i] = sum.part[i] + detail::dot4_by_halves<false, Arch>(x.part[i], y.part[i]);
    }
  }
  return r;
}

template <class Arch>
inline constexpr bool has_dot4_by_signs = (has_avx2<Arch> || has_ssse3<Arch>) && !has_avx512<Arch> && !detail::has_avxvnni<Arch>;

/// |a| meets b with the sign of a: 128 * 127 twice stays below 2^15.
template <class Arch>
  requires has_dot4_by_signs<Arch>
[[gnu::always_inline]] inline integers<Arch> dot4_by_signs(integers<Arch> sum, [[maybe_unused]] words<Arch> const& a,
                                                           [[maybe_unused]] words<Arch> const& b) noexcept {
#if XSIMD_WITH_SSSE3
#pragma GCC unroll 4
  for (std::size_t i = 0; i < sum.registers; ++i) {
    auto const p = detail::products_by_signs<Arch>(xsimd::bitwise_cast<std::int32_t>(a.part[i]),
                                                   xsimd::bitwise_cast<std::int32_t>(b.part[i]));
    sum.part[i] = sum.part[i] + detail::dot2<Arch>(p, detail::lanes16<Arch>(1));
  }
#endif
  return sum;
}

template <class Arch>
[[gnu::always_inline]] inline integers<Arch> dot4_signed(integers<Arch> const& sum, words<Arch> const& a,
                                                         words<Arch> const& b) noexcept {
  if constexpr (detail::has_avx512vnni<Arch> || detail::has_avxvnni<Arch>) {  // a b = (a + 128) b - 128 b
    auto const flip = words<Arch>::broadcast(0x80808080);
    return dot4(sum, a ^ flip, b) - dot4(integers<Arch>::broadcast(0), flip, b);
  } else {
    auto const x = as<std::int32_t>(a);
    auto const y = as<std::int32_t>(b);
    integers<Arch> r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < r.registers; ++i) {
#if XSIMD_WITH_NEON64 && defined(__ARM_FEATURE_DOTPROD)
      if constexpr (detail::has_neon_dot<Arch>) {
        r.part[i] = vdotq_s32(sum.part[i], vreinterpretq_s8_s32(x.part[i]), vreinterpretq_s8_s32(y.part[i]));
      } else
#endif
      {
        r.part[i] = sum.part[i] + detail::dot4_by_halves<true, Arch>(x.part[i], y.part[i]);
      }
    }
    return r;
  }
}

}  // namespace skive::simd
