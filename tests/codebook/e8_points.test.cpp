// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/e8_points.hpp: sixteen points at once are the points of one, and as near as those of the lattice in double.
#include "skive/codebook/e8_points.hpp"

#include "skive/codebook/lattice.hpp"
#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Gaussian numbers, and numbers of a coarse grid, where several points are equally near.
std::vector<float> numbers(std::size_t n) {
  std::vector<float> x(n);
  counter_random{2, 7}.fill_gaussian(x);
  for (std::size_t i = 0; i < n; ++i) x[i] = i / 8 % 2 == 0 ? 9.0f * x[i] : std::floor(4.0f * x[i]) / 4.0f;
  return x;
}

TEST_CASE("Points of E8, many at once", "[codebook]") {
  auto const x = numbers(128 * 40 + 8);
  std::vector<float> one(x.size());
  REQUIRE(nearest_e8<scalar_arch>(x, std::span{one}));
  std::vector<double> y(8);
  std::vector<double> best(8);
  for (std::size_t i = 0; i < x.size(); i += 8) {
    double distance = 0;
    double sum = 0;
    for (std::size_t j = 0; j < 8; ++j) {
      y[j] = std::nearbyint(static_cast<double>(x[i + j]) * 65536) / 65536;
      distance += std::pow(y[j] - static_cast<double>(one[i + j]), 2);
      sum += static_cast<double>(one[i + j]);
      REQUIRE(std::fmod(static_cast<double>(2 * (one[i + j] - one[i])), 2.0) == 0);
    }
    REQUIRE(std::fmod(sum, 2.0) == 0);
    e8_lattice{}.nearest(std::span<double const>{y}, std::span{best});
    double least = 0;
    for (std::size_t j = 0; j < 8; ++j) least += std::pow(y[j] - best[j], 2);
    REQUIRE(std::fabs(distance - least) < 1e-9);
  }
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    for (std::size_t const n : {std::size_t{0}, std::size_t{8}, std::size_t{136}, x.size()}) {
      std::vector<float> all(n + 1, 7.0f);
      REQUIRE(nearest_e8<Arch>(std::span{x}.first(n), std::span{all}.first(n)));
      for (std::size_t i = 0; i < n; ++i) REQUIRE(all[i] == one[i]);
      REQUIRE(all[n] == 7.0f);
    }
  });
}

TEST_CASE("Points of E8 refuse bad input", "[codebook]") {
  std::vector<float> x(16, 1.0f);
  std::vector<float> out(16, -7.0f);
  REQUIRE(nearest_e8(std::span{x}.first(12), std::span{out}.first(12)).error() == errc::size_mismatch);
  REQUIRE(nearest_e8(x, std::span{out}.first(8)).error() == errc::size_mismatch);
  x[9] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(nearest_e8(x, std::span{out}).error() == errc::not_finite);
  for (auto const v : out) REQUIRE(v == -7.0f);
}

}  // namespace
}  // namespace skive
