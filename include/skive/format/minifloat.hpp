// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/minifloat.hpp - every small binary floating format (ExMy) from one description.
///
///   code = sign | e (exponent_bits) | f (fraction_bits), sign topmost and absent in unsigned formats; M = fraction_bits
///   e > 0:  (-1)^sign (1 + f/2^M) 2^(e - bias)           e == 0:  (-1)^sign (f/2^M) 2^(1 - bias)
///   Finite codes come first in value order, then the infinity, then the NaN codes (see nan_placement).
///
/// encode: 1. the magnitude is rounded as though the exponent were unbounded; 2. a result past max_finite is an overflow and
/// becomes what `overflow.finite` says, unless the rounding policy never leaves max_finite in that direction (toward_zero, the
/// inward directed ones, and toward_odd where max_finite has an odd code); a stochastic policy stays only below the next value
/// up. Infinite input follows `overflow.infinite` alone. 3. NaN becomes the quiet NaN without payload, its sign kept where NaN
/// has one; without NaN codes (FP4, FP6) it becomes max_finite with its sign. 4. Without negative zero, -0 and negative
/// underflow become code 0. 5. Unsigned formats: a negative result becomes 0, or under to_special the NaN.
/// decode: total; NaN codes give the quiet NaN with the code's sign.
///
/// Model of : scalar_format (core/scalar_format.hpp), for any member of minifloat_traits
/// Cost     : encode about 2 to 3 ns, decode about 1 ns; the value is its code: sizeof(minifloat<T>) is 1, 2 or 4.
/// Accuracy : decode exact; encode rounds once, from float and from double.
/// Promise  : integer arithmetic on bit patterns: the same codes under every flag and mode; constexpr.
/// Source   : OCP OFP8 1.0; OCP MX 1.0; IEEE 754-2019; IEEE P3109 v4.0; Micikevicius et al., arXiv 2209.05433;
///            Noune et al., arXiv 2206.02915 (FNUZ).

#include "skive/core/real_bits.hpp"
#include "skive/core/rounding.hpp"

#include <cstdint>
#include <type_traits>

namespace skive {

/// Which codes are NaN.
enum class nan_placement : std::uint8_t {
  none,           ///< no NaN
  top_exponent,   ///< IEEE: all fractions under the top exponent, but the infinity (fraction 0) where there is one
  all_ones,       ///< the code with all exponent and fraction bits set (either sign)
  negative_zero,  ///< the one code with only the sign bit set; the format then has no negative zero
};

/// Description of a format. Infinity, where there is one, is the first magnitude past the finite ones.
struct minifloat_traits {
  int exponent_bits;
  int fraction_bits;  ///< stored bits of the significand, the hidden one not counted
  int bias;
  bool is_signed = true;
  bool infinities = false;
  nan_placement nan = nan_placement::none;
  bool negative_zero = true;  ///< false: the code with only the sign bit reads as +0 (or NaN) and is never written
  bool subnormals = true;     ///< false: codes with e == 0 read as zero; below 2^(1-bias) there are only 0 and 2^(1-bias)
};

namespace detail {

// Beyond the finite codes: would the policy stay at max_finite however large the magnitude? The question is put for a number just
// below the next value up. Random bits decide about neighbours only, so a stochastic policy never stays.
template <rounding_policy R>
constexpr bool stays_at_max(R const& rounding, std::uint64_t max_code, bool negative) noexcept {
  return !rounding.increments(max_code, (std::uint64_t{1} << 63) - 1, 63, negative);
}
constexpr bool stays_at_max(stochastic const&, std::uint64_t, bool) noexcept { return false; }

}  // namespace detail

/// A number in the format T, and the format's constants and conversions as static members. `code` is the number: a span of
/// minifloat is a row of codes.
template <minifloat_traits T>
struct minifloat {
  static_assert(T.exponent_bits >= 1 && T.fraction_bits >= 0 && T.exponent_bits + T.fraction_bits + (T.is_signed ? 1 : 0) <= 32,
                "a minifloat has at least one exponent bit and at most 32 bits");
  static_assert(T.is_signed || T.nan != nan_placement::negative_zero, "an unsigned format has no negative zero to call NaN");
  static_assert(T.nan != nan_placement::top_exponent || !T.infinities || T.fraction_bits >= 1,
                "without fraction bits the top exponent cannot hold both infinity and NaN");

  static constexpr minifloat_traits traits = T;
  static constexpr int exponent_bits = T.exponent_bits;
  static constexpr int fraction_bits = T.fraction_bits;
  static constexpr int significand_bits = T.fraction_bits + 1;  ///< precision, the hidden bit counted
  static constexpr int bias = T.bias;
  static constexpr bool is_signed = T.is_signed;
  static constexpr bool has_infinity = T.infinities;
  static constexpr bool has_nan = T.nan != nan_placement::none;
  static constexpr bool has_zero = true;
  static constexpr bool has_negative_zero = T.is_signed && T.negative_zero && T.nan != nan_placement::negative_zero;
  static constexpr bool has_subnormals = T.subnormals && T.fraction_bits > 0;
  static constexpr int bits = exponent_bits + fraction_bits + (is_signed ? 1 : 0);
  using code_type = std::conditional_t<(bits <= 8), std::uint8_t, std::conditional_t<(bits <= 16), std::uint16_t, std::uint32_t>>;

  code_type code{};

 private:
  static constexpr std::uint64_t magnitude_mask = (std::uint64_t{1} << (exponent_bits + fraction_bits)) - 1;
  static constexpr std::uint64_t sign_mask = is_signed ? magnitude_mask + 1 : 0;
  static constexpr std::uint64_t hidden_bit = std::uint64_t{1} << fraction_bits;
  static constexpr std::uint64_t first_nan =  // all magnitudes from here on are NaN
      T.nan == nan_placement::top_exponent ? magnitude_mask - (hidden_bit - 1) + (T.infinities ? 1 : 0)
      : T.nan == nan_placement::all_ones   ? magnitude_mask
                                           : magnitude_mask + 1;
  static constexpr std::uint64_t max_magnitude = first_nan - (T.infinities ? 2 : 1);
  static_assert(max_magnitude >= hidden_bit, "a minifloat has at least one normal number");
  static constexpr int min_exponent = 1 - bias;
  static constexpr int max_exponent = static_cast<int>(max_magnitude >> fraction_bits) - bias;

  template <class Real, class Layout = detail::real_layout<Real>>
  static constexpr bool exact_in = fraction_bits <= Layout::fraction_bits && max_exponent <= Layout::bias &&
      min_exponent - fraction_bits >= Layout::min_exponent - Layout::fraction_bits;
  static_assert(exact_in<double>, "every value of a minifloat is a double");

 public:
  /// float where that holds every value of the format, else double (P3109 with K >= 9 and P <= 2, for example).
  using value_type = std::conditional_t<exact_in<float>, float, double>;

  /// The value of a code. Bits of `code` above `bits` are ignored.
  template <class Real>
  static constexpr Real decode_as(code_type code) noexcept {
    static_assert(exact_in<Real>, "decode_as needs a type that holds every value of the format");
    std::uint64_t const magnitude = code & magnitude_mask;
    bool const negative = (code & sign_mask) != 0;
    if (magnitude >= first_nan) return detail::nan_real<Real>(negative);
    if (magnitude > max_magnitude) return detail::infinite_real<Real>(negative);
    auto const field = static_cast<int>(magnitude >> fraction_bits);
    std::uint64_t const fraction = magnitude & (hidden_bit - 1);
    if (field != 0) return detail::pack_real<Real>(negative, fraction | hidden_bit, field - bias - fraction_bits);
    if (magnitude == 0 && negative && T.nan == nan_placement::negative_zero) return detail::nan_real<Real>(false);
    if (!has_subnormals || fraction == 0) return detail::pack_real<Real>(negative && has_negative_zero, 0, 0);
    return detail::pack_real<Real>(negative, fraction, min_exponent - fraction_bits);
  }
  static constexpr value_type decode(code_type code) noexcept { return decode_as<value_type>(code); }

  /// The code of x; see the top of this file for the order of rounding, overflow and special values.
  template <class Real, rounding_policy R = nearest_even>
  static constexpr code_type encode(Real x, R rounding = {}, overflow_policy overflow = {}) noexcept {
    auto const u = detail::unpack_real(x);
    if (u.kind == detail::real_kind::finite) {
      std::uint64_t const magnitude = round_magnitude<detail::real_layout<Real>::fraction_bits>(u, rounding);
      if (!is_signed && u.negative && magnitude != 0) return out_of_range(true, overflow.finite);
      if (magnitude <= max_magnitude) return with_sign(magnitude, u.negative);
      if (detail::stays_at_max(rounding, max_magnitude, u.negative)) return with_sign(max_magnitude, u.negative);
      return out_of_range(u.negative, overflow.finite);
    }
    if (u.kind == detail::real_kind::zero) return with_sign(0, u.negative);
    if (u.kind == detail::real_kind::infinite) return out_of_range(u.negative, overflow.infinite);
    return not_a_number(u.negative);
  }

  template <class Real, rounding_policy R = nearest_even>
  static constexpr minifloat from(Real x, R rounding = {}, overflow_policy overflow = {}) noexcept {
    return {encode(x, rounding, overflow)};
  }
  constexpr explicit operator float() const noexcept { return decode_as<float>(code); }
  constexpr explicit operator double() const noexcept { return decode_as<double>(code); }

  /// Compares codes, not values: NaN equals itself, -0 and +0 differ.
  friend constexpr bool operator==(minifloat, minifloat) noexcept = default;

  static constexpr code_type max_code = static_cast<code_type>(max_magnitude);                                ///< of max_finite
  static constexpr code_type infinity_code = static_cast<code_type>(max_magnitude + (T.infinities ? 1 : 0));  ///< or max_code
  static constexpr code_type nan_code = encode(detail::nan_real<float>(false));  ///< what NaN becomes (max_code without NaN)
  static constexpr value_type max_finite = decode(max_code);
  static constexpr value_type lowest = is_signed ? -max_finite : value_type{0};
  static constexpr value_type min_normal = decode(static_cast<code_type>(hidden_bit));
  static constexpr value_type min_subnormal = has_subnormals ? decode(1) : min_normal;            ///< the smallest positive value
  static constexpr value_type epsilon = detail::pack_real<value_type>(false, 1, -fraction_bits);  ///< ulp of the binade from 1

 private:
  // Codes are consecutive in value order, so the code itself is what gets rounded: a carry enters the next binade by itself, and
  // the parity that policies see is the code's, right for formats of one significand bit too.
  template <int SourceFractionBits, rounding_policy R>
  static constexpr std::uint64_t round_magnitude(detail::unpacked_real u, R const& rounding) noexcept {
    int const above = u.exponent - min_exponent;
    constexpr int drop_bits = SourceFractionBits - fraction_bits;
    if (above >= 0)  // a shift known at compile time
      return detail::rounded_shift(rounding, static_cast<std::uint64_t>(above) << fraction_bits, u.significand, drop_bits,
                                   u.negative);
    if (T.subnormals) return detail::rounded_shift(rounding, 0, u.significand, drop_bits - above, u.negative);
    return detail::rounds_away(rounding, 0, u.significand, SourceFractionBits - above, u.negative) ? hidden_bit : 0;
  }
  static constexpr code_type with_sign(std::uint64_t magnitude, bool negative) noexcept {
    bool const keeps_sign = negative && (has_negative_zero || magnitude != 0);
    return static_cast<code_type>(magnitude | (keeps_sign ? sign_mask : 0));
  }
  static constexpr code_type not_a_number(bool negative) noexcept {
    if (T.nan == nan_placement::none) return with_sign(max_magnitude, is_signed && negative);
    if (T.nan == nan_placement::negative_zero) return static_cast<code_type>(sign_mask);
    if (T.nan == nan_placement::all_ones) return with_sign(magnitude_mask, negative);
    return with_sign(magnitude_mask - (hidden_bit - 1) + hidden_bit / 2, negative);
  }
  static constexpr code_type out_of_range(bool negative, overflow_action action) noexcept {
    bool const special = action == overflow_action::to_special;
    if (!is_signed && negative) return special && has_nan ? not_a_number(false) : code_type{0};
    if (special && has_infinity) return with_sign(max_magnitude + 1, negative);
    if (special && has_nan) return not_a_number(negative);
    return with_sign(max_magnitude, negative);
  }
};

}  // namespace skive
