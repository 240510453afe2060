// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "activations.hpp"

#include "glob.hpp"
#include "measure.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace skive::compare {

std::string not_finite_reason(std::size_t index, std::size_t cols) {
  return fmt::format("a value is not finite, the first at row {}, column {}", index / cols, index % cols);
}

activation_store::activation_store(std::span<tensor const> tensors, std::vector<feed> const& feeds, problems& found)
    : tensors_{tensors}, feeds_{feeds}, found_{found} {
  for (auto const& f : feeds)
    if (find(f.activation) == nullptr) found.report("", f.activation, "named by --feeds, but not in the activations file");
}

std::optional<matrix_view<float const>> activation_store::inputs_of(tensor const& weight) {
  auto const* const t = source(weight.name);
  if (t == nullptr) return std::nullopt;
  auto slot = loaded_.find(t->name);
  if (slot == loaded_.end()) slot = loaded_.emplace(t->name, load(*t)).first;
  if (!slot->second) return std::nullopt;
  auto const view = slot->second->view();
  if (view.cols == weight.cols()) return view;
  found_.report(t->file, t->name,
                fmt::format("is {} wide, the weight '{}' that it feeds has {} columns", view.cols, weight.name, weight.cols()));
  return std::nullopt;
}

tensor const* activation_store::find(std::string const& name) const {
  auto const it = std::find_if(tensors_.begin(), tensors_.end(), [&](tensor const& t) { return t.name == name; });
  return it == tensors_.end() ? nullptr : &*it;
}

tensor const* activation_store::source(std::string const& weight) const {
  for (auto const& f : feeds_)
    if (glob_match(f.weights, weight)) return find(f.activation);
  return find(weight);
}

std::unique_ptr<float_matrix> activation_store::load(tensor const& t) {
  auto reason = reason_to_skip(t);
  if (reason.empty()) {
    auto matrix = std::make_unique<float_matrix>(t);
    auto const bad = sums_of(matrix->view(), 1).first_not_finite;
    if (!bad) return matrix;
    reason = not_finite_reason(*bad, t.cols());
  }
  found_.report(t.file, t.name, "cannot serve as activations: " + reason);
  return nullptr;
}

}  // namespace skive::compare
