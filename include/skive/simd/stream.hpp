// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/stream.hpp - stores past the caches, for results far larger than these that nobody reads soon.
///
///   stream(x, p)     16 floats to p, which is aligned to 64 bytes
///   stream_fence()   after the last of them, before another thread is told
///
/// A plain store reads the line first: a row of halves decoded out of memory into memory took 0.84-1.06 ns a number by plain stores
/// and 0.47-0.52 by these (AVX-512 server core, 64 MiB of floats). A row that stays in a cache is slower by them.
///
/// Model of : -
/// Cost     : a store.
/// Accuracy : -
/// Promise  : the bytes of a plain store; where the instruction set has no such store, one.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

inline constexpr std::size_t stream_alignment = 64;

template <class Arch>
[[gnu::always_inline]] inline void stream(floats<Arch> const& x, float* to) noexcept {
#if XSIMD_WITH_AVX512F
  if constexpr (derives<Arch, xsimd::avx512f>) return _mm512_stream_ps(to, x.part[0]);
#endif
#if XSIMD_WITH_AVX
  if constexpr (derives<Arch, xsimd::avx> && floats<Arch>::registers == 2) {
    _mm256_stream_ps(to, x.part[0]);
    return _mm256_stream_ps(to + 8, x.part[1]);
  }
#endif
#if XSIMD_WITH_SSE2
  if constexpr (derives<Arch, xsimd::sse2> && floats<Arch>::registers == 4) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) _mm_stream_ps(to + 4 * i, x.part[i]);
    return;
  }
#endif
  x.store(to);
}

template <class Arch>
inline void stream_fence() noexcept {
#if XSIMD_WITH_SSE2
  _mm_sfence();
#endif
}

}  // namespace skive::simd
