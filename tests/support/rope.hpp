// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Rotary embedding by its definition, in double, and a table with memory of its own.

#include "skive/kv/rope.hpp"

#include <cmath>
#include <vector>

namespace skive::test {

inline std::vector<double> rotated(std::vector<double> x, double position, rope_pairing pairing) {
  auto const n = x.size();
  for (std::size_t i = 0; i < n / 2; ++i) {
    auto const a = pairing == rope_pairing::halved ? i : 2 * i;
    auto const b = pairing == rope_pairing::halved ? i + n / 2 : 2 * i + 1;
    auto const angle = position * std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(n));
    auto const u = x[a] * std::cos(angle) - x[b] * std::sin(angle);
    x[b] = x[a] * std::sin(angle) + x[b] * std::cos(angle);
    x[a] = u;
  }
  return x;
}

struct rope_memory {
  std::vector<float> memory;
  rope_table table;
  rope_memory(std::size_t n, std::size_t positions, rope_pairing pairing)
      : memory(rope_table::floats(n, positions)), table{*rope_table::make(n, positions, 10000.0, pairing, memory)} {}
};

}  // namespace skive::test
