// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/adaptive.hpp in lanes: the bytes of the scalar rule, choices past the last format among the noise that is decoded.
#include "skive/block/adaptive.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/lookup.hpp"
#include "support/lane_rows.hpp"

namespace {
using namespace skive;
}

TEST_CASE("adaptive blocks: the bytes of the scalar rule", "[block]") {
  using two = adaptive<float16, int4, e2m1>;
  using three = adaptive<float32, e2m1, int4, fp4_bnb>;
  static_assert(two::scheme_type::lanes<native_arch> != 0 && three::scheme_type::lanes<native_arch> != 0);
  test::check_codec([](std::size_t group, bit_order order) { return two{group, {}, order}; });
  test::check_codec([](std::size_t group, bit_order order) { return three{group, {}, order}; },
                    std::numeric_limits<float>::infinity(), test::first_arch{}, 10);
}
