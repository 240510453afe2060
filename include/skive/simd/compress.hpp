// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/compress.hpp - chosen lanes side by side in memory, and back.
///
///   compress_store(x, mask, p)    the lanes of x where mask is set, in order, at p[0] ... p[n - 1]; returns n
///   expand_load(p, mask)          undoes it: chosen lanes are p[0] ... p[n - 1], the others zero
///   compress_store(x, bits, p), expand_load<Arch>(p, bits, n)     the same where bit i stands for lane i; n: how many are set
///   compress_store_16(x, bits, p)                                 the same where all of p[0] ... p[15] may be written
///
/// Model of : -
/// Cost     : AVX-512 6 instructions, AVX2 about 20 and a table of 2 KiB; elsewhere a loop through memory.
/// Promise  : exactly n floats are touched; their bits stay.
/// Source   : -

#include "skive/simd/sixteen.hpp"

#include <bit>
#include <cstring>

namespace skive::simd {

namespace detail {

// Entry m: which lane each place gets when the lanes with bits of m are put side by side (compress), or which place each lane
// gets (expand); 8 lanes.
template <bool Expand, class Arch>
struct lane_orders {
  alignas(8) std::uint8_t lane[256][8];
  static constexpr lane_orders make() noexcept {
    lane_orders t{};
    for (int m = 0; m < 256; ++m)
      for (int i = 0, n = 0; i < 8; ++i)
        if ((m >> i & 1) != 0) {
          t.lane[m][Expand ? i : n] = static_cast<std::uint8_t>(Expand ? n : i);
          ++n;
        }
    return t;
  }
};
template <bool Expand, class Arch>
inline constexpr lane_orders<Expand, Arch> lane_order = lane_orders<Expand, Arch>::make();

#if XSIMD_WITH_AVX2
template <bool Expand, class Arch>
[[gnu::always_inline]] inline __m256i order_of(std::uint32_t mask) noexcept {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<__m128i const*>(lane_order<Expand, Arch>.lane[mask])));
}
// All bits of the first n lanes.
template <class Arch>
[[gnu::always_inline]] inline __m256i first_lanes(int n) noexcept {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

}  // namespace detail

template <class Arch>
[[gnu::always_inline]] inline std::size_t compress_store(floats<Arch> const& x, std::uint32_t bits, float* to) noexcept {
  auto const n = static_cast<std::size_t>(std::popcount(bits));
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const packed = _mm512_maskz_compress_ps(static_cast<__mmask16>(bits), x.part[0]);
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << n) - 1), packed);
    return n;
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 2; ++i) {
      auto const eight = (bits >> (8 * i)) & 0xFF;
      int const count = std::popcount(eight);
      auto const packed = _mm256_permutevar8x32_ps(x.part[i], detail::order_of<false, Arch>(eight));
      _mm256_maskstore_ps(to, detail::first_lanes<Arch>(count), packed);
      to += count;
    }
    return n;
  }
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) {
    alignas(64) std::uint32_t lane[16], packed[16];
    as<std::uint32_t>(x).store(lane);
    std::size_t place = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      packed[place] = lane[i];  // the next chosen lane overwrites one that is not
      place += (bits >> i) & 1;
    }
    if (n != 0) std::memcpy(to, packed, n * sizeof(float));
    return n;
  }
}

template <class Arch>
[[gnu::always_inline]] inline std::size_t compress_store(floats<Arch> const& x, sixteen_mask<float, Arch> const& mask,
                                                         float* to) noexcept {
  return compress_store<Arch>(x, mask.bits(), to);
}

/// compress_store that may write all of p[0] ... p[15]; what lies past the chosen lanes is open.
template <class Arch>
[[gnu::always_inline]] inline void compress_store_16(floats<Arch> const& x, std::uint32_t bits, float* to) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) _mm512_storeu_ps(to, _mm512_maskz_compress_ps(static_cast<__mmask16>(bits), x.part[0]));
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const low = bits & 0xFF;
    _mm256_storeu_ps(to, _mm256_permutevar8x32_ps(x.part[0], detail::order_of<false, Arch>(low)));
    _mm256_storeu_ps(to + std::popcount(low), _mm256_permutevar8x32_ps(x.part[1], detail::order_of<false, Arch>(bits >> 8)));
  }
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) compress_store<Arch>(x, bits, to);
}

/// Precondition: n <= 16 bits are set.
template <class Arch>
[[gnu::always_inline]] inline floats<Arch> expand_load(float const* from, std::uint32_t bits, std::size_t n) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const chosen = static_cast<__mmask16>(bits);
    if (__builtin_constant_p(n) && n == 8)  // a mask would make of a line's last half a load of two lines
      return {{_mm512_maskz_expand_ps(chosen, _mm512_zextps256_ps512(_mm256_loadu_ps(from)))}};
    auto const first = static_cast<__mmask16>((1U << n) - 1);
    return {{_mm512_maskz_expand_ps(chosen, _mm512_maskz_loadu_ps(first, from))}};
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    floats<Arch> r;
    auto const lane_bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 2; ++i) {
      auto const eight = (bits >> (8 * i)) & 0xFF;
      int const count = std::popcount(eight);
      auto const packed = _mm256_maskload_ps(from, detail::first_lanes<Arch>(count));
      auto const spread = _mm256_permutevar8x32_ps(packed, detail::order_of<true, Arch>(eight));
      auto const chosen = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(eight)), lane_bit), lane_bit);
      r.part[i] = _mm256_and_ps(spread, _mm256_castsi256_ps(chosen));
      from += count;
    }
    return r;
  }
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) {
    std::uint32_t packed[17] = {};
    if (n != 0) std::memcpy(packed, from, n * sizeof(float));
    std::size_t place = 0;
    return as<float>(generate<std::uint32_t, Arch>([&](std::size_t i) noexcept {
      auto const chosen = (bits >> i) & 1;
      auto const lane = packed[place] & (0U - chosen);
      place += chosen;
      return lane;
    }));
  }
}
template <class Arch>
[[gnu::always_inline]] inline floats<Arch> expand_load(float const* from, sixteen_mask<float, Arch> const& mask) noexcept {
  auto const bits = mask.bits();
  return expand_load<Arch>(from, bits, static_cast<std::size_t>(std::popcount(bits)));
}

}  // namespace skive::simd
