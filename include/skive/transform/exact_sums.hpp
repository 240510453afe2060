// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/exact_sums.hpp - sums of exact products in double, rounded to float: one order and no contraction anywhere.
///
///   dot(a, b)        lane l sums a_i b_i over i = l mod 16; then lanes l and l + 8, l + 4, l + 2, l + 1
///   subtract(x, v, f)  x_i <- fl(x_i - f v_i), f of at most 29 bits
///
/// A product of two floats is exact in double, and so is that of a float with a number of 29 bits: a fused operation rounds what
/// a plain one rounds. Results are rounded to multiples of 2^-120 first, so that none is subnormal as a float.
///
/// Model of : -
/// Cost     : one double multiply-add a number; loops over 16 lanes that compilers vectorise.
/// Accuracy : dot: n / 16 + 4 roundings of 2^-53 relative to the sum of magnitudes.
/// Promise  : the same bits for every Arch, which only keeps units of different flags apart.
/// Source   : -

#include "skive/version.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace skive::detail {

// fl(s) by way of the multiples of 2^-120.
constexpr float rounded_sum(double s) noexcept {
  constexpr double magic = 1.5 * 0x1p-68;
  return static_cast<float>((s + magic) - magic);
}

// The nearest number of 29 bits, ties to even; normal, or zero.
constexpr double to_29_bits(double x) noexcept {
  auto const bits = std::bit_cast<std::uint64_t>(x);
  return std::bit_cast<double>((bits + 0x7F'FFFF + (bits >> 24 & 1)) & ~std::uint64_t{0xFF'FFFF});
}

template <class Arch>
constexpr double exact_dot(float const* a, float const* b, std::size_t n) noexcept {
  double lane[16]{};
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (std::size_t l = 0; l < 16; ++l) lane[l] += static_cast<double>(a[i + l]) * static_cast<double>(b[i + l]);
  for (std::size_t l = 0; i + l < n; ++l) lane[l] += static_cast<double>(a[i + l]) * static_cast<double>(b[i + l]);
  for (std::size_t half = 8; half != 0; half /= 2)
    for (std::size_t l = 0; l < half; ++l) lane[l] += lane[l + half];
  return lane[0];
}

template <class Arch>
constexpr void exact_subtract(float* x, float const* v, double factor, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; ++i) x[i] = rounded_sum(static_cast<double>(x[i]) - factor * static_cast<double>(v[i]));
}

}  // namespace skive::detail
