// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/distribution.hpp: partial moments against Simpson's rule on the density itself; tails that must not cancel; variances.
#include "skive/codebook/distribution.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class F>
double simpson(F f, double a, double b) {
  constexpr int n = 20000;
  auto const h = (b - a) / n;
  double sum = f(a) + f(b);
  for (int i = 1; i < n; ++i) sum += (i % 2 == 0 ? 2 : 4) * f(a + h * i);
  return sum * h / 3;
}

template <class D>
void check_moments(D const& d, double low, double high) {
  static_assert(distribution<D>);
  double const ends[]{low, -1.3, -0.2, 0.0, 0.4, 1.7, high};
  for (double const a : ends)
    for (double const b : ends) {
      if (!(a < b)) continue;
      auto const m = d.between(a, b);
      // Laplace's density has a corner at 0.
      auto const whole = [&](auto f) { return a < 0 && b > 0 ? simpson(f, a, 0) + simpson(f, 0, b) : simpson(f, a, b); };
      REQUIRE(std::fabs(m.probability - whole([&](double x) { return d.density(x); })) < 1e-11);
      REQUIRE(std::fabs(m.first - whole([&](double x) { return x * d.density(x); })) < 1e-10);
    }
}

TEST_CASE("Partial moments are integrals of the density", "[codebook]") {
  check_moments(gaussian<>{}, -5, 6);
  check_moments(laplace<>{}, -7, 8);
  check_moments(student_t<>{3.5}, -9, 12);
  auto const unit = [](double t) noexcept { return std::pow(1 - t * t, 30.5); };  // a coordinate of a unit vector of 64
  density_of const coordinate{unit, -1.0, 1.0};
  for (double const a : {-1.0, -0.3, 0.0, 0.2}) {
    auto const m = coordinate.between(a, 0.5);
    REQUIRE(std::fabs(m.probability - simpson([&](double x) { return coordinate.density(x); }, a, 0.5)) < 1e-11);
    REQUIRE(std::fabs(m.first - simpson([&](double x) { return x * coordinate.density(x); }, a, 0.5)) < 1e-11);
  }
  REQUIRE(std::fabs(coordinate.variance() - 1.0 / 64) < 1e-13);
}

TEST_CASE("All of a density is 1, to infinity", "[codebook]") {
  auto const infinite = std::numeric_limits<double>::infinity();
  auto const check = [&](auto const& d, double variance) {
    auto const all = d.between(-infinite, infinite);
    REQUIRE(std::fabs(all.probability - 1) < 1e-14);
    REQUIRE(std::fabs(all.first) < 1e-14);
    REQUIRE(std::fabs(d.variance() - variance) < 1e-14);
    auto const half = d.between(0.0, infinite);
    REQUIRE(std::fabs(half.probability - 0.5) < 1e-14);
  };
  check(gaussian<>{}, 1);
  check(laplace<>{}, 1);
  check(student_t<>{5.0}, 5.0 / 3);
}

// Far out a difference of two probabilities near 1 would be rounding alone.
TEST_CASE("Tails keep their digits on either side", "[codebook]") {
  auto const check = [](auto const& d, double a, double b) {
    auto const right = d.between(a, b);
    auto const left = d.between(-b, -a);
    REQUIRE(right.probability > 0);
    REQUIRE(std::fabs(left.probability / right.probability - 1) < 1e-14);
    REQUIRE(std::fabs(left.first / right.first + 1) < 1e-14);
    auto const exact = simpson([&](double x) { return d.density(x); }, a, b);
    REQUIRE(std::fabs(right.probability / exact - 1) < 1e-10);
  };
  check(gaussian<>{}, 12, 13);
  check(laplace<>{}, 40, 42);
  check(student_t<>{9.0}, 300, 400);
}

}  // namespace
}  // namespace skive
