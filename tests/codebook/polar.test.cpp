// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/polar.hpp: the error on Gaussian rows, the norm of a group, the angles of one group, and the laws.
#include "skive/codebook/polar.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "skive/core/random.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

TEST_CASE("The error of polar codes", "[codebook]") {
  std::vector<float> x(std::size_t{1} << 17);
  counter_random{4, 9}.fill_gaussian(x);
  auto const y = test::through(polar{}, x);
  double error = 0;
  for (std::size_t i = 0; i < x.size(); ++i) error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
  error /= static_cast<double>(x.size());
  CAPTURE(error);
  REQUIRE(error < 0.0325);
  REQUIRE(error > 0.0310);
  for (std::size_t g = 0; g < 1000; ++g) {  // norms are kept but for the rounding to float16
    double a = 0;
    double b = 0;
    for (std::size_t i = 16 * g; i < 16 * g + 16; ++i) {
      a += std::pow(static_cast<double>(x[i]), 2);
      b += std::pow(static_cast<double>(y[i]), 2);
    }
    REQUIRE(std::fabs(std::sqrt(b / a) - 1) < 0.0006);
  }
  REQUIRE(total_bytes(polar{}.plane_bytes(64)) * 8 == 248);  // 3.875 bits
}

// Against angles by atan2: the nearest of the uniform ones on the first level.
TEST_CASE("The first angles are the nearest", "[codebook]") {
  std::vector<float> x(1600);
  counter_random{4, 2}.fill_gaussian(x);
  auto const y = test::through(polar{}, x);
  for (std::size_t i = 0; i < x.size(); i += 2) {
    auto const a = std::atan2(static_cast<double>(x[i + 1]), static_cast<double>(x[i]));
    auto const b = std::atan2(static_cast<double>(y[i + 1]), static_cast<double>(y[i]));
    auto const turn = std::fabs(std::remainder(a - b, 6.283185307179586));
    REQUIRE(turn < 0.19635 + 1e-5);  // half of pi / 8
    REQUIRE(std::fabs(std::remainder(b - 0.19634954, 0.39269908)) < 1e-5);
  }
}

TEST_CASE("Polar codes keep the laws", "[codebook]") {
  test::check_block_codec(polar{}, {0, 1, 16, 63, 64, 200});
  test::check_dot_codec<native_arch>(polar{}, {0, 1, 64, 200}, [](std::size_t n) { return 64.0 + static_cast<double>(n); });
  std::vector<float> const large(16, 1e30f);
  for (auto const v : test::through(polar{}, large)) REQUIRE(std::isfinite(v));
}

}  // namespace
}  // namespace skive
