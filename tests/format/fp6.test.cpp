// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/fp6.hpp: every code, every policy at every edge and tie; the value lists.
#include "skive/format/fp6.hpp"

#include "skive/core/concepts.hpp"
#include "support/format_checks.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

static_assert(scalar_format<e2m3> && scalar_format<e3m2> && e2m3::bits == 6 && e3m2::bits == 6);
static_assert(!e2m3::has_nan && !e2m3::has_infinity && e2m3::has_negative_zero);
static_assert(e2m3::max_finite == 7.5f && e3m2::max_finite == 28.0f);
static_assert(e2m3::encode(1.0f) == 0x08 && e3m2::encode(1.0f) == 0x0C && e2m3::encode(-0.0f) == 0x20);

TEST_CASE("six-bit codes and policies against exact arithmetic", "[format]") {
  test::check_format<e2m3>({"e2m3", 2, 3, 1, true, 0x1F, -1, -1, -1});
  test::check_format<e3m2>({"e3m2", 3, 2, 3, true, 0x1F, -1, -1, -1});
}

TEST_CASE("six-bit value lists", "[format]") {
  for (int i = 0; i < 16; ++i) CHECK(e2m3::decode(static_cast<std::uint8_t>(i)) == 0.125f * static_cast<float>(i));
  for (int i = 0; i < 8; ++i) {
    CHECK(e2m3::decode(static_cast<std::uint8_t>(16 + i)) == 2.0f + 0.25f * static_cast<float>(i));
    CHECK(e2m3::decode(static_cast<std::uint8_t>(24 + i)) == 4.0f + 0.5f * static_cast<float>(i));
  }
  for (int i = 4; i < 32; ++i)
    CHECK(e3m2::decode(static_cast<std::uint8_t>(i)) == std::ldexp(static_cast<float>(4 + i % 4), i / 4 - 5));
}

TEST_CASE("without NaN codes NaN becomes the largest magnitude of its sign", "[format]") {
  float const nan = std::bit_cast<float>(0x7FC00000U);
  CHECK(e2m3::encode(nan) == 0x1F);
  CHECK(e2m3::encode(-nan) == 0x3F);
  CHECK(e3m2::encode(nan, nearest_even{}, non_saturating) == 0x1F);
  CHECK(e3m2::encode(-HUGE_VALF, nearest_even{}, non_saturating) == 0x3F);
}

}  // namespace
