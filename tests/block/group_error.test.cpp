// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/group_error.hpp: the error against direct sums in long double; the order of the lanes; zeros and subnormals.
#include "skive/block/group_error.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/integer.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace detail = skive::detail;

long double direct(std::vector<float> const& x, float s) {
  long double sum = 0;
  for (auto const v : x) {
    auto const level = std::clamp(std::nearbyint(static_cast<long double>(v) / static_cast<long double>(s)), -7.0L, 7.0L);
    auto const d = static_cast<long double>(v) - level * static_cast<long double>(s);
    sum += d * d;
  }
  return sum;
}

}  // namespace

TEST_CASE("group error: the sum of squares", "[block]") {
  std::mt19937 random{1};
  std::normal_distribution<float> normal;
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<float> x(1 + random() % 200);
    float const scale = std::ldexp(1.0f, static_cast<int>(random() % 80) - 40);
    for (auto& v : x) v = scale * normal(random);
    float const s = scale * std::exp(normal(random)) / 3;
    auto const expected = direct(x, s);
    auto const got = static_cast<long double>(detail::error_at_scale<skive::int4>(std::span<float const>{x}, s));
    auto const unit = static_cast<long double>(s) * static_cast<long double>(s) * static_cast<long double>(x.size());
    REQUIRE(std::fabs(got - expected) <= 1e-6L * expected + 1e-6L * unit);
  }
}

TEST_CASE("group error: exact cases", "[block]") {
  auto const error = [](std::vector<float> const& x, float s) {
    return detail::error_at_scale<skive::int4>(std::span<float const>{x}, s);
  };
  CHECK(error({3, -2, 7, 0}, 1) == 0);
  CHECK(error({3.5f}, 1) == 0.25);
  CHECK(error({10, -10}, 1) == 18);
  CHECK(error({3, 4}, 0) == 25);
  CHECK(error({0x1p-149f, -0x1p-149f}, 0) == 0);
  CHECK(error({0x1p-149f}, 1) == 0);
  CHECK(error({}, 1) == 0);
  std::vector<float> const x{5.0f};
  CHECK(detail::error_at_scale<skive::e2m1>(std::span<float const>{x}, 1.0f) == 1);
  CHECK(detail::group_error(std::span<float const>{x}, 2.0f, [](float) { return 1.0f; }) == 9);
}

TEST_CASE("group error: number i goes to lane i mod 16, lanes are added in pairs", "[block]") {
  // Terms that a double sum rounds differently in another order.
  std::mt19937 random{2};
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> terms(1 + random() % 100);
    for (auto& t : terms) t = std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 60));
    detail::lane_sums sums;
    std::vector<double> lanes(16, 0.0);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      sums.add(i, terms[i]);
      lanes[i % 16] += terms[i];
    }
    while (lanes.size() > 1) {
      auto const half = lanes.size() / 2;
      std::vector<double> next(half);
      for (std::size_t l = 0; l < half; ++l) next[l] = lanes[l] + lanes[l + half];
      lanes = next;
    }
    REQUIRE(sums.total() == lanes[0]);
  }
}
