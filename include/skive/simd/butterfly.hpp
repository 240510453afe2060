// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/butterfly.hpp - sums and differences of lanes at a distance inside one register, and changes of sign by bits.
///
///   flipped(x, bits):  lane i is -x_i where bit i is set, by the sign bit alone
///   butterfly<D>(x):  lane i is x_i + x_(i+D) where i has no bit D, and x_(i-D) - x_i where it has;  D = 1, 2, 4 or 8
///
/// Model of : -
/// Cost     : one shuffle and one multiply-add with +-1; without multiply-add a change of sign more.
/// Accuracy : each lane is rounded once: a product with +-1 is exact.
/// Promise  : the same bits on every instruction set. Lanes stay inside the register: D is smaller than its size.
/// Source   : -

#include "skive/simd/reduce.hpp"

#include <limits>

namespace skive::simd {

namespace detail {

// Lane i of the result is lane i ^ Distance of x.
template <int Distance, class Arch>
[[gnu::always_inline]] inline xsimd::batch<float, Arch> exchanged(xsimd::batch<float, Arch> const& x) noexcept {
#if XSIMD_WITH_AVX512F
  if constexpr (derives<Arch, xsimd::avx512f>) {
    if constexpr (Distance == 8) return _mm512_shuffle_f32x4(x, x, 0x4E);
    if constexpr (Distance == 4) return _mm512_shuffle_f32x4(x, x, 0xB1);
    if constexpr (Distance < 4) return _mm512_permute_ps(x, Distance == 2 ? 0x4E : 0xB1);
  } else
#endif
  {
    return xsimd::bitwise_cast<float>(exchanged<Distance>(xsimd::bitwise_cast<std::uint32_t>(x)));
  }
}

// Lane i is `with` where i has the bit Distance, else `without`.
template <int Distance, class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> by_bit(T with, T without) noexcept {
  alignas(64) T lane[16];
  for (std::size_t i = 0; i < 16; ++i) lane[i] = (i & Distance) != 0 ? with : without;
  return xsimd::batch<T, Arch>::load_aligned(lane);
}

}  // namespace detail

template <int Distance, class Arch>
[[gnu::always_inline]] inline xsimd::batch<float, Arch> butterfly(xsimd::batch<float, Arch> const& x) noexcept {
  static_assert(Distance < static_cast<int>(xsimd::batch<float, Arch>::size));
  auto const other = detail::exchanged<Distance, Arch>(x);
  if constexpr (fuses<Arch>) {
    return xsimd::fma(x, detail::by_bit<Distance, float, Arch>(-1.0f, 1.0f), other);
  } else {
    auto const sign = detail::by_bit<Distance, std::uint32_t, Arch>(0x8000'0000U, 0U);
    return xsimd::bitwise_cast<float>(xsimd::bitwise_cast<std::uint32_t>(x) ^ sign) + other;
  }
}

/// loaded_butterfly<D>() has a form without a shuffle for D = 1 and for half a register. (AVX2's only for D = 1: for halves too it
/// would need a pass more, which costs what it saves.)
template <class Arch>
inline constexpr bool loads_butterflies =
#if XSIMD_WITH_AVX512F
    derives<Arch, xsimd::avx512f> ||
#endif
    false;

/// p, of which compilers do not know that it is p.
template <class Arch, class T>
[[gnu::always_inline]] inline T const* hidden(T const* p) noexcept {
  asm("" : "+r"(p));
  return p;
}

/// butterfly<D>() of the register at p, by two loads that repeat lanes on the way. `again`: hidden(p), lest compilers load once and
/// shuffle twice.
template <int Distance, class Arch>
[[gnu::always_inline]] inline xsimd::batch<float, Arch> loaded_butterfly(float const* p,
                                                                         [[maybe_unused]] float const* again) noexcept {
  static_assert(Distance == 1 || 2 * Distance == static_cast<int>(xsimd::batch<float, Arch>::size));
#if XSIMD_WITH_AVX512F
  if constexpr (derives<Arch, xsimd::avx512f>) {
    auto const sign = detail::by_bit<Distance, float, Arch>(-1.0f, 1.0f);
    if constexpr (Distance == 1)
      return _mm512_fmadd_ps(_mm512_movehdup_ps(_mm512_loadu_ps(again)), sign, _mm512_moveldup_ps(_mm512_loadu_ps(p)));
    auto const low = _mm512_broadcast_f64x4(_mm256_castps_pd(_mm256_loadu_ps(p)));
    auto const high = _mm512_broadcast_f64x4(_mm256_castps_pd(_mm256_loadu_ps(p + 8)));
    return _mm512_fmadd_ps(_mm512_castpd_ps(high), sign, _mm512_castpd_ps(low));
  } else
#endif
#if XSIMD_WITH_FMA3_AVX2
      if constexpr (has_avx2<Arch> && fuses<Arch> && Distance == 1) {
    return _mm256_fmadd_ps(_mm256_movehdup_ps(_mm256_loadu_ps(again)), detail::by_bit<1, float, Arch>(-1.0f, 1.0f),
                           _mm256_moveldup_ps(_mm256_loadu_ps(p)));
  } else
#endif
  {
    return butterfly<Distance, Arch>(xsimd::batch<float, Arch>::load_unaligned(p));
  }
}

/// The same in a register of doubles.
template <int Distance, class Arch>
[[gnu::always_inline]] inline xsimd::batch<double, Arch> butterfly(xsimd::batch<double, Arch> const& x) noexcept {
  static_assert(Distance < static_cast<int>(xsimd::batch<double, Arch>::size));
  auto const other = detail::exchanged<2 * Distance, Arch>(xsimd::bitwise_cast<float>(x));
  auto const sign = detail::by_bit<Distance, std::uint64_t, Arch>(std::uint64_t{1} << 63, 0);
  return xsimd::bitwise_cast<double>(xsimd::bitwise_cast<std::uint64_t>(x) ^ sign) + xsimd::bitwise_cast<double>(other);
}

template <class Arch>
[[gnu::always_inline]] inline xsimd::batch<float, Arch> flipped(xsimd::batch<float, Arch> const& x, std::uint32_t bits) noexcept {
#if XSIMD_WITH_AVX512F
  if constexpr (derives<Arch, xsimd::avx512f>) {
    auto const w = _mm512_castps_si512(x);
    return _mm512_castsi512_ps(
        _mm512_mask_xor_epi32(w, static_cast<__mmask16>(bits), w, _mm512_set1_epi32(std::numeric_limits<int>::min())));
  } else
#endif
  {
    using words = xsimd::batch<std::uint32_t, Arch>;
    alignas(64) std::uint32_t lane[16];
    for (std::size_t i = 0; i < 16; ++i) lane[i] = 1U << i;
    auto const own = words::load_aligned(lane);
    auto const w = xsimd::bitwise_cast<std::uint32_t>(x);
    return xsimd::bitwise_cast<float>(xsimd::select((words(bits) & own) == own, w ^ words(0x8000'0000U), w));
  }
}

}  // namespace skive::simd
