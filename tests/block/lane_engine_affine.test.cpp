// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_engine.hpp: integers with zero points, MX and block floating point; the bytes of the scalar rule.
#include "skive/block/affine.hpp"

#include "skive/block/mx.hpp"
#include "skive/core/stochastic_stream.hpp"
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

TEST_CASE("integers with zero points in blocks", "[block]") {
  check<affine_int<8>>();
  check<affine_int<3, bfloat16>, test::first_arch>();
  check<affine_int<2, float32>>();
  check<affine_int<1>, test::first_arch>();
}

TEST_CASE("MX in blocks", "[block]") {
  for (auto const rule : {mx_rule::floor, mx_rule::ceil, mx_rule::round_up, mx_rule::even, mx_rule::floor_plus_1}) {
    check<mx<e4m3fn>>(mx_scheme<e4m3fn>{rule});
    check<mx<e5m2>, test::first_arch>(mx_scheme<e5m2>{rule});
    check<mx<e3m2>, test::first_arch>(mx_scheme<e3m2>{rule});
    check<mx<mxint8>, test::first_arch>(mx_scheme<mxint8>{rule});
  }
  check<block_float<5>, test::first_arch>();
  check<block_float<2>, test::first_arch>();
}

TEST_CASE("integers with zero points in blocks, rounded by other policies", "[block]") {
  using bytes = affine_int<8, float32, stochastic_stream>;
  static_assert(bytes::scheme_type::lanes<native_arch> != 0);
  for (auto const stream : {stochastic_stream{5, 0, 8, stochastic_variant::c}, stochastic_stream{6, 0, 16, stochastic_variant::b},
                            stochastic_stream{7, 0, 32, stochastic_variant::c}})
    check<bytes, test::first_arch>(affine_scheme<8, float32, stochastic_stream>{stream});
  check<affine_int<4, float16, toward_odd>, test::first_arch>();
}
