// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/lanes.hpp: any format in lanes through its scalar rule.
#include "skive/format/lanes.hpp"

#include "skive/format/e8m0.hpp"
#include "skive/format/integer.hpp"
#include "skive/format/lookup.hpp"
#include "skive/format/minifloat.hpp"
#include "support/lane_checks.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

test::word_list const& many() {
  static auto const words = test::all_upper_halves(test::many_low_halves);
  return words;
}

template <class... Formats>
void check_each_on_one() {
  (test::check_lanes<Formats>(many(), test::first_arch{}), ...);
}

// The specialisations are not included: this is the general form.
static_assert(requires { typename format_lanes<int4, native_arch>::code_type; });

}  // namespace

TEST_CASE("any format in lanes", "[format]") {
  test::check_all_policies<e8m0>(test::all_upper_halves(test::few_low_halves), test::few_arches{});
  check_each_on_one<int4, nf4, dynamic8, dynamic8_unsigned>();
}
