// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/root_mean_square.hpp: against sums in long double, over all sizes and the whole range of floats; which scales are kept.
#include "skive/codebook/root_mean_square.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

TEST_CASE("The root of the mean square", "[codebook]") {
  std::mt19937 random{6};
  std::normal_distribution<float> normal;
  REQUIRE(detail::root_mean_square(std::span<float const>{}) == 0.0f);
  for (int exponent : {-100, 0, 120})
    for (std::size_t n = 1; n < 80; ++n) {
      std::vector<float> x(n);
      long double sum = 0;
      for (auto& v : x) {
        v = std::ldexp(normal(random), exponent);
        sum += static_cast<long double>(v) * static_cast<long double>(v);
      }
      auto const exact = std::sqrt(sum / static_cast<long double>(n));
      auto const got = static_cast<long double>(detail::root_mean_square(std::span<float const>{x}));
      REQUIRE(std::fabs(got - exact) <= exact * 0x1.01p-24L);
    }
  float const most = std::numeric_limits<float>::max();
  REQUIRE(detail::root_mean_square(std::span<float const>{std::vector<float>(33, -most)}) == most);
  REQUIRE(detail::root_mean_square(std::span<float const>{std::vector<float>(5, 0x1p-140f)}) == 0.0f);  // subnormal
  std::vector<float> const with_subnormal{0x1p-126f, 0x1p-127f};
  REQUIRE(detail::root_mean_square(std::span<float const>{with_subnormal}) == static_cast<float>(0x1p-126 / std::sqrt(2.0)));
}

TEST_CASE("Kept scales are zero or from 2^-80 to 2^110", "[codebook]") {
  REQUIRE(detail::keep_root_mean_square<float32>(0x1.fffffep-81f).scale == 0.0f);
  REQUIRE(detail::keep_root_mean_square<float32>(0x1p-80f).scale == 0x1p-80f);
  REQUIRE(detail::keep_root_mean_square<float32>(0x1p110f).scale == 0x1p110f);
  REQUIRE(detail::keep_root_mean_square<float32>(3e38f).scale == 0x1p110f);
  REQUIRE(detail::keep_root_mean_square<float32>(0.7f).scale == 0.7f);
  REQUIRE(detail::keep_root_mean_square<float16>(0.5f).scale == 0.5f);
}

}  // namespace
}  // namespace skive
