// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Stages of a Walsh-Hadamard transform in the order that transform/butterflies.hpp promises, with no thought of speed.

#include <cstddef>
#include <vector>

namespace skive::test {

/// Stages of distances h, 2 h, ... below `end`, then one product.
inline std::vector<float> textbook_stages(std::vector<float> x, std::size_t h, std::size_t end, float scale) {
  for (; h < end; h *= 2)
    for (std::size_t j = 0; j < x.size(); ++j)
      if ((j & h) == 0) {
        auto const a = x[j];
        auto const b = x[j + h];
        x[j] = a + b;
        x[j + h] = a - b;
      }
  for (float& v : x) v *= scale;
  return x;
}

}  // namespace skive::test
