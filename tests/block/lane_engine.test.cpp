// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_engine.hpp: one codec of each kind, float and half rows, on every set of flags; lane_engine_*.test.cpp has the rest.
#include "skive/block/absmax.hpp"

#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "support/lane_rows.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {
using namespace skive;
}

TEST_CASE("integers in blocks: the bytes of the scalar rule", "[block]") {
  auto const make = [](std::size_t group, bit_order order) { return absmax<int4>{group, {}, order}; };
  test::check_codec(make);
  test::check_codec_of_halves(make);
}

TEST_CASE("integers with zero points: the bytes of the scalar rule", "[block]") {
  test::check_codec([](std::size_t group, bit_order order) { return affine_int<4>{group, {}, order}; });
}

TEST_CASE("small floats in blocks: the bytes of the scalar rule", "[block]") {
  test::check_codec([](std::size_t group, bit_order order) { return absmax<e4m3fn>{group, {}, order}; });
}

TEST_CASE("MXFP4: the bytes of the scalar rule", "[block]") {
  for (auto const rule :
       {mx_rule::floor, mx_rule::ceil, mx_rule::round_up, mx_rule::even, mx_rule::floor_plus_1, mx_rule::search})
    test::check_codec([&](std::size_t group, bit_order order) { return mx<e2m1>{group, {rule}, order}; });
}
