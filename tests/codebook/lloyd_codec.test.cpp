// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/lloyd_codec.hpp: the levels are those of lloyd_max, the errors those of theory, and the laws of its concepts.
#include "skive/codebook/lloyd_codec.hpp"

#include "laws/stepwise_codec.hpp"
#include "skive/codebook/lloyd_max.hpp"
#include "skive/core/random.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <int Bits>
void check(double expected) {
  constexpr std::size_t n = std::size_t{1} << Bits;
  std::vector<double> levels(n);
  std::vector<double> scratch(lloyd_max_scratch(n));
  REQUIRE(lloyd_max(gaussian<>{}, std::span{levels}, std::span{scratch}));
  for (std::size_t i = 0; i < n; ++i) REQUIRE(detail::gaussian_levels<Bits>::levels[i] == static_cast<float>(levels[i]));
  std::vector<float> row(std::size_t{1} << 18);
  counter_random{4, 4}.fill_gaussian(row);
  auto const out = test::through(lloyd<Bits>{}, row);
  double error = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    auto const d = static_cast<double>(out[i]) - static_cast<double>(row[i]);
    error += d * d;
  }
  CAPTURE(Bits, error / static_cast<double>(row.size()));
  REQUIRE(std::fabs(error / static_cast<double>(row.size()) - expected) <= 0.012 * expected);
}

TEST_CASE("Levels and errors of the Lloyd-Max codes", "[codebook]") {
  check<1>(0.36338);
  check<2>(0.117482);
  check<3>(0.0345478);
  check<4>(0.00950101);
}

TEST_CASE("Lloyd-Max codes keep the laws", "[codebook]") {
  test::check_block_codec(lloyd<2>{64}, {0, 1, 64, 200});
  test::check_stepwise_codec(lloyd<2>{64}, {0, 64, 200});
  test::check_stepwise_codec(lloyd<3, float32>{0}, {77});
}

}  // namespace
}  // namespace skive
