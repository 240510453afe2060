// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/real_bits.hpp - a float or double as an integer significand and an exponent, and back.
///
///   finite x = (-1)^negative * significand * 2^(exponent - F),   2^F <= significand < 2^(F+1),   F = 23 or 52
///
/// Subnormals of the source are normalised, so that `exponent` is floor(log2 |x|) for every finite x but zero.
///
/// Model of : -
/// Cost     : a handful of integer instructions each way.
/// Accuracy : exact; `pack_real` asks for a value that the target represents.
/// Promise  : bit patterns only: flush-to-zero modes, contraction and rounding modes cannot change a result.
/// Source   : IEEE 754-2019 section 3.4 (binary32, binary64).

#include "skive/core/ieee.hpp"

#include <bit>
#include <cstdint>
#include <type_traits>

namespace skive::detail {

template <class Real>
struct real_layout {
  static_assert(std::is_same_v<Real, float> || std::is_same_v<Real, double>, "scalar formats convert float and double");
  using bits_type = std::conditional_t<std::is_same_v<Real, float>, std::uint32_t, std::uint64_t>;
  static constexpr int fraction_bits = std::is_same_v<Real, float> ? 23 : 52;
  static constexpr int bias = std::is_same_v<Real, float> ? 127 : 1023;
  static constexpr int exponent_mask = 2 * bias + 1;
  static constexpr int min_exponent = 1 - bias;
  static constexpr int sign_shift = static_cast<int>(8 * sizeof(bits_type)) - 1;
  static constexpr std::uint64_t hidden_bit = std::uint64_t{1} << fraction_bits;
};

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

template <class Real>
constexpr Real real_from_magnitude(bool negative, std::uint64_t magnitude) noexcept {
  using layout = real_layout<Real>;
  return std::bit_cast<Real>(
      static_cast<typename layout::bits_type>((std::uint64_t{negative} << layout::sign_shift) | magnitude));
}

// |x| by clearing the sign bit.
template <class Real>
constexpr Real absolute_real(Real x) noexcept {
  using layout = real_layout<Real>;
  std::uint64_t const bits = std::bit_cast<typename layout::bits_type>(x);
  return real_from_magnitude<Real>(false, bits & ((std::uint64_t{1} << layout::sign_shift) - 1));
}

// (-1)^negative * significand * 2^exponent. Precondition: Real represents it exactly.
template <class Real>
constexpr Real pack_real(bool negative, std::uint64_t significand, int exponent) noexcept {
  using layout = real_layout<Real>;
  if (significand == 0) return real_from_magnitude<Real>(negative, 0);
  int const shift = std::countl_zero(significand) - std::countl_zero(layout::hidden_bit);
  int const leading = exponent - shift + layout::fraction_bits;  // floor(log2 |x|)
  if (leading < layout::min_exponent) {
    int const up = exponent - (layout::min_exponent - layout::fraction_bits);
    return real_from_magnitude<Real>(negative, up >= 0 ? significand << up : significand >> -up);
  }
  std::uint64_t const fraction = shift >= 0 ? significand << shift : significand >> -shift;
  std::uint64_t const field = static_cast<std::uint64_t>(leading + layout::bias);
  return real_from_magnitude<Real>(negative, (field << layout::fraction_bits) | (fraction & (layout::hidden_bit - 1)));
}

template <class Real>
constexpr Real infinite_real(bool negative) noexcept {
  using layout = real_layout<Real>;
  return real_from_magnitude<Real>(negative, std::uint64_t{layout::exponent_mask} << layout::fraction_bits);
}

// The quiet NaN without payload.
template <class Real>
constexpr Real nan_real(bool negative) noexcept {
  using layout = real_layout<Real>;
  return real_from_magnitude<Real>(negative,
                                   (std::uint64_t{layout::exponent_mask} << layout::fraction_bits) | (layout::hidden_bit >> 1));
}

}  // namespace skive::detail
