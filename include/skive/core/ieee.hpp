// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/ieee.hpp - float32 products, quotients and order that no processor mode can change.
///
///   ieee_multiply(a, b) = RNE(a b),   ieee_divide(a, b) = RNE(a / b),   magnitude_bits(x) = bits of |x|, ordered as |x|
///
/// Flush-to-zero and denormals-are-zero alter the plain operators when an operand or result is subnormal. These take the
/// operator's way when everything is normal and go through integers otherwise, so that stored bytes stay the same.
///
/// Model of : -
/// Cost     : the operator plus three compares; about 20 ns on the subnormal path.
/// Accuracy : correctly rounded (nearest, ties to even) everywhere; NaN results are the quiet NaN 7FC00000.
/// Promise  : the same bits whatever FTZ, DAZ and contraction are set to; constexpr.
/// Source   : IEEE 754-2019 sections 4.3 and 5.4.

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace skive {

inline constexpr std::uint32_t float_infinity_bits = 0x7F80'0000;
inline constexpr std::uint32_t float_min_normal_bits = 0x0080'0000;

namespace detail {

// Whether magnitude bits are those of zero. Clang takes the plain test for a comparison of floats, which under DAZ holds for
// subnormals too; the empty statement hides where the bits come from.
template <class Bits>
constexpr bool is_zero_pattern(Bits magnitude) noexcept {
  if (!std::is_constant_evaluated()) asm("" : "+r"(magnitude));
  return magnitude == 0;
}

}  // namespace detail

/// Bits of |x|: unsigned order is the order of magnitudes, infinity is 7F800000 and every NaN lies above it.
constexpr std::uint32_t magnitude_bits(float x) noexcept { return std::bit_cast<std::uint32_t>(x) & 0x7FFF'FFFFU; }
constexpr bool is_finite(float x) noexcept { return magnitude_bits(x) < float_infinity_bits; }
constexpr bool is_nan(float x) noexcept { return magnitude_bits(x) > float_infinity_bits; }
constexpr bool is_zero(float x) noexcept { return detail::is_zero_pattern(magnitude_bits(x)); }
/// |x| by clearing the sign bit.
constexpr float magnitude(float x) noexcept { return std::bit_cast<float>(magnitude_bits(x)); }

/// a < b for finite numbers, subnormals included (the operator treats them as zero under DAZ).
constexpr bool less(float a, float b) noexcept {
  auto const key = [](float x) {
    auto const bits = std::bit_cast<std::int32_t>(x);
    return bits < 0 ? -static_cast<std::int64_t>(bits & 0x7FFF'FFFF) : static_cast<std::int64_t>(bits);
  };
  return key(a) < key(b);
}

namespace detail {

// |x| = significand * 2^exponent with a 24-bit significand (top bit set); x finite and not zero.
struct float_parts {
  std::uint32_t significand;
  int exponent;
};
constexpr float_parts take_apart(std::uint32_t magnitude) noexcept {
  auto const field = static_cast<int>(magnitude >> 23);
  if (field != 0) return {(magnitude & 0x7F'FFFFU) | 0x80'0000U, field - 150};
  int const shift = std::countl_zero(magnitude) - 8;
  return {magnitude << shift, -149 - shift};
}

// RNE of significand * 2^exponent; `sticky`: a nonzero rest lies below the lowest bit. Precondition: significand >= 2^25.
constexpr float put_together(std::uint64_t significand, int exponent, bool sticky, std::uint32_t sign) noexcept {
  int const top = 63 - std::countl_zero(significand);
  int const ulp = top + exponent - 23 < -149 ? -149 : top + exponent - 23;  // exponent of the result's last place
  int const cut = ulp - exponent;                                           // >= 2: bits to drop
  std::uint64_t bits = 0;
  if (cut <= 63) {
    bits = significand >> cut;
    auto const rest = significand & ((std::uint64_t{1} << cut) - 1);
    auto const half = std::uint64_t{1} << (cut - 1);
    if (rest > half || (rest == half && (sticky || (bits & 1) != 0))) ++bits;
  }
  // A carry to 2^24 moves into the exponent field by itself; a subnormal that rounds up becomes the smallest normal.
  auto const field = static_cast<std::int64_t>(ulp) + 149;
  auto magnitude = static_cast<std::uint64_t>(field) << 23;
  magnitude += bits;
  if (magnitude >= float_infinity_bits) magnitude = float_infinity_bits;
  return std::bit_cast<float>(static_cast<std::uint32_t>(magnitude) | sign);
}

constexpr bool is_normal_magnitude(std::uint32_t m) noexcept {
  return m - float_min_normal_bits < float_infinity_bits - float_min_normal_bits;
}

}  // namespace detail

/// The correctly rounded product.
constexpr float ieee_multiply(float a, float b) noexcept {
  auto const ma = magnitude_bits(a);
  auto const mb = magnitude_bits(b);
  auto const sign = (std::bit_cast<std::uint32_t>(a) ^ std::bit_cast<std::uint32_t>(b)) & 0x8000'0000U;
  if (ma > float_infinity_bits || mb > float_infinity_bits) return std::bit_cast<float>(0x7FC0'0000U);
  bool const zero = is_zero(a) || is_zero(b);
  if (ma == float_infinity_bits || mb == float_infinity_bits)
    return std::bit_cast<float>(zero ? 0x7FC0'0000U : sign | float_infinity_bits);
  if (zero) return std::bit_cast<float>(sign);
  auto const fields = (ma >> 23) + (mb >> 23);
  if (detail::is_normal_magnitude(ma) && detail::is_normal_magnitude(mb) && fields > 130 && fields < 379) return a * b;
  auto const pa = detail::take_apart(ma);
  auto const pb = detail::take_apart(mb);
  return detail::put_together(std::uint64_t{pa.significand} * pb.significand, pa.exponent + pb.exponent, false, sign);
}

/// The correctly rounded quotient; x / 0 is infinity, 0 / 0 is NaN.
constexpr float ieee_divide(float a, float b) noexcept {
  auto const ma = magnitude_bits(a);
  auto const mb = magnitude_bits(b);
  auto const sign = (std::bit_cast<std::uint32_t>(a) ^ std::bit_cast<std::uint32_t>(b)) & 0x8000'0000U;
  if (ma > float_infinity_bits || mb > float_infinity_bits || (ma == mb && (is_zero(a) || ma == float_infinity_bits)))
    return std::bit_cast<float>(0x7FC0'0000U);
  if (ma == float_infinity_bits || is_zero(b)) return std::bit_cast<float>(sign | float_infinity_bits);
  if (is_zero(a) || mb == float_infinity_bits) return std::bit_cast<float>(sign);
  auto const gap = static_cast<int>(ma >> 23) - static_cast<int>(mb >> 23);
  if (detail::is_normal_magnitude(ma) && detail::is_normal_magnitude(mb) && gap > -124 && gap < 124) return a / b;
  auto const pa = detail::take_apart(ma);
  auto const pb = detail::take_apart(mb);
  auto const numerator = std::uint64_t{pa.significand} << 32;
  auto const quotient = numerator / pb.significand;
  return detail::put_together(quotient, pa.exponent - pb.exponent - 32, quotient * pb.significand != numerator, sign);
}

}  // namespace skive
