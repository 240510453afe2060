// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/philox.hpp - random words of core/random.hpp, sixteen blocks of four at a time.
///
///   random_words<Arch>(seed, stream, b, out)     out[4 i + j] = word j of block b + i, where out has 64 words, 128 or 192 ...
///
/// Model of : -
/// Cost     : 64 words in 10 rounds of two widening products: about 2.5 instructions a word with AVX-512, 5.5 with
///            AVX2, 11 with SSE2.
/// Accuracy : exact.
/// Promise  : the words of counter_random on every instruction set.
/// Source   : J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

#include "skive/core/random.hpp"
#include "skive/simd/sixteen.hpp"

#include <span>
#include <type_traits>

namespace skive::simd {

/// Low and high halves of 64-bit products, lane by lane.
template <class Arch>
struct wide_product {
  words<Arch> low;
  words<Arch> high;
};

template <class Arch>
[[gnu::always_inline]] inline wide_product<Arch> wide_times(words<Arch> const& a, std::uint32_t factor) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    wide_product<Arch> p;
    auto const f = _mm512_set1_epi32(static_cast<int>(factor));
    __m512i const x = a.part[0];
    auto const even = _mm512_mul_epu32(x, f);
    auto const odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), f);
    p.low.part[0] = _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, _MM_PERM_CCAA);
    p.high.part[0] = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    return p;
  }
#endif
  if constexpr (!has_avx512<Arch>) {
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
  alignas(64) std::uint32_t word[4][16];
  for (std::size_t j = 0; j < 4; ++j) w[j].store(word[j]);
  for (std::size_t i = 0; i < 64; ++i) out[i] = word[i % 4][i / 4];
}

// Does a block's word fill the lower half of a lane of 64 bits? What lies above is of no account: products read lower halves, so
// that nothing has to be put together but the last words.
template <class Arch>
inline constexpr bool blocks_in_wide_lanes =
    !has_avx512<Arch> && (has_avx2<Arch> || (has_sse2<Arch> && words<Arch>::registers == 4));

template <class Arch>
using wide_lanes = xsimd::batch<std::uint64_t, Arch>;

template <class Arch>
[[gnu::always_inline]] inline wide_lanes<Arch> times_lower_halves(wide_lanes<Arch> const& a, wide_lanes<Arch> const& b) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return _mm256_mul_epu32(a, b);
#endif
#if XSIMD_WITH_SSE2
  if constexpr (!has_avx2<Arch> && has_sse2<Arch>) return _mm_mul_epu32(a, b);
#endif
  auto const lower = wide_lanes<Arch>(0xFFFF'FFFF);
  return (a & lower) * (b & lower);
}

// The lower halves of four lanes each are blocks, side by side; of 256 bits lanes 1 and 2 change places.
template <class Arch>
[[gnu::always_inline]] inline void store_wide(wide_lanes<Arch> const (&c)[4], std::uint32_t* out) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const first = _mm256_blend_epi32(c[0], _mm256_slli_epi64(c[1], 32), 0xAA);
    auto const second = _mm256_blend_epi32(c[2], _mm256_slli_epi64(c[3], 32), 0xAA);
    auto* const to = reinterpret_cast<__m256i*>(out);
    _mm256_storeu_si256(to, _mm256_unpacklo_epi64(first, second));
    _mm256_storeu_si256(to + 1, _mm256_unpackhi_epi64(first, second));
    return;
  }
#endif
#if XSIMD_WITH_SSE2
  if constexpr (!has_avx2<Arch>) {
    auto const lower = _mm_set1_epi64x(0xFFFF'FFFF);
    auto const first = _mm_or_si128(_mm_and_si128(c[0], lower), _mm_slli_epi64(c[1], 32));
    auto const second = _mm_or_si128(_mm_and_si128(c[2], lower), _mm_slli_epi64(c[3], 32));
    auto* const to = reinterpret_cast<__m128i*>(out);
    _mm_storeu_si128(to, _mm_unpacklo_epi64(first, second));
    _mm_storeu_si128(to + 1, _mm_unpackhi_epi64(first, second));
  }
#endif
}

// Two or three registers of blocks a turn: more would not stay in registers, and turns do not wait for each other. What round r
// adds to a product's upper half and round r + 1 to its lower half, which it meets there, is one number: every second round adds
// no key.
template <class Arch, std::size_t Words>
[[gnu::always_inline]] inline void random_blocks(std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                                                 std::span<std::uint32_t, Words> out) noexcept {
  using lanes = wide_lanes<Arch>;
  constexpr std::size_t together = Words % (12 * lanes::size) == 0 ? 3 : 2;
  constexpr std::size_t step = 4 * together * lanes::size;
  alignas(64) static constexpr std::uint64_t order[4] = {0, lanes::size == 4 ? 2 : 1, 1, 3};
  lanes keys[5][2];
#pragma GCC unroll 5
  for (std::uint32_t pair = 0; pair < 5; ++pair) {
    auto const both = [&](std::uint64_t key, std::uint32_t constant) {
      auto const k = static_cast<std::uint32_t>(key) + 2 * pair * constant;
      return lanes(std::uint64_t{k} << 32 | (k + constant));
    };
    keys[pair][0] = both(seed, 0x9E3779B9);
    keys[pair][1] = both(seed >> 32, 0xBB67AE85);
  }
  for (std::size_t done = 0; done < out.size(); done += step) {
    lanes c[together][4];
#pragma GCC unroll 3
    for (std::size_t i = 0; i < together; ++i) {
      c[i][0] = lanes(first + done / 4 + i * lanes::size) + lanes::load_aligned(order);
      c[i][1] = c[i][0] >> 32;
      c[i][2] = lanes(stream);
      c[i][3] = lanes(stream >> 32);
    }
#pragma GCC unroll 10
    for (std::size_t round = 0; round < 10; ++round) {
#pragma GCC unroll 3
      for (auto& x : c) {
        auto a = times_lower_halves<Arch>(x[0], lanes(std::uint64_t{0xD2511F53}));
        auto b = times_lower_halves<Arch>(x[2], lanes(std::uint64_t{0xCD9E8D57}));
        if (round % 2 == 0) {
          b = b ^ keys[round / 2][0];
          a = a ^ keys[round / 2][1];
        }
        x[0] = (b >> 32) ^ x[1];
        x[2] = (a >> 32) ^ x[3];
        x[1] = b;
        x[3] = a;
      }
    }
#pragma GCC unroll 3
    for (std::size_t i = 0; i < together; ++i) store_wide<Arch>(c[i], out.data() + done + 4 * i * lanes::size);
  }
}

template <class Arch>
[[gnu::always_inline]] inline void sixteen_blocks(std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                                                  std::uint32_t* out) noexcept {
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
  store_blocks<Arch>({c0, c1, c2, c3}, out);
}

}  // namespace detail

/// Blocks from `first` on, all below 2^62.
template <class Arch, std::size_t Words = 64>
  requires(Words % 64 == 0)
[[gnu::always_inline]] inline void random_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                                                std::type_identity_t<std::span<std::uint32_t, Words>> out) noexcept {
  if constexpr (detail::blocks_in_wide_lanes<Arch>)
    detail::random_blocks<Arch, Words>(seed, stream, first, out);
  else
    for (std::size_t i = 0; i < Words; i += 64) detail::sixteen_blocks<Arch>(seed, stream, first + i / 4, out.data() + i);
}

}  // namespace skive::simd
