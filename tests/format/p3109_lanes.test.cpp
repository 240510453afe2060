// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/minifloat_lanes.hpp: the codes and numbers of the scalar rule for all P3109 formats of 3 to 8 bits.
#include "skive/format/minifloat_lanes.hpp"

#include "support/lane_checks.hpp"
#include "support/p3109_checks.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

static_assert(detail::has_minifloat_lanes<binary8p1uf::traits>);  // no fraction bits, and the least power is no normal float

template <int K>
void check_width() {
  auto const words = test::all_upper_halves(test::few_low_halves);
  test::each_p3109<K, K>([&]<class Format>(test::p3109_rules) {
    if constexpr (detail::has_minifloat_lanes<Format::traits>) {
      test::check_lanes<Format>(words, test::first_arch{});
      if (K < 5 || K == 8) test::check_policy_in_lanes<Format, non_saturating>(words, test::first_arch{});
    }
  });
}

}  // namespace

TEST_CASE("P3109 formats of 3 to 5 bits in lanes", "[format]") {
  check_width<3>();
  check_width<4>();
  check_width<5>();
}
TEST_CASE("P3109 formats of 6 and 7 bits in lanes", "[format]") {
  check_width<6>();
  check_width<7>();
}
TEST_CASE("P3109 formats of 8 bits in lanes", "[format]") { check_width<8>(); }
