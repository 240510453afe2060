// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/fp6.hpp - the two six-bit floating formats of OCP MX, without infinities and NaN.
///
///   e2m3: {0..1.875 step 0.125}, {2..3.75 step 0.25}, {4..7.5 step 0.5};                 max 7.5 (1F), -0 is 20
///   e3m2: 0..3 step 1 x 2^-4, then {4, 5, 6, 7} x {2^-4, 2^-3, 2^-2, 2^-1, 1, 2, 4};     max 28 (1F),  -0 is 20
///
/// Model of : scalar_format
/// Cost     : that of minifloat; the code stands in the low six bits of a byte (packing is a matter of core/bits and block/).
/// Accuracy : that of minifloat.
/// Promise  : NaN becomes the largest magnitude of its sign, as does everything past it.
/// Source   : OCP Microscaling Formats (MX) 1.0.

#include "skive/core/scalar_format.hpp"
#include "skive/format/minifloat.hpp"

namespace skive {

using e2m3 = minifloat<minifloat_traits{.exponent_bits = 2, .fraction_bits = 3, .bias = 1}>;
using e3m2 = minifloat<minifloat_traits{.exponent_bits = 3, .fraction_bits = 2, .bias = 3}>;

static_assert(scalar_format<e2m3> && scalar_format<e3m2>);

}  // namespace skive
