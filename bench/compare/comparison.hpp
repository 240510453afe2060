// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/comparison.hpp - every tensor in every format, the checkpoint as a whole, and a mixed recipe.

#include "format.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "problems.hpp"
#include "tensor.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace skive::compare {

inline constexpr char const* whole_checkpoint = "all";
inline constexpr char const* recipe_name = "rules";

struct row {
  std::string tensor;
  std::string format;
  figures values;
};

struct skipped_tensor {
  std::string tensor;
  std::string file;
  std::string reason;
};

/// One tensor of a mixed recipe: coded, or kept in its stored type (vectors and integers always are).
struct recipe_entry {
  std::string tensor;
  std::string format;
  double bits = 0;
  double stored_bits = 0;
};

struct comparison {
  std::vector<row> rows;     // tensor by tensor
  std::vector<row> overall;  // tensor `all`: formats that took every tensor, then the recipe
  std::vector<skipped_tensor> skipped;
  std::vector<recipe_entry> recipe;
  std::vector<std::string> notes;  // formats that could not take a tensor, and why
};

using format_list = std::vector<std::shared_ptr<format const>>;

/// Tensors are those that `options.tensors` selects; `activations` may be empty.
comparison compare_tensors(std::span<tensor const> tensors, std::span<tensor const> activations, format_list const& formats,
                           options const& o, problems& found);

struct recommendation {
  row best;
  std::optional<row> runner_up;
};

/// The highest SQNR at or below `budget` bits per weight; on a tie the fewer bits, then the earlier row.
std::optional<recommendation> recommend(std::span<row const> overall, double budget);

}  // namespace skive::compare
