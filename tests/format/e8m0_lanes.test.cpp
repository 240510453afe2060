// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/e8m0_lanes.hpp: the codes of the scalar rule under every policy of overflow and of rounding, and all codes back.
#include "skive/format/e8m0_lanes.hpp"

#include "support/lane_checks.hpp"
#include "support/rounded_rows.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace skive;

TEST_CASE("powers of two in lanes", "[format]") {
  test::check_all_policies<e8m0>(test::all_upper_halves(test::few_low_halves), test::few_arches{});
}

TEST_CASE("powers of two in lanes, rounded by any policy", "[format]") { test::check_rounded_rows<e8m0>(test::first_arch{}); }
