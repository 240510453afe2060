// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/kv_quantizers.hpp - the page quantizers of the table, erased: what one head's rows become, in how many bits.
///
/// Rows go through pages of 128 tokens. Tokens that fill no group at the end are kept as float16, and counted so. What a
/// quantizer learns (a mean, levels), it learns from the first 64 tokens of the head and keeps for the rest; such constants, one
/// set for each head however long its context, are not counted.

#include "skive/core/concepts.hpp"
#include "skive/kv/rope.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace skive::compare {

struct head_input {
  matrix_view<float const> rows;
  matrix_view<float const> queries;  // what products are timed with
  rope_table const* rope = nullptr;  // rows are keys before rotary embedding; decoded ones are rotated
  bool timing = false;
  rope_pairing pairing = rope_pairing::halved;  // of the model, where the file shows it
};

struct head_result {
  double bits = 0;                    // of all rows
  std::optional<double> nanoseconds;  // of one product with all packed rows
};

/// Nothing where the quantizer does not take such heads.
struct cache_quantizer {
  std::string name;
  std::function<std::optional<head_result>(head_input const&, matrix_view<float> decoded)> run;
};

std::vector<cache_quantizer> const& key_quantizers();
std::vector<cache_quantizer> const& value_quantizers();

}  // namespace skive::compare
