// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/fp4.hpp - the four-bit floating format of OCP MX and NVFP4, without infinities and NaN.
///
///   code  0  1    2  3    4  5  6  7   and 8..F with the sign: 8 is -0
///   value 0  0.5  1  1.5  2  3  4  6
///
/// Model of : scalar_format
/// Cost     : that of minifloat; the code stands in the low four bits of a byte.
/// Accuracy : that of minifloat; ties 0.25 0.75 1.25 1.75 2.5 3.5 5 go to codes 0 2 2 4 4 6 6 under nearest_even.
/// Promise  : NaN becomes the largest magnitude of its sign, as does everything past it.
/// Source   : OCP Microscaling Formats (MX) 1.0.

#include "skive/core/scalar_format.hpp"
#include "skive/format/minifloat.hpp"

namespace skive {

using e2m1 = minifloat<minifloat_traits{.exponent_bits = 2, .fraction_bits = 1, .bias = 1}>;

static_assert(scalar_format<e2m1>);

}  // namespace skive
