// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/scale_float.hpp - the unsigned floating formats in which block scales are kept.
///
///   name    E/M   bias   max finite (code)   min normal, subnormal   NaN    1.0
///   ue4m3   4/3     7        448 (7E)          2^-6,  2^-9           7F     38     NVFP4; bit 7 of the byte is zero
///   ue5m3   5/3    15     114688 (FE)          2^-14, 2^-17          FF     78     PTX
///
/// Code 0 is zero in both (e8m0 has none). Negative numbers become 0, or NaN where overflow is sent to_special.
///
/// Model of : scalar_format
/// Cost     : that of minifloat; ue4m3 has 7 bits in a byte of its own.
/// Accuracy : that of minifloat.
/// Promise  : that of minifloat.
/// Source   : NVIDIA PTX ISA (ue4m3, ue5m3); LLVM APFloat (Float8E5M3FNU).

#include "skive/core/scalar_format.hpp"
#include "skive/format/minifloat.hpp"

namespace skive {

using ue4m3 = minifloat<minifloat_traits{.exponent_bits = 4,
                                         .fraction_bits = 3,
                                         .bias = 7,
                                         .is_signed = false,
                                         .nan = nan_placement::all_ones,
                                         .negative_zero = false}>;
using ue5m3 = minifloat<minifloat_traits{.exponent_bits = 5,
                                         .fraction_bits = 3,
                                         .bias = 15,
                                         .is_signed = false,
                                         .nan = nan_placement::all_ones,
                                         .negative_zero = false}>;

static_assert(scalar_format<ue4m3> && scalar_format<ue5m3>);

}  // namespace skive
