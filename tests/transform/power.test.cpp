// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/power.hpp: logarithm and exponential against long double.
#include "skive/transform/power.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::exp2_of;
using skive::detail::log2_of;

}  // namespace

TEST_CASE("log2_of and exp2_of", "[transform]") {
  std::mt19937_64 random{1};
  for (int i = 0; i < 20000; ++i) {
    auto const x = std::ldexp(1.0 + static_cast<double>(random() >> 12) * 0x1p-52, static_cast<int>(random() % 300) - 150);
    auto const exact = std::log2(static_cast<long double>(x));
    auto const error = std::fabs(static_cast<long double>(log2_of(x)) - exact);
    REQUIRE(error <= std::max(0x1p-50L, std::fabs(exact) * 0x1p-50L));
    auto const e = static_cast<double>(random() >> 12) * 0x1p-44 - 128;
    auto const power = std::exp2(static_cast<long double>(e));
    REQUIRE(std::fabs(static_cast<long double>(exp2_of(e)) - power) <= 0x1p-48L * power);
  }
}
