// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/evaluate.hpp - one tensor in one format: every row encoded and decoded, the errors summed, a slice of it timed.

#include "format.hpp"
#include "measure.hpp"

#include <optional>

namespace skive::compare {

/// A tensor in float with what belongs to it, ready for any number of formats.
struct subject {
  matrix_view<float const> weights;
  tensor_sums sums;
  std::optional<matrix_view<float const>> inputs;  // activations, [tokens, cols]
  double output_squares = 0;                       // ||W X||^2
};

struct evaluation_options {
  unsigned threads = 1;
  double timing_budget_ns = 0;  // for encoding and again for decoding; 0: not timed
};

/// Throws std::runtime_error with the reason where the format cannot take the tensor.
tally evaluate(format const& codec, subject const& s, evaluation_options const& options);

/// ||W X||^2 over all rows, as `subject` wants it.
double output_squares_of(matrix_view<float const> weights, matrix_view<float const> inputs, unsigned threads);

/// Nanoseconds per element (4 bytes) that copying takes on this machine, from memory to memory: the yardstick of all speeds.
double copy_ns_per_element();

}  // namespace skive::compare
