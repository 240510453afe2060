// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/gather.hpp - words of a table in memory, one for each lane.
///
///   gather(values, index)      lane i: values[index lane i]
///
/// Model of : -
/// Cost     : AVX-512 and AVX2 their instruction, about a cycle a lane; else sixteen loads.
/// Accuracy : exact.
/// Promise  : reads the words that are asked for; indices are below 2^31.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

template <class Arch>
[[gnu::always_inline]] inline words<Arch> gather(std::uint32_t const* values, words<Arch> const& index) noexcept {
  if constexpr (has_avx512<Arch> || has_avx2<Arch>) {
    words<Arch> r;
#if XSIMD_WITH_AVX512BW
    if constexpr (has_avx512<Arch>) r.part[0] = _mm512_i32gather_epi32(index.part[0], values, 4);
#endif
#if XSIMD_WITH_AVX2
    if constexpr (has_avx2<Arch>) {
      auto const* const from = reinterpret_cast<int const*>(values);
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 2; ++i) r.part[i] = _mm256_i32gather_epi32(from, index.part[i], 4);
    }
#endif
    return r;
  } else {
    alignas(64) std::uint32_t lane[16];
    index.store(lane);
    return generate<std::uint32_t, Arch>([&](std::size_t i) noexcept { return values[lane[i]]; });
  }
}

}  // namespace skive::simd
