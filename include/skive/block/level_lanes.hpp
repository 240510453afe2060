// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/level_lanes.hpp - levels of sixty-four codes side by side at a time, for products with packed rows.
///
///   sixty_four_levels<Format, Width, Arch> levels{order};       available: is there such a path?
///   levels.each(codes, f)       f(k, x) for k = 0 .. 3; lane i of x is the level of code 16 k + i, divided by `factor`
///   levels.spoilt()             was one of the codes NaN? Those of formats with `collects_nan` come out as numbers.
///
/// Model of : -
/// Cost     : simd/nibble_floats.hpp for codes of 4 bits, simd/e4m3.hpp for E4M3.
/// Accuracy : exact; the factor is a power of two.
/// Promise  : reads 8 Width bytes.
/// Source   : -

#include "skive/block/scale_lanes.hpp"
#include "skive/format/fp8.hpp"
#include "skive/simd/e4m3.hpp"
#include "skive/simd/half.hpp"

namespace skive::detail {

template <class Format, int Width, class Arch>
struct sixty_four_levels {
  static constexpr bool available = false;
  static constexpr bool collects_nan = false;
  explicit sixty_four_levels(bit_order) noexcept {}
};

template <class Format, class Arch>
  requires(simd::has_nibble_floats<Arch> && !requires { requires Format::has_nan; })
struct sixty_four_levels<Format, 4, Arch> {
  static constexpr bool available = true;
  static constexpr bool collects_nan = false;
  static constexpr float factor = 1.0f;

  [[gnu::always_inline]] explicit sixty_four_levels(bit_order order) noexcept : table_{order} {}
  template <class F>
  [[gnu::always_inline]] void each(std::byte const* codes, F f) noexcept {
    table_.each(codes, f);
  }
  static constexpr bool spoilt() noexcept { return false; }

 private:
  simd::nibble_floats<Arch, few_values<Format>> table_;
};

template <class Arch>
  requires(simd::e4m3_at_once<Arch> != 0)
struct sixty_four_levels<e4m3fn, 8, Arch> {
  static constexpr bool available = true;
  static constexpr bool collects_nan = true;
  static constexpr float factor = 256.0f;

  [[gnu::always_inline]] explicit sixty_four_levels(bit_order) noexcept {}
  template <class F>
  [[gnu::always_inline]] void each(std::byte const* codes, F f) noexcept {
    if constexpr (simd::widens_e4m3<Arch>) {
      alignas(64) std::uint16_t halves[64];
      simd::widen_e4m3<Arch>(codes, 64, nan_, halves);
#pragma GCC unroll 4
      for (std::size_t k = 0; k < 4; ++k) f(k, simd::load_float16<Arch, simd::half_nan::any>(halves + 16 * k));
    } else {
      simd::floats<Arch> x[4];
      simd::load_e4m3<Arch>(codes, nan_, x);
#pragma GCC unroll 4
      for (std::size_t k = 0; k < 4; ++k) f(k, x[k]);
    }
  }
  [[gnu::always_inline]] bool spoilt() const noexcept { return nan_.any(); }

 private:
  simd::e4m3_nan<Arch> nan_;
};

}  // namespace skive::detail
