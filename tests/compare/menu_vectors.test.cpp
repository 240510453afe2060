// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vector codebooks on the menu: their names, bits and errors, alone and behind a rotation.
#include "compare/format.hpp"
#include "skive/core/random.hpp"
#include "support/menu_rows.hpp"

#include <cmath>
#include <string>

using namespace skive;
using namespace skive::compare;

TEST_CASE("menu: vector codebooks", "[compare]") {
  std::vector<float> m(16 * 1020);
  counter_random{21, 1}.fill_gaussian(m);
  auto const error = [&](char const* name) {
    auto const y = test::through_format(*make_format(name), m, 1020);
    double sum = 0;
    double power = 0;
    for (std::size_t i = 0; i < m.size(); ++i) {
      sum += std::pow(static_cast<double>(y[i]) - static_cast<double>(m[i]), 2);
      power += std::pow(static_cast<double>(m[i]), 2);
    }
    return sum / power;
  };
  CHECK(error("kmeans1_d4") < 0.35);
  CHECK(error("kmeans2_d2") < 0.112);
  CHECK(error("kmeans2_d4") < 0.100);
  CHECK(error("rht+kmeans2_d4") < 0.100);
  CHECK(error("kmeans3_d3") < 0.028);
  CHECK(error("kmeans4_d2") < 0.0081);
  CHECK(make_format("kmeans2_d4")->total_bits({8, 1024}) == 8 * (2 * 1024 + 16));
  CHECK(make_format("kmeans3_d3")->total_bits({8, 1020}) == 8 * (3 * 1020 + 4 + 16));  // 340 indices of 9 bits, whole bytes
  CHECK_THROWS_AS(make_format("kmeans2_d5"), std::invalid_argument);
}
