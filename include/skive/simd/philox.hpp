// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/philox.hpp - random words of core/random.hpp, sixteen blocks of four at a time.
///
///   random_words<Arch>(seed, stream, b, out)     out[4 i + j] = word j of block b + i,  0 <= i < 16
///
/// Model of : -
/// Cost     : 64 words in 10 rounds of two widening products: about 2.5 instructions a word with AVX-512, 6 with AVX2.
/// Accuracy : exact.
/// Promise  : the words of counter_random on every instruction set.
/// Source   : J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

#include "skive/core/random.hpp"
#include "skive/simd/sixteen.hpp"

#include <span>

namespace skive::simd {

/// Low and high halves of 64-bit products, lane by lane.
template <class Arch>
struct wide_product {
  words<Arch> low;
  words<Arch> high;
};

template <class Arch>
[[gnu::always_inline]] inline wide_product<Arch> wide_times(words<Arch> const& a, std::uint32_t factor) noexcept {
  wide_product<Arch> p;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const f = _mm512_set1_epi32(static_cast<int>(factor));
    __m512i const x = a.part[0];
    auto const even = _mm512_mul_epu32(x, f);
    auto const odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), f);
    p.low.part[0] = _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, _MM_PERM_CCAA);
    p.high.part[0] = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    return p;
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch> && !has_avx512<Arch>) {
    auto const f = _mm256_set1_epi32(static_cast<int>(factor));
    for (std::size_t i = 0; i < a.registers; ++i) {
      __m256i const x = a.part[i];
      auto const even = _mm256_mul_epu32(x, f);
      auto const odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), f);
      p.low.part[i] = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
      p.high.part[i] = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
    }
    return p;
  }
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch> && words<Arch>::registers == 4) {
    auto const f = _mm_set1_epi32(static_cast<int>(factor));
    auto const lower = _mm_set1_epi64x(0xFFFF'FFFF);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < a.registers; ++i) {
      __m128i const x = a.part[i];
      auto const even = _mm_mul_epu32(x, f);
      auto const odd = _mm_mul_epu32(_mm_srli_epi64(x, 32), f);
      p.low.part[i] = _mm_or_si128(_mm_and_si128(even, lower), _mm_slli_epi64(odd, 32));
      p.high.part[i] = _mm_or_si128(_mm_srli_epi64(even, 32), _mm_andnot_si128(lower, odd));
    }
    return p;
  }
#endif
  if constexpr (!has_avx2<Arch> && !(has_sse2<Arch> && words<Arch>::registers == 4)) {
    alignas(64) std::uint32_t lane[16];
    alignas(64) std::uint32_t high[16];
    a.store(lane);
    for (std::size_t i = 0; i < 16; ++i) {
      auto const product = std::uint64_t{lane[i]} * factor;
      lane[i] = static_cast<std::uint32_t>(product);
      high[i] = static_cast<std::uint32_t>(product >> 32);
    }
    return {words<Arch>::load(lane), words<Arch>::load(high)};
  }
}

namespace detail {

// out[4 i + j] = lane i of word j.
template <class Arch>
[[gnu::always_inline]] inline void store_blocks(words<Arch> const (&w)[4], std::uint32_t* out) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const a = _mm512_unpacklo_epi32(w[0].part[0], w[1].part[0]);
    auto const b = _mm512_unpackhi_epi32(w[0].part[0], w[1].part[0]);
    auto const c = _mm512_unpacklo_epi32(w[2].part[0], w[3].part[0]);
    auto const d = _mm512_unpackhi_epi32(w[2].part[0], w[3].part[0]);
    __m512i const four[4] = {_mm512_unpacklo_epi64(a, c), _mm512_unpackhi_epi64(a, c), _mm512_unpacklo_epi64(b, d),
                             _mm512_unpackhi_epi64(b, d)};  // blocks k, 4 + k, 8 + k and 12 + k
    auto const low_ab = _mm512_shuffle_i32x4(four[0], four[1], 0x44);
    auto const low_cd = _mm512_shuffle_i32x4(four[2], four[3], 0x44);
    auto const high_ab = _mm512_shuffle_i32x4(four[0], four[1], 0xEE);
    auto const high_cd = _mm512_shuffle_i32x4(four[2], four[3], 0xEE);
    _mm512_storeu_si512(out, _mm512_shuffle_i32x4(low_ab, low_cd, 0x88));
    _mm512_storeu_si512(out + 16, _mm512_shuffle_i32x4(low_ab, low_cd, 0xDD));
    _mm512_storeu_si512(out + 32, _mm512_shuffle_i32x4(high_ab, high_cd, 0x88));
    _mm512_storeu_si512(out + 48, _mm512_shuffle_i32x4(high_ab, high_cd, 0xDD));
    return;
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch> && !has_avx512<Arch>) {
    for (std::size_t i = 0; i < 2; ++i) {
      auto const a = _mm256_unpacklo_epi32(w[0].part[i], w[1].part[i]);
      auto const b = _mm256_unpackhi_epi32(w[0].part[i], w[1].part[i]);
      auto const c = _mm256_unpacklo_epi32(w[2].part[i], w[3].part[i]);
      auto const d = _mm256_unpackhi_epi32(w[2].part[i], w[3].part[i]);
      __m256i const four[4] = {_mm256_unpacklo_epi64(a, c), _mm256_unpackhi_epi64(a, c), _mm256_unpacklo_epi64(b, d),
                               _mm256_unpackhi_epi64(b, d)};
      auto* const to = reinterpret_cast<__m256i*>(out + 32 * i);
      _mm256_storeu_si256(to, _mm256_permute2x128_si256(four[0], four[1], 0x20));
      _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(four[2], four[3], 0x20));
      _mm256_storeu_si256(to + 2, _mm256_permute2x128_si256(four[0], four[1], 0x31));
      _mm256_storeu_si256(to + 3, _mm256_permute2x128_si256(four[2], four[3], 0x31));
    }
    return;
  }
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch> && words<Arch>::registers == 4) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      auto const a = _mm_unpacklo_epi32(w[0].part[i], w[1].part[i]);
      auto const b = _mm_unpackhi_epi32(w[0].part[i], w[1].part[i]);
      auto const c = _mm_unpacklo_epi32(w[2].part[i], w[3].part[i]);
      auto const d = _mm_unpackhi_epi32(w[2].part[i], w[3].part[i]);
      auto* const to = reinterpret_cast<__m128i*>(out + 16 * i);
      _mm_storeu_si128(to, _mm_unpacklo_epi64(a, c));
      _mm_storeu_si128(to + 1, _mm_unpackhi_epi64(a, c));
      _mm_storeu_si128(to + 2, _mm_unpacklo_epi64(b, d));
      _mm_storeu_si128(to + 3, _mm_unpackhi_epi64(b, d));
    }
    return;
  }
#endif
  alignas(64) std::uint32_t word[4][16];
  for (std::size_t j = 0; j < 4; ++j) w[j].store(word[j]);
  for (std::size_t i = 0; i < 64; ++i) out[i] = word[i % 4][i / 4];
}

}  // namespace detail

/// Blocks `first` to `first` + 15 of a stream, all below 2^62.
template <class Arch>
[[gnu::always_inline]] inline void random_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                                                std::span<std::uint32_t, 64> out) noexcept {
  auto const all = [](std::uint64_t x) { return words<Arch>::broadcast(static_cast<std::uint32_t>(x)); };
  alignas(64) static constexpr std::uint32_t index[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  auto c0 = all(first) + words<Arch>::load(index);
  auto c1 = all(first >> 32) + select(c0 < all(first), all(1), all(0));
  auto c2 = all(stream);
  auto c3 = all(stream >> 32);
  auto k0 = static_cast<std::uint32_t>(seed);
  auto k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    auto const a = wide_times<Arch>(c0, 0xD2511F53);
    auto const b = wide_times<Arch>(c2, 0xCD9E8D57);
    c0 = b.high ^ c1 ^ all(k0);
    c2 = a.high ^ c3 ^ all(k1);
    c1 = b.low;
    c3 = a.low;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  detail::store_blocks<Arch>({c0, c1, c2, c3}, out.data());
}

}  // namespace skive::simd
