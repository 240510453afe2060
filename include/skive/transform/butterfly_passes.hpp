// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/butterfly_passes.hpp - one pass over a row in caches: several stages of butterflies in registers.
///
///   for h = first, 2 first, ...: (x_j, x_(j+h)) <- (x_j + x_(j+h), x_j - x_(j+h)), as transform/butterflies.hpp has it
///
/// A network takes 8 or 16 registers and up to 3 or 4 stages between them. The stages inside a register go first, in the same
/// pass; or, where loads can repeat lanes (AVX-512), in a pass before that does all but the one of half a register, which
/// the next pass does as it loads: 4 products and 2 shuffles a register then instead of 4 and 4.
///
/// Model of : - (used by transform/butterflies.hpp and transform/short_row.hpp)
/// Cost     : one sum a number and stage; shuffles inside registers; a power of two as factor costs one product for 16 registers.
/// Accuracy : each stage rounds once.
/// Promise  : the same bits for every grouping of stages.
/// Source   : -

#include "skive/simd/arithmetic.hpp"
#include "skive/simd/butterfly.hpp"
#include "skive/transform/unrolled.hpp"

#include <bit>

namespace skive::detail {

// Registers of one network of butterflies: half of what an instruction set with 16 or 32 has.
template <class Arch>
inline constexpr std::size_t most_registers = xsimd::batch<float, Arch>::size == 16 ? 16 : 8;

template <class T, class Arch>
inline constexpr bool has_registers = std::is_same_v<T, float> || requires { typename xsimd::batch<T, Arch>::register_type; };

// AVX-512 does sums and products in the same units; elsewhere sums have one more.
template <class Arch>
inline constexpr bool folds_factors = simd::fuses<Arch> && most_registers<Arch> == 16;

// Whether the differences of the last stage are products with 1: Zen 3 takes 2 sums or products a cycle, but 3 if a third are
// products, and Alder Lake too has a unit for each kind and one for both. With less than 24 sums stores take longer.
template <std::size_t Radix, class Arch>
inline constexpr bool mixes_products = simd::fuses<Arch> && simd::has_avx2<Arch> && !folds_factors<Arch> && Radix == 8;

// Butterflies of whole registers. `factor`, a power of two, multiplies every result where folds_factors: v_0 first, then one number
// of each pair that meets it, so that fused products do the rest at no cost. Elsewhere it is 1.
template <std::size_t Radix, bool Mixed, class Arch, class T>
[[gnu::always_inline]] inline void butterflies_across(xsimd::batch<T, Arch> (&v)[Radix],
                                                      [[maybe_unused]] xsimd::batch<T, Arch> factor) noexcept {
  if constexpr (folds_factors<Arch>) v[0] = v[0] * factor;
  unrolled<static_cast<std::size_t>(std::countr_zero(Radix)), Arch>([&](auto stage) __attribute__((always_inline)) {
    constexpr std::size_t h = std::size_t{1} << stage;
    unrolled<Radix / 2, Arch>([&](auto pair) __attribute__((always_inline)) {
      constexpr std::size_t i = pair / h * 2 * h + pair % h;
      auto const a = v[i];
      auto const b = v[i + h];
      if constexpr (folds_factors<Arch> && i < h) {
        v[i] = xsimd::fma(b, factor, a);
        v[i + h] = simd::minus_product(a, b, factor);
      } else if constexpr (Mixed && 2 * h == Radix) {
        v[i] = a + b;
        v[i + h] = simd::minus_product(a, b, factor);
      } else {
        v[i] = a + b;
        v[i + h] = a - b;
      }
    });
  });
}
// Whether butterflies_across() may take it: a power of two with which no sum of numbers of the safe range is subnormal.
template <class Arch, class T>
[[gnu::always_inline]] inline bool folds(T const* scale) noexcept {
  if constexpr (!folds_factors<Arch>) return false;
  if (scale == nullptr) return false;
  if constexpr (std::is_same_v<T, float>) {  // by integers: the vector units have other work
    auto const bits = std::bit_cast<std::int32_t>(*scale);
    return bits >= 0x3900'0000 && (bits & 0x007F'FFFF) == 0;  // 2^-13 and more
  } else {
    auto const bits = std::bit_cast<std::int64_t>(*scale);
    return bits >= 0x3F20'0000'0000'0000 && (bits & 0x000F'FFFF'FFFF'FFFF) == 0;
  }
}

enum class loading : std::uint8_t {
  plain,    // registers as they are
  within,   // and all stages inside
  flipped,  // and that after changes of sign
  halves,   // and the stage between its halves
};

// Of the register x in memory, with all stages inside but that of its halves if `Low`. If `Flips`, bit i % 32 of word i / 32 of
// `flips` changes the sign of x_i first, `at` being i of lane 0.
template <bool Low, bool Flips, class Arch, class T>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> butterflies_within(T const* x, T const* again,
                                                                       [[maybe_unused]] std::uint32_t const* flips,
                                                                       [[maybe_unused]] std::size_t at) noexcept {
  using batch = xsimd::batch<T, Arch>;
  constexpr auto below = Low ? batch::size / 2 : batch::size;
  batch v;
  if constexpr (Flips)
    v = simd::butterfly<1, Arch>(simd::flipped<Arch>(batch::load_unaligned(x), flips[at / 32] >> (at % 32)));
  else if constexpr (std::is_same_v<T, float>)
    v = simd::loaded_butterfly<1, Arch>(x, again);
  else
    v = simd::butterfly<1, Arch>(batch::load_unaligned(x));
  if constexpr (below > 2) v = simd::butterfly<2, Arch>(v);
  if constexpr (below > 4) v = simd::butterfly<4, Arch>(v);
  if constexpr (below > 8) v = simd::butterfly<8, Arch>(v);
  return v;
}

// The stages inside registers but that of their halves, which a pass that loads halves does.
template <std::size_t Count, bool Flips, class Arch>
[[gnu::always_inline]] inline void low_butterflies(float* x, float const* again, std::uint32_t const* flips,
                                                   std::size_t at) noexcept {
  constexpr auto size = xsimd::batch<float, Arch>::size;
  xsimd::batch<float, Arch> v[Count];
  unrolled<Count, Arch>([&](auto r) __attribute__((always_inline)) {
    auto const i = at + r * size;
    v[r] = butterflies_within<true, Flips, Arch, float>(x + i, again + i, flips, i);
  });
  unrolled<Count, Arch>([&](auto r) __attribute__((always_inline)) { v[r].store_unaligned(x + at + r * size); });
}
template <bool Flips, class Arch>
void low_butterflies(float* x, std::size_t n, std::uint32_t const* flips) noexcept {
  constexpr auto size = xsimd::batch<float, Arch>::size;
  auto const* const again = simd::hidden<Arch, float>(x);
  std::size_t i = 0;
  for (; i + 8 * size <= n; i += 8 * size) low_butterflies<8, Flips, Arch>(x, again, flips, i);
  for (; i < n; i += size) low_butterflies<1, Flips, Arch>(x, again, flips, i);
}

// Stages h, 2 h, ..., Radix / 2 h in one pass, h being a multiple of the register size; or from 1 or half a register on.
template <std::size_t Radix, loading Load, class Arch, class T>
[[gnu::always_inline]] inline void inline_pass(T* x, std::size_t n, std::size_t h, T const* scale,
                                               [[maybe_unused]] std::uint32_t const* flips) noexcept {
  using batch = xsimd::batch<T, Arch>;
  constexpr auto size = batch::size;
  [[maybe_unused]] constexpr bool flips_signs = Load == loading::flipped;
  if constexpr (Load != loading::plain) h = size;
  bool const folded = folds<Arch>(scale);
  auto fold = batch(folded ? *scale : T(1));
  constexpr bool mixed = Load == loading::plain && mixes_products<Radix, Arch>;
  if constexpr (mixed) simd::detail::keep_apart<Arch>(fold.data);  // else compilers know that it is 1
  auto const factor = batch(scale != nullptr ? *scale : T(1));
  bool const multiplies = scale != nullptr && !folded;
  [[maybe_unused]] auto const* const again = simd::hidden<Arch, T>(x);
  for (std::size_t i = 0; i < n; i += Radix * h)
    for (std::size_t j = i; j < i + h; j += size) {
      batch v[Radix];
      unrolled<Radix, Arch>([&](auto r) __attribute__((always_inline)) {
        [[maybe_unused]] auto const at = j + r * h;
        if constexpr (Load == loading::within || Load == loading::flipped)
          v[r] = butterflies_within<false, flips_signs, Arch, T>(x + at, again + at, flips, at);
        else if constexpr (Load == loading::halves)
          v[r] = simd::loaded_butterfly<size / 2, Arch>(x + at, again + at);
        else
          v[r] = batch::load_unaligned(x + at);
      });
      butterflies_across<Radix, mixed, Arch, T>(v, fold);
      if (multiplies)
        unrolled<Radix, Arch>([&](auto r) __attribute__((always_inline)) {
          v[r] = v[r] * factor;
          simd::detail::keep_apart<Arch>(v[r].data);
        });
      unrolled<Radix, Arch>([&](auto r) __attribute__((always_inline)) {  // the last row first: rows far apart share a set of L1,
        constexpr std::size_t back = Radix - 1 - r;                       // which still has those that were loaded last
        v[back].store_unaligned(x + j + back * h);
      });
    }
}

template <std::size_t Radix, loading Load, class Arch, class T>
void butterfly_pass(T* x, std::size_t n, std::size_t h, T const* scale, std::uint32_t const* flips) noexcept {
  inline_pass<Radix, Load, Arch, T>(x, n, h, scale, flips);
}
template <loading Load, class Arch, class T>
void butterfly_pass(std::size_t radix, T* x, std::size_t n, std::size_t h, T const* scale,
                    std::uint32_t const* flips = nullptr) noexcept {
  switch (radix) {
    case 1:
      if constexpr (Load != loading::plain) butterfly_pass<1, Load, Arch, T>(x, n, h, scale, flips);
      break;
    case 2: butterfly_pass<2, Load, Arch, T>(x, n, h, scale, flips); break;
    case 4: butterfly_pass<4, Load, Arch, T>(x, n, h, scale, flips); break;
    case 8: butterfly_pass<8, Load, Arch, T>(x, n, h, scale, flips); break;
    default:
      if constexpr (most_registers<Arch> == 16) butterfly_pass<16, Load, Arch, T>(x, n, h, scale, flips);
  }
}

}  // namespace skive::detail
