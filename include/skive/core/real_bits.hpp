// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/real_bits.hpp - a float or double as an integer significand and an exponent, as an ordered integer, and back.
///
///   finite x = (-1)^negative significand 2^(exponent - F),   2^F <= significand < 2^(F+1),   F = 23 or 52
///   order_key(x) < order_key(y) <=> x < y
///
/// Subnormals of the source are normalised, so that `exponent` is floor(log2 |x|) for every finite x but zero.
///
/// Model of : -
/// Cost     : a handful of integer instructions each way.
/// Accuracy : exact; `pack_real` asks for a value that the target represents.
/// Promise  : bit patterns only: flush-to-zero modes, contraction and rounding modes cannot change a result.
/// Source   : IEEE 754-2019 section 3.4 (binary32, binary64).

#include "skive/version.hpp"

#include <bit>
#include <cstdint>
#include <type_traits>

namespace skive::detail {

template <class Real>
struct real_layout {
  static_assert(std::is_same_v<Real, float> || std::is_same_v<Real, double>, "scalar formats convert float and double");
  using bits_type = std::conditional_t<std::is_same_v<Real, float>, std::uint32_t, std::uint64_t>;
  using key_type = std::make_signed_t<bits_type>;
  static constexpr int fraction_bits = std::is_same_v<Real, float> ? 23 : 52;
  static constexpr int bias = std::is_same_v<Real, float> ? 127 : 1023;
  static constexpr int exponent_mask = 2 * bias + 1;
  static constexpr int min_exponent = 1 - bias;
  static constexpr int min_ulp = min_exponent - fraction_bits;  // exponent of the smallest subnormal
  static constexpr int sign_shift = static_cast<int>(8 * sizeof(bits_type)) - 1;
  static constexpr std::uint64_t hidden_bit = std::uint64_t{1} << fraction_bits;
  static constexpr std::uint64_t infinity = std::uint64_t{exponent_mask} << fraction_bits;  // magnitude; NaNs lie above it
};

// Whether magnitude bits are those of zero. Clang takes the plain test for a comparison of floats, which under DAZ holds for
// subnormals too; the empty statement hides where the bits come from.
template <class Bits>
constexpr bool is_zero_pattern(Bits magnitude) noexcept {
  if (!std::is_constant_evaluated()) asm("" : "+r"(magnitude));
  return magnitude == 0;
}

enum class real_kind : std::uint8_t { zero, finite, infinite, nan };

struct unpacked_real {
  real_kind kind;
  bool negative;
  int exponent;
  std::uint64_t significand;
};

template <class Real>
constexpr unpacked_real unpack_real(Real x) noexcept {
  using layout = real_layout<Real>;
  std::uint64_t const bits = std::bit_cast<typename layout::bits_type>(x);
  bool const negative = (bits >> layout::sign_shift) != 0;
  int const field = static_cast<int>(bits >> layout::fraction_bits) & layout::exponent_mask;
  std::uint64_t const fraction = bits & (layout::hidden_bit - 1);
  if (field == layout::exponent_mask) return {fraction != 0 ? real_kind::nan : real_kind::infinite, negative, 0, 0};
  if (field != 0) return {real_kind::finite, negative, field - layout::bias, fraction | layout::hidden_bit};
  if (is_zero_pattern(fraction)) return {real_kind::zero, negative, 0, 0};
  int const shift = std::countl_zero(fraction) - std::countl_zero(layout::hidden_bit);
  return {real_kind::finite, negative, layout::min_exponent - shift, fraction << shift};
}

// Bits of |x|: unsigned order is the order of magnitudes, infinity is layout::infinity and every NaN lies above it.
template <class Real>
constexpr typename real_layout<Real>::bits_type real_magnitude(Real x) noexcept {
  using layout = real_layout<Real>;
  using bits_type = typename layout::bits_type;
  return std::bit_cast<bits_type>(x) & ((bits_type{1} << layout::sign_shift) - 1);
}

template <class Real>
constexpr Real real_from_magnitude(bool negative, std::uint64_t magnitude) noexcept {
  using layout = real_layout<Real>;
  return std::bit_cast<Real>(
      static_cast<typename layout::bits_type>((std::uint64_t{negative} << layout::sign_shift) | magnitude));
}

template <class Real>
constexpr Real absolute_real(Real x) noexcept {
  return std::bit_cast<Real>(real_magnitude(x));
}

// Integers in the order of the numbers; -0 and +0 are both 0, NaN is past the infinities.
template <class Real>
constexpr typename real_layout<Real>::key_type order_key(Real x) noexcept {
  using layout = real_layout<Real>;
  auto const magnitude = static_cast<typename layout::key_type>(real_magnitude(x));
  return (std::bit_cast<typename layout::bits_type>(x) >> layout::sign_shift) != 0 ? -magnitude : magnitude;
}
template <class Real>
constexpr Real real_from_key(typename real_layout<Real>::key_type key) noexcept {
  return real_from_magnitude<Real>(key < 0, static_cast<std::uint64_t>(key < 0 ? -key : key));
}

// Bits of significand 2^ulp. Precondition: 2^F <= significand <= 2^(F+1), or 0 <= significand <= 2^F at ulp == min_ulp. The
// hidden bit is the last step of the exponent field, and a significand of 2^(F+1) carries into it by itself.
template <class Real>
constexpr std::uint64_t magnitude_at_ulp(std::uint64_t significand, int ulp) noexcept {
  using layout = real_layout<Real>;
  return (static_cast<std::uint64_t>(ulp - layout::min_ulp) << layout::fraction_bits) + significand;
}

// (-1)^negative * significand * 2^exponent. Precondition: Real represents it exactly.
template <class Real>
constexpr Real pack_real(bool negative, std::uint64_t significand, int exponent) noexcept {
  using layout = real_layout<Real>;
  if (significand == 0) return real_from_magnitude<Real>(negative, 0);
  int const shift = std::countl_zero(significand) - std::countl_zero(layout::hidden_bit);
  int const leading = exponent - shift + layout::fraction_bits;  // floor(log2 |x|)
  if (leading < layout::min_exponent) {
    int const up = exponent - layout::min_ulp;
    return real_from_magnitude<Real>(negative, up >= 0 ? significand << up : significand >> -up);
  }
  std::uint64_t const fraction = shift >= 0 ? significand << shift : significand >> -shift;
  int const field = leading + layout::bias;
  return real_from_magnitude<Real>(
      negative, (static_cast<std::uint64_t>(field) << layout::fraction_bits) | (fraction & (layout::hidden_bit - 1)));
}

template <class Real>
constexpr Real infinite_real(bool negative) noexcept {
  return real_from_magnitude<Real>(negative, real_layout<Real>::infinity);
}

// The quiet NaN without payload.
template <class Real>
constexpr Real nan_real(bool negative) noexcept {
  using layout = real_layout<Real>;
  return real_from_magnitude<Real>(negative, layout::infinity | (layout::hidden_bit >> 1));
}

// float to double on the bits: the hardware conversion reads a subnormal float as 0 under DAZ. NaN keeps its payload.
constexpr double exact_double(double x) noexcept { return x; }
constexpr double exact_double(float x) noexcept {
  using narrow = real_layout<float>;
  using wide = real_layout<double>;
  constexpr int wider = wide::fraction_bits - narrow::fraction_bits;
  std::uint64_t const magnitude = real_magnitude(x);
  std::uint64_t const sign = std::uint64_t{std::bit_cast<std::uint32_t>(x) >> narrow::sign_shift} << wide::sign_shift;
  if (magnitude >= narrow::infinity) return std::bit_cast<double>(sign | wide::infinity | (magnitude << wider));
  if (magnitude >= narrow::hidden_bit)  // normal: another bias
    return std::bit_cast<double>(sign |
                                 ((magnitude << wider) + (std::uint64_t{wide::bias - narrow::bias} << wide::fraction_bits)));
  if (is_zero_pattern(magnitude)) return std::bit_cast<double>(sign);
  return pack_real<double>(sign != 0, magnitude, narrow::min_ulp);
}

}  // namespace skive::detail
