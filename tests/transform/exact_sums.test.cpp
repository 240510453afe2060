// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/exact_sums.hpp: the order of the lanes, factors of 29 bits, results by way of multiples of 2^-120.
#include "skive/transform/exact_sums.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::exact_dot;
using skive::detail::exact_subtract;
using skive::detail::rounded_sum;
using skive::detail::to_29_bits;

}  // namespace

TEST_CASE("exact_dot: sixteen lanes, then halves", "[transform]") {
  std::mt19937 random{1};
  std::normal_distribution<float> normal;
  for (std::size_t const n : {0U, 1U, 15U, 16U, 17U, 100U, 1000U}) {
    std::vector<float> a(n), b(n);
    for (auto& v : a) v = normal(random);
    for (auto& v : b) v = normal(random);
    std::vector<double> lane(16);
    long double exact = 0;
    long double sizes = 0;
    for (std::size_t i = 0; i < n; ++i) {
      auto const product = static_cast<double>(a[i]) * static_cast<double>(b[i]);
      lane[i % 16] += product;
      exact += static_cast<long double>(product);
      sizes += std::fabs(static_cast<long double>(product));
    }
    for (std::size_t l = 0; l < 8; ++l) lane[l] += lane[l + 8];
    for (std::size_t l = 0; l < 4; ++l) lane[l] += lane[l + 4];
    auto const got = exact_dot<int>(a.data(), b.data(), n);
    REQUIRE(got == (lane[0] + lane[2]) + (lane[1] + lane[3]));
    REQUIRE(std::fabs(static_cast<long double>(got) - exact) <= static_cast<long double>(n / 16 + 4) * 0x1p-53L * sizes);
  }
}

TEST_CASE("to_29_bits, rounded_sum, exact_subtract: one rounding where they say so", "[transform]") {
  CHECK(to_29_bits(1.0 + 0x1p-28) == 1.0 + 0x1p-28);
  CHECK(to_29_bits(1.0 + 0x1p-29) == 1.0);              // a tie, to even
  CHECK(to_29_bits(1.0 + 0x1.8p-28) == 1.0 + 0x1p-27);  // a tie, up
  CHECK(to_29_bits(1.0 + 0x1.1p-29) == 1.0 + 0x1p-28);
  CHECK(to_29_bits(-1.0 - 0x1.1p-29) == -1.0 - 0x1p-28);
  CHECK(to_29_bits(0.0) == 0.0);
  CHECK(rounded_sum(1.0 + 0x1p-24) == 1.0f);
  CHECK(rounded_sum(0x1p-119) == 0x1p-119f);
  CHECK(rounded_sum(0x1p-122) == 0.0f);
  std::mt19937 random{2};
  std::normal_distribution<float> normal;
  for (int k = 0; k < 1000; ++k) {
    float x = normal(random);
    float const v = normal(random);
    auto const f = to_29_bits(static_cast<double>(normal(random)) * 1.1);
    auto const exact = static_cast<double>(x) - f * static_cast<double>(v);  // the product is exact
    exact_subtract<int>(&x, &v, f, 1);
    REQUIRE(x == static_cast<float>(exact));
  }
}
