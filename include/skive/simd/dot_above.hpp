// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/dot_above.hpp - products of bytes that count from a bias, four to a lane.
///
///   dot4_above<Bias, Largest>(sum, a, b)       lane i: sum_i + sum_j (a_ij - Bias) b_ij, a_ij unsigned, b_ij signed bytes
///
/// Model of : -
/// Cost     : VNNI 2 instructions a register, other x86 5 to 6, else 12.
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
  } else if constexpr (Bias + Largest <= 128 && detail::has_dot4_small<Arch>) {
    auto const y = as<std::int32_t>(b);
    integers<Arch> r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < r.registers; ++i) {
      auto const twos = detail::pair_sums<Arch>(xsimd::bitwise_cast<std::int32_t>(a.part[i]), y.part[i]) -
          detail::pair_sums<Arch>(xsimd::bitwise_cast<std::int32_t>(bias.part[i]), y.part[i]);
      r.part[i] = sum.part[i] + detail::dot2<Arch>(twos, detail::lanes16<Arch>(1));
    }
    return r;
  } else {
    words<Arch> above;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < above.registers; ++i)
      above.part[i] = xsimd::bitwise_cast<std::uint32_t>(xsimd::bitwise_cast<std::uint8_t>(a.part[i]) -
                                                         xsimd::bitwise_cast<std::uint8_t>(bias.part[i]));
    if constexpr (has_dot4_by_signs<Arch>)
      return dot4_by_signs(sum, above, b);
    else
      return dot4_signed(sum, above, b);
  }
}

}  // namespace skive::simd
