// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/turbo_quant.hpp - TurboQuant's two codes as what they are made of.
///
///   turbo_quant<b, T>               Lloyd-Max levels of b bits behind a random rotation T: least squared error
///   turbo_quant_product<b, T, S>    b - 1 bits of them and a sign sketch of the rest by another rotation S: products are unbiased
///
/// rotated{T, unbiased{lloyd<b>{0}}} (compose/unbiased.hpp) is unbiased too, with 1.5 to 2.1 times less variance at 2 to 4 bits.
///
/// Model of : dot_codec
/// Cost     : of their parts.
/// Accuracy : variance of a product of unit vectors times n: 0.205 at 2 bits (b of 2 and more).
/// Promise  : of their parts.
/// Source   : A. Zandieh, M. Daliri, M. Hadian, V. Mirrokni, "TurboQuant", 2025.

#include "skive/codebook/lloyd_codec.hpp"
#include "skive/codebook/sign_sketch.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/rotated.hpp"

namespace skive {

template <int Bits, class Rotation>
using turbo_quant = rotated<Rotation, lloyd<Bits, float32>>;

template <int Bits, class Rotation, class Sketch>
using turbo_quant_product = rotated<Rotation, residual<lloyd<Bits - 1, float32>, sign_sketch<orthogonal_projection<Sketch>>>>;

}  // namespace skive
