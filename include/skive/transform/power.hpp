// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/power.hpp - base-2 logarithm and exponential of doubles, with the same bits under every contraction.
///
///   log2(m 2^e) = e + 2 / ln 2 sum of z^(2k+1) / (2k+1),  z = (m - 1) / (m + 1), sqrt(1/2) <= m < sqrt(2)
///   exp2(x) = 2^n sum of (r ln 2)^k / k!,  n = the nearest integer
///
/// Model of : -
/// Cost     : about 30 operations each.
/// Accuracy : log2 to 2^-50 absolutely for |log2| < 4, else to 4 ulps; exp2 to 2^-48 relatively.
/// Promise  : constexpr; each product passes a barrier, so that no flag changes a bit.
/// Source   : -

#include "skive/core/separate.hpp"
#include "skive/version.hpp"

#include <bit>
#include <cstdint>
#include <type_traits>

namespace skive::detail {

/// Precondition: x is normal and positive.
constexpr double log2_of(double x) noexcept {
  auto const bits = std::bit_cast<std::uint64_t>(x);
  auto exponent = static_cast<int>(bits >> 52) - 1023;
  auto m = std::bit_cast<double>((bits & 0x000F'FFFF'FFFF'FFFFU) | 0x3FF0'0000'0000'0000U);
  if (m > 1.4142135623730951) {
    m /= 2;
    ++exponent;
  }
  auto const z = (m - 1) / (m + 1);
  auto const square = separate(z * z);
  double sum = 0;
  for (int k = 21; k >= 1; k -= 2) sum = separate(sum * square) + 1.0 / k;
  return static_cast<double>(exponent) + separate(separate(z * sum) * 2.8853900817779268);
}

/// Precondition: |x| < 1000.
constexpr double exp2_of(double x) noexcept {
  auto const n = static_cast<int>(x + (x < 0 ? -0.5 : 0.5));
  auto const r = separate((x - static_cast<double>(n)) * 0.69314718055994531);
  double sum = 1;
  for (int k = 14; k >= 1; --k) sum = separate(separate(sum * r) / k) + 1.0;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(1023 + n) << 52);
}

}  // namespace skive::detail
