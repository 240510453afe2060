// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/eisenstein_lattices.hpp: nearest complex integers and points of E6 against all candidates around; K12's points are reached again.
#include "skive/codebook/eisenstein_lattices.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

double const root = std::sqrt(3.0);

// Squared distances from x to the nearest a + b w of each class a + b modulo 3.
std::array<double, 3> least_of_classes(double re, double im) {
  std::array<double, 3> least{1e300, 1e300, 1e300};
  auto const near_b = static_cast<int>(std::round(im * 2 / root));
  for (int b = near_b - 3; b <= near_b + 3; ++b) {
    auto const near_a = static_cast<int>(std::round(re + b / 2.0));
    for (int a = near_a - 3; a <= near_a + 3; ++a) {
      auto const x = re - (a - b / 2.0);
      auto const y = im - b * root / 2;
      auto& known = least[static_cast<std::size_t>(((a + b) % 3 + 3) % 3)];
      known = std::min(known, x * x + y * y);
    }
  }
  return least;
}

TEST_CASE("The nearest complex integer", "[codebook]") {
  std::mt19937 random{3};
  std::uniform_real_distribution<double> numbers{-5, 5};
  for (int t = 0; t < 5000; ++t) {
    auto const x = t % 5 == 0 ? std::round(2 * numbers(random)) / 4 : numbers(random);
    auto const y = t % 5 == 0 ? std::round(2 * numbers(random)) / 4 : numbers(random);
    detail::eisenstein<double> const e{x, y};
    auto const all = least_of_classes(x, y * root);
    auto const least = std::min({all[0], all[1], all[2]});
    REQUIRE(std::fabs(e.distance - least) < 1e-12);
    auto const dx = x - e.re;
    auto const dy = (y - e.im) * root;
    REQUIRE(std::fabs(dx * dx + dy * dy - least) < 1e-12);
    // (1, 0) and (1 / 2, 1 / 2) span the integers.
    REQUIRE(std::fmod(std::fabs(2 * e.re), 2) == std::fmod(std::fabs(2 * e.im), 2));
  }
}

TEST_CASE("E6: three complex integers that are equal modulo theta", "[codebook]") {
  std::mt19937 random{4};
  std::uniform_real_distribution<double> numbers{-6, 6};
  for (int t = 0; t < 3000; ++t) {
    std::array<double, 6> x{};
    for (auto& v : x) v = numbers(random);
    std::array<double, 3> sum{};
    for (std::size_t i = 0; i < 3; ++i) {
      auto const least = least_of_classes(x[2 * i], x[2 * i + 1]);
      for (std::size_t c = 0; c < 3; ++c) sum[c] += least[c];
    }
    std::array<double, 6> point{};
    e6_lattice{}.nearest(std::span<double const>{x}, std::span<double>{point});
    double distance = 0;
    for (std::size_t i = 0; i < 6; ++i) distance += (x[i] - point[i]) * (x[i] - point[i]);
    REQUIRE(std::fabs(distance - std::min({sum[0], sum[1], sum[2]})) < 1e-10);
    std::array<double, 3> classes{};
    for (std::size_t i = 0; i < 3; ++i) {
      auto const b = std::round(point[2 * i + 1] * 2 / root);
      auto const a = std::round(point[2 * i] + b / 2);
      REQUIRE(std::fabs(a - b / 2 - point[2 * i]) + std::fabs(b * root / 2 - point[2 * i + 1]) < 1e-12);
      classes[i] = std::fmod(std::fmod(a + b, 3) + 3, 3);
    }
    REQUIRE((classes[0] == classes[1] && classes[1] == classes[2]));
  }
}

// Within less than half the least distance of 2 a point is the nearest one; points are a group, closed under products with w.
TEST_CASE("K12: points are the nearest to what lies around them", "[codebook]") {
  std::mt19937 random{5};
  std::normal_distribution<double> normal;
  std::array<double, 12> sum{};
  auto const nearest = [](std::array<double, 12> const& x) {
    std::array<double, 12> y{};
    k12_lattice{}.nearest(std::span<double const>{x}, std::span<double>{y});
    return y;
  };
  auto const same = [](std::array<double, 12> const& a, std::array<double, 12> const& b) {
    for (std::size_t i = 0; i < 12; ++i)
      if (std::fabs(a[i] - b[i]) > 1e-9) return false;
    return true;
  };
  for (int t = 0; t < 1000; ++t) {
    std::array<double, 12> x{};
    for (auto& v : x) v = 3 * normal(random);
    auto const point = nearest(x);
    std::array<double, 12> turned{};
    for (std::size_t i = 0; i < 12; i += 2) {
      auto const z = std::complex<double>{point[i], point[i + 1]} * std::complex<double>{-0.5, root / 2};
      turned[i] = z.real();
      turned[i + 1] = z.imag();
    }
    for (std::size_t i = 0; i < 12; ++i) sum[i] = std::fmod(t, 50) == 0 ? point[i] : sum[i] + point[i];
    for (auto const& p : {point, turned, sum}) {
      std::array<double, 12> away{};
      double square = 0;
      for (auto& v : away) v = normal(random), square += v * v;
      for (std::size_t i = 0; i < 12; ++i) away[i] = p[i] + away[i] * 0.99 / std::sqrt(square);
      REQUIRE(same(nearest(away), p));
    }
  }
}

}  // namespace
}  // namespace skive
