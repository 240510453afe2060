// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/ieee.hpp - float32 sums, products, quotients and order that no processor mode can change.
///
///   ieee_add(a, b) = RNE(a + b),   ieee_multiply(a, b) = RNE(a b),   ieee_divide(a, b) = RNE(a / b)
///   magnitude_bits(x) = bits of |x|, ordered as |x|
///
/// Flush-to-zero and denormals-are-zero alter the plain operators when an operand or result is subnormal. These take the
/// operator's way when everything is normal and go through integers otherwise, so that stored bytes stay the same.
///
/// Model of : -
/// Cost     : the operator plus three compares; about 20 ns on the subnormal path.
/// Accuracy : correctly rounded (nearest, ties to even) everywhere; NaN results are the quiet NaN 7FC00000.
/// Promise  : the same bits whatever FTZ, DAZ and contraction are set to; constexpr.
/// Source   : IEEE 754-2019 sections 4.3 and 5.4.

#include "skive/core/real_bits.hpp"
#include "skive/core/rounding.hpp"

#include <bit>
#include <cstdint>

namespace skive {

inline constexpr std::uint32_t float_infinity_bits = 0x7F80'0000;
inline constexpr std::uint32_t float_min_normal_bits = 0x0080'0000;

/// Bits of |x|: unsigned order is the order of magnitudes, infinity is 7F800000 and every NaN lies above it.
constexpr std::uint32_t magnitude_bits(float x) noexcept { return detail::real_magnitude(x); }
constexpr bool is_finite(float x) noexcept { return magnitude_bits(x) < float_infinity_bits; }
constexpr bool is_nan(float x) noexcept { return magnitude_bits(x) > float_infinity_bits; }
constexpr bool is_zero(float x) noexcept { return detail::is_zero_pattern(magnitude_bits(x)); }
/// |x| by clearing the sign bit.
constexpr float magnitude(float x) noexcept { return detail::absolute_real(x); }

/// a < b for finite numbers, subnormals included (the operator treats them as zero under DAZ).
constexpr bool less(float a, float b) noexcept { return detail::order_key(a) < detail::order_key(b); }

namespace detail {

// |x| = significand * 2^exponent with a 24-bit significand (top bit set); x finite and not zero.
struct float_parts {
  std::uint32_t significand;
  int exponent;
};
constexpr float_parts take_apart(std::uint32_t magnitude) noexcept {
  auto const u = unpack_real(std::bit_cast<float>(magnitude));
  return {static_cast<std::uint32_t>(u.significand), u.exponent - real_layout<float>::fraction_bits};
}

// RNE of significand * 2^exponent; `sticky`: a nonzero rest lies below the lowest bit. Precondition: significand >= 2^25, so
// that at least two bits are dropped and the lowest can stand for the rest.
constexpr float put_together(bool negative, std::uint64_t significand, int exponent, bool sticky) noexcept {
  using layout = real_layout<float>;
  int const normal_ulp = exponent + std::countl_zero(layout::hidden_bit) - std::countl_zero(significand);
  int const ulp = normal_ulp < layout::min_ulp ? layout::min_ulp : normal_ulp;
  auto const kept = rounded_shift(nearest_even{}, 0, significand | (sticky ? 1U : 0U), ulp - exponent, negative);
  auto const magnitude = magnitude_at_ulp<float>(kept, ulp);
  return real_from_magnitude<float>(negative, magnitude < layout::infinity ? magnitude : layout::infinity);
}

constexpr bool is_normal_magnitude(std::uint32_t m) noexcept {
  return m - float_min_normal_bits < float_infinity_bits - float_min_normal_bits;
}
constexpr bool signs_differ(float a, float b) noexcept {
  return ((std::bit_cast<std::uint32_t>(a) ^ std::bit_cast<std::uint32_t>(b)) & 0x8000'0000U) != 0;
}

}  // namespace detail

/// The correctly rounded sum; an exact zero is +0 but for -0 + -0, unlike infinities give NaN.
constexpr float ieee_add(float a, float b) noexcept {
  auto const ma = magnitude_bits(a);
  auto const mb = magnitude_bits(b);
  auto const larger = ma > mb ? ma : mb;
  // 2^-100 ... 2^127: a subnormal is too small to matter, no result is one. In double no product can be contracted into the sum,
  // and 53 bits are enough to round twice.
  constexpr auto low = magnitude_bits(0x1p-100f);
  if (larger - low < magnitude_bits(0x1p127f) - low) return static_cast<float>(static_cast<double>(a) + static_cast<double>(b));
  if (larger > float_infinity_bits || (ma == float_infinity_bits && mb == ma && detail::signs_differ(a, b)))
    return detail::nan_real<float>(false);
  if (larger == float_infinity_bits) return ma == larger ? a : b;
  auto const u = detail::unpack_real(detail::exact_double(a) + detail::exact_double(b));
  if (u.kind == detail::real_kind::zero) return detail::real_from_magnitude<float>(u.negative, 0);
  return detail::put_together(u.negative, u.significand, u.exponent - detail::real_layout<double>::fraction_bits, false);
}

/// The correctly rounded product.
constexpr float ieee_multiply(float a, float b) noexcept {
  auto const ma = magnitude_bits(a);
  auto const mb = magnitude_bits(b);
  auto const fields = (ma >> 23) + (mb >> 23);
  if (detail::is_normal_magnitude(ma) && detail::is_normal_magnitude(mb) && fields > 130 && fields < 379) return a * b;
  bool const negative = detail::signs_differ(a, b);
  bool const zero = is_zero(a) || is_zero(b);
  bool const infinite = ma == float_infinity_bits || mb == float_infinity_bits;
  if (ma > float_infinity_bits || mb > float_infinity_bits || (infinite && zero)) return detail::nan_real<float>(false);
  if (infinite) return detail::infinite_real<float>(negative);
  if (zero) return detail::real_from_magnitude<float>(negative, 0);
  auto const pa = detail::take_apart(ma);
  auto const pb = detail::take_apart(mb);
  return detail::put_together(negative, std::uint64_t{pa.significand} * pb.significand, pa.exponent + pb.exponent, false);
}

/// The correctly rounded quotient; x / 0 is infinity, 0 / 0 is NaN.
constexpr float ieee_divide(float a, float b) noexcept {
  auto const ma = magnitude_bits(a);
  auto const mb = magnitude_bits(b);
  auto const gap = static_cast<int>(ma >> 23) - static_cast<int>(mb >> 23);
  if (detail::is_normal_magnitude(ma) && detail::is_normal_magnitude(mb) && gap > -124 && gap < 124) return a / b;
  bool const negative = detail::signs_differ(a, b);
  if (ma > float_infinity_bits || mb > float_infinity_bits || (ma == mb && (is_zero(a) || ma == float_infinity_bits)))
    return detail::nan_real<float>(false);
  if (ma == float_infinity_bits || is_zero(b)) return detail::infinite_real<float>(negative);
  if (is_zero(a) || mb == float_infinity_bits) return detail::real_from_magnitude<float>(negative, 0);
  auto const pa = detail::take_apart(ma);
  auto const pb = detail::take_apart(mb);
  auto const numerator = std::uint64_t{pa.significand} << 32;
  auto const quotient = numerator / pb.significand;
  return detail::put_together(negative, quotient, pa.exponent - pb.exponent - 32, quotient * pb.significand != numerator);
}

}  // namespace skive
