// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/e8m0.hpp: all codes, all policies against the table of powers of two, and the five named rules with their edges.
#include "skive/format/e8m0.hpp"

#include "skive/core/scalar_format.hpp"
#include "support/format_checks.hpp"
#include "support/policy_checks.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using rule = e8m0_rule;

static_assert(scalar_format<e8m0> && e8m0::encode(1.0f) == 0x7F && e8m0::decode(0) == 0x1p-127f);
static_assert(test::asks_for_policies<e8m0> && test::makes_with<e8m0, stochastic> && !test::makes_with<e8m0, int>);
static_assert(encode_e8m0(3.0f, rule::nearest_up) == 0x81 && encode_e8m0(3.0, rule::nearest_even) == 0x80);

test::float_oracle powers() {
  std::vector<double> values;
  std::vector<std::int64_t> codes;
  for (int c = 0; c <= 255; ++c) {
    values.push_back(std::ldexp(1.0, c - 127));
    codes.push_back(c);
  }
  return {values, codes, 0xFF};
}

TEST_CASE("every E8M0 code is its power of two", "[format]") {
  for (int c = 0; c < 255; ++c) {
    auto const code = static_cast<std::uint8_t>(c);
    CHECK(static_cast<double>(e8m0::decode(code)) == std::ldexp(1.0, c - 127));
    CHECK(e8m0::decode_as<double>(code) == std::ldexp(1.0, c - 127));
    for (auto const r : {rule::exponent_field, rule::nearest_even, rule::nearest_up, rule::nearest_up_magnitude, rule::ceil}) {
      CHECK(encode_e8m0(e8m0::decode(code), r) == code);
      CHECK(encode_e8m0(e8m0::decode_as<double>(code), r) == code);
    }
    CHECK(e8m0::decode_as<double>(e8m0::reciprocal(code)) * e8m0::decode_as<double>(code) == 1.0);
  }
  CHECK(std::isnan(e8m0::decode(0xFF)));
  CHECK(e8m0::reciprocal(0xFF) == 0xFF);
  CHECK(std::bit_cast<std::uint32_t>(e8m0::decode(0)) == 0x00400000);
}

TEST_CASE("E8M0 under every policy against exact arithmetic", "[format]") {
  auto const oracle = powers();
  test::tally t;
  test::check_edges<e8m0, float>(oracle, 1, t);
  test::check_edges<e8m0, double>(oracle, 1, t);
  test::check_upper_halves<e8m0>(oracle, t);
  INFO("first wrong: " << t.first << " of " << t.checked << " comparisons");
  CHECK(t.wrong == 0);
}

TEST_CASE("E8M0 vectors: strict nearest even and ceil", "[format]") {
  CHECK(e8m0::encode(1.5f) == 0x80);
  CHECK(e8m0::encode(3.0f) == 0x80);
  CHECK(e8m0::encode(6.0f) == 0x82);
  CHECK(e8m0::encode(0.75f) == 0x7E);
  CHECK(e8m0::encode(0x1.2p-127f) == 0x00);
  CHECK(e8m0::encode(0x1.8p-127f) == 0x00);
  CHECK(e8m0::encode(1.125f, toward_positive{}) == 0x80);
  CHECK(e8m0::encode(1.25f, toward_positive{}) == 0x80);
  CHECK(e8m0::encode(5.0f, toward_positive{}) == 0x82);
  CHECK(e8m0::encode(0x1p-127f, toward_positive{}) == 0x00);
  CHECK(e8m0::encode(0x1.4p-127f, toward_positive{}) == 0x01);
  CHECK(e8m0::encode(0x1.8p127f, nearest_even{}, non_saturating) == 0xFE);
  CHECK(e8m0::encode(std::nextafter(0x1.8p127f, HUGE_VALF), nearest_even{}, non_saturating) == 0xFF);
}

// The table of the header, column by column.
TEST_CASE("the five named rules differ as documented", "[format]") {
  struct row {
    rule name;
    int at_1_25, at_1_5, at_3, lowest, zero, negative_three;
  };
  row const rows[] = {{rule::exponent_field, 0x7F, 0x7F, 0x80, 0x00, 0x00, 0x80},
                      {rule::nearest_even, 0x7F, 0x80, 0x80, 0x00, 0x00, 0xFF},
                      {rule::nearest_up, 0x7F, 0x80, 0x81, 0x01, 0xFF, 0xFF},
                      {rule::nearest_up_magnitude, 0x7F, 0x80, 0x81, 0x01, 0x00, 0x81},
                      {rule::ceil, 0x80, 0x80, 0x81, 0x01, 0x00, 0xFF}};
  for (auto const& r : rows) {
    CAPTURE(static_cast<int>(r.name));
    CHECK(encode_e8m0(1.25f, r.name) == r.at_1_25);
    CHECK(encode_e8m0(1.5f, r.name) == r.at_1_5);
    CHECK(encode_e8m0(3.0f, r.name) == r.at_3);
    CHECK(encode_e8m0(0x1.2p-127f, r.name) == r.lowest);
    CHECK(encode_e8m0(0.0f, r.name) == r.zero);
    CHECK(encode_e8m0(-3.0f, r.name) == r.negative_three);
    CHECK(encode_e8m0(0.0f, r.name, saturating) == 0);
    CHECK(encode_e8m0(HUGE_VALF, r.name) == 0xFF);
    CHECK(encode_e8m0(HUGE_VALF, r.name, saturating) == 0xFE);
    CHECK(encode_e8m0(std::numeric_limits<float>::quiet_NaN(), r.name, saturating) == 0xFF);
    CHECK(encode_e8m0(1e300, r.name) == 0xFF);
  }
  CHECK(encode_e8m0(0x1.cp127f, rule::exponent_field) == 0xFE);
  CHECK(encode_e8m0(0x1.8p127f, rule::nearest_up_magnitude) == 0xFF);
  CHECK(encode_e8m0(0x1.8p127f, rule::nearest_up, saturating) == 0xFE);
}

// PyTorch's rule restated on the bits of a float: guard, round and sticky bits, with "exponent field > 0" in place of the LSB.
int guard_round_sticky(std::uint32_t word) {
  int const field = static_cast<int>(word >> 23 & 0xFF);
  if (field == 255) return 255;
  bool const guard = (word & 0x400000) != 0;
  bool const below = (word & 0x3FFFFF) != 0;
  return field + (guard && (below || field > 0) ? 1 : 0);
}

TEST_CASE("exponent_field and nearest_up_magnitude on all upper halves", "[format]") {
  std::uint64_t wrong = 0;
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper)
    for (std::uint32_t const lower : {0U, 1U, 0x8000U, 0xFFFFU}) {
      std::uint32_t const word = upper << 16 | lower;
      float const x = std::bit_cast<float>(word);
      wrong += encode_e8m0(x, rule::exponent_field) != static_cast<int>(word >> 23 & 0xFF);
      wrong += encode_e8m0(x, rule::nearest_up_magnitude) != guard_round_sticky(word);
      if (std::isnan(x)) continue;
      wrong += encode_e8m0(x, rule::exponent_field) != encode_e8m0(static_cast<double>(x), rule::exponent_field);
      wrong += encode_e8m0(x, rule::nearest_up) != encode_e8m0(static_cast<double>(x), rule::nearest_up);
      bool const positive = x > 0;
      wrong += encode_e8m0(x, rule::nearest_up) != (positive ? guard_round_sticky(word) : 255);
      wrong += encode_e8m0(x, rule::nearest_up, saturating) != (positive ? std::min(guard_round_sticky(word), 254) : 0);
    }
  CHECK(wrong == 0);
}

}  // namespace
