// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/kv_table.hpp - quality and speed of quantized caches: every quantizer on the keys and values of a file.

#include "kv_layers.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skive::compare {

struct cache_row {
  std::string layer;  // "all (head size N)": all layers of that head size together
  std::string part;   // "keys", "keys before RoPE", "values"
  std::string quantizer;
  double bits = 0;            // per number, all metadata counted
  double relative_error = 0;  // ||x' - x|| / ||x|| of the rows themselves
  std::optional<double> kl;   // nats, mean over queries
  std::optional<double> output_error;
  std::optional<double> nanoseconds;  // per cached number: dot of keys, accumulate of values, for all query heads at once
};

/// Rows layer by layer, then of all layers together; quantizers that cannot take a layer are left out.
std::vector<cache_row> compare_caches(std::vector<cache_layer> const& layers, bool timing, unsigned threads);

std::string cache_table_text(std::vector<cache_row> const& rows, bool summary);
std::string cache_csv_text(std::vector<cache_row> const& rows);

}  // namespace skive::compare
