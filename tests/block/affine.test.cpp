// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/affine.hpp: the laws for 1 to 8 bits, numbers against the formulas in double, edges of the range.
#include "skive/block/affine.hpp"

#include "laws/stepwise_codec.hpp"
#include "support/kept_half.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using skive::affine_int;
namespace test = skive::test;

template <class Codec>
void keeps_the_laws(Codec const& codec) {
  test::check_block_codec(codec, {0, 1, 9, 64, 167});
  test::check_stepwise_codec(codec, {0, 1, 9, 64, 167});
}

double in_float(double x) { return static_cast<double>(static_cast<float>(x)); }

std::vector<float> oracle(std::vector<float> const& row, std::size_t group, int bits) {
  double const top = (1 << bits) - 1;
  std::vector<float> out;
  for (std::size_t first = 0; first < row.size(); first += group) {
    auto const end = std::min(row.size(), first + group);
    double low = 0;
    double high = 0;
    for (auto i = first; i < end; ++i) {
      low = std::min(low, static_cast<double>(row[i]));
      high = std::max(high, static_cast<double>(row[i]));
    }
    double const s = test::kept_half(in_float(in_float(high - low) / top));
    double const zero = s == 0 ? 0 : std::clamp(std::nearbyint(in_float(-low / s)), 0.0, top);
    for (auto i = first; i < end; ++i) {
      double const code = s == 0 ? zero : std::clamp(std::nearbyint(in_float(static_cast<double>(row[i]) / s)) + zero, 0.0, top);
      out.push_back(static_cast<float>((code - zero) * s));
    }
  }
  return out;
}

template <int Bits>
void matches() {
  for (std::size_t const group : {16U, 32U, 128U})
    for (unsigned seed = 0; seed < 20; ++seed) {
      auto row = test::mixed_row(517, seed);
      for (std::size_t i = 0; i < row.size(); ++i)
        if (i / 128 == 1) row[i] = std::fabs(row[i]);  // a group of one sign: the range still contains 0
      REQUIRE(test::through(affine_int<Bits>{group}, row) == oracle(row, group, Bits));
    }
}

}  // namespace

TEST_CASE("affine: all widths keep the laws", "[block]") {
  keeps_the_laws(affine_int<1>{32});
  keeps_the_laws(affine_int<2>{32});
  keeps_the_laws(affine_int<3>{32});
  keeps_the_laws(affine_int<4>{32});
  keeps_the_laws(affine_int<5>{32});
  keeps_the_laws(affine_int<6>{16});
  keeps_the_laws(affine_int<7>{10});
  keeps_the_laws(affine_int<8>{32});
}

TEST_CASE("affine: zero points that share bytes keep the laws", "[block]") {
  for (std::size_t const group : {1U, 3U, 10U, 16U, 128U, 0U}) {
    keeps_the_laws(affine_int<3>{group});
    keeps_the_laws(affine_int<4>{group, {}, skive::bit_order::high_first});
  }
  keeps_the_laws(affine_int<4, skive::float32>{32});
  CHECK(affine_int<4>{32}.block_size() == 64);
  CHECK(affine_int<3>{32}.block_size() == 256);
  CHECK(affine_int<8>{32}.block_size() == 32);
}

TEST_CASE("affine: numbers are those of the formula", "[block]") {
  matches<1>();
  matches<2>();
  matches<3>();
  matches<4>();
  matches<5>();
  matches<8>();
}

TEST_CASE("affine: bytes of a 4-bit group", "[block]") {
  // lo -3, hi 12: scale 1 = 3C00, zero point 3; codes 0, 15, 3, 4.
  auto const bytes = test::encoded(affine_int<4>{4}, {-3, 12, 0, 1});
  CHECK((bytes[0] == std::vector<std::byte>{std::byte{0xF0}, std::byte{0x43}}));
  CHECK((bytes[1] == std::vector<std::byte>{std::byte{0x00}, std::byte{0x3C}}));
  CHECK((bytes[2] == std::vector<std::byte>{std::byte{0x03}}));
}

TEST_CASE("affine: zero, NaN, constant, huge and tiny groups", "[block]") {
  affine_int<4> const codec{4};
  float const nan = std::numeric_limits<float>::quiet_NaN();
  auto const out = test::through(codec, {0, -0.0f, 0, 0, 1, nan, 1, 1, 15, 15, 15, 15, -15, -15, -15, 0});
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::bit_cast<std::uint32_t>(out[i]) == 0);
  for (std::size_t i = 4; i < 8; ++i) CHECK(std::isnan(out[i]));
  for (std::size_t i = 8; i < 12; ++i) CHECK(out[i] == 15);
  for (std::size_t i = 12; i < 15; ++i) CHECK(out[i] == -15);
  CHECK(out[15] == 0);
  auto const huge = test::through(affine_int<4, skive::float32>{4}, {3e38f, -3e38f, 0, 0});
  CHECK((std::isfinite(huge[0]) && huge[0] > 1e38f && huge[1] < -1e38f && huge[2] == 0));
  auto const tiny = test::through(affine_int<8, skive::float32>{4}, {0x1p-128f, -0x1p-128f, 0x1p-129f, 0});
  CHECK(std::fabs(tiny[0] / 0x1p-128f - 1) < 0.01f);
  CHECK(std::fabs(tiny[1] / -0x1p-128f - 1) < 0.01f);
  // The difference of two normal numbers may be subnormal, and the sum of both ends may overflow.
  auto const close = test::through(affine_int<8, skive::float32>{2}, {0x1.8p-126f, 0x1.0p-126f});
  CHECK(std::fabs(close[0] / 0x1.8p-126f - 1) < 0.01f);
}
