// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/hartley.hpp: the matrix by its definition in long double, its bounds for floats and doubles, its own inverse.
#include "skive/transform/hartley.hpp"

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

TEMPLATE_TEST_CASE("hartley_blocks: cosines and sines across blocks", "[transform]", float, double) {
  std::mt19937 random{3};
  std::normal_distribution<double> normal;
  for (std::size_t const p : {1U, 3U, 5U, 7U, 61U, 257U})
    for (std::size_t const width : {1U, 5U, 16U, 35U}) {
      if (p * width > 4096) continue;
      CAPTURE(p, width);
      std::vector<TestType> x(p * width);
      for (auto& v : x) v = static_cast<TestType>(normal(random));
      auto y = x;
      std::vector<double> room(skive::detail::hartley_doubles(p));
      skive::detail::hartley_blocks<int>(y.data(), width, p, room.data());
      long double error = 0;
      long double size = 0;
      for (std::size_t i = 0; i < p; ++i)
        for (std::size_t c = 0; c < width; ++c) {
          long double sum = 0;
          for (std::size_t j = 0; j < p; ++j) {
            auto const angle =
                2 * std::numbers::pi_v<long double> * static_cast<long double>(i * j % p) / static_cast<long double>(p);
            sum += (std::cos(angle) + std::sin(angle)) * static_cast<long double>(x[j * width + c]);
          }
          auto const off = static_cast<long double>(y[i * width + c]) - sum / std::sqrt(static_cast<long double>(p));
          error += off * off;
          size += static_cast<long double>(x[i * width + c]) * static_cast<long double>(x[i * width + c]);
        }
      auto const real = static_cast<double>(p);
      auto const bound = std::is_same_v<TestType, float> ? (1 + std::sqrt(real) / 16) * 0x1p-24 : (real + 8) * 0x1p-53;
      REQUIRE(static_cast<double>(std::sqrt(error / size)) <= bound);
      skive::detail::hartley_blocks<int>(y.data(), width, p, room.data());
      for (std::size_t i = 0; i < x.size(); ++i)
        REQUIRE(std::fabs(static_cast<double>(y[i] - x[i])) <= 2.05 * bound * static_cast<double>(std::sqrt(size)));
    }
}
