// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A matrix of Gaussian numbers with its entries as long doubles, and when a float is a long double's.

#include "skive/core/matrix_view.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

struct score_matrix {
  std::size_t rows, cols;
  std::vector<float> data;
  score_matrix(std::size_t r, std::size_t c, unsigned seed) : rows{r}, cols{c}, data(r * c) {
    std::mt19937 random{seed};
    std::normal_distribution<float> normal;
    for (auto& x : data) x = normal(random);
  }
  long double at(std::size_t r, std::size_t c) const { return static_cast<long double>(data[r * cols + c]); }
  matrix_view<float const> view() const { return {data.data(), rows, cols}; }
  matrix_view<float> view() { return {data.data(), rows, cols}; }
};

inline void close(float got, long double expected) {
  CAPTURE(got, static_cast<double>(expected));
  REQUIRE(std::fabs(static_cast<long double>(got) - expected) <= 0x1p-22L * std::fabs(expected) + 0x1p-125L);
}

}  // namespace skive::test
