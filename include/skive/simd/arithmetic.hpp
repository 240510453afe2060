// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/arithmetic.hpp - products that stay products, and correctly rounded quotients by multiplication.
///
///   product(a, b)           RNE(a b), never contracted into a following sum
///   quotient(x, s, 1 / s)   RNE(x / s): q0 = RNE(x y), then twice q' = RNE(q + RNE(x - q s) y), y = RNE(1 / s)
///
/// Why the quotient is exact: q0 is within 1.5 units in the last place of x / s, so the first step leaves less than one (a
/// faithful rounding), where x - q s is exact, and Markstein's theorem gives the correctly rounded quotient after the second.
///
/// Model of : -
/// Cost     : product 1 instruction, quotient 5 on the multiply-add units (vdivps occupies its unit twice as long).
/// Accuracy : correctly rounded for |s| and every nonzero |x| that matters in [2^-60, 2^60]; see quotient().
/// Promise  : the same bits under -ffp-contract=fast, on every instruction set.
/// Source   : P. Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", IBM J. R&D 34, 1990.

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

namespace detail {
// Hides from the compiler that x is a product.
template <class Arch>
[[gnu::always_inline]] inline void keep_apart(xsimd::batch<float, Arch>& x) noexcept {
#if defined(__x86_64__) || defined(__i386__)
  if constexpr (std::is_same_v<typename xsimd::batch<float, Arch>::register_type, __m128>) {
    asm("" : "+x"(x.data));
    return;
  }
#if XSIMD_WITH_AVX
  if constexpr (std::is_same_v<typename xsimd::batch<float, Arch>::register_type, __m256>) {
    asm("" : "+x"(x.data));
    return;
  }
#endif
#if XSIMD_WITH_AVX512F
  if constexpr (std::is_same_v<typename xsimd::batch<float, Arch>::register_type, __m512>) {
    asm("" : "+v"(x.data));
    return;
  }
#endif
#elif XSIMD_WITH_NEON64
  if constexpr (derives<Arch, xsimd::neon64>) {
    asm("" : "+w"(x.data));
    return;
  }
#endif
  asm("" : "+m"(x.data));
}
}  // namespace detail

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> product(floats<Arch> a, floats<Arch> const& b) noexcept {
  for (std::size_t i = 0; i < a.registers; ++i) {
    a.part[i] = a.part[i] * b.part[i];
    detail::keep_apart<Arch>(a.part[i]);
  }
  return a;
}

/// RNE(a b + c) on instruction sets that fuse; elsewhere two roundings: for results that are not promised bit by bit.
template <class Arch>
[[gnu::always_inline]] inline floats<Arch> fused(floats<Arch> a, floats<Arch> const& b, floats<Arch> const& c) noexcept {
  for (std::size_t i = 0; i < a.registers; ++i) a.part[i] = xsimd::fma(a.part[i], b.part[i], c.part[i]);
  return a;
}

/// RNE(x / s) where inverse = RNE(1 / s). Precondition: 2^-60 <= |s| <= 2^60 and |x / s| <= 2^60. Below |x| = 2^-100 the result
/// is only right to 2^-20 relative: no format of this library tells such quotients apart from zero.
template <class Arch>
[[gnu::always_inline]] inline floats<Arch> quotient(floats<Arch> const& x, floats<Arch> const& s,
                                                    floats<Arch> const& inverse) noexcept {
  if constexpr (!fuses<Arch>) {
    return x / s;
  } else {
    floats<Arch> q;
    for (std::size_t i = 0; i < q.registers; ++i) {
      auto const& y = inverse.part[i];
      auto const q0 = x.part[i] * y;
      auto const q1 = xsimd::fma(xsimd::fnma(q0, s.part[i], x.part[i]), y, q0);
      q.part[i] = xsimd::fma(xsimd::fnma(q1, s.part[i], x.part[i]), y, q1);
    }
    return q;
  }
}

}  // namespace skive::simd
