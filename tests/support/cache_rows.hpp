// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Rows of tokens, pages with guard bytes and scratch memory for tests of caches.

#include "skive/core/matrix_view.hpp"
#include "skive/core/workspace.hpp"

#include <random>
#include <span>
#include <vector>

namespace skive::test {

struct number_rows {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<float> values;

  number_rows(std::size_t r, std::size_t c, unsigned seed = 0, float width = 1.0f) : rows{r}, cols{c}, values(r * c) {
    if (seed == 0) return;
    std::mt19937 random{seed};
    std::normal_distribution<float> normal;
    std::vector<float> offset(c);
    for (auto& x : offset) x = 2.0f * normal(random);  // channels far from zero, as those of keys
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = width * (normal(random) + offset[i % c]);
  }
  float& operator()(std::size_t r, std::size_t c) { return values[r * cols + c]; }
  float operator()(std::size_t r, std::size_t c) const { return values[r * cols + c]; }
  matrix_view<float> view() { return {values.data(), rows, cols}; }
  matrix_view<float const> view() const { return {values.data(), rows, cols}; }
  matrix_view<float const> part(std::size_t first, std::size_t count) const {
    return {values.data() + first * cols, count, cols};
  }
};

/// ||x - y||^2.
inline double squared_error(number_rows const& x, number_rows const& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    auto const d = static_cast<double>(x.values[i]) - static_cast<double>(y.values[i]);
    sum += d * d;
  }
  return sum;
}

inline std::vector<float> mean_of(number_rows const& rows) {
  std::vector<float> mean(rows.cols);
  for (std::size_t t = 0; t < rows.rows; ++t)
    for (std::size_t d = 0; d < rows.cols; ++d) mean[d] += rows(t, d) / static_cast<float>(rows.rows);
  return mean;
}

// A page with 32 guard bytes at both ends, one byte off alignment.
struct guarded_page {
  std::size_t bytes;
  std::vector<std::byte> memory;
  explicit guarded_page(std::size_t n) : bytes{n}, memory(n + 65, std::byte{0xA5}) {}
  std::span<std::byte> span() { return std::span{memory}.subspan(33, bytes); }
  std::span<std::byte const> span() const { return std::span{memory}.subspan(33, bytes); }
  bool guarded() const {
    for (std::size_t i = 0; i < 33; ++i)
      if (memory[i] != std::byte{0xA5}) return false;
    for (std::size_t i = 33 + bytes; i < memory.size(); ++i)
      if (memory[i] != std::byte{0xA5}) return false;
    return true;
  }
};

struct scratch_bytes_of {
  std::vector<std::byte> memory;
  explicit scratch_bytes_of(std::size_t n) : memory(n + 3) {}
  workspace get() { return workspace{std::span{memory}.subspan(3)}; }
};

}  // namespace skive::test
