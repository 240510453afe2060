// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/e8m0.hpp - powers of two in a byte: the block scale of OCP MX, and every way in use to round to one.
///
///   value(code) = 2^(code - 127) for 00..FE, NaN for FF; no zero, no sign, no infinity; value(0) is a float subnormal
///
/// e8m0::encode is strict: the policy chooses between the two neighbouring powers of two, parity is the code's. Positive numbers
/// below 2^-127, and zero, have no smaller neighbour and become 00. Negative numbers become 00, or NaN where finite overflow is
/// sent to_special. encode_e8m0 reproduces what peers do (x in [1, 2) and so on; `lowest` is 2^-127 < x < 2^-126):
///
///   rule                   1.25  1.5  3.0   lowest   zero           negative     who
///   exponent_field          7F    7F   80   00       00             magnitude    oneDNN, AMD Quark
///   nearest_even            7F    80   80   nearest  00             00 or NaN    gfloat, P3109 rule, newer ml_dtypes
///   nearest_up              7F    80   81   01       00 or NaN      00 or NaN    ml_dtypes to 0.6, ONNX "nearest"
///   nearest_up_magnitude    7F    80   81   01       00             magnitude    PyTorch
///   ceil                    80    80   81   01       00             00 or NaN    CUDA, cuBLAS, ONNX "up"
///
/// "00 or NaN": 00 when saturating, FF under to_special. A power past 2^127 is an overflow, FE or FF likewise; peers give FF.
///
/// Model of : scalar_format
/// Cost     : encode about 2 ns, decode about 1 ns.
/// Accuracy : decode exact; a nearest policy is within a factor of 4/3 above and 3/2 below.
/// Promise  : integer arithmetic on bit patterns: code 0 decodes to 2^-127 under flush-to-zero modes too; constexpr.
/// Source   : OCP Microscaling Formats (MX) 1.0; ONNX Cast operator (float8e8m0); PyTorch Float8_e8m0fnu.

#include "skive/core/real_bits.hpp"
#include "skive/core/rounding.hpp"
#include "skive/core/scalar_format.hpp"
#include "skive/format/minifloat.hpp"

#include <cstdint>

namespace skive {

/// A power of two, and the format's constants and conversions as static members.
struct e8m0 {
  using code_type = std::uint8_t;
  using value_type = float;

  code_type code{};

  static constexpr int bits = 8;
  static constexpr int exponent_bits = 8;
  static constexpr int fraction_bits = 0;
  static constexpr int significand_bits = 1;
  static constexpr int bias = 127;
  static constexpr bool is_signed = false;
  static constexpr bool has_infinity = false;
  static constexpr bool has_nan = true;
  static constexpr bool has_zero = false;
  static constexpr bool has_negative_zero = false;
  static constexpr bool has_subnormals = false;
  static constexpr code_type max_code = 0xFE;
  static constexpr code_type infinity_code = max_code;
  static constexpr code_type nan_code = 0xFF;
  static constexpr float max_finite = 0x1p127f;
  static constexpr float lowest = 0x1p-127f;
  static constexpr float min_normal = 0x1p-127f;  ///< of the format; as a float it is subnormal
  static constexpr float min_subnormal = 0x1p-127f;
  static constexpr float epsilon = 1.0f;

  template <class Real>
  static constexpr Real decode_as(code_type code) noexcept {
    return code == nan_code ? detail::nan_real<Real>(false) : detail::pack_real<Real>(false, 1, code - bias);
  }
  static constexpr float decode(code_type code) noexcept { return decode_as<float>(code); }

  template <class Real, rounding_policy R = nearest_even>
  static constexpr code_type encode(Real x, R rounding = {}, overflow_policy overflow = {}) noexcept {
    auto const u = detail::unpack_real(x);
    if (u.kind == detail::real_kind::nan) return nan_code;
    if (u.kind == detail::real_kind::zero) return 0;
    if (u.kind == detail::real_kind::infinite) return out_of_range(u.negative, overflow.infinite);
    if (u.negative) return out_of_range(true, overflow.finite);
    if (u.exponent < -bias) return 0;
    using layout = detail::real_layout<Real>;
    auto const kept = u.exponent + bias;
    auto const rounded = detail::rounded_shift(rounding, static_cast<std::uint64_t>(kept),
                                               u.significand & (layout::hidden_bit - 1), layout::fraction_bits, false);
    if (rounded <= max_code) return static_cast<code_type>(rounded);
    return detail::stays_at_max(rounding, max_code, false) ? max_code : out_of_range(false, overflow.finite);
  }

  template <class Real, rounding_policy R = nearest_even>
  static constexpr e8m0 from(Real x, R rounding = {}, overflow_policy overflow = {}) noexcept {
    return {encode(x, rounding, overflow)};
  }
  constexpr explicit operator float() const noexcept { return decode(code); }
  constexpr explicit operator double() const noexcept { return decode_as<double>(code); }
  friend constexpr bool operator==(e8m0, e8m0) noexcept = default;

  /// The code of 1 / value(code), exact for every number: 254 - code; NaN stays NaN.
  static constexpr code_type reciprocal(code_type code) noexcept {
    return code == nan_code ? nan_code : static_cast<code_type>(max_code - code);
  }

 private:
  static constexpr code_type out_of_range(bool negative, overflow_action action) noexcept {
    if (action == overflow_action::to_special) return nan_code;
    return negative ? code_type{0} : max_code;
  }
};

static_assert(scalar_format<e8m0> && sizeof(e8m0) == 1);

/// The named ways to turn a number into E8M0; the table at the top of this file tells them apart.
enum class e8m0_rule : std::uint8_t { exponent_field, nearest_even, nearest_up, nearest_up_magnitude, ceil };

/// The code of x under a named rule. The default policy is that of the peers: what does not fit is NaN.
template <class Real>
constexpr e8m0::code_type encode_e8m0(Real x, e8m0_rule rule, overflow_policy overflow = non_saturating) noexcept {
  auto const u = detail::unpack_real(x);
  bool const ignores_sign = rule == e8m0_rule::exponent_field || rule == e8m0_rule::nearest_up_magnitude;
  Real const y = ignores_sign ? detail::absolute_real(x) : x;
  switch (rule) {
    case e8m0_rule::exponent_field:
      // The policy says where infinity goes; past float's range a double is as good as infinite, like the field it would have.
      if (u.kind == detail::real_kind::finite && u.exponent > e8m0::bias)
        return e8m0::encode(detail::infinite_real<Real>(false), nearest_even{}, overflow);
      return e8m0::encode(y, toward_zero{}, overflow);
    case e8m0_rule::nearest_even: return e8m0::encode(y, nearest_even{}, overflow);
    case e8m0_rule::ceil: return e8m0::encode(y, toward_positive{}, overflow);
    case e8m0_rule::nearest_up:
      if (u.kind == detail::real_kind::zero && overflow.finite == overflow_action::to_special) return e8m0::nan_code;
      break;
    case e8m0_rule::nearest_up_magnitude: break;
  }
  bool const lowest_binade = u.kind == detail::real_kind::finite && u.exponent == -e8m0::bias;
  return lowest_binade ? e8m0::encode(y, toward_positive{}, overflow) : e8m0::encode(y, nearest_away{}, overflow);
}

}  // namespace skive
