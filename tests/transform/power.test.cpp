// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/power.hpp: logarithm and exponential against long double; what the compiler evaluates, which is never contracted, has the bits of
// what it compiles (-O2 with FMA is where g++ contracts).
#include "skive/transform/power.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::exp2_of;
using skive::detail::log2_of;

constexpr double place(std::size_t i) { return 1.0 + static_cast<double>(i * i * 7919 % 65537) / 49157.0; }

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

TEST_CASE("log2_of and exp2_of have the same bits under contraction", "[transform]") {
  constexpr std::size_t count = 64;
  constexpr auto evaluated = [] {
    std::array<double, 2 * count> y{};
    for (std::size_t i = 0; i < count; ++i) y[2 * i] = log2_of(place(i)), y[2 * i + 1] = exp2_of(place(i));
    return y;
  }();
  for (std::size_t i = 0; i < count; ++i) {
    double const volatile x = place(i);
    REQUIRE(log2_of(x) == evaluated[2 * i]);
    REQUIRE(exp2_of(x) == evaluated[2 * i + 1]);
  }
}
