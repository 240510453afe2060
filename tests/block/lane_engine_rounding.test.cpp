// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_engine.hpp: stochastic rounding in blocks; the bytes of the scalar rule, whatever the place of a group in its row.
#include "skive/block/absmax.hpp"

#include "skive/block/mx.hpp"
#include "skive/core/stochastic_stream.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"
#include "support/lane_rows.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Codec, class Arches = test::first_arch>
void check(stochastic_stream stream) {
  static_assert(Codec::scheme_type::template lanes<native_arch> != 0);
  test::check_codec(
      [&](std::size_t group, bit_order order) {
        typename Codec::scheme_type scheme{};
        scheme.rounding = stream;
        return Codec{group, scheme, order}.at_row(group + 1);
      },
      std::numeric_limits<float>::infinity(), Arches{}, 10);
}

}  // namespace

TEST_CASE("integers in blocks, rounded stochastically", "[block]") {
  check<absmax<int4, float16, stochastic_stream>, test::few_arches>({5, 0, 8, stochastic_variant::c});
  check<absmax<int8, float32, stochastic_stream>>({6, 0, 16, stochastic_variant::a});
  check<absmax<int8, float32, stochastic_stream>>({6, 0, 8, stochastic_variant::c});
}

TEST_CASE("small floats in blocks, rounded stochastically", "[block]") {
  check<absmax<e4m3fn, float32, stochastic_stream>>({7, 0, 11, stochastic_variant::b});
  check<mx<e2m1, stochastic_stream>, test::few_arches>({8, 0, 8, stochastic_variant::c});
  check<mx<mxint8, stochastic_stream>>({9, 0, 5, stochastic_variant::c});
}

TEST_CASE("more than 16 random bits, in blocks", "[block]") {
  check<mx<e2m1, stochastic_stream>>({8, 0, 32, stochastic_variant::c});
  check<absmax<int8, float32, stochastic_stream>>({6, 0, 32, stochastic_variant::b});
  check<absmax<e4m3fn, float32, stochastic_stream>>({7, 0, 32, stochastic_variant::c});
}
