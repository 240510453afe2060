// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/philox.hpp - eight blocks of Philox4x32-10 at once: the words of core/random.hpp.
///
///   philox_blocks<Arch>(seed, stream, first, words):  words[k][b] = word k of block first + b of counter_random{seed, stream}
///
/// Model of : -
/// Cost     : the multiplications of one block for each register of 64-bit numbers; other instruction sets than AVX2 and AVX-512
///            take the scalar rule.
/// Accuracy : exact.
/// Promise  : integers only: the words of the scalar rule.
/// Source   : as core/random.hpp

#include "skive/core/random.hpp"
#include "skive/simd/arch.hpp"

namespace skive::simd {

namespace detail {

// One round on the counters in the lanes; words are below 2^32 in lanes of 64 bits.
template <class Arch>
struct philox_lanes {
  using batch = xsimd::batch<std::uint64_t, Arch>;
  batch c0, c1, c2, c3;

  [[gnu::always_inline]] static batch widened(batch const& a, std::uint32_t factor) noexcept {
    auto const f = batch(std::uint64_t{factor});
#if XSIMD_WITH_AVX512F
    if constexpr (derives<Arch, xsimd::avx512f>) return _mm512_mul_epu32(a, f);
#endif
#if XSIMD_WITH_AVX2
    if constexpr (has_avx2<Arch> && !has_avx512<Arch>) return _mm256_mul_epu32(a, f);
#endif
    return a * f;
  }
  [[gnu::always_inline]] void round(std::uint32_t k0, std::uint32_t k1) noexcept {
    auto const low = batch(std::uint64_t{0xFFFF'FFFF});
    auto const a = widened(c0, 0xD2511F53);
    auto const b = widened(c2, 0xCD9E8D57);
    c0 = (b >> 32) ^ c1 ^ batch(std::uint64_t{k0});
    c2 = (a >> 32) ^ c3 ^ batch(std::uint64_t{k1});
    c1 = b & low;
    c3 = a & low;
  }
};

}  // namespace detail

template <class Arch>
inline void philox_blocks(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::uint64_t (&words)[4][8]) noexcept {
  if constexpr (has_avx512<Arch> || has_avx2<Arch>) {
    using batch = xsimd::batch<std::uint64_t, Arch>;
    constexpr std::size_t parts = 8 / batch::size;
    alignas(64) std::uint64_t low[8];
    alignas(64) std::uint64_t high[8];
    for (std::size_t b = 0; b < 8; ++b) {
      low[b] = (first + b) & 0xFFFF'FFFF;
      high[b] = (first + b) >> 32;
    }
    detail::philox_lanes<Arch> lanes[parts];
    for (std::size_t p = 0; p < parts; ++p)
      lanes[p] = {batch::load_aligned(low + p * batch::size), batch::load_aligned(high + p * batch::size),
                  batch(stream & 0xFFFF'FFFF), batch(stream >> 32)};
    auto k0 = static_cast<std::uint32_t>(seed);
    auto k1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9, k1 += 0xBB67AE85)
      for (std::size_t p = 0; p < parts; ++p) lanes[p].round(k0, k1);
    for (std::size_t p = 0; p < parts; ++p) {
      lanes[p].c0.store_unaligned(words[0] + p * batch::size);
      lanes[p].c1.store_unaligned(words[1] + p * batch::size);
      lanes[p].c2.store_unaligned(words[2] + p * batch::size);
      lanes[p].c3.store_unaligned(words[3] + p * batch::size);
    }
  } else {
    counter_random const random{seed, stream};
    for (std::size_t b = 0; b < 8; ++b) {
      auto const block = random.block(first + b);
      for (std::size_t k = 0; k < 4; ++k) words[k][b] = block[k];
    }
  }
}

}  // namespace skive::simd
