// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/scalar_format.hpp - what a format of single numbers offers.
///
///   code_type, bits, max_finite;   decode(code) -> number;   encode(number) -> code
///
/// Beyond this, the formats of the library take a rounding policy and an overflow policy as second and third argument of encode
/// (core/rounding.hpp).
///
/// Model of : -
/// Cost     : a declaration.
/// Promise  : light: a scalar format needs neither spans nor views.

#include "skive/core/primitive.hpp"

#include <concepts>

namespace skive {

/// One number <-> one code of F::bits bits; total: every code decodes, every number encodes.
/// Law: nearest by brute force over all codes; encode(decode(c)) == c up to the class of NaN and zero; monotone.
template <class F>
concept scalar_format =
    primitive<F> && std::unsigned_integral<typename F::code_type> && requires(typename F::code_type code, float x) {
      { F::bits } -> std::convertible_to<int>;
      { F::max_finite };
      { F::decode(code) } noexcept;
      { F::encode(x) } noexcept -> std::same_as<typename F::code_type>;
    };

}  // namespace skive
