// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/absmax.hpp: the laws for integers, small floats and group sizes; bytes against the formulas in double.
#include "skive/block/absmax.hpp"

#include "laws/stepwise_codec.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "support/kept_half.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using skive::absmax;
using skive::bit_order;
namespace test = skive::test;

template <class Codec>
void keeps_the_laws(Codec const& codec, std::vector<std::size_t> const& lengths = {0, 1, 7, 33, 131}) {
  test::check_block_codec(codec, lengths);
  test::check_stepwise_codec(codec, lengths);
}

// The header's formulas for integers, in double with one rounding to float where it says fl32.
std::vector<float> integer_oracle(std::vector<float> const& row, std::size_t group, int bits) {
  double const limit = (1 << (bits - 1)) - 1;
  std::vector<float> out;
  for (std::size_t first = 0; first < row.size(); first += group) {
    auto const end = std::min(row.size(), first + group);
    double largest = 0;
    for (auto i = first; i < end; ++i) largest = std::max(largest, std::fabs(static_cast<double>(row[i])));
    double const s = test::kept_half(static_cast<double>(static_cast<float>(largest / limit)));
    for (auto i = first; i < end; ++i) {
      double const n = s == 0 ? 0 : std::nearbyint(static_cast<double>(static_cast<float>(static_cast<double>(row[i]) / s)));
      out.push_back(static_cast<float>(std::clamp(n, -limit, limit) * s));
    }
  }
  return out;
}

template <class Format>
void matches_integers(int bits) {
  for (std::size_t const group : {16U, 32U, 128U})
    for (unsigned seed = 0; seed < 20; ++seed) {
      auto const row = test::mixed_row(517, seed);
      REQUIRE(test::through(absmax<Format>{group}, row) == integer_oracle(row, group, bits));
    }
}

}  // namespace

TEST_CASE("absmax: integers of all widths keep the laws", "[block]") {
  keeps_the_laws(absmax<skive::int2>{32});
  keeps_the_laws(absmax<skive::int3>{32});
  keeps_the_laws(absmax<skive::int4>{32});
  keeps_the_laws(absmax<skive::int5>{16});
  keeps_the_laws(absmax<skive::int6>{16});
  keeps_the_laws(absmax<skive::int7>{32});
  keeps_the_laws(absmax<skive::int8>{32});
  keeps_the_laws(absmax<skive::int4_full>{32});
}

TEST_CASE("absmax: group sizes that share bytes keep the laws", "[block]") {
  for (std::size_t const group : {1U, 3U, 10U, 16U, 128U, 0U}) {
    keeps_the_laws(absmax<skive::int3>{group}, {0, 1, 9, 64, 333, 400});
    keeps_the_laws(absmax<skive::int4>{group, {}, bit_order::high_first});
    keeps_the_laws(absmax<skive::e4m3fn>{group});
  }
  keeps_the_laws(absmax<skive::int3>{0}, {1000});
  keeps_the_laws(absmax<skive::int5>{400}, {1000});
}

TEST_CASE("absmax: small floats, scale formats and the search keep the laws", "[block]") {
  keeps_the_laws(absmax<skive::e2m1>{16});
  keeps_the_laws(absmax<skive::e2m1>{16, {}, bit_order::high_first});
  keeps_the_laws(absmax<skive::nf4>{64, {}, bit_order::high_first});
  keeps_the_laws(absmax<skive::int8, skive::float32>{32});
  keeps_the_laws(absmax<skive::int4, skive::bfloat16>{32});
  keeps_the_laws(absmax<skive::int4, skive::e4m3fn>{32});
  keeps_the_laws(absmax<skive::int4>{32, {skive::scale_choice::mse}});
  keeps_the_laws(absmax<skive::e2m1>{32, {skive::scale_choice::mse}});
}

TEST_CASE("absmax: integers are those of the formula", "[block]") {
  matches_integers<skive::int2>(2);
  matches_integers<skive::int3>(3);
  matches_integers<skive::int4>(4);
  matches_integers<skive::int5>(5);
  matches_integers<skive::int8>(8);
}

TEST_CASE("absmax: E4M3 blocks are within half a step of the scale", "[block]") {
  auto const row = test::mixed_row(4096, 3);
  auto const out = test::through(absmax<skive::e4m3fn>{128}, row);
  for (std::size_t first = 0; first < row.size(); first += 128) {
    double largest = 0;
    for (std::size_t i = first; i < first + 128; ++i) largest = std::max(largest, std::fabs(static_cast<double>(row[i])));
    auto const s = static_cast<double>(static_cast<float>(largest / 448));
    for (std::size_t i = first; i < first + 128; ++i) {
      auto const x = static_cast<double>(row[i]);
      double const bound = std::max(std::fabs(x) / 16, s * std::ldexp(1.0, -10));
      REQUIRE(std::fabs(static_cast<double>(out[i]) - x) <= bound * (1 + 1e-6));
      if (std::fabs(x) == largest && largest > 0) REQUIRE(std::fabs(static_cast<double>(out[i]) - x) <= 2e-7 * largest);
    }
  }
}

TEST_CASE("absmax: zero, NaN, huge and tiny groups", "[block]") {
  absmax<skive::int4> const codec{4};
  float const nan = std::numeric_limits<float>::quiet_NaN();
  float const inf = std::numeric_limits<float>::infinity();
  auto const out = test::through(codec, {0, -0.0f, 0, 0, 1, nan, 1, 1, -inf, 1, 1, 1, 7, -3, 2, 1});
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::bit_cast<std::uint32_t>(out[i]) == 0);
  for (std::size_t i = 4; i < 12; ++i) CHECK(std::isnan(out[i]));
  CHECK((out[12] == 7 && out[13] == -3 && out[14] == 2 && out[15] == 1));
  // A float16 scale saturates at 65504: values clip.
  CHECK(test::through(codec, {3e38f, -3e38f, 1, 0}) == std::vector<float>{7 * 65504.0f, -7 * 65504.0f, 0, 0});
  CHECK(test::through(codec, {1e-30f, -1e-30f, 1e-31f, 0}) == std::vector<float>{0, 0, 0, 0});
  // A float32 scale reaches everywhere; subnormal scales too.
  absmax<skive::int8, skive::float32> const wide{4};
  auto const tiny = test::through(wide, {0x1p-130f, -0x1p-131f, 0x1p-149f, 0});
  CHECK(std::fabs(tiny[0] / 0x1p-130f - 1) < 0.01f);
  CHECK(test::through(wide, {3e38f, -3e38f, 0, 0})[0] > 2.9e38f);
}

TEST_CASE("absmax: bytes of an int4 group", "[block]") {
  static_assert(skive::static_scale_scheme<skive::int8>::make(std::numeric_limits<float>::infinity()).error() ==
                skive::errc::not_finite);
  // amax 7: scale 1 = 3C00; codes 7, -7 (9), 3, -1 (F); low nibble first, then high.
  std::vector<float> const row{7, -7, 3, -1};
  auto const low = test::encoded(absmax<skive::int4>{4}, row);
  CHECK((low[0] == std::vector<std::byte>{std::byte{0x97}, std::byte{0xF3}}));
  CHECK((low[1] == std::vector<std::byte>{std::byte{0x00}, std::byte{0x3C}}));
  auto const high = test::encoded(absmax<skive::int4>{4, {}, bit_order::high_first}, row);
  CHECK((high[0] == std::vector<std::byte>{std::byte{0x79}, std::byte{0x3F}}));
}
