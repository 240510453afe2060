// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/fp4.hpp: every code, every policy at every edge and tie; the value list and the ties.
#include "skive/format/fp4.hpp"

#include "skive/core/concepts.hpp"
#include "support/format_checks.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

static_assert(scalar_format<e2m1> && e2m1::bits == 4 && e2m1::max_finite == 6.0f && e2m1::encode(1.0f) == 2);

TEST_CASE("four-bit codes and policies against exact arithmetic", "[format]") {
  test::check_format<e2m1>({"e2m1", 2, 1, 1, true, 7, -1, -1, -1});
}

TEST_CASE("four-bit values and ties", "[format]") {
  float const values[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
  for (std::uint8_t c = 0; c < 8; ++c) {
    CHECK(e2m1::decode(c) == values[c]);
    CHECK(e2m1::decode(static_cast<std::uint8_t>(c + 8)) == -values[c]);
  }
  CHECK(std::signbit(e2m1::decode(8)));
  float const ties[] = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5.0f};
  std::uint8_t const codes[] = {0, 2, 2, 4, 4, 6, 6};
  for (int i = 0; i < 7; ++i) CHECK(e2m1::encode(ties[i]) == codes[i]);
  CHECK(e2m1::encode(std::bit_cast<float>(0x3FA00001U)) == 3);  // through a half: 2
  CHECK(e2m1::encode(-5.5f, nearest_even{}, non_saturating) == 0xF);
  CHECK(e2m1::encode(-0.1f) == 8);
  CHECK(e2m1::encode(std::bit_cast<float>(0xFFC00000U)) == 0xF);
}

TEST_CASE("stochastic vectors: which random bits round away", "[format]") {
  auto const away = [](float nu, stochastic_variant v) {
    int mask = 0;
    for (std::uint32_t r = 0; r < 4; ++r) mask |= (e2m1::encode(2.0f + nu, stochastic{r, 2, v}) == 5 ? 1 : 0) << r;
    return mask;
  };
  CHECK(away(0.3f, stochastic_variant::a) == 0b1000);
  CHECK(away(0.3f, stochastic_variant::b) == 0b1000);
  CHECK(away(0.3f, stochastic_variant::c) == 0b1000);
  CHECK(away(0.45f, stochastic_variant::a) == 0b1000);
  CHECK(away(0.45f, stochastic_variant::b) == 0b1100);
  CHECK(away(0.45f, stochastic_variant::c) == 0b1100);
}

TEST_CASE("stochastic rounding sees 32 bits of numbers far below the smallest", "[format]") {
  constexpr std::uint32_t threshold = 0U - (1U << 15);  // 2^32 (1 - 2^-17)
  for (auto const v : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c}) {
    CHECK(e2m1::encode(0x1p-18, stochastic{threshold, 32, v}) == 1);
    CHECK(e2m1::encode(0x1p-18, stochastic{threshold - 1, 32, v}) == 0);
    CHECK(e2m1::encode(0x1p-18f, stochastic{threshold, 32, v}) == 1);
  }
}

}  // namespace
