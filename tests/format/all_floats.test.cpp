// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All 2^32 floats into every format of at most 16 bits, nearest even: the exact decision boundaries are walked in value order, so
// that a number costs one encode and one comparison. Hidden: ./run test --exhaustive.
#include "skive/format/minifloat.hpp"

#include "skive/format/e8m0.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/p3109.hpp"
#include "skive/format/scale_float.hpp"
#include "support/exact_floats.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using test::float_oracle;

constexpr std::uint32_t infinity_word = 0x7F800000;

template <class F>
std::uint64_t wrong_in(std::uint32_t first, std::uint32_t end, std::int64_t code) {
  std::uint64_t wrong = 0;
  for (std::uint32_t w = first; w != end; ++w)
    wrong += F::encode(std::bit_cast<float>(w), nearest_even{}, non_saturating) != code;
  return wrong;
}

// The first word from which on numbers go above `low`: past the exact tie, or at it where the tie goes up.
std::uint32_t boundary(double low, double high, bool tie_goes_up) {
  double const tie = low + (high - low) / 2;
  auto near = static_cast<float>(tie);
  if (!(static_cast<double>(near) < 0x1p128)) return infinity_word;
  if (static_cast<double>(near) < tie) near = std::nextafter(near, HUGE_VALF);
  bool const exact = static_cast<double>(near) == tie;
  return std::bit_cast<std::uint32_t>(near) + (exact && !tie_goes_up ? 1 : 0);
}

struct sweep {
  std::uint64_t wrong = 0;
  std::uint64_t numbers = 0;
};

// One sign: finite numbers between the boundaries, then infinity, then every NaN.
template <class F>
sweep walk(float_oracle const& oracle, bool negative) {
  constexpr overflow_policy policy = non_saturating;
  std::uint32_t const sign = negative ? 0x80000000U : 0;
  auto const& v = oracle.values();
  sweep s;
  auto const run = [&](std::uint32_t first, std::uint32_t end) {
    if (first == end) return;
    auto const representative = static_cast<double>(std::bit_cast<float>(first | sign));
    auto const code = oracle.encode(oracle.locate(representative), {test::oracle_rounding::even}, policy);
    s.wrong += wrong_in<F>(first | sign, end + sign, code);
    s.numbers += end - first;
  };
  std::uint32_t from = 1;
  run(0, 1);
  for (std::size_t i = 0; i + 1 < v.size(); ++i) {
    std::uint32_t const to = boundary(v[i], v[i + 1], oracle.code(i) % 2 == 1);
    if (to > from) run(from, to), from = to;
  }
  run(from, infinity_word);
  run(infinity_word, infinity_word + 1);
  run(infinity_word + 1, 0x80000000U);
  return s;
}

template <class F>
void check_all_floats(float_oracle const& oracle) {
  sweep below;
  std::thread other{[&] { below = walk<F>(oracle, true); }};
  sweep const above = walk<F>(oracle, false);
  other.join();
  INFO(oracle.description().name);
  CHECK(above.wrong + below.wrong == 0);
  CHECK(above.numbers + below.numbers == std::uint64_t{1} << 32);
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
  check_all_floats<binary8p4se>(float_oracle{{"binary8p4se", 4, 3, 8, true, 0x7E, 0x7F, -1, -1, true, false}});
  check_all_floats<binary8p3se>(float_oracle{{"binary8p3se", 5, 2, 16, true, 0x7E, 0x7F, -1, -1, true, false}});
  check_all_floats<binary4p2sf>(float_oracle{{"binary4p2sf", 2, 1, 2, true, 7, -1, -1, -1, true, false}});
  check_all_floats<binary8p1uf>(float_oracle{{"binary8p1uf", 8, 0, 128, false, 0xFE, -1, 0xFF, 0xFF}});
}

}  // namespace
