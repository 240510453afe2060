// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// metric/rate_distortion.hpp: known values, inverses, and entropies integrated from the densities.
#include "skive/metric/rate_distortion.hpp"  // first and alone: proves that the header includes what it uses

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

bool near(double a, double b, double tolerance = 1e-12) { return std::fabs(a - b) <= tolerance * std::fabs(b); }

// -integral of p log2 p by the midpoint rule.
template <class Density>
double entropy_bits(Density p, double reach) {
  constexpr int steps = 400000;
  double const width = 2 * reach / steps;
  double h = 0;
  for (int i = 0; i < steps; ++i) {
    double const v = p(-reach + (i + 0.5) * width);
    if (v > 0) h -= v * std::log2(v) * width;
  }
  return h;
}

}  // namespace

TEST_CASE("the Gaussian curve halves its root with every bit", "[metric]") {
  CHECK(skive::gaussian_distortion(3.0, 0.0) == 3.0);
  CHECK(skive::gaussian_distortion(1.0, 2.0) == 0.0625);
  CHECK(near(skive::gaussian_rate(2.0, skive::gaussian_distortion(2.0, 3.7)), 3.7));
  CHECK(skive::gaussian_rate(1.0, 1.5) == 0);
  CHECK(near(skive::gap_db(skive::gaussian_distortion(1.0, 3.0), skive::gaussian_distortion(1.0, 4.0)), 6.020599913279624));
  CHECK(near(skive::gaussian_gap_db(0.1175, 2.0), 10 * std::log10(0.1175 * 16)));  // four Lloyd-Max levels
  CHECK(skive::gap_db(0.0, 1.0) == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(skive::gap_db(-1.0, 1.0)));
}

TEST_CASE("Shannon's bound follows from the entropy of the density", "[metric]") {
  double const sigma = 1.7;
  double const pi = 3.14159265358979323846;
  double const gauss =
      entropy_bits([&](double x) { return std::exp(-x * x / (2 * sigma * sigma)) / (sigma * std::sqrt(2 * pi)); }, 30);
  double const scale = sigma / std::sqrt(2.0);  // a Laplace density of scale b has variance 2 b^2
  double const laplace = entropy_bits([&](double x) { return std::exp(-std::fabs(x) / scale) / (2 * scale); }, 60);
  for (double const rate : {0.5, 2.0, 4.25}) {
    CHECK(near(skive::shannon_lower_bound(gauss, rate), skive::gaussian_distortion(sigma * sigma, rate), 1e-6));
    CHECK(near(skive::shannon_lower_bound(laplace, rate), skive::laplace_shannon_lower_bound(sigma * sigma, rate), 1e-6));
    CHECK(skive::laplace_shannon_lower_bound(1.0, rate) < skive::gaussian_distortion(1.0, rate));
  }
}
