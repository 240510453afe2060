// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/inverse_root.hpp - 1 / sqrt(n): in float by integers, correctly rounded; in double by Newton's steps.
///
///   f = floor(2^t / sqrt(n)) with 2^24 <= f < 2^25;   RNE(1 / sqrt(n)) = f 2^-t rounded to 24 bits
///
/// f is odd only where 1 / sqrt(n) lies above f 2^-t, since an exact root is a power of two: there is no tie.
///
/// Model of : -
/// Cost     : 25 steps of bisection.
/// Accuracy : float correctly rounded; double within 2 units in the last place.
/// Promise  : constexpr; no processor mode changes the result.
/// Source   : -

#include "skive/core/separate.hpp"
#include "skive/version.hpp"

#include <bit>
#include <cstdint>

namespace skive::detail {

// f^2 n <= 2^(2 t), for f < 2^25 and n < 2^44.
constexpr bool root_fits(std::uint64_t f, std::uint64_t n, int t) noexcept {
  auto const low = (f * f & 0xFFFF'FFFF) * n;  // below 2^76: in two parts
  auto const carry = (f * f & 0xFFFF'FFFF) * (n >> 32) + ((f * f & 0xFFFF'FFFF) * (n & 0xFFFF'FFFF) >> 32);
  auto const high = (f * f >> 32) * n + carry;  // floor(f^2 n / 2^32)
  auto const limit = std::uint64_t{1} << (2 * t - 32);
  return high < limit || (high == limit && (low & 0xFFFF'FFFF) == 0);
}

/// Precondition: 1 <= n < 2^44.
constexpr float inverse_root(std::uint64_t n) noexcept {
  int const t = 24 + (static_cast<int>(std::bit_width(n - 1)) + 1) / 2;
  std::uint64_t f = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 25; bit != 0; bit >>= 1)
    if (root_fits(f | bit, n, t)) f |= bit;
  auto const kept = static_cast<float>((f >> 1) + (f & 1));
  return kept * std::bit_cast<float>(static_cast<std::uint32_t>(128 - t) << 23);  // 2^(1 - t)
}

// Products and sums of doubles that stay apart: the coefficients are the same under every contraction.
template <class Arch>
struct exact_order {
  double value;
  friend constexpr exact_order operator*(exact_order a, exact_order b) noexcept { return {separate(a.value * b.value)}; }
  friend constexpr exact_order operator+(exact_order a, exact_order b) noexcept { return {a.value + b.value}; }
};

// sqrt(2 / p) to about 2^-50 by Newton's steps from a power of two.
template <class Arch>
constexpr double root_of_two_over(std::uint64_t p) noexcept {
  using real = exact_order<Arch>;
  real const half{static_cast<double>(p) / 4};  // y -> y (3/2 - (p / 2) y^2 / 2)
  real y{std::bit_cast<double>(static_cast<std::uint64_t>(1023 - std::bit_width(p) / 2) << 52)};
  for (int step = 0; step < 8; ++step) y = y * (real{1.5} + real{-1.0} * (half * y * y));
  return y.value;
}

/// 1 / sqrt(n) in double, within 2 units in the last place; exact where n is a power of 4.
template <class Arch>
constexpr double inverse_root_double(std::uint64_t n) noexcept {
  auto const k = std::countr_zero(n);
  if (std::has_single_bit(n) && k % 2 == 0) return std::bit_cast<double>(static_cast<std::uint64_t>(1023 - k / 2) << 52);
  return root_of_two_over<Arch>(2 * n);
}

}  // namespace skive::detail
