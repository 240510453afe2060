// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/scale_float.hpp: every code, every policy at every edge and tie; what negative numbers become.
#include "skive/format/scale_float.hpp"

#include "skive/core/concepts.hpp"
#include "support/format_checks.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

static_assert(scalar_format<ue4m3> && scalar_format<ue5m3> && ue4m3::bits == 7 && ue5m3::bits == 8);
static_assert(ue4m3::encode(1.0f) == 0x38 && ue5m3::encode(1.0f) == 0x78 && ue4m3::lowest == 0.0f);

TEST_CASE("unsigned scale codes and policies against exact arithmetic", "[format]") {
  test::check_format<ue4m3>({"ue4m3", 4, 3, 7, false, 0x7E, -1, 0x7F, 0x7F});
  test::check_format<ue5m3>({"ue5m3", 5, 3, 15, false, 0xFE, -1, 0xFF, 0xFF});
}

TEST_CASE("unsigned scale vectors", "[format]") {
  CHECK(ue5m3::decode(0xF8) == 65536.0f);
  CHECK(ue5m3::decode(0xFE) == 114688.0f);
  CHECK(std::isnan(ue5m3::decode(0xFF)));
  CHECK(ue5m3::encode(118784.0f, nearest_even{}, non_saturating) == 0xFE);
  CHECK(ue5m3::encode(std::nextafter(118784.0f, 1e9f), nearest_even{}, non_saturating) == 0xFF);
  CHECK(ue4m3::encode(256.0f) == 0x78);
  CHECK(ue4m3::encode(300.0f) == 0x79);
  CHECK(ue4m3::decode(0xB8) == 1.0f);  // bits above the format's are ignored
}

TEST_CASE("negative numbers into unsigned formats", "[format]") {
  CHECK(ue4m3::encode(-3.0f) == 0);
  CHECK(ue4m3::encode(-HUGE_VALF) == 0);
  CHECK(ue4m3::encode(-0.0f, nearest_even{}, non_saturating) == 0);
  CHECK(ue4m3::encode(-3.0f, nearest_even{}, non_saturating) == 0x7F);
  CHECK(ue4m3::encode(-0x1p-12f, nearest_even{}, non_saturating) == 0);  // rounds to zero first
  CHECK(ue4m3::encode(-0x1p-12f, toward_negative{}, non_saturating) == 0x7F);
}

}  // namespace
