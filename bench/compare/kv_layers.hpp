// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/kv_layers.hpp - the caches of a file: queries, keys and values that belong together by their names.
///
///   <layer>.q   <layer>.k   <layer>.v   <layer>.k_pre      shapes [heads, tokens, head size], or with a batch axis before them
///
/// Also query/queries/q_cache, key/keys/k_cache, value/values/v_cache, with `.`, `_` or `/` before them. k_pre: keys before rotary
/// embedding, used where some rotation (neighbouring or halved pairs; theta 10000, 500000 or 1000000) turns them into k.

#include "problems.hpp"
#include "skive/kv/rope.hpp"
#include "tensor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace skive::compare {

/// [head][token][channel]; empty where the file has none.
struct head_rows {
  std::size_t heads = 0;
  std::size_t tokens = 0;
  std::size_t size = 0;
  std::vector<float> numbers;

  bool empty() const noexcept { return numbers.empty(); }
  matrix_view<float const> head(std::size_t h) const noexcept { return {numbers.data() + h * tokens * size, tokens, size}; }
};

struct rope_rule {
  double theta = 10000;
  rope_pairing pairing = rope_pairing::neighbouring;
};

struct cache_layer {
  std::string name;
  head_rows queries, keys, values, keys_before;
  std::optional<rope_rule> rope;  // how keys_before become keys
};

/// Layers in the order of the file. Tensors that look like caches and are not usable are reported; others are passed over.
std::vector<cache_layer> find_layers(std::vector<tensor> const& tensors, problems& found);

}  // namespace skive::compare
