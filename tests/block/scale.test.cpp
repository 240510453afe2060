// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/scale.hpp: the identity format, and how scales are kept, loaded and applied.
#include "skive/block/scale.hpp"

#include "skive/core/concepts.hpp"
#include "skive/format/e8m0.hpp"
#include "skive/format/half.hpp"
#include "skive/format/integer.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::float32;
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float largest = std::numeric_limits<float>::max();
std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

static_assert(skive::scalar_format<float32> && float32::bits == 32 && float32::max_finite == largest);

}  // namespace

TEST_CASE("scale: float32 keeps every number and one NaN", "[block]") {
  std::mt19937 random{1};
  for (int i = 0; i < 100'000; ++i) {
    auto const code = static_cast<std::uint32_t>(random());
    float const x = std::bit_cast<float>(code);
    if (std::isfinite(x)) REQUIRE(float32::encode(x) == code);
    if (std::isnan(x)) REQUIRE(float32::encode(x) == 0x7FC0'0000);
    REQUIRE(bits(float32::decode(code)) == code);
  }
  CHECK(float32::encode(-0.0f) == 0x8000'0000);
  CHECK(float32::encode(infinity) == bits(largest));
  CHECK(float32::encode(-infinity) == bits(-largest));
  CHECK(float32::encode(infinity, skive::nearest_even{}, skive::non_saturating) == bits(infinity));
  CHECK(float32::encode(0x1p-149f) == 1);
}

TEST_CASE("scale: the kept scale is what its format holds", "[block]") {
  auto const half = skive::detail::keep_scale<skive::float16>(0.1f);
  CHECK((half.code == 0x2E66 && half.scale == 1638 * 0x1p-14f));
  CHECK(skive::detail::keep_scale<skive::float16>(1e9f).scale == 65504.0f);
  CHECK(skive::detail::keep_scale<skive::float16>(1e-9f).scale == 0.0f);
  CHECK(skive::detail::keep_scale<skive::float16>(infinity).scale == 65504.0f);
  CHECK(skive::detail::keep_scale<float32>(0.1f).scale == 0.1f);
  CHECK(skive::detail::keep_scale<skive::bfloat16>(1.00390625f).scale == 1.0f);  // a tie to even
  CHECK(skive::detail::keep_scale<skive::e8m0>(3.5f).scale == 4.0f);
  auto const bad = skive::detail::not_finite_scale<skive::float16>();
  CHECK((bad.code == 0x7E00 && std::isnan(bad.scale)));
  CHECK(std::isnan(skive::detail::load_scale<skive::float16>(bad.code).scale));
  CHECK(std::isnan(skive::detail::load_scale<skive::e8m0>(skive::detail::not_finite_scale<skive::e8m0>().code).scale));
  for (std::uint32_t c = 0; c < 0x10000; ++c) {
    auto const s = skive::detail::load_scale<skive::float16>(c);
    REQUIRE((s.code == c && bits(s.scale) == bits(skive::float16::decode(static_cast<std::uint16_t>(c)))));
  }
}

TEST_CASE("scale: codes and values relative to a scale", "[block]") {
  using skive::int4;
  auto const code = [](float scale, float x) {
    return int4::integer(skive::detail::code_at_scale<int4>(scale, x, skive::nearest_even{}));
  };
  auto const value = [](float scale, int n) { return skive::detail::value_at_scale<int4>(scale, int4::from_integer(n)); };
  CHECK((code(2, 5) == 2 && code(2, 7) == 4 && code(2, -100) == -7 && code(2, infinity) == 7));  // 2.5 and 3.5 are ties
  CHECK((code(0, 5) == 0 && code(-0.0f, 5) == 0 && code(not_a_number, 5) == 0 && code(infinity, 5) == 0 &&
         code(2, not_a_number) == 0));
  CHECK((value(2, 3) == 6 && value(0, 3) == 0 && value(2, -7) == -14));
  CHECK(std::isnan(value(not_a_number, 0)));
  CHECK(std::isnan(value(not_a_number, 3)));
  CHECK(bits(value(0, -3)) == 0);
  CHECK(value(0x1p-149f, 3) == 3 * 0x1p-149f);
}
