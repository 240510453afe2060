// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/bit_settings.hpp"

#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using table = skive::matrix_view<double const>;

struct case_of {
  std::vector<double> errors, costs;
  std::size_t rows, settings;
  table error_view() const { return {errors.data(), rows, settings}; }
  table cost_view() const { return {costs.data(), rows, settings}; }
  double total(std::vector<double> const& what, std::vector<std::uint16_t> const& chosen) const {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += what[r * settings + chosen[r]];
    return sum;
  }
};

// Widths 2, 3, 4, 6, 8 of layers whose errors fall by about four a bit, some worse than others.
case_of layers(std::size_t rows, unsigned seed) {
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> uniform{0.5, 2.0};
  case_of c{{}, {}, rows, 5};
  for (std::size_t r = 0; r < rows; ++r) {
    auto const weight = uniform(random) * uniform(random);
    for (double const bits : {2.0, 3.0, 4.0, 6.0, 8.0}) {
      c.errors.push_back(weight * uniform(random) / (bits * bits * bits * bits));
      c.costs.push_back(bits);
    }
  }
  return c;
}

}  // namespace

TEST_CASE("bit_settings: within one step of the best of all settings, and never over the budget", "[kv]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    auto const c = layers(4, seed);
    for (double budget = 8; budget <= 33; budget += 1) {
      std::vector<std::uint16_t> chosen(4);
      REQUIRE(skive::choose_settings(c.error_view(), c.cost_view(), budget, chosen));
      auto const spent = c.total(c.costs, chosen);
      REQUIRE(spent <= budget);
      double best = std::numeric_limits<double>::max();   // of all settings within the budget
      double least = std::numeric_limits<double>::max();  // of all settings that cost no more than the chosen ones
      std::vector<std::uint16_t> one(4);
      for (std::size_t i = 0; i < 625; ++i) {
        for (std::size_t r = 0, rest = i; r < 4; ++r, rest /= 5) one[r] = static_cast<std::uint16_t>(rest % 5);
        auto const cost = c.total(c.costs, one);
        auto const error = c.total(c.errors, one);
        if (cost <= budget && error < best) best = error;
        if (cost <= spent && error < least) least = error;
      }
      auto const got = c.total(c.errors, chosen);
      double largest = 0;  // what a row can save at all
      for (std::size_t r = 0; r < 4; ++r)
        for (std::size_t s = 0; s < 5; ++s) largest = std::max(largest, c.errors[r * 5] - c.errors[r * 5 + s]);
      REQUIRE(got <= best + largest);
      if (budget >= 32) REQUIRE(got == least);
    }
  }
}

TEST_CASE("bit_settings: steps on the hull are the optimum", "[kv]") {
  // Saved for a bit: row 0: 8, then 1; row 1: 4, then 3.
  std::vector<double> const errors{10, 2, 1, 10, 6, 3};
  std::vector<double> const costs{1, 2, 3, 1, 2, 3};
  std::vector<std::uint16_t> chosen(2);
  auto const choose = [&](double budget) {
    REQUIRE(skive::choose_settings({errors.data(), 2, 3}, {costs.data(), 2, 3}, budget, chosen));
    return chosen;
  };
  CHECK(choose(2) == std::vector<std::uint16_t>{0, 0});
  CHECK(choose(3) == std::vector<std::uint16_t>{1, 0});
  CHECK(choose(4) == std::vector<std::uint16_t>{1, 1});
  CHECK(choose(5) == std::vector<std::uint16_t>{1, 2});
  CHECK(choose(6) == std::vector<std::uint16_t>{2, 2});
  CHECK(choose(60) == std::vector<std::uint16_t>{2, 2});
}

TEST_CASE("bit_settings: refusals, and layers in two parts", "[kv]") {
  auto const c = layers(3, 1);
  std::vector<std::uint16_t> chosen(3, 77);
  CHECK(skive::choose_settings(c.error_view(), c.cost_view(), 5.9, chosen).error() == errc::overflow);
  CHECK(skive::choose_settings(c.error_view(), c.cost_view(), std::numeric_limits<double>::quiet_NaN(), chosen).error() ==
        errc::not_finite);
  CHECK(skive::choose_settings(c.error_view(), c.cost_view(), 9, std::span{chosen}.first(2)).error() == errc::size_mismatch);
  auto bad = c;
  bad.errors[4] = std::numeric_limits<double>::infinity();
  CHECK(skive::choose_settings(bad.error_view(), bad.cost_view(), 9, chosen).error() == errc::not_finite);
  CHECK(chosen == std::vector<std::uint16_t>(3, 77));
  CHECK(skive::asymmetric_setting(3, 4, 2, 2, 1) == skive::bit_setting{2, 1});
  CHECK(skive::asymmetric_setting(1, 4, 2, 2, 1) == skive::bit_setting{2, 2});
  CHECK(skive::asymmetric_setting(4, 4, 2, 2, 1) == skive::bit_setting{1, 1});
}
