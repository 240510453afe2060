// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/integer_dot.hpp: exact integer sums by the rule and in lanes, on every instruction set of this unit; any bytes, and NaN.
#include "skive/block/integer_dot.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "support/integer_products.hpp"

namespace {

namespace test = skive::test;
using skive::activation_scale;
using test::check_exact;
using test::integer_product;
using test::kinds;
using every_arch = test::joined<test::arches<skive::scalar_arch>, test::all_arches>::type;

// The ends first.
std::vector<float> integers(int low, int high) {
  std::vector<float> out{static_cast<float>(low), static_cast<float>(high)};
  for (int i = low + 1; i < high; ++i) out.push_back(static_cast<float>(i));
  return out;
}

}  // namespace

TEST_CASE("integer_dot: sums of products of integers are exact", "[block]") {
  for (std::size_t const group : {32U, 48U, 128U, 0U}) {
    check_exact<every_arch>(skive::absmax<skive::int4>{group}, integers(-7, 7), 1);
    check_exact(skive::absmax<skive::int4>{group, {}, skive::bit_order::high_first}, integers(-7, 7), 2);
    check_exact(skive::affine_int<4>{group}, integers(-5, 10), 3);
  }
  check_exact(skive::absmax<skive::int4>{6}, {7, -7, 1, -3}, 4);  // groups end inside lanes
  check_exact(skive::absmax<skive::int2>{32}, integers(-1, 1), 5);
  check_exact(skive::absmax<skive::int3>{32}, integers(-3, 3), 6);
  check_exact(skive::absmax<skive::int8>{256}, integers(-127, 127), 7);
  check_exact(skive::absmax<skive::int8>{20}, {127, -127, 126, 1, 0, -3}, 8);
}

TEST_CASE("integer_dot: any bytes, and groups of NaN", "[block]") {
  skive::absmax<skive::int4> const codec{32};
  test::packed_row packed{codec, 200};
  std::mt19937 random{3};
  auto const x = test::gaussian_row(200, 4);
  for (int trial = 0; trial < 100; ++trial) {
    for (auto& m : packed.memory()) m = static_cast<std::byte>(random());
    auto const exact = test::decode_then_dot<skive::scalar_arch>(codec, packed.from(), x);
    auto const y = integer_product<skive::native_arch>(codec, packed, x, activation_scale::per_block);
    CAPTURE(trial, y, exact.sum);
    if (exact.nan) REQUIRE(!std::isfinite(y));
  }
  auto row = test::gaussian_row(200, 5);
  row[199] = std::numeric_limits<float>::quiet_NaN();
  test::fill_codes<skive::scalar_arch>(codec, packed, row);
  for (auto const kind : kinds) CHECK(std::isnan(integer_product<skive::native_arch>(codec, packed, x, kind)));
}
