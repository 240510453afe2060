// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/level_step.hpp: steps of tiny and unknown scales, ties and bounds of levels; products are rounded before a sum, however much the
// compiler may contract (-O3 with FMA is where g++ does).
#include "skive/codebook/level_step.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

TEST_CASE("Steps are 0 below 2^-80, and what is not finite stays so", "[codebook]") {
  REQUIRE(detail::level_step(3.0f, 2.0f) == 1.5f);
  REQUIRE(detail::level_step(0x1p-80f, 1.0f) == 0x1p-80f);
  REQUIRE(detail::level_step(0x1.fffffep-81f, 1.0f) == 0.0f);
  REQUIRE(detail::level_step(0.0f, 5.0f) == 0.0f);
  REQUIRE(detail::level_step(infinity, 5.0f) == infinity);
  REQUIRE(std::isnan(detail::level_step(std::numeric_limits<float>::quiet_NaN(), 5.0f)));
  REQUIRE(detail::level_value(-7, 0.25f) == -1.75f);
  REQUIRE(detail::level_value(-7, 0.0f) == 0.0f);
  REQUIRE_FALSE(std::signbit(detail::level_value(-7, 0.0f)));
  REQUIRE(std::isnan(detail::level_value(0, infinity)));
}

TEST_CASE("Levels are the nearest integers, ties to even, at most 32767", "[codebook]") {
  for (int k = -80; k <= 80; ++k) REQUIRE(detail::source_level(static_cast<float>(k), 0.25f) == std::nearbyint(k / 4.0));
  REQUIRE(detail::source_level(0x1.00001p-1f, 1.0f) == 1);
  REQUIRE(detail::source_level(32766.5f, 1.0f) == 32766);
  REQUIRE(detail::source_level(32767.5f, 1.0f) == 32767);
  REQUIRE(detail::source_level(-32767.5f, 1.0f) == -32767);
  REQUIRE(detail::source_level(3e38f, 3e38f) == 32767);
  REQUIRE(detail::source_level(-3e38f, 3e38f) == -32767);
  REQUIRE(detail::source_level(1e-30f, 1e-30f) == 0);
}

// Compilers make two loops of it, one for steps that are not zero: there a product and a sum meet.
[[gnu::noinline]] void add_values(std::vector<std::int16_t> const& levels, float step, std::vector<float>& y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += detail::level_value(levels[i], step);
}

TEST_CASE("Values and levels are those of rounded products", "[codebook]") {
  std::mt19937 random{2};
  std::uniform_real_distribution<float> numbers{-50.0f, 50.0f};
  std::vector<std::int16_t> levels(1000);
  std::vector<float> x(1000);
  for (auto& l : levels) l = static_cast<std::int16_t>(static_cast<int>(random() % 4001) - 2000);
  for (auto& v : x) v = numbers(random);
  auto sum = x;
  add_values(levels, 0.1f, sum);
  for (std::size_t i = 0; i < x.size(); ++i) {
    float const volatile value = static_cast<float>(levels[i]) * 0.1f;
    REQUIRE(sum[i] == value + x[i]);
    float const volatile p = x[i] * 0.7f;
    REQUIRE(detail::source_level(x[i], 0.7f) == std::nearbyint(static_cast<double>(p)));
  }
  // 0.5 as a float, a little more exactly: 1, were it not rounded before.
  float const volatile third = 1 / 3.0f;
  REQUIRE(static_cast<double>(third) * 1.5 > 0.5);
  REQUIRE(detail::source_level(third, 1.5f) == 0);
}

}  // namespace
}  // namespace skive
