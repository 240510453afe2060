// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_engine.hpp: integers of every width under scales of every kind; the bytes of the scalar rule.
#include "skive/block/absmax.hpp"

#include "skive/format/e8m0.hpp"
#include "skive/format/fp8.hpp"
#include "support/lane_rows.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// One instruction set is enough for formats that differ little from their neighbours.
template <class Codec, class Arches = test::few_arches, class Scheme = typename Codec::scheme_type>
void check(Scheme scheme = {}) {
  test::check_codec([&](std::size_t group, bit_order order) { return Codec{group, scheme, order}; },
                    std::numeric_limits<float>::infinity(), Arches{}, 30);
}

}  // namespace

TEST_CASE("integers of all widths in blocks", "[block]") {
  check<absmax<int2>>();
  check<absmax<int8>>();
  check<absmax<int3>, test::first_arch>();
  check<absmax<int5>, test::first_arch>();
  check<absmax<int6>, test::first_arch>();
  check<absmax<int7>, test::first_arch>();
  check<absmax<int4_full>, test::first_arch>();
}

TEST_CASE("integers in blocks under other scales", "[block]") {
  check<absmax<int8, float32>>();
  check<absmax<int4, bfloat16>>();
  check<absmax<int8, e8m0>, test::first_arch>();
  check<absmax<int4, e4m3fn>, test::first_arch>();
  check<absmax<int4, e5m2>, test::first_arch>();
}

TEST_CASE("integers in blocks at the scale of least error", "[block]") {
  auto const make = [](std::size_t group, bit_order order) {
    return absmax<int4>{group == 0 ? 24 : group, {scale_choice::mse}, order};
  };
  test::check_codec(make, std::numeric_limits<float>::infinity(), test::first_arch{}, 0);
}
