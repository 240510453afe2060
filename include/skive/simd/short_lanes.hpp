// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/short_lanes.hpp - a register of 16-bit numbers: what xsimd lacks for fixed-point metrics.
///
///   high_product(a, b)    lane i: floor(a_i b_i / 2^16), signed
///   narrower<Arch, N>     the instruction set whose registers hold just N of them, where Arch contains one
///   repeated<B>(p)        lane i: p[i >> B]; up to a register's bytes from p may be read
///   least_of_each<N>(x)   lane i < N: the least of lanes i, i + N, i + 2 N, ...; the others are open; N a power of two
///
/// Model of : -
/// Cost     : 1 instruction and a load (SSSE3 and up); least_of_each 2 for each halving (SSE4.1, AVX2); else a loop through memory.
/// Promise  : exact.
/// Source   : -

#include "skive/simd/arch.hpp"

#include <bit>

namespace skive::simd {

template <class Arch>
using shorts = xsimd::batch<std::int16_t, Arch>;
template <class Arch>
using unsigned_shorts = xsimd::batch<std::uint16_t, Arch>;

namespace detail {
template <class Arch, std::size_t N>
struct narrower_arch {
  using type = Arch;
};
#if XSIMD_WITH_AVX2
template <class Arch>
  requires has_avx512<Arch>
struct narrower_arch<Arch, 16> {
  using type = xsimd::avx2;
};
#endif
#if XSIMD_WITH_SSE4_1
template <class Arch>
  requires(has_avx512<Arch> || has_avx2<Arch>)
struct narrower_arch<Arch, 8> {
  using type = xsimd::sse4_1;
};
#endif
}  // namespace detail

/// Arch, or the instruction set within it whose registers hold just N numbers of 16 bits.
template <class Arch, std::size_t N>
using narrower = typename detail::narrower_arch<Arch, N>::type;

template <class Arch>
[[gnu::always_inline]] inline shorts<Arch> high_product(shorts<Arch> const& a, shorts<Arch> const& b) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return _mm512_mulhi_epi16(a, b);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return _mm256_mulhi_epi16(a, b);
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>) return _mm_mulhi_epi16(a, b);
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch> && !has_sse2<Arch>) {
    alignas(64) std::int16_t x[shorts<Arch>::size];
    alignas(64) std::int16_t y[shorts<Arch>::size];
    a.store_aligned(x);
    b.store_aligned(y);
    for (std::size_t i = 0; i < shorts<Arch>::size; ++i) x[i] = static_cast<std::int16_t>((x[i] * y[i]) >> 16);
    return shorts<Arch>::load_aligned(x);
  }
}

template <int B, class Arch>
[[gnu::always_inline]] inline unsigned_shorts<Arch> repeated(std::uint16_t const* from) noexcept {
  static_assert(B >= 1 && B <= 8);
  constexpr auto size = unsigned_shorts<Arch>::size;
  [[maybe_unused]] constexpr auto pair = [](int i) noexcept {  // the two bytes of p[i >> B], i below 16
    return static_cast<short>(0x0100 + 0x0202 * (i >> B));
  };
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    alignas(64) static constexpr auto index = [] {
      struct {
        std::uint16_t lane[32];
      } t{};
      for (unsigned i = 0; i < 32; ++i) t.lane[i] = static_cast<std::uint16_t>(i >> B);
      return t;
    }();
    auto const source = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)));
    return _mm512_permutexvar_epi16(_mm512_load_si512(index.lane), source);
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const source = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<__m128i const*>(from)));
    auto const index = _mm256_setr_epi16(pair(0), pair(1), pair(2), pair(3), pair(4), pair(5), pair(6), pair(7), pair(8), pair(9),
                                         pair(10), pair(11), pair(12), pair(13), pair(14), pair(15));
    return _mm256_shuffle_epi8(source, index);
  }
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (has_ssse3<Arch>) {
    auto const source = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
    return _mm_shuffle_epi8(source, _mm_setr_epi16(pair(0), pair(1), pair(2), pair(3), pair(4), pair(5), pair(6), pair(7)));
  }
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch> && !has_ssse3<Arch>) {
    alignas(64) std::uint16_t lane[size];
    for (std::size_t i = 0; i < size; ++i) lane[i] = from[i >> B];
    return unsigned_shorts<Arch>::load_aligned(lane);
  }
}

template <std::size_t N, class Arch>
[[gnu::always_inline]] inline unsigned_shorts<Arch> least_of_each(unsigned_shorts<Arch> const& x) noexcept {
  static_assert(std::has_single_bit(N) && N <= 8);
  [[maybe_unused]] constexpr auto in_memory = [](unsigned_shorts<Arch> const& all) noexcept {
    alignas(64) std::uint16_t lane[unsigned_shorts<Arch>::size];
    all.store_aligned(lane);
    for (auto i = N; i < unsigned_shorts<Arch>::size; ++i)
      if (lane[i] < lane[i % N]) lane[i % N] = lane[i];
    return unsigned_shorts<Arch>::load_aligned(lane);
  };
#if XSIMD_WITH_SSE4_1
  constexpr bool eight = derives<Arch, xsimd::sse4_1> && unsigned_shorts<Arch>::size == 8;
  constexpr bool sixteen = has_avx2<Arch> && unsigned_shorts<Arch>::size == 16;
  if constexpr (eight || sixteen) {
    __m128i least;
#if XSIMD_WITH_AVX2
    if constexpr (sixteen)
      least = _mm_min_epu16(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    else
#endif
      least = x;
    if constexpr (N <= 4) least = _mm_min_epu16(least, _mm_srli_si128(least, 8));
    if constexpr (N <= 2) least = _mm_min_epu16(least, _mm_srli_si128(least, 4));
    if constexpr (N <= 1) least = _mm_min_epu16(least, _mm_srli_si128(least, 2));
#if XSIMD_WITH_AVX2
    if constexpr (sixteen)
      return _mm256_castsi128_si256(least);
    else
#endif
      return least;
  } else
#endif
    return in_memory(x);
}

}  // namespace skive::simd
