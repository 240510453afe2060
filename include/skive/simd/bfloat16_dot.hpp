// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/bfloat16_dot.hpp - products of bfloat16 numbers, two to a lane, summed in float; bytes paired to such lanes.
///
///   dot2(sum, a, b)                 lane i: sum_i + a_i0 b_i0 + a_i1 b_i1, a_i0 the low half of the lane
///   pair_even_bytes(low, high)      halves of lane i: bytes 0 and 2 of its high and low byte registers;  pair_odd_bytes: 1 and 3
///
/// Model of : -
/// Cost     : AVX512_BF16 one instruction, else 4 to 6; pairing 2 on AVX-512, else 3.
/// Accuracy : products are exact; at most three roundings to nearest a call. AVX512_BF16 takes subnormal numbers for zeros and
///            flushes results, whatever the processor's mode.
/// Promise  : NaN and infinity as in float.
/// Source   : Intel 64 and IA-32 Architectures Software Developer's Manual, VDPBF16PS.

#include "skive/simd/arithmetic.hpp"

namespace skive::simd {

/// One instruction does dot2.
template <class Arch>
inline constexpr bool has_bfloat16_dot =
#if XSIMD_WITH_AVX512BW && defined(__AVX512BF16__)
    has_avx512<Arch>;
#else
    false;
#endif

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> dot2(floats<Arch> const& sum, words<Arch> const& a, words<Arch> const& b) noexcept {
#if XSIMD_WITH_AVX512BW && defined(__AVX512BF16__)
  if constexpr (has_bfloat16_dot<Arch>) {
    auto const halves = [](words<Arch> const& w) noexcept { return std::bit_cast<__m512bh>(static_cast<__m512i>(w.part[0])); };
    return {{_mm512_dpbf16_ps(sum.part[0], halves(a), halves(b))}};
  }
#endif
  if constexpr (!has_bfloat16_dot<Arch>) {
    auto const upper = words<Arch>::broadcast(0xFFFF0000);
    auto const low = fused(as<float>(a << 16), as<float>(b << 16), sum);
    return fused(as<float>(a & upper), as<float>(b & upper), low);
  }
}

template <class Arch>
[[gnu::always_inline]] inline words<Arch> pair_even_bytes(words<Arch> const& low, words<Arch> const& high) noexcept {
  auto const mask = words<Arch>::broadcast(0x00FF00FF);
  return (low & mask) | ((high & mask) << 8);
}
template <class Arch>
[[gnu::always_inline]] inline words<Arch> pair_odd_bytes(words<Arch> const& low, words<Arch> const& high) noexcept {
  auto const mask = words<Arch>::broadcast(0x00FF00FF);
  return ((low >> 8) & mask) | (high & words<Arch>::broadcast(0xFF00FF00));
}

}  // namespace skive::simd
