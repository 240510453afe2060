// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_engine.hpp where the caller gives the scale (static_scale), under policies other than nearest even.
#include "skive/block/absmax.hpp"
#include "skive/core/stochastic_stream.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "support/lane_rows.hpp"

namespace {

using namespace skive;

TEST_CASE("one scale for a tensor, by any policy", "[block]") {
  auto const check = []<class Codec>(auto rounding) {
    static_assert(Codec::scheme_type::template lanes<native_arch> != 0);
    test::check_codec(
        [&](std::size_t group, bit_order order) {
          constexpr float scales[] = {0.01f, 1.0f, 0x1p-26f, 0x1.8p60f, 0x1p59f, 37.0f, 0x1p-27f};
          return Codec{group, {scales[group % 7], rounding}, order}.at_row(3);
        },
        std::numeric_limits<float>::infinity(), test::first_arch{}, 10);
  };
  for (int const count : {8, 16, 32})
    check.operator()<static_scale<e4m3fn, stochastic_stream>>(stochastic_stream{6, 0, count, stochastic_variant::c});
  check.operator()<static_scale<fp4_bnb, toward_positive>>(toward_positive{});
  check.operator()<static_scale<fp4_bnb>>(nearest_even{});
}

}  // namespace
