// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/affine_lanes.hpp - a minimum and a step for each of sixteen groups of numbers, one group a lane.
///
///   m = float16(min x) + 0,   s = float16((max x - m) / (2^b - 1));   code = clamp(RNE((x - m) (1 / s)), 0, 2^b - 1)
///   x' = code s + m           (s = 0: code 0)
///
/// Zero need not lie inside the range, as it does in block/affine.hpp: a key channel may stay far from it.
///
/// Model of : -
/// Cost     : code 5 instructions for 16 numbers.
/// Accuracy : |x' - x| <= s/2 + 2^-11 (2 |m| + max x - min x) + 2^(b - 25), plus the rounding of the last line.
/// Promise  : the same bytes on every instruction set, whatever FTZ, DAZ and contraction are set to. Precondition: |x| <= 65504.
/// Source   : Z. Liu et al., "KIVI: A Tuning-Free Asymmetric 2bit Quantization for KV Cache", ICML 2024.

#include "skive/kv/parameters.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/reduce.hpp"

namespace skive::detail {

inline constexpr float largest_float16 = 65504.0f;

/// Parameters: how steps and minima are stored (kv/parameters.hpp).
template <int Width, class Arch, class Parameters = half_parameters>
struct affine_lanes {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  static constexpr float levels = static_cast<float>((1 << Width) - 1);

  floats minimum;
  floats inverse;

  /// Chooses and writes sixteen steps and minima.
  [[gnu::always_inline]] static affine_lanes settle(floats const& low, floats const& high, std::byte* steps,
                                                    std::byte* minima) noexcept {
    auto const zero = floats::broadcast(0.0f);
    std::byte rounded[32];
    Parameters::template store<Arch>(low, rounded);
    auto const minimum = Parameters::template load<Arch>(rounded) + zero;  // never -0
    auto const range = max(high - minimum, zero);
    auto const step = min(range / floats::broadcast(levels), floats::broadcast(Parameters::largest));
    Parameters::template store<Arch>(minimum, minima);
    Parameters::template store<Arch>(step + zero, steps);
    return {minimum, reciprocal(Parameters::template load<Arch>(steps))};
  }
  [[gnu::always_inline]] words code(floats const& x) const noexcept { return code(x, minimum, inverse); }
  [[gnu::always_inline]] static words code(floats const& x, floats const& minimum, floats const& inverse) noexcept {
    auto const t = simd::product<Arch>(x - minimum, inverse);
    auto const n = min(max(t, floats::broadcast(0.0f)), floats::broadcast(levels)) + floats::broadcast(0x1.8p23f);
    return simd::as<std::uint32_t>(n) & words::broadcast((1U << Width) - 1);
  }
  /// 1 / s, 0 for 0.
  [[gnu::always_inline]] static floats reciprocal(floats const& step) noexcept {
    auto const some = step > floats::broadcast(0.0f);
    return select(some, floats::broadcast(1.0f) / select(some, step, floats::broadcast(1.0f)), floats::broadcast(0.0f));
  }
};

/// Floats as integers of the same order, and back: -0 comes before +0.
template <class Arch>
[[gnu::always_inline]] inline simd::integers<Arch> ordered(simd::integers<Arch> const& bits) noexcept {
  return bits ^ ((bits >> 31) & simd::integers<Arch>::broadcast(0x7FFF'FFFF));
}
template <class Arch>
[[gnu::always_inline]] inline float of_ordered(std::int32_t key) noexcept {
  return std::bit_cast<float>(key ^ ((key >> 31) & 0x7FFF'FFFF));
}

/// Smallest and largest number of a row of `n`; for no numbers 0 and 0.
struct number_range {
  float low = 0.0f;
  float high = 0.0f;
};
template <class Arch>
inline number_range range_of(float const* x, std::size_t n) noexcept {
  using integers = simd::integers<Arch>;
  if (n == 0) return {};
  auto low = integers::broadcast(0x7FFF'FFFF);
  auto high = integers::broadcast(-0x7FFF'FFFF);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    auto const key = ordered<Arch>(simd::as<std::int32_t>(simd::floats<Arch>::load(x + i)));
    low = min(low, key);
    high = max(high, key);
  }
  if (i < n) {
    alignas(64) float padded[16];
    for (std::size_t k = 0; k < 16; ++k) padded[k] = x[i + (k < n - i ? k : 0)];
    auto const key = ordered<Arch>(simd::as<std::int32_t>(simd::floats<Arch>::load(padded)));
    low = min(low, key);
    high = max(high, key);
  }
  return {of_ordered<Arch>(simd::detail::fold(low, simd::detail::lesser<Arch>{})),
          of_ordered<Arch>(simd::detail::fold(high, simd::detail::larger<Arch>{}))};
}

}  // namespace skive::detail
