// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/sign_lanes.hpp: the codes of the scalar rule under every policy, and all codes back.
#include "skive/format/sign_lanes.hpp"

#include "support/lane_checks.hpp"
#include "support/rounded_rows.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace skive;

TEST_CASE("signs and ternary numbers in lanes", "[format]") {
  auto const numbers = test::all_upper_halves(test::few_low_halves);
  test::check_policy_in_lanes<sign_format, saturating>(numbers, test::few_arches{});
  test::check_lanes<ternary_format>(numbers, test::few_arches{});
}

TEST_CASE("rows of signs are read back", "[format]") {
  std::vector<std::uint8_t> codes(37);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = i % 3 == 0;
  std::vector<float> x(codes.size());
  REQUIRE(decode_row<sign_format>(std::span<std::uint8_t const>{codes}, std::span<float>{x}));
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(x[i] == (i % 3 == 0 ? -1.0f : 1.0f));
}

TEST_CASE("signs and ternary numbers in lanes, rounded by any policy", "[format]") {
  test::check_rounded_row<sign_format>(test::first_arch{}, toward_positive{});
  test::check_rounded_row<sign_format>(test::first_arch{}, stochastic_stream{21, 3, 8});
  test::check_rounded_rows<ternary_format>(test::first_arch{});
}
