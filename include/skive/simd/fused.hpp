// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/fused.hpp - one rounding for a product and a sum, on every instruction set.
///
///   fused_once(a, b, c)           RNE(a b + c) in lanes
///   fused_number<Arch>(a, b, c)   the same of floats
///
/// Where no instruction does it: p = a b is exact in double, s = RNE(p + c) with the rest e = p + c - s exact too; s is then rounded
/// to odd, to that neighbour of p + c whose last bit is set. Rounding that to float is rounding p + c itself, since double has more
/// than two bits beyond float's.
///
/// Model of : -
/// Cost     : an instruction where simd::fuses<Arch>; else about 20 a number.
/// Accuracy : correctly rounded.
/// Promise  : the same bits on every instruction set and under -ffp-contract=fast; flush-to-zero is not looked after.
/// Source   : S. Boldo, G. Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE
///            Trans. Computers 57, 2008.

#include "skive/simd/arithmetic.hpp"

#include <bit>
#include <cstdint>

namespace skive::simd {

template <class Arch>
[[gnu::always_inline]] inline float fused_number(float a, float b, float c) noexcept {
  auto const p = static_cast<double>(a) * static_cast<double>(b);  // exact: contraction changes nothing
  auto const t = static_cast<double>(c);
  auto const s = p + t;
  auto const back = s - p;
  auto const rest = (p - (s - back)) + (t - back);
  auto bits = std::bit_cast<std::uint64_t>(s);
  if ((rest < 0 || rest > 0) && (bits & 1) == 0) bits = (rest > 0) == (s > 0) ? bits + 1 : bits - 1;
  return static_cast<float>(std::bit_cast<double>(bits));
}

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> fused_once(floats<Arch> const& a, floats<Arch> const& b,
                                                      floats<Arch> const& c) noexcept {
  if constexpr (fuses<Arch>) {
    return fused(a, b, c);
  } else {
    alignas(64) float x[16];
    alignas(64) float y[16];
    alignas(64) float z[16];
    a.store(x);
    b.store(y);
    c.store(z);
    for (std::size_t i = 0; i < 16; ++i) z[i] = fused_number<Arch>(x[i], y[i], z[i]);
    return floats<Arch>::load(z);
  }
}

}  // namespace skive::simd
