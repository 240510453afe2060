// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/activations.hpp - which activations are the input of which weight.
///
/// The first `--feeds` whose pattern matches the weight decides, otherwise an activation tensor of the weight's own name.

#include "options.hpp"
#include "problems.hpp"
#include "tensor.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace skive::compare {

/// Reason for a value that is no number, at `index` of a row-major matrix.
std::string not_finite_reason(std::size_t index, std::size_t cols);

/// Activation tensors, each converted when a weight first asks for it. What cannot serve is reported.
class activation_store {
 public:
  /// `tensors`, `feeds` and `found` outlive the store.
  activation_store(std::span<tensor const> tensors, std::vector<feed> const& feeds, problems& found);

  /// [tokens, columns of the weight]; nothing where no activations belong to it or they cannot serve.
  std::optional<matrix_view<float const>> inputs_of(tensor const& weight);

 private:
  tensor const* find(std::string const& name) const;
  tensor const* source(std::string const& weight) const;
  std::unique_ptr<float_matrix> load(tensor const& t);

  std::span<tensor const> tensors_;
  std::vector<feed> const& feeds_;
  problems& found_;
  std::map<std::string, std::unique_ptr<float_matrix>> loaded_;
};

}  // namespace skive::compare
