// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What the programs behind docs/low_rank.md and docs/transforms.md share:   methods FILE... -- WEIGHT=INPUTS ...
//
// FILE: safetensors; WEIGHT [outputs, inputs] and INPUTS [tokens, inputs] are names of tensors in them.

#include "compare/safetensors.hpp"
#include "compare/tensor.hpp"

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace skive::bench {

[[noreturn]] inline void stop(std::string_view why) {
  std::fprintf(stderr, "methods: %.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(1);
}
inline void need(status s) {
  if (!s) stop(describe(s.error()));
}
template <class T>
T need(result<T> r) {
  if (!r) stop(describe(r.error()));
  return *r;
}

struct matrix {
  std::vector<float> numbers;
  std::size_t rows, cols;
  matrix(std::size_t m, std::size_t n) : numbers(m * n), rows{m}, cols{n} {}
  matrix_view<float> view() { return {numbers.data(), rows, cols}; }
  matrix_view<float const> view() const { return {numbers.data(), rows, cols}; }
};

inline matrix load(std::vector<compare::tensor> const& tensors, std::string_view name) {
  for (auto const& t : tensors)
    if (t.name == name) {
      matrix m(t.rows(), t.cols());
      compare::to_float(t, 0, m.numbers);
      return m;
    }
  stop("no tensor of that name");
}

/// table(weights, inputs) for each pair, under a heading: the whole pair, or the name of its weights.
enum class heading { pair, weights };
template <class F>
void for_each_layer(int count, char const* const* arguments, heading title, F table) {
  compare::problems found{stderr};
  std::vector<compare::tensor> tensors;
  int i = 1;
  for (; i < count && std::string_view{arguments[i]} != "--"; ++i)
    for (auto& t : compare::read_safetensors(arguments[i], found)) tensors.push_back(std::move(t));
  for (++i; i < count; ++i) {
    std::string_view const pair{arguments[i]};
    auto const at = pair.find('=');
    if (at == pair.npos) stop("WEIGHT=INPUTS");
    auto weights = load(tensors, pair.substr(0, at));
    auto const inputs = load(tensors, pair.substr(at + 1));
    if (weights.cols != inputs.cols) stop("weights and inputs differ in width");
    std::printf("\n### %.*s\n", static_cast<int>(title == heading::pair ? pair.size() : at), pair.data());
    table(std::move(weights), inputs);
  }
}

}  // namespace skive::bench
