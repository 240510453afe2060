// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/level_step.hpp - numbers as integers times a step, and back.
///
///   step = s / sigma,   x ~ level step:   s the scale of a group, sigma the root mean square of the source in levels
///
/// Model of : -
/// Cost     : a division a group; a product a number.
/// Promise  : the same bits everywhere.
/// Source   : -

#include "skive/core/ieee.hpp"
#include "skive/core/separate.hpp"

#include <cstdint>

namespace skive::detail {

/// What one level is worth. Scales below 2^-80 count as zero: no processor mode can then change a product.
constexpr float level_step(float scale, float sigma) noexcept {
  return magnitude_bits(scale) < magnitude_bits(0x1p-80f) ? 0.0f : ieee_divide(scale, sigma);
}
/// Rounded before anything is added to it.
constexpr float level_value(std::int16_t level, float step) noexcept {
  return is_zero(step) ? 0.0f : separate(static_cast<float>(level) * step);
}

/// x / step as a level: nearest, ties to even, at most 32767 in magnitude. Precondition: x is finite. A compiler may move the sum into
/// the choice and contract it there.
constexpr std::int16_t source_level(float x, float inverse) noexcept {
  auto const p = separate(x * inverse);
  auto const bounded = p > 32767.0f ? 32767.0f : p < -32767.0f ? -32767.0f : p;
  return static_cast<std::int16_t>((bounded + 0x1.8p23f) - 0x1.8p23f);
}

}  // namespace skive::detail
