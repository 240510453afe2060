// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_engine.hpp: small floats and tables; the bytes of the scalar rule.
#include "skive/block/absmax.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "skive/format/p3109.hpp"
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

// Levels far beyond those of a format: values and scales leave the range of float32.
struct tiny_level {
  static constexpr std::array<float, 2> levels{-1e-30f, 1.0f};
};
struct tiny_levels {
  static constexpr std::array<float, 2> levels{-1e-30f, -2e-30f};
};
struct huge_level {
  static constexpr std::array<float, 3> levels{-1e30f, 0.0f, 1.0f};
};
struct no_zero {
  static constexpr std::array<float, 5> levels{-1.0f, 0.75f, 0.25f, -0.5f, 0.5f};
};

}  // namespace

TEST_CASE("floats of eight bits in blocks", "[block]") {
  check<absmax<e5m2>>();
  check<absmax<e4m3fnuz, float16>, test::first_arch>();
  check<absmax<e4m3_ieee>, test::first_arch>();
  check<absmax<p3109<8, 2, signedness::with_sign, domain::extended>>, test::first_arch>();
}

TEST_CASE("floats of four and six bits in blocks", "[block]") {
  check<absmax<e2m1>>();
  check<absmax<e2m3, float16>, test::first_arch>();
  check<absmax<e3m2>, test::first_arch>();
}

TEST_CASE("tables in blocks", "[block]") {
  check<absmax<nf4>>();
  check<absmax<fp4_bnb, float16>, test::first_arch>();
  check<absmax<fp4_bnb>, test::first_arch>();
  check<absmax<nf3>, test::first_arch>();
  check<absmax<dynamic8>, test::first_arch>();
  check<absmax<lookup_format<no_zero>>, test::first_arch>();
}

TEST_CASE("tables beyond the vector rule in blocks", "[block]") {
  check<absmax<lookup_format<tiny_level>>, test::first_arch>();
  check<absmax<lookup_format<tiny_levels>>, test::first_arch>();
  check<absmax<lookup_format<huge_level>>, test::first_arch>();
}
