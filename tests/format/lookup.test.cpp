// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/lookup.hpp: nearest by brute force in exact arithmetic, ties, pivots, every policy, runtime tables, refusals.
#include "skive/format/lookup.hpp"  // first and alone: proves that the header includes what it uses

#include "support/all_floats.hpp"
#include "support/lookup_checks.hpp"
#include "support/policy_checks.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::table_counts;
using skive::test::table_oracle;

static_assert(skive::test::asks_for_policies<nf4>);
static_assert(scalar_format<nf4> && scalar_format<nf2> && scalar_format<dynamic8_unsigned>);
static_assert(nf4::bits == 4 && nf3::bits == 3 && nf2::bits == 2 && dynamic8::bits == 8 && dynamic8::size == 256 &&
              iq4_nl::max_finite == 113);
static_assert(nf4::encode(0.7229568f) == 14 && nf4::decode(15) == 1.0f && fp4_bnb::decode(3) == 1.0f);
static_assert(fp4_bnb::encode(-0.0f) == 0 && fp4_bnb::encode(-1e-30f) == 8 && fp4_bnb::encode(0.0f) == 0);
static_assert(dynamic8::decode(0) == -0.99296874f && dynamic8::decode(127) == 0 && dynamic8::decode(128) == 5.5e-7f);

// Shuffled, of 5 entries (codes 5 to 7 unused), with subnormal, far apart and straddling neighbours.
struct odd_table {
  static constexpr std::array<float, 5> levels{3.0f, -1e-30f, 0x1p-149f, -1.0f, 0x1.000002p100f};
};
struct straddling_table {
  static constexpr lookup_tie tie = lookup_tie::upper;
  static constexpr std::array<float, 2> levels{-1.0f, 1.0f};
};
using odd_format = lookup_format<odd_table>;
using straddling = lookup_format<straddling_table>;
static_assert(odd_format::bits == 3 && odd_format::decode(7) == 0.0f && odd_format::max_finite == 0x1.000002p100f);
static_assert(straddling::encode(0.0f) == 1 && straddling::encode(-0.0) == 1 && straddling::encode(-0x1p-149f) == 0 &&
              straddling::encode(-0x1p-1074) == 0);

template <class Format>
std::vector<float> levels_of() {
  std::vector<float> v;
  for (std::size_t i = 0; i < Format::size; ++i) v.push_back(Format::decode(static_cast<typename Format::code_type>(i)));
  return v;
}

template <class Format>
table_oracle oracle_of(lookup_tie tie = lookup_tie::lower) {
  return table_oracle{levels_of<Format>(), tie};
}

template <class Format>
constexpr lookup_tie published_tie() {
  if constexpr (std::is_same_v<Format, iq4_nl> || std::is_same_v<Format, straddling>) return lookup_tie::upper;
  if constexpr (std::is_same_v<Format, fp4_bnb>) return lookup_tie::toward_zero;
  return lookup_tie::lower;
}

// The published decisions: NF4's pivots in order; FP4's on the magnitude, and its codes by magnitude.
constexpr std::array<float, 15> nf4_pivots{
    -0.8480964004993439f,  -0.6106329262256622f,   -0.4599952697753906f, -0.33967943489551544f, -0.23460740596055984f,
    -0.13791173323988914f, -0.045525018125772476f, 0.03979014977812767f, 0.1202552504837513f,   0.2035212516784668f,
    0.2920137718319893f,   0.3893125355243683f,    0.5016634166240692f,  0.6427869200706482f,   0.8614784181118011f};

constexpr std::array<float, 7> fp4_pivots{0.00260417f, 0.0859375f, 0.20833333f, 0.29166667f, 0.4166667f, 0.583333f, 0.8333333f};

std::uint32_t published_nf4(double x) {
  std::uint32_t code = 0;
  for (float const p : nf4_pivots) code += x > static_cast<double>(p);
  return code;
}

std::uint32_t published_fp4(double x) {
  constexpr std::array<std::uint32_t, 8> codes{0, 1, 6, 7, 4, 5, 2, 3};
  std::size_t i = 0;
  for (float const p : fp4_pivots) i += std::fabs(x) > static_cast<double>(p);
  return codes[i] + (x < 0 ? 8 : 0);
}

template <class Format>
std::uint32_t expected_nearest(double x, table_oracle const& oracle) {
  if constexpr (std::is_same_v<Format, nf4>) return published_nf4(x);
  if constexpr (std::is_same_v<Format, fp4_bnb>) return published_fp4(x);
  return oracle.nearest(x);
}

}  // namespace

TEMPLATE_TEST_CASE("lookup formats find the nearest level, and the neighbour of every policy", "[format]", nf4, nf3, nf2, fp4_bnb,
                   af4, sf4, iq4_nl, dynamic8, dynamic8_unsigned, odd_format, straddling) {
  using format = TestType;
  auto const oracle = oracle_of<format>(published_tie<format>());
  table_counts c;
  auto const encode = [](auto x, auto rounding) { return format::encode(x, rounding); };
  auto const visit = [&](auto x) {
    auto const at = static_cast<double>(x);
    if (std::isnan(x) || !table_oracle::holds(at)) return;
    auto const want = expected_nearest<format>(at, oracle);
    c.add(format::encode(x) == want, at);
    c.add(format::encode(x, nearest_away{}, non_saturating) == want, at);
    test::check_neighbours(encode, x, oracle, c);
  };
  test::each_probe(oracle, visit);
  for (float const p : nf4_pivots) test::each_near(static_cast<double>(p), visit);
  for (double const p : {0.00260417, 0.0859375, 0.20833333, 0.29166667, 0.4166667, 0.583333, 0.8333333, -0.00260417, -0.583333})
    test::each_near(p, visit);
  CAPTURE(c.checked, c.first);
  CHECK(c.wrong == 0);

  int wrong = 0;
  for (std::size_t i = 0; i < format::size; ++i) {
    auto const code = static_cast<typename format::code_type>(i);
    wrong += format::encode(format::decode(code)) != code && format::decode(code) != 0;
  }
  CHECK(wrong == 0);
  CHECK(format::encode(std::numeric_limits<float>::infinity()) == format::encode(format::max_finite));
  CHECK(format::encode(-std::numeric_limits<double>::infinity(), toward_zero{}) == format::encode(format::min_finite));
  CHECK(format::encode(std::numeric_limits<float>::quiet_NaN()) == format::encode(0.0f));
  CHECK(format::encode(std::bit_cast<float>(0xffc00000u), toward_odd{}) == format::encode(0.0f, toward_odd{}));
  for (double const tiny :
       {0x1p-1074, 0x1p-1022, 0x1p-200, -0x1p-1074})  // below the oracle's reach: as the smallest float of its sign
    CHECK(format::encode(tiny, toward_positive{}) == format::encode(std::copysign(0x1p-150, tiny), toward_positive{}));
}

TEST_CASE("NF4 and FP4 decide by the published pivots", "[format]") {
  CHECK(nf4::encode(0.7229568f) == 14);
  CHECK(nf4::encode(0.8614784181118011f) == 14);
  CHECK(nf4::encode(std::nextafter(0.8614784181118011f, 1.0f)) == 15);
  auto const oracle = oracle_of<nf4>();
  int apart = 0;  // floats where the published pivot and the distance disagree
  for (float const p : nf4_pivots)
    for (float const x : {std::nextafter(p, -2.0f), p, std::nextafter(p, 2.0f)})
      apart += nf4::encode(x) != oracle.nearest(static_cast<double>(x));
  CHECK(apart == 4);
}

TEST_CASE("stochastic rounding to a table is proportional to the position", "[format]") {
  auto const levels = levels_of<nf4>();
  int wrong = 0;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i)
    for (int k = 1; k < 64; ++k) {
      double const a = static_cast<double>(levels[i]);
      double const b = static_cast<double>(levels[i + 1]);
      double const x = a + (b - a) * k / 64 + (b - a) / 700;  // away from the multiples of 2^-8
      double const nu = x > 0 ? (x - a) / (b - a) : (b - x) / (b - a);
      int moved = 0;
      for (std::uint32_t r = 0; r < 256; ++r)
        moved += nf4::encode(x, stochastic{r, 8, stochastic_variant::a}) == (x > 0 ? i + 1 : i);
      wrong += moved != static_cast<int>(std::floor(nu * 256));
    }
  CHECK(wrong == 0);
}

TEST_CASE("lookup_view has the bits of lookup_format", "[format]") {
  std::array<float, 4> const bad_order{0.0f, 1.0f, 1.0f, 2.0f};
  std::array<float, 2> const bad_zero{-0.0f, 0.0f};
  std::array<float, 3> const bad_nan{0.0f, std::numeric_limits<float>::quiet_NaN(), 2.0f};
  std::array<float, 2> const bad_infinity{0.0f, std::numeric_limits<float>::infinity()};
  CHECK(lookup_view::make(bad_order).error() == errc::invalid_argument);
  CHECK(lookup_view::make(bad_zero).error() == errc::invalid_argument);
  CHECK(lookup_view::make(std::span{bad_order}.first(1)).error() == errc::invalid_argument);
  CHECK(lookup_view::make(bad_nan).error() == errc::not_finite);
  CHECK(lookup_view::make(bad_infinity).error() == errc::not_finite);
  CHECK(lookup_view{}.encode(1.0f) == 0);
  CHECK(lookup_view{}.decode(3) == 0.0f);

  auto const levels = levels_of<af4>();
  auto const made = lookup_view::make(levels);
  REQUIRE(made);
  auto const view = *made;
  CHECK(view.bits() == 4);
  CHECK(view.max_finite() == 1.0f);
  table_counts c;
  auto const visit = [&](auto x) {
    auto const at = static_cast<double>(x);
    c.add(view.encode(x) == af4::encode(x), at);
    c.add(view.encode(x, toward_odd{}) == af4::encode(x, toward_odd{}), at);
    c.add(view.encode(x, stochastic{77, 8}) == af4::encode(x, stochastic{77, 8}), at);
  };
  test::each_probe(oracle_of<af4>(), visit);
  CHECK(c.wrong == 0);

  std::vector<float> wide;  // neighbours whose midpoint no double holds
  for (int e = -149; e < 128; e += 23) wide.push_back(std::ldexp(1.0f, e) * (e > -120 ? 1.000001f : 1.0f));
  auto const wide_view = *lookup_view::make(wide);
  table_oracle const oracle{wide};
  table_counts w;
  test::each_probe(oracle, [&](auto x) {
    auto const at = static_cast<double>(x);
    if (!std::isnan(x) && table_oracle::holds(at)) w.add(wide_view.encode(x) == oracle.nearest(at), at);
  });
  CAPTURE(w.checked, w.first);
  CHECK(w.wrong == 0);
  for (std::size_t i = 0; i < wide.size(); ++i) CHECK(wide_view.encode(wide_view.decode(static_cast<std::uint16_t>(i))) == i);
}

// Codes change near the midpoints, and near the published pivots.
TEMPLATE_TEST_CASE("lookup formats on every float", "[.exhaustive][format]", nf4, nf3, fp4_bnb, af4, sf4, iq4_nl, dynamic8) {
  using format = TestType;
  auto const oracle = oracle_of<format>(published_tie<format>());
  auto const& s = oracle.sorted();
  std::vector<double> points(nf4_pivots.begin(), nf4_pivots.end());
  points.insert(points.end(), fp4_pivots.begin(), fp4_pivots.end());
  for (std::size_t i = 1; i < s.size(); ++i) points.push_back((s[i - 1].value + s[i].value) / 2);
  auto const expected = [&](float x) {
    if (std::isinf(x)) return x > 0 ? s.back().code : s.front().code;
    return expected_nearest<format>(std::isnan(x) ? 0.0 : static_cast<double>(x), oracle);
  };
  auto const all = test::encode_all_floats(points, [](float x) { return format::encode(x); }, expected);
  CHECK(all.wrong == 0);
  CHECK(all.numbers == std::uint64_t{1} << 32);
}
