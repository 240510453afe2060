// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/half.hpp: every code, every policy at edges and ties; vectors; rows of two-byte numbers.
#include "skive/format/half.hpp"

#include "skive/core/concepts.hpp"
#include "support/format_checks.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <span>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

static_assert(scalar_format<bfloat16> && scalar_format<float16> && scalar_format<tf32> && tf32::bits == 19);
static_assert(float16::max_finite == 65504.0f && float16::max_code == 0x7BFF && float16::encode(1.0f) == 0x3C00);
static_assert(float16::min_normal == 0x1p-14f && float16::min_subnormal == 0x1p-24f && float16::nan_code == 0x7E00);
static_assert(bfloat16::min_subnormal == 0x1p-133f && tf32::min_subnormal == 0x1p-136f);

TEST_CASE("float16 codes and policies against exact arithmetic", "[format]") {
  test::check_format<float16>({"float16", 5, 10, 15, true, 0x7BFF, 0x7C00, 0x7C01, 0x7E00}, 3);
}
TEST_CASE("bfloat16 codes and policies against exact arithmetic", "[format]") {
  test::check_format<bfloat16>({"bfloat16", 8, 7, 127, true, 0x7F7F, 0x7F80, 0x7F81, 0x7FC0}, 3);
}
TEST_CASE("TF32 codes and policies against exact arithmetic", "[format]") {
  test::check_format<tf32>({"tf32", 8, 10, 127, true, 0x3FBFF, 0x3FC00, 0x3FC01, 0x3FE00}, 37);
}

TEST_CASE("bfloat16 and float16 vectors", "[format]") {
  auto const cast = [](std::uint32_t word) {
    return bfloat16::encode(std::bit_cast<float>(word), nearest_even{}, non_saturating);
  };
  CHECK(cast(0x3F808000) == 0x3F80);
  CHECK(cast(0x3F818000) == 0x3F82);
  CHECK(cast(0x7F7F8000) == 0x7F80);
  CHECK(cast(0x7F7F7FFF) == 0x7F7F);
  CHECK(cast(0x7F800001) == 0x7FC0);
  CHECK(cast(0xFFFFFFFF) == 0xFFC0);
  CHECK(bfloat16::encode(std::bit_cast<float>(0x7F7F8000U)) == 0x7F7F);  // saturating by default
  CHECK(float16::encode(65520.0f, nearest_even{}, non_saturating) == 0x7C00);
  CHECK(float16::encode(std::nextafter(65520.0f, 0.0f), nearest_even{}, non_saturating) == 0x7BFF);
  CHECK(float16::encode(0x1p-25f) == 0);
  CHECK(float16::encode(std::nextafter(0x1p-25f, 1.0f)) == 1);
}

TEST_CASE("TF32 numbers stand in the upper bits of a float", "[format]") {
  for (std::uint32_t c = 0; c < 1U << 19; c += 13) {
    auto const value = tf32::decode(c);
    if (std::isnan(value)) continue;
    REQUIRE(std::bit_cast<std::uint32_t>(value) == tf32_word(c));
    REQUIRE(tf32_code(tf32_word(c) | 0x1FFF) == c);
  }
}

TEST_CASE("a row of halves is a row of two-byte numbers", "[format]") {
  std::array<std::uint16_t, 4> const words{0x3F80, 0xC000, 0x7F80, 0x0001};
  auto const row = std::bit_cast<std::array<bfloat16, 4>>(words);
  std::span<bfloat16 const> const numbers = row;
  CHECK(static_cast<float>(numbers[0]) == 1.0f);
  CHECK(static_cast<double>(numbers[1]) == -2.0);
  CHECK(std::isinf(static_cast<float>(numbers[2])));
  CHECK(numbers[3] == bfloat16::from(0x1p-133));
  CHECK(numbers.size_bytes() == 8);
}

}  // namespace
