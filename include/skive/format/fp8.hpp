// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/fp8.hpp - the signed eight-bit floating formats in use; the suffix says what is special.
///
///   name          bias   max finite (code)   min normal, subnormal   Inf      NaN                 -0
///   e4m3fn           7        448 (7E)         2^-6,  2^-9           -        7F FF               80
///   e5m2            15      57344 (7B)         2^-14, 2^-16          7C FC    7D..7F FD..FF       80
///   e4m3fnuz         8        240 (7F)         2^-7,  2^-10          -        80                  -
///   e5m2fnuz        16      57344 (7F)         2^-15, 2^-17          -        80                  -
///   e4m3b11fnuz     11         30 (7F)         2^-10, 2^-13          -        80                  -
///   e4m3_ieee        7        240 (77)         2^-6,  2^-9           78 F8    79..7F F9..FF       80
///   e3m4_ieee        3       15.5 (6F)         2^-2,  2^-6           70 F0    71..7F F1..FF       80
///   e3m4fn           3         30 (7E)         2^-2,  2^-6           -        7F FF               80
///
/// Model of : scalar_format
/// Cost     : that of minifloat; one byte a number.
/// Accuracy : relative error of a normal number at most 2^-(fraction_bits + 1) under the nearest policies.
/// Promise  : that of minifloat.
/// Source   : OCP 8-bit Floating Point Specification (OFP8) 1.0: e4m3fn, e5m2; Noune et al., arXiv 2206.02915: FNUZ;
///            LLVM APFloat and ml_dtypes: the IEEE variants and b11; Intel FP8 emulation toolkit: e3m4fn.

#include "skive/core/scalar_format.hpp"
#include "skive/format/minifloat.hpp"

namespace skive {

using e4m3fn = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = 7, .nan = nan_placement::all_ones}>;
using e5m2 = minifloat<minifloat_traits{
    .exponent_bits = 5, .fraction_bits = 2, .bias = 15, .infinities = true, .nan = nan_placement::top_exponent}>;

using e4m3fnuz = minifloat<minifloat_traits{
    .exponent_bits = 4, .fraction_bits = 3, .bias = 8, .nan = nan_placement::negative_zero, .negative_zero = false}>;
using e5m2fnuz = minifloat<minifloat_traits{
    .exponent_bits = 5, .fraction_bits = 2, .bias = 16, .nan = nan_placement::negative_zero, .negative_zero = false}>;
using e4m3b11fnuz = minifloat<minifloat_traits{
    .exponent_bits = 4, .fraction_bits = 3, .bias = 11, .nan = nan_placement::negative_zero, .negative_zero = false}>;

using e4m3_ieee = minifloat<minifloat_traits{
    .exponent_bits = 4, .fraction_bits = 3, .bias = 7, .infinities = true, .nan = nan_placement::top_exponent}>;
using e3m4_ieee = minifloat<minifloat_traits{
    .exponent_bits = 3, .fraction_bits = 4, .bias = 3, .infinities = true, .nan = nan_placement::top_exponent}>;
using e3m4fn = minifloat<minifloat_traits{.exponent_bits = 3, .fraction_bits = 4, .bias = 3, .nan = nan_placement::all_ones}>;

static_assert(scalar_format<e4m3fn> && scalar_format<e5m2> && scalar_format<e4m3fnuz> && scalar_format<e5m2fnuz>);
static_assert(scalar_format<e4m3b11fnuz> && scalar_format<e4m3_ieee> && scalar_format<e3m4_ieee> && scalar_format<e3m4fn>);

}  // namespace skive
