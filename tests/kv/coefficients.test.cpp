// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/coefficients.hpp: two signed bytes give a number back within half a step of 1/16319 of the largest.
#include "skive/kv/coefficients.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace test = skive::test;

TEST_CASE("coefficients: 128 high + low steps, zeros past the numbers, nothing past the padding", "[kv]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    std::mt19937 random{4};
    std::normal_distribution<float> normal;
    for (std::size_t const n : {16U, 48U})
      for (float const width : {1.0f, 1e-20f, 1e30f}) {
        std::vector<float> a(n);
        for (auto& x : a) x = width * normal(random);
        std::vector<std::byte> high(80, std::byte{0x55});
        auto low = high;
        auto const step = skive::detail::split<Arch>(a.data(), n, 64, high.data(), low.data());
        float most = 0;
        for (auto const x : a) most = std::max(most, std::fabs(x));
        REQUIRE(std::fabs(step - most / 16319.0f) <= 1e-6f * step);
        for (std::size_t i = 0; i < 64; ++i) {
          auto const h = static_cast<int>(static_cast<signed char>(high[i]));
          auto const l = static_cast<int>(static_cast<signed char>(low[i]));
          REQUIRE((l >= -64 && l < 64));
          auto const x = i < n ? static_cast<double>(a[i]) : 0.0;
          REQUIRE(std::fabs(static_cast<double>(step) * (128 * h + l) - x) <= 0.5001 * static_cast<double>(step));
        }
        for (std::size_t i = 64; i < 80; ++i) REQUIRE((high[i] == std::byte{0x55} && low[i] == std::byte{0x55}));
      }
    std::vector<float> a(16, 1e-38f);  // too small to divide by: zeros
    std::vector<std::byte> high(16), low(16);
    CHECK(skive::detail::split<Arch>(a.data(), 16, 16, high.data(), low.data()) == 0.0f);
    for (auto const bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      a[7] = bad;
      CHECK(std::isnan(skive::detail::split<Arch>(a.data(), 16, 16, high.data(), low.data())));
    }
  });
}
