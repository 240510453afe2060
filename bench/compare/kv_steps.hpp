// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/kv_steps.hpp - the library's own page quantizers of so many bits: compiled once, for the rows of the table that
/// are one of them and for those that are made of one. They live as long as the constants.

#include "kv_through.hpp"

#include "skive/kv/affine_fit.hpp"

namespace skive::compare {

/// kv/per_token_keys.hpp of 2, 3, 4 or 8 bits. `center`: as there. Fails with what make() fails with.
struct token_setting {
  std::size_t group = 0;
  std::span<float const> center = {};
  bool turned = false;  // by a random Hadamard transform
  affine_fit fit = affine_fit::min_max;
};
result<any_keys<>> token_keys(int bits, page_shape shape, token_setting const& setting, constants& memory);
/// The same with kv/normal_levels.hpp, turned; 1 to 4 bits.
result<any_keys<>> level_keys(int bits, page_shape shape, std::span<float const> center, constants& memory);
/// kv/per_channel_keys.hpp of 2, 3, 4 or 8 bits.
result<any_keys<>> channel_keys(int bits, page_shape shape, std::size_t group, affine_fit fit, constants& memory);
/// kv/per_token_values.hpp of 2, 3, 4 or 8 bits.
result<any_values<>> token_values(int bits, page_shape shape, std::size_t group, affine_fit fit, constants& memory);

}  // namespace skive::compare
