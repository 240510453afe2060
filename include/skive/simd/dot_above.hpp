// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/dot_above.hpp - products of bytes that count from a bias, four to a lane.
///
///   dot4_above<Bias, Largest>(sum, a, b)       lane i: sum_i + sum_j (a_ij - Bias) b_ij, a_ij unsigned, b_ij signed bytes
///
/// Model of : -
/// Cost     : VNNI 2 instructions a register, AVX2 5 or 6, else 12.
/// Accuracy : exact: no intermediate sum saturates.
/// Promise  : that of simd/dot.hpp.
/// Source   : -

#include "skive/simd/dot.hpp"

namespace skive::simd {

/// Preconditions: a_ij <= Largest, |a_ij - Bias| <= 128, no b_ij is -128.
template <int Bias, int Largest, class Arch>
[[gnu::always_inline]] inline integers<Arch> dot4_above(integers<Arch> const& sum, words<Arch> const& a,
                                                        words<Arch> const& b) noexcept {
  auto const bias = words<Arch>::broadcast(static_cast<std::uint32_t>(Bias) * 0x01010101U);
  if constexpr (Bias == 0) {
    return dot4<Largest>(sum, a, b);
  } else if constexpr (detail::has_avx512vnni<Arch> || detail::has_avxvnni<Arch>) {
    return dot4(sum - dot4(integers<Arch>::broadcast(0), bias, b), a, b);
  } else {
#if XSIMD_WITH_AVX2
    if constexpr (has_avx2<Arch>) {
      integers<Arch> r;
#pragma GCC unroll 2
      for (std::size_t i = 0; i < r.registers; ++i) {
        __m256i const level = a.part[i], byte = b.part[i], zero = bias.part[i];
        __m256i pairs;  // sums of two products
        if constexpr (Bias + Largest <= 128) {
          pairs = _mm256_sub_epi16(_mm256_maddubs_epi16(level, byte), _mm256_maddubs_epi16(zero, byte));
        } else {  // bytes take over the signs of levels: 128 * 127 twice stays below 2^15
          auto const above = _mm256_sub_epi8(level, zero);
          pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(above), _mm256_sign_epi8(byte, above));
        }
        r.part[i] = sum.part[i] + detail::dot2<Arch>(pairs, detail::lanes16<Arch>(1));
      }
      return r;
    }
#endif
    if constexpr (!has_avx2<Arch>) {
      words<Arch> above;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < above.registers; ++i)
        above.part[i] = xsimd::bitwise_cast<std::uint32_t>(xsimd::bitwise_cast<std::uint8_t>(a.part[i]) -
                                                           xsimd::bitwise_cast<std::uint8_t>(bias.part[i]));
      return dot4_signed(sum, above, b);
    }
  }
}

}  // namespace skive::simd
