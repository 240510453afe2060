// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Scores to select by: Gaussian numbers, or their squares.

#include <cstddef>
#include <random>
#include <vector>

namespace skive::test {

inline std::vector<float> drawn_scores(std::size_t n, unsigned seed, bool squares = true) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> out(n);
  for (auto& x : out) x = normal(random), x = squares ? x * x : x;
  return out;
}

}  // namespace skive::test
