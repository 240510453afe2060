// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/fp8.hpp: every code, every policy at every edge and tie, the published vectors.
#include "skive/format/fp8.hpp"

#include "skive/core/concepts.hpp"
#include "support/format_checks.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using test::check_format;

static_assert(scalar_format<e4m3fn> && scalar_format<e5m2> && scalar_format<e4m3fnuz> && scalar_format<e5m2fnuz>);
static_assert(scalar_format<e4m3b11fnuz> && scalar_format<e4m3_ieee> && scalar_format<e3m4_ieee> && scalar_format<e3m4fn>);
static_assert(sizeof(e4m3fn) == 1 && primitive<e4m3fn>);
static_assert(static_cast<float>(e4m3fn::from(0.3)) == 0.3125f && e4m3fn{} == e4m3fn::from(0.0f));

template <class F, class Real>
constexpr int strict(Real x) {  // OCP NONSAT
  return F::encode(x, nearest_even{}, non_saturating);
}

TEST_CASE("OFP8 codes and policies against exact arithmetic", "[format]") {
  check_format<e4m3fn>({"e4m3fn", 4, 3, 7, true, 0x7E, -1, 0x7F, 0x7F});
  check_format<e5m2>({"e5m2", 5, 2, 15, true, 0x7B, 0x7C, 0x7D, 0x7E});
}

TEST_CASE("FNUZ codes and policies against exact arithmetic", "[format]") {
  check_format<e4m3fnuz>({"e4m3fnuz", 4, 3, 8, true, 0x7F, -1, -1, -1, true, false});
  check_format<e5m2fnuz>({"e5m2fnuz", 5, 2, 16, true, 0x7F, -1, -1, -1, true, false});
  check_format<e4m3b11fnuz>({"e4m3b11fnuz", 4, 3, 11, true, 0x7F, -1, -1, -1, true, false});
}

TEST_CASE("IEEE-like and Intel eight-bit codes and policies against exact arithmetic", "[format]") {
  check_format<e4m3_ieee>({"e4m3_ieee", 4, 3, 7, true, 0x77, 0x78, 0x79, 0x7C});
  check_format<e3m4_ieee>({"e3m4_ieee", 3, 4, 3, true, 0x6F, 0x70, 0x71, 0x78});
  check_format<e3m4fn>({"e3m4fn", 3, 4, 3, true, 0x7E, -1, 0x7F, 0x7F});
}

TEST_CASE("the published vectors of the eight-bit formats", "[format]") {
  CHECK(e4m3fn::decode(0x01) == 0x1p-9f);
  CHECK(e4m3fn::decode(0x07) == 7 * 0x1p-9f);
  CHECK(e4m3fn::decode(0x08) == 0x1p-6f);
  CHECK(e4m3fn::decode(0x38) == 1.0f);
  CHECK(e4m3fn::decode(0x39) == 1.125f);
  CHECK(e4m3fn::decode(0x77) == 240.0f);
  CHECK(e4m3fn::decode(0x78) == 256.0f);
  CHECK(e4m3fn::decode(0x7E) == 448.0f);
  CHECK(std::isnan(e4m3fn::decode(0x7F)));
  CHECK(std::signbit(e4m3fn::decode(0x80)));
  CHECK(e5m2::decode(0x01) == 0x1p-16f);
  CHECK(e5m2::decode(0x3D) == 1.25f);
  CHECK(e5m2::decode(0x7B) == 57344.0f);
  CHECK(std::isinf(e5m2::decode(0x7C)));
  CHECK(std::isnan(e5m2::decode(0x7E)));
  CHECK(e4m3fnuz::decode(0x01) == 0x1p-10f);
  CHECK(e4m3fnuz::decode(0x40) == 1.0f);
  CHECK(std::isnan(e4m3fnuz::decode(0x80)));
  CHECK(e5m2fnuz::decode(0x40) == 1.0f);
  CHECK(e4m3b11fnuz::decode(0x58) == 1.0f);
  CHECK(e4m3b11fnuz::decode(0x7F) == 30.0f);
  CHECK(e3m4_ieee::decode(0x30) == 1.0f);
  CHECK(e3m4_ieee::decode(0x6F) == 15.5f);
}

TEST_CASE("overflow thresholds: ties round before the test", "[format]") {
  CHECK(strict<e4m3fn>(464.0f) == 0x7E);
  CHECK(strict<e4m3fn>(std::nextafter(464.0f, 1e9f)) == 0x7F);
  CHECK(strict<e4m3fn>(std::nextafter(464.0, 1e9)) == 0x7F);
  CHECK(strict<e5m2>(std::nextafter(61440.0f, 0.0f)) == 0x7B);
  CHECK(strict<e5m2>(61440.0f) == 0x7C);
  CHECK(strict<e4m3fnuz>(std::nextafter(248.0f, 0.0f)) == 0x7F);
  CHECK(strict<e4m3fnuz>(248.0f) == 0x80);
  CHECK(strict<e5m2fnuz>(61440.0f) == 0x80);
  CHECK(strict<e4m3b11fnuz>(31.0f) == 0x80);
  CHECK(strict<e4m3_ieee>(248.0f) == 0x78);
  CHECK(strict<e3m4_ieee>(15.75f) == 0x70);
  CHECK(strict<e3m4fn>(30.5f) == 0x7E);
  CHECK(strict<e3m4fn>(std::nextafter(30.5f, 31.0f)) == 0x7F);
  CHECK(e4m3fn::encode(-1e30f) == 0xFE);
  CHECK(e5m2::encode(HUGE_VALF, nearest_even{}, saturating_finite) == 0x7C);
  CHECK(e5m2::encode(1e30f, nearest_even{}, saturating_finite) == 0x7B);
  CHECK(e5m2::encode(1e30f, toward_zero{}, non_saturating) == 0x7B);
  CHECK(e5m2::encode(-1e30f, toward_positive{}, non_saturating) == 0xFB);
  CHECK(e5m2::encode(1e30f, toward_positive{}, non_saturating) == 0x7C);
}

TEST_CASE("half of the smallest subnormal, negative underflow, double rounding", "[format]") {
  CHECK(strict<e4m3fn>(0x1p-10f) == 0);
  CHECK(strict<e4m3fn>(std::nextafter(0x1p-10f, 1.0f)) == 1);
  CHECK(strict<e4m3fn>(1.5f * 0x1p-9f) == 2);
  CHECK(strict<e4m3fnuz>(-0x1p-12f) == 0);
  CHECK(strict<e4m3fnuz>(-0.0f) == 0);
  CHECK(strict<e4m3fn>(-0x1p-12f) == 0x80);
  CHECK(strict<e4m3fn>(std::bit_cast<float>(0x3F880001U)) == 0x39);
  CHECK(strict<e5m2>(std::bit_cast<float>(0x3F900001U)) == 0x3D);
  CHECK(strict<e4m3fn>(std::bit_cast<double>(std::bit_cast<std::uint64_t>(1.0625) + 1)) == 0x39);  // via float: 38
}

TEST_CASE("NaN keeps its sign where it has one", "[format]") {
  float const minus_nan = std::bit_cast<float>(0xFF800001U);
  CHECK(e4m3fn::encode(minus_nan) == 0xFF);
  CHECK(e5m2::encode(minus_nan) == 0xFE);
  CHECK(e4m3fnuz::encode(minus_nan) == 0x80);
}

}  // namespace
