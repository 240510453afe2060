// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/sign.hpp - one bit for a sign, and codes of -1, 0 and 1.
///
///   sign_format    : code = x < 0,                       value 1, -1       1 bit; zeros and NaN are 1
///   ternary_format : code = clamp(round(x), -1, 1) + 1,  value -1, 0, 1    2 bits; NaN is 0
///
/// Model of : scalar_format
/// Cost     : that of format/integer.hpp.
/// Accuracy : exact.
/// Promise  : the same under every processor mode. The unused ternary code 3 decodes to 1.
/// Source   : -

#include "skive/core/real_bits.hpp"
#include "skive/format/integer.hpp"

namespace skive {

/// One bit: 0 is +1, 1 is -1.
struct sign_format {
  using code_type = std::uint8_t;
  static constexpr int bits = 1;
  static constexpr float max_finite = 1.0f;
  code_type code{};
  static constexpr float decode(code_type c) noexcept { return (c & 1) != 0 ? -1.0f : 1.0f; }
  /// Negative numbers (not -0 and NaN) give 1; there is nothing to round.
  template <class Real, class R = nearest_even>
  static constexpr code_type encode(Real x, R = {}, overflow_policy = {}) noexcept {
    auto const u = detail::unpack_real(x);  // not x < 0: a processor may take a subnormal for zero
    return u.negative && u.kind != detail::real_kind::zero && u.kind != detail::real_kind::nan ? 1 : 0;
  }
};

/// Codes 0, 1, 2 for -1, 0, 1.
struct ternary_format {
  using code_type = std::uint8_t;
  static constexpr int bits = 2;
  static constexpr float max_finite = 1.0f;
  code_type code{};
  static constexpr float decode(code_type c) noexcept { return c == 0 ? -1.0f : c == 1 ? 0.0f : 1.0f; }
  template <class Real, class R = nearest_even>
  static constexpr code_type encode(Real x, R rounding = {}, overflow_policy = {}) noexcept {
    return static_cast<code_type>(int2::integer(int2::encode(x, rounding)) + 1);
  }
};

static_assert(scalar_format<sign_format> && scalar_format<ternary_format>);

}  // namespace skive
