// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/tiny_quotient_lanes.hpp by way of block/lane_engine.hpp: tables in blocks, rounded stochastically, and directed rounding;
// the bytes of the scalar rule, for scales and numbers so small that quotients vanish, too.
#include "skive/block/absmax.hpp"

#include "skive/core/stochastic_stream.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "skive/format/p3109.hpp"
#include "skive/format/power_of_two.hpp"
#include "support/lane_rows.hpp"

namespace {
using namespace skive;
}

TEST_CASE("tables in blocks, rounded stochastically", "[block]") {
  using codec = absmax<nf4, float32, stochastic_stream>;
  static_assert(codec::scheme_type::lanes<native_arch> != 0);
  for (auto const stream :
       {stochastic_stream{10, 0, 8, stochastic_variant::c}, stochastic_stream{11, 0, 16, stochastic_variant::b},
        stochastic_stream{12, 0, 32, stochastic_variant::a}, stochastic_stream{13, 0, 31, stochastic_variant::b}})
    test::check_codec(
        [&](std::size_t group, bit_order order) { return codec{group, {scale_choice::absmax, stream}, order}.at_row(group + 1); },
        std::numeric_limits<float>::infinity(), test::first_arch{}, 10);
}

TEST_CASE("large tables in blocks, rounded stochastically", "[block]") {
  using codec = absmax<dynamic8, float32, stochastic_stream>;
  static_assert(codec::scheme_type::lanes<native_arch> != 0);
  stochastic_stream const stream{15, 0, 8, stochastic_variant::c};
  test::check_codec(
      [&](std::size_t group, bit_order order) { return codec{group, {scale_choice::absmax, stream}, order}.at_row(group + 1); },
      std::numeric_limits<float>::infinity(), test::first_arch{}, 10);
}

TEST_CASE("directed rounding in blocks", "[block]") {
  auto const check = []<class Codec>() {
    static_assert(Codec::scheme_type::template lanes<native_arch> != 0);
    test::check_codec([](std::size_t group, bit_order order) { return Codec{group, {}, order}; },
                      std::numeric_limits<float>::infinity(), test::first_arch{}, 10);
  };
  check.operator()<absmax<fp4_bnb, float32, toward_positive>>();
  check.operator()<absmax<e4m3fn, float32, toward_negative>>();
}

TEST_CASE("levels close to zero in blocks: quotients too small to be exact", "[block]") {
  std::mt19937 random{2};
  test::row_tally t;
  auto const check = [&]<class Codec>(Codec const& codec) {
    static_assert(Codec::scheme_type::template lanes<native_arch> != 0);
    for (int trial = 0; trial < 200; ++trial) {
      std::vector<float> row(64);
      for (auto& v : row) v = std::ldexp(random() % 2 == 0 ? 1.3f : -1.7f, -static_cast<int>(random() % 80));
      row[random() % 64] = std::ldexp(1.0f, static_cast<int>(random() % 66) - 32);
      test::check_row<float>(codec, row, random, test::first_arch{}, t);
    }
  };
  using p3109_2 = p3109<8, 2, signedness::with_sign, domain::finite>;
  check(absmax<p3109_2, float32, toward_odd>{32});
  check(absmax<power_of_two<6>, float32, stochastic_stream>{32, {scale_choice::absmax, {16, 0, 32, stochastic_variant::b}}});
  INFO(t.first);
  CHECK(t.wrong == 0);
}

TEST_CASE("tables in blocks: numbers that are not zero, however small", "[block]") {
  // With 32 bits of variant b the least number rounds away from zero under one word of 2^32 only; under all where the levels leave
  // no zero. Scales up to 2^60 make quotients of such numbers vanish.
  std::mt19937 random{1};
  using codec = absmax<iq4_nl, float32, stochastic_stream>;
  test::row_tally t;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<float> row(64);
    for (auto& v : row) v = std::ldexp(random() % 2 == 0 ? 1.0f : -1.0f, -static_cast<int>(random() % 150));
    row[random() % 64] = std::ldexp(1.0f, static_cast<int>(random() % 66));
    stochastic_stream const stream{14, 0, 1 + trial % 32, trial % 2 == 0 ? stochastic_variant::b : stochastic_variant::c};
    test::check_row<float>(codec{32, {scale_choice::absmax, stream}}, row, random, test::first_arch{}, t);
  }
  INFO(t.first);
  CHECK(t.wrong == 0);
}
