// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/lloyd_max.hpp and its distributions: published constants, the centroid condition by Simpson's rule, real types,
// refusals.
#include "skive/codebook/lloyd_max.hpp"

#include <array>
#include <limits>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using digits40 = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<40>, boost::multiprecision::et_off>;

template <class D, class Real = typename D::real_type>
std::vector<Real> levels_of(D const& d, std::size_t n) {
  std::vector<Real> levels(n);
  std::vector<Real> scratch(lloyd_max_scratch(n));
  REQUIRE(lloyd_max(d, std::span<Real>{levels}, std::span<Real>{scratch}).error() == errc::ok);
  return levels;
}
template <class D, class Real = typename D::real_type>
Real error_of(D const& d, std::vector<Real> const& levels) {
  return quantization_error<D, Real>(d, std::span<Real const>{levels});
}

// Mean of x in [a, b] under the unnormalised density f.
template <class F>
double centroid(F f, double a, double b) {
  constexpr int steps = 20000;
  double mass = 0;
  double moment = 0;
  for (int i = 0; i <= steps; ++i) {
    auto const x = a + (b - a) * i / steps;
    auto const w = (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * f(x);
    mass += w;
    moment += w * x;
  }
  return moment / mass;
}

// Every level is the centroid of its cell; `reach` stands for infinity.
template <class F>
void check_centroids(F f, std::vector<double> const& c, double reach, double tolerance) {
  for (std::size_t i = 0; i < c.size(); ++i) {
    auto const a = i == 0 ? -reach : (c[i - 1] + c[i]) / 2;
    auto const b = i + 1 == c.size() ? reach : (c[i] + c[i + 1]) / 2;
    CAPTURE(i, c.size(), a, b);
    REQUIRE(std::fabs(centroid(f, a, b) - c[i]) <= tolerance);
  }
}

TEST_CASE("Gaussian levels have the published errors", "[codebook]") {
  struct row {
    std::size_t levels;
    double error;
  };
  // Six printed digits or fewer.
  constexpr row rows[]{{1, 1.0},           {2, 0.363380},     {3, 0.190174},    {4, 0.117482},    {5, 0.0799411},
                       {6, 0.0579777},     {7, 0.0440004},    {8, 0.0345478},   {9, 0.0278533},   {11, 0.0192195},
                       {13, 0.0140631},    {15, 0.0107372},   {16, 0.00950101}, {32, 0.00250467}, {64, 0.000644240},
                       {128, 0.000163478}, {256, 4.11851e-05}};
  for (auto const& r : rows) {
    CAPTURE(r.levels);
    auto const c = levels_of(gaussian<>{}, r.levels);
    REQUIRE(std::fabs(error_of(gaussian<>{}, c) - r.error) <= 4e-6 * r.error);
    for (std::size_t i = 0; i < c.size(); ++i) REQUIRE(c[i] == -c[c.size() - 1 - i]);
  }
  auto const four = levels_of(gaussian<>{}, 16);
  constexpr double positive[]{0.1283950, 0.3880483, 0.6567591, 0.9423405, 1.2562312, 1.6180464, 2.0690172, 2.7325896};
  for (std::size_t i = 0; i < 8; ++i) REQUIRE(std::fabs(four[8 + i] - positive[i]) <= 5.1e-8);
  check_centroids([](double x) { return std::exp(-x * x / 2); }, levels_of(gaussian<>{}, 32), 12, 1e-9);
}

TEST_CASE("The levels are exact to the precision of the real type", "[codebook]") {
  for (std::size_t const n : {2U, 4U, 7U, 16U}) {
    auto const exact = levels_of(gaussian<digits40>{}, n);
    auto const in_double = levels_of(gaussian<double>{}, n);
    auto const in_float = levels_of(gaussian<float>{}, n);
    for (std::size_t i = 0; i < n; ++i) {
      CAPTURE(n, i);
      auto const truth = static_cast<double>(exact[i]);
      REQUIRE(std::fabs(in_double[i] - truth) <= 1e-15 * static_cast<double>(n));
      REQUIRE(std::fabs(static_cast<double>(in_float[i]) - truth) <= 4e-7 * static_cast<double>(n));
    }
  }
  // sqrt(2 / pi), to 38 digits.
  auto const two = levels_of(gaussian<digits40>{}, 2);
  REQUIRE(abs(two[1] - digits40{"0.79788456080286535587989211986876373695"}) < digits40{"1e-37"});
}

TEST_CASE("Laplace, Student and any density", "[codebook]") {
  auto const two = levels_of(laplace<>{}, 2);
  REQUIRE(std::fabs(two[1] - std::sqrt(0.5)) <= 1e-12);
  REQUIRE(std::fabs(error_of(laplace<>{}, two) - 0.5) <= 1e-12);
  check_centroids([](double x) { return std::exp(-std::sqrt(2.0) * std::fabs(x)); }, levels_of(laplace<>{}, 8), 40, 1e-6);
  auto const student = [](double x) { return std::pow(1 + x * x / 5, -3.0); };
  auto const five = levels_of(student_t<>{5.0}, 9);
  for (std::size_t i = 1; i + 1 < five.size(); ++i)  // Simpson's rule cannot do the tails
    REQUIRE(std::fabs(centroid(student, (five[i - 1] + five[i]) / 2, (five[i] + five[i + 1]) / 2) - five[i]) <= 1e-8);
  REQUIRE(std::fabs(student_t<>{5.0}.between(-1e9, 1e9).probability - 1) <= 1e-12);
  // The coordinate of a random unit vector: total error of d coordinates, from a table.
  struct row {
    int d;
    std::array<double, 4> total;
  };
  constexpr row rows[]{{64, {0.3584, 0.1145, 0.03339, 0.00913}},
                       {128, {0.3609, 0.1160, 0.03397, 0.00932}},
                       {256, {0.3621, 0.1167, 0.03426, 0.00941}}};
  for (auto const& r : rows) {
    auto const f = [d = r.d](double t) noexcept { return std::pow(1 - t * t, (d - 3) / 2.0); };
    density_of const coordinate{f, -1.0, 1.0};
    for (std::size_t bits = 1; bits <= 4; ++bits) {
      CAPTURE(r.d, bits);
      auto const c = levels_of(coordinate, std::size_t{1} << bits);
      REQUIRE(std::fabs(r.d * error_of(coordinate, c) - r.total[bits - 1]) <= 0.0011 * r.total[bits - 1]);
    }
  }
  auto const uniform = [](double) noexcept { return 3.0; };
  density_of const unit{uniform, 2.0, 6.0};
  auto const c = levels_of(unit, 4);
  for (std::size_t i = 0; i < 4; ++i) REQUIRE(std::fabs(c[i] - (2.5 + static_cast<double>(i))) <= 1e-12);
  REQUIRE(std::fabs(error_of(unit, c) - 1.0 / 12) <= 1e-12);
}

TEST_CASE("lloyd_max refuses what it cannot do", "[codebook]") {
  std::array<double, 4> levels{};
  std::array<double, 15> scratch{};
  REQUIRE(lloyd_max(gaussian<>{}, std::span<double>{}, std::span<double>{scratch}).error() == errc::invalid_argument);
  REQUIRE(lloyd_max(gaussian<>{}, std::span<double>{levels}, std::span<double>{scratch}).error() == errc::workspace_too_small);
  std::array<double, 16> room{};
  auto const nowhere = [](double) noexcept { return std::numeric_limits<double>::quiet_NaN(); };
  density_of const nothing{nowhere, 0.0, 1.0};
  REQUIRE(lloyd_max(nothing, std::span<double>{levels}, std::span<double>{room}).error() == errc::no_convergence);
}

}  // namespace
}  // namespace skive
