// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/half_lanes.hpp: the codes of the scalar rule under every policy of overflow and of rounding, and all codes back.
#include "skive/format/half_lanes.hpp"

#include "support/lane_checks.hpp"
#include "support/rounded_rows.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace skive;

TEST_CASE("bfloat16 and TF32 in lanes", "[format]") {
  auto const numbers = test::all_upper_halves(test::many_low_halves);
  test::check_all_policies<tf32>(numbers, test::first_arch{});
  test::check_lanes<bfloat16>(numbers, test::first_arch{});
}

TEST_CASE("bfloat16 in lanes, rounded by any policy", "[format]") { test::check_rounded_rows<bfloat16>(test::first_arch{}); }

TEST_CASE("TF32 in lanes, rounded at random", "[format]") {
  for (int const count : {8, 13, 16}) test::check_rounded_row<tf32>(test::first_arch{}, stochastic_stream{21, 3, count});
}
