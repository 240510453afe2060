// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/arithmetic.hpp - products that stay products, and correctly rounded quotients by multiplication.
///
///   product(a, b)   RNE(a b), never contracted into a following sum
///   settled(x)      x, at which sums of integers are not regrouped
///   quotient(x, d)  RNE(x / s) for a divisor d of s: y = RNE(1 / s), rest = RNE((1 - s y) y), so that y + rest = (1 / s)(1 + e),
///                   |e| < 2^-46;   q = RNE(x y + RNE(x rest)), and for s of more than 16 bits RNE(q + RNE(x - q s) y)
///
/// Why the quotient is exact: q = RNE((x / s)(1 + e')), |e'| < 2^-45. For s of b <= 16 significant bits x / s differs from every
/// midpoint of two floats by 2^-(25 + b) relative at least, which e' cannot bridge. For longer s, q is still a neighbour of x /
/// s, so that x - q s is exact, and the last step rounds correctly by Markstein's theorem. Where q is not yet the nearest float,
/// |x - q s| is about half an ulp of q times s, 2^-126 or more: flush-to-zero takes nothing that counts.
///
/// Model of : -
/// Cost     : product 1 instruction; quotient 2 or 4 on the multiply-add units.
/// Accuracy : correctly rounded for 2^-60 <= s <= 2^60 and 2^-40 <= |x / s| <= 2^100; smaller quotients stay below 2^-39.
///            Past 2^100 the sign and the number may be lost (infinity - infinity).
/// Promise  : the same bits under -ffp-contract=fast, on every instruction set.
/// Source   : P. Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", IBM J. R&D 34, 1990.

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

namespace detail {
// Hides from the compiler that the number in the register x is a product. `Arch` keeps units of different flags apart.
template <class Arch, class Register>
[[gnu::always_inline]] inline void keep_apart(Register& x) noexcept {
#if defined(__x86_64__) || defined(__i386__)
  if constexpr (!std::is_class_v<Register>)
    asm("" : "+v"(x));
  else
#elif XSIMD_WITH_NEON64
  if constexpr (!std::is_class_v<Register>)
    asm("" : "+w"(x));
  else
#endif
    asm("" : "+m"(x));
}
}  // namespace detail

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> product(floats<Arch> a, floats<Arch> const& b) noexcept {
#pragma GCC unroll 4
  for (std::size_t i = 0; i < a.registers; ++i) {
    auto p = (a.part[i] * b.part[i]).data;  // not a member of `a`: g++ would keep all of it in memory
    detail::keep_apart<Arch>(p);
    a.part[i] = typename floats<Arch>::batch(p);
  }
  return a;
}

/// The same register: what was loaded into it is not loaded again for each use.
template <class Arch>
[[gnu::always_inline]] inline xsimd::batch<float, Arch> once(xsimd::batch<float, Arch> const& x) noexcept {
  auto kept = x.data;
  detail::keep_apart<Arch>(kept);
  return xsimd::batch<float, Arch>(kept);
}

/// The same integers, between whose sums before and after the compiler regroups nothing: g++ makes a tree of a long sum, whose
/// leaves then need more registers than there are. AVX-512 has twice as many, and nothing is done.
template <class Arch>
[[gnu::always_inline]] inline integers<Arch> settled(integers<Arch> x) noexcept {
  if constexpr (has_avx512<Arch>) return x;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < x.registers; ++i) {
    auto p = x.part[i].data;  // as above
    detail::keep_apart<Arch>(p);
    x.part[i] = typename integers<Arch>::batch(p);
  }
  return x;
}

/// RNE(a b + c) on instruction sets that fuse; elsewhere two roundings: for results that are not promised bit by bit.
template <class Arch>
[[gnu::always_inline]] inline floats<Arch> fused(floats<Arch> a, floats<Arch> const& b, floats<Arch> const& c) noexcept {
#pragma GCC unroll 4
  for (std::size_t i = 0; i < a.registers; ++i) a.part[i] = xsimd::fma(a.part[i], b.part[i], c.part[i]);
  return a;
}

/// What dividing by s needs; ScaleBits: significant bits of s.
template <int ScaleBits, class Arch>
struct divisor {
  floats<Arch> scale;
  floats<Arch> inverse;
  floats<Arch> rest;

  [[gnu::always_inline]] static divisor of(floats<Arch> const& s) noexcept {
    auto const one = floats<Arch>::broadcast(1.0f);
    divisor d{s, one / s, s};
    if constexpr (fuses<Arch>)
#pragma GCC unroll 4
      for (std::size_t i = 0; i < s.registers; ++i)
        d.rest.part[i] = minus_product(one.part[i], d.inverse.part[i], s.part[i]) * d.inverse.part[i];
    return d;
  }
};

template <int ScaleBits, class Arch>
[[gnu::always_inline]] inline floats<Arch> quotient(floats<Arch> const& x, divisor<ScaleBits, Arch> const& d) noexcept {
  if constexpr (ScaleBits == 1) return product<Arch>(x, d.inverse);  // a power of two
  if constexpr (!fuses<Arch>) return x / d.scale;
  floats<Arch> q;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < q.registers; ++i) {
    auto const& y = d.inverse.part[i];
    q.part[i] = xsimd::fma(x.part[i], y, x.part[i] * d.rest.part[i]);
    if constexpr (ScaleBits > 16) q.part[i] = xsimd::fma(minus_product(x.part[i], q.part[i], d.scale.part[i]), y, q.part[i]);
  }
  return q;
}

}  // namespace skive::simd
