// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/half.hpp - the IEEE-like formats of more than eight bits: float16, bfloat16 and TF32.
///
///   name       E/M     bias   max finite          min normal, subnormal    Inf         quiet NaN
///   float16    5/10     15    65504 (7BFF)        2^-14,  2^-24            7C00        7E00
///   bfloat16   8/7     127    ~3.39e38 (7F7F)     2^-126, 2^-133           7F80        7FC0
///   tf32       8/10    127    (2-2^-10) 2^127     2^-126, 2^-136           3FC00       3FE00
///
/// A tf32 code is the 19-bit number itself; as tensor cores read it, it stands in the upper bits of a float: tf32_word(code).
/// CUTLASS and others round to TF32 by nearest_away, tensor cores fed with plain floats by toward_zero: pass the policy.
///
/// Model of : scalar_format
/// Cost     : that of minifloat; two bytes a number, tf32 four.
/// Accuracy : that of minifloat.
/// Promise  : no NaN ever becomes an infinity: payloads are dropped, the sign is kept. Under the default policies what lies past
///            max_finite, infinity included, saturates; casts in the sense of IEEE 754 ask for `non_saturating`.
/// Source   : IEEE 754-2019 (binary16); Intel, "BFLOAT16 - Hardware Numerics Definition", 2018; NVIDIA A100 white paper (TF32).

#include "skive/core/scalar_format.hpp"
#include "skive/format/minifloat.hpp"

#include <cstdint>

namespace skive {

using float16 = minifloat<minifloat_traits{
    .exponent_bits = 5, .fraction_bits = 10, .bias = 15, .infinities = true, .nan = nan_placement::top_exponent}>;
using bfloat16 = minifloat<minifloat_traits{
    .exponent_bits = 8, .fraction_bits = 7, .bias = 127, .infinities = true, .nan = nan_placement::top_exponent}>;
using tf32 = minifloat<minifloat_traits{
    .exponent_bits = 8, .fraction_bits = 10, .bias = 127, .infinities = true, .nan = nan_placement::top_exponent}>;

static_assert(scalar_format<float16> && scalar_format<bfloat16> && scalar_format<tf32>);
static_assert(sizeof(float16) == 2 && sizeof(bfloat16) == 2, "a row of halves is a row of two-byte numbers");

/// The 32-bit pattern of a TF32 number, and the code of such a pattern (its 13 low bits are ignored, as tensor cores do).
constexpr std::uint32_t tf32_word(tf32::code_type code) noexcept { return code << 13; }
constexpr tf32::code_type tf32_code(std::uint32_t word) noexcept { return word >> 13; }

}  // namespace skive
