// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/scale.hpp - the kept form of a group's scale, and codes relative to it.
///
///   kept(s) = decode(encode(s)) in the scale's own format: float32, float16, bfloat16, e8m0 or e4m3fn
///   code(x) = encode(fl32(x / s)),   value(c) = fl32(decode(c) s);   s = 0: every number is zero;   s = NaN: every number is NaN
///
/// Model of : float32 models scalar_format
/// Cost     : one division per number; one multiplication per decoded number.
/// Accuracy : one rounding each; ieee_divide and ieee_multiply keep it so in every processor mode.
/// Promise  : a scale that overflows its format saturates (values then clip); NaN means that the group held a NaN or infinity.
/// Source   : -

#include "skive/core/ieee.hpp"
#include "skive/core/rounding.hpp"

#include <bit>
#include <cstdint>
#include <limits>

namespace skive {

/// The identity format: a scale kept as it was computed.
struct float32 {
  using code_type = std::uint32_t;
  static constexpr int bits = 32;
  static constexpr float max_finite = std::numeric_limits<float>::max();
  static constexpr code_type nan_code = 0x7FC0'0000;
  code_type code{};
  static constexpr float decode(code_type c) noexcept { return std::bit_cast<float>(c); }
  /// The bits of x; any NaN becomes 7FC00000, infinity saturates unless the policy says otherwise.
  template <class R = nearest_even>
  static constexpr code_type encode(float x, R = {}, overflow_policy overflow = {}) noexcept {
    if (is_nan(x)) return nan_code;
    auto const word = std::bit_cast<code_type>(x);
    if (!is_finite(x) && overflow.infinite == overflow_action::saturate) return (word & 0x8000'0000U) | (float_infinity_bits - 1);
    return word;
  }
};

/// What a group shares when it shares only a scale: the stored code and its value.
struct scale_state {
  std::uint32_t code = 0;
  float scale = 0.0f;
};

namespace detail {

/// The kept scale for s >= 0; NaN for a group that is not finite.
template <class Scale>
constexpr scale_state keep_scale(float s) noexcept {
  auto const code = Scale::encode(s);
  return {code, Scale::decode(code)};
}
template <class Scale>
constexpr scale_state load_scale(std::uint32_t code) noexcept {
  auto const c = static_cast<typename Scale::code_type>(code);
  return {code, Scale::decode(c)};
}
template <class Scale>
constexpr scale_state not_finite_scale() noexcept {
  return {Scale::nan_code, std::bit_cast<float>(0x7FC0'0000U)};
}

template <class Format, class R>
constexpr std::uint8_t code_at_scale(float scale, float x, R rounding) noexcept {
  if (is_zero(scale) || !is_finite(scale)) return static_cast<std::uint8_t>(Format::encode(0.0f));
  return static_cast<std::uint8_t>(Format::encode(ieee_divide(x, scale), rounding, saturating));
}
template <class Format>
constexpr float value_at_scale(float scale, std::uint8_t code) noexcept {
  if (is_zero(scale)) return 0.0f;
  return ieee_multiply(Format::decode(code), scale);
}

}  // namespace detail
}  // namespace skive
