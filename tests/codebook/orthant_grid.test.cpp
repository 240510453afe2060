// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/orthant_grid.hpp: errors on N(0, 1), the numbering of signs, laws.
#include "skive/codebook/orthant_grid.hpp"

#include "laws/block_codec.hpp"
#include "skive/core/random.hpp"
#include "support/packed_row.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Codec>
double gaussian_error(std::size_t rows) {
  std::vector<float> row(4096);
  double error = 0;
  double power = 0;
  for (std::uint64_t r = 0; r < rows; ++r) {
    counter_random{77, r}.fill_gaussian(row);
    auto const out = test::through(Codec{}, row);
    for (std::size_t i = 0; i < row.size(); ++i) {
      error += std::pow(static_cast<double>(out[i]) - static_cast<double>(row[i]), 2);
      power += static_cast<double>(row[i]) * static_cast<double>(row[i]);
    }
  }
  return error / power;
}

TEST_CASE("Grids of 4096 points reach their errors", "[codebook]") {
  CHECK(gaussian_error<kmeans3_d4>(30) < 0.02639 * 1.01);
  CHECK(gaussian_error<kmeans4_d3>(30) < 0.00710 * 1.01);
  CHECK(gaussian_error<kmeans6_d2>(30) < 0.000506 * 1.015);
}

TEST_CASE("Signs are the high bits of an index", "[codebook]") {
  auto const& t = orthant_grid<4>{}.table();
  bool right = true;
  for (std::size_t i = 0; i < 4096; ++i)
    for (std::size_t j = 0; j < 4; ++j) {
      auto const own = detail::orthant_levels<4>::level[i & 255][j];
      right &= own >= 0 && t.value[i][j] == static_cast<float>((i >> (8 + j) & 1) != 0 ? -own : own);
    }
  REQUIRE(right);
  test::check_block_codec(kmeans3_d4{}, {0, 1, 64, 130});
  test::check_block_codec(*kmeans4_d3::make(24), {0, 3, 100});
}

}  // namespace
}  // namespace skive
