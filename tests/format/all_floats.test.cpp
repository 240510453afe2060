// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All 2^32 floats into every named format, nearest even, in runs between the exact ties. Hidden: ./run test --exhaustive.
#include "skive/format/minifloat.hpp"

#include "skive/format/e8m0.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/p3109.hpp"
#include "skive/format/scale_float.hpp"
#include "support/all_floats.hpp"
#include "support/exact_floats.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using test::float_oracle;

template <class F>
void check_all_floats(float_oracle const& oracle) {
  auto const& v = oracle.values();
  std::vector<double> ties;
  for (std::size_t i = 0; i + 1 < v.size(); ++i) ties.push_back(v[i] + (v[i + 1] - v[i]) / 2);
  auto const encode = [](float x) { return F::encode(x, nearest_even{}, non_saturating); };
  auto const expected = [&](float x) {
    return oracle.encode(oracle.locate(static_cast<double>(x)), {test::oracle_rounding::even}, non_saturating);
  };
  auto const s = test::encode_all_floats(ties, encode, expected);
  INFO(oracle.description().name);
  CHECK(s.wrong == 0);
  CHECK(s.numbers == std::uint64_t{1} << 32);
}

TEST_CASE("all floats into the eight-bit formats", "[format][.exhaustive]") {
  check_all_floats<e4m3fn>(float_oracle{{"e4m3fn", 4, 3, 7, true, 0x7E, -1, 0x7F, 0x7F}});
  check_all_floats<e5m2>(float_oracle{{"e5m2", 5, 2, 15, true, 0x7B, 0x7C, 0x7D, 0x7E}});
  check_all_floats<e4m3fnuz>(float_oracle{{"e4m3fnuz", 4, 3, 8, true, 0x7F, -1, -1, -1, true, false}});
  check_all_floats<e5m2fnuz>(float_oracle{{"e5m2fnuz", 5, 2, 16, true, 0x7F, -1, -1, -1, true, false}});
  check_all_floats<e4m3b11fnuz>(float_oracle{{"e4m3b11fnuz", 4, 3, 11, true, 0x7F, -1, -1, -1, true, false}});
  check_all_floats<e4m3_ieee>(float_oracle{{"e4m3_ieee", 4, 3, 7, true, 0x77, 0x78, 0x79, 0x7C}});
  check_all_floats<e3m4_ieee>(float_oracle{{"e3m4_ieee", 3, 4, 3, true, 0x6F, 0x70, 0x71, 0x78}});
  check_all_floats<e3m4fn>(float_oracle{{"e3m4fn", 3, 4, 3, true, 0x7E, -1, 0x7F, 0x7F}});
}

TEST_CASE("all floats into the six- and four-bit formats", "[format][.exhaustive]") {
  check_all_floats<e2m3>(float_oracle{{"e2m3", 2, 3, 1, true, 0x1F, -1, -1, -1}});
  check_all_floats<e3m2>(float_oracle{{"e3m2", 3, 2, 3, true, 0x1F, -1, -1, -1}});
  check_all_floats<e2m1>(float_oracle{{"e2m1", 2, 1, 1, true, 7, -1, -1, -1}});
}

TEST_CASE("all floats into the formats of scales", "[format][.exhaustive]") {
  check_all_floats<ue4m3>(float_oracle{{"ue4m3", 4, 3, 7, false, 0x7E, -1, 0x7F, 0x7F}});
  check_all_floats<ue5m3>(float_oracle{{"ue5m3", 5, 3, 15, false, 0xFE, -1, 0xFF, 0xFF}});
  std::vector<double> powers;
  std::vector<std::int64_t> codes;
  for (int c = 0; c <= 255; ++c) powers.push_back(std::ldexp(1.0, c - 127)), codes.push_back(c);
  check_all_floats<e8m0>(float_oracle{powers, codes, 0xFF});
}

TEST_CASE("all floats into the halves and the P3109 formats that every implementation has", "[format][.exhaustive]") {
  check_all_floats<float16>(float_oracle{{"float16", 5, 10, 15, true, 0x7BFF, 0x7C00, 0x7C01, 0x7E00}});
  check_all_floats<bfloat16>(float_oracle{{"bfloat16", 8, 7, 127, true, 0x7F7F, 0x7F80, 0x7F81, 0x7FC0}});
  check_all_floats<tf32>(float_oracle{{"tf32", 8, 10, 127, true, 0x3FBFF, 0x3FC00, 0x3FC01, 0x3FE00}});
  check_all_floats<binary8p4se>(float_oracle{{"binary8p4se", 4, 3, 8, true, 0x7E, 0x7F, -1, -1, true, false}});
  check_all_floats<binary8p3se>(float_oracle{{"binary8p3se", 5, 2, 16, true, 0x7E, 0x7F, -1, -1, true, false}});
  check_all_floats<binary4p2sf>(float_oracle{{"binary4p2sf", 2, 1, 2, true, 7, -1, -1, -1, true, false}});
  check_all_floats<binary8p1uf>(float_oracle{{"binary8p1uf", 8, 0, 128, false, 0xFE, -1, 0xFF, 0xFF}});
}

}  // namespace
