// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/compander.hpp: the constant of Panter and Dite, a cubic law against Lloyd-Max and against a search of all laws,
// refusals.
#include "skive/codebook/compander.hpp"

#include "skive/core/random.hpp"

#include <tuple>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

std::vector<double> gaussian_levels(std::size_t n, bool best) {
  std::vector<double> levels(n);
  std::vector<double> scratch(lloyd_max_scratch(n));
  if (best)
    REQUIRE(lloyd_max(gaussian<double>{}, std::span{levels}, std::span{scratch}));
  else
    REQUIRE(companding_levels(gaussian<double>{}, std::span{levels}));
  return levels;
}
double gaussian_error(std::vector<double> const& levels) {
  return quantization_error(gaussian<double>{}, std::span<double const>{levels});
}

TEST_CASE("Companding reaches the law of many levels", "[codebook]") {
  auto const scaled = [](std::size_t n) { return gaussian_error(gaussian_levels(n, false)) * static_cast<double>(n * n); };
  REQUIRE(scaled(1024) == Catch::Approx(2.7207).epsilon(0.01));
  REQUIRE(gaussian_error(gaussian_levels(16, false)) < 1.08 * gaussian_error(gaussian_levels(16, true)));
}

std::vector<float> samples(std::size_t n) {
  std::vector<float> x(n);
  counter_random{31, 1}.fill_gaussian(x);
  return x;
}

TEST_CASE("A cubic law fitted to Gaussian samples comes close to Lloyd-Max", "[codebook]") {
  auto const x = samples(20000);
  double const most[]{1.0005, 1.001, 1.004, 1.025};
  for (int bits = 1; bits <= 4; ++bits) {
    auto const fit = fit_cubic_compander(x, {}, bits);
    REQUIRE(fit);
    std::vector<double> levels;
    for (std::uint32_t i = 0; i < 1U << bits; ++i) levels.push_back(static_cast<double>(fit->compander.decode(i)));
    auto const ratio = gaussian_error(levels) / gaussian_error(gaussian_levels(levels.size(), true));
    CAPTURE(bits, ratio);
    CHECK(ratio < most[bits - 1]);
    for (std::size_t i = 1; i < levels.size(); ++i) REQUIRE(levels[i] > levels[i - 1]);
    for (std::uint32_t i = 0; i < 1U << bits; ++i) REQUIRE(fit->compander.encode(static_cast<float>(levels[i])) == i);
  }
}

TEST_CASE("No law of a fine grid is better than the one fitted", "[codebook]") {
  auto const x = samples(300);
  std::vector<float> w(300);
  for (std::size_t i = 0; i < 300; ++i) w[i] = static_cast<float>(i % 5);
  auto const fit = fit_cubic_compander(x, w, 3);
  REQUIRE(fit);
  double least = 1e300;
  for (float a = 0.5f; a < 3.0f; a += 0.02f)
    for (float b = -0.1f; b < 2.0f; b += 0.02f) {
      auto const law = cubic_compander::make(3, a, b);
      if (!law) continue;
      double error = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        double best = 1e300;
        for (std::uint32_t k = 0; k < 8; ++k) best = std::min(best, std::pow(static_cast<double>(x[i] - law->decode(k)), 2));
        error += static_cast<double>(w[i]) * best;
      }
      least = std::min(least, error);
    }
  REQUIRE(fit->error < 1.03 * least);
}

TEST_CASE("Nearest levels, ties to the lower one; any code decodes", "[codebook]") {
  auto const law = *cubic_compander::make(2, 2.0f, 0.0f);  // -1.5, -0.5, 0.5, 1.5
  REQUIRE(law.decode(0) == -1.5f);
  REQUIRE(law.decode(7) == 1.5f);
  REQUIRE(law.encode(-1.0f) == 0);
  REQUIRE(law.encode(0.0f) == 1);
  REQUIRE(law.encode(1.0001f) == 3);
  REQUIRE(law.encode(-1e30f) == 0);
  REQUIRE(law.encode(std::numeric_limits<float>::quiet_NaN()) == 3);
}

TEST_CASE("Companding: refusals", "[codebook]") {
  REQUIRE(companding_levels(gaussian<double>{}, std::span<double>{}).error() == errc::invalid_argument);
  for (auto const& [bits, a, b] : {std::tuple{0, 1.0f, 0.0f},
                                   {9, 1.0f, 0.0f},
                                   {4, 0.0f, 0.0f},
                                   {4, -1.0f, 5.0f},
                                   {4, 1.0f, -0.34f},
                                   {4, std::numeric_limits<float>::infinity(), 0.0f},
                                   {4, 1.0f, std::numeric_limits<float>::quiet_NaN()}})
    REQUIRE(cubic_compander::make(bits, a, b).error() == errc::invalid_argument);
  std::vector<float> x(4, 1.0f);
  REQUIRE(fit_cubic_compander({}, {}, 2).error() == errc::invalid_argument);
  REQUIRE(fit_cubic_compander(x, {}, 9).error() == errc::invalid_argument);
  REQUIRE(fit_cubic_compander(x, std::span{x}.first(3), 2).error() == errc::size_mismatch);
  REQUIRE(fit_cubic_compander(x, std::vector<float>(4), 2).error() == errc::invalid_argument);
  REQUIRE(fit_cubic_compander(x, std::vector<float>(4, -1.0f), 2).error() == errc::invalid_argument);
  REQUIRE(fit_cubic_compander(std::vector<float>(4), {}, 2).error() == errc::invalid_argument);
  REQUIRE(fit_cubic_compander(x, {}, 2));  // all the same
  x[1] = std::numeric_limits<float>::infinity();
  REQUIRE(fit_cubic_compander(x, {}, 2).error() == errc::not_finite);
}

}  // namespace
}  // namespace skive
