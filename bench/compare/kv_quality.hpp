// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/kv_quality.hpp - what quantized keys or values do to attention.
///
///   p = softmax over t <= i of q_i k_t / sqrt(head size);    KL = mean over queries of sum_t p ln(p / p')   in nats
///   output error = ||P' V' - P V|| / ||P V||  (Frobenius over all queries)
///
/// Queries: every position, or 512 evenly spread ones of longer contexts; all query heads of a key head. Sums are doubles.

#include "kv_layers.hpp"

#include <optional>

namespace skive::compare {

struct attention_sums {
  double kl = 0;
  double queries = 0;
  double error_squares = 0;
  double output_squares = 0;

  attention_sums& operator+=(attention_sums const& o) noexcept;
  std::optional<double> mean_kl() const noexcept;
  std::optional<double> output_error() const noexcept;
};

/// Head `h` of the layer with other keys and values; values without rows: KL alone. Queries must be there.
attention_sums measure_attention(cache_layer const& layer, std::size_t h, matrix_view<float const> keys,
                                 matrix_view<float const> values);

}  // namespace skive::compare
