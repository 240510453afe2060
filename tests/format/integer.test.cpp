// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/integer.hpp: every code; every policy against the rules of IEEE 754 and P3109 restated in double; edges, ties, tiny
// numbers.
#include "skive/format/integer.hpp"  // first and alone: proves that the header includes what it uses

#include "support/all_floats.hpp"
#include "support/policy_checks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

static_assert(skive::test::asks_for_policies<int4> && skive::test::asks_for_policies<uint4>);
static_assert(scalar_format<int2> && scalar_format<int8_full> && scalar_format<mxint8> && scalar_format<uint_format<16>>);
static_assert(int4::max_finite == 7 && int4::min_finite == -7 && int4_full::min_finite == -8 && uint4::max_finite == 15);
static_assert(int4::encode(2.5f) == 2 && int4::encode(3.5) == 4 && int4::encode(-9.0f) == 0x9 && int4_full::encode(-9.0f) == 0x8);
static_assert(mxint8::encode(1.0f) == 0x40 && mxint8::decode(0x7f) == 1.984375f && mxint8::decode(0x80) == -2.0f);
static_assert(mxint8::encode(-2.0f) == 0x81 && mxint8_full::encode(-2.0f) == 0x80);
static_assert(uint4::encode_affine(2.5f, 3) == 5 && uint4::decode_affine(5, 3) == 2.0f);  // rounded to even before the zero point

// What the format should hold, as plain data: scale by 2^fraction, clamp to [low, high].
struct target {
  int fraction;
  long long low, high;
};

template <class F>
target target_of() {
  if constexpr (requires { F::fraction_bits; }) {
    long long const high = (1LL << (F::bits - 1)) - 1;
    bool const full = std::is_same_v<F, fixed_point<F::bits, F::fraction_bits, integer_range::full>>;
    return {F::fraction_bits, full ? -high - 1 : -high, high};
  } else {
    return {0, 0, (1LL << F::bits) - 1};
  }
}

double even(double v) { return std::fmod(v, 2.0) == 0 ? v : v + 1; }

// Away from zero or not, by the sentences of the standards; v >= 0. Exact: f, nu and their products with powers of two are
// doubles.
template <class R>
bool away(R const& r, double f, double nu, bool negative) {
  if (nu == 0) return false;
  if constexpr (std::is_same_v<R, nearest_even>) return nu > 0.5 || (nu == 0.5 && std::fmod(f, 2.0) == 1);
  if constexpr (std::is_same_v<R, nearest_away>) return nu >= 0.5;
  if constexpr (std::is_same_v<R, toward_positive>) return !negative;
  if constexpr (std::is_same_v<R, toward_negative>) return negative;
  if constexpr (std::is_same_v<R, toward_odd>) return std::fmod(f, 2.0) == 0;
  if constexpr (std::is_same_v<R, stochastic>) {
    double const one = std::ldexp(1.0, r.count);
    double const scaled = nu * one;
    if (r.variant == stochastic_variant::a) return std::floor(scaled) + r.random >= one;
    if (r.variant == stochastic_variant::b) return std::floor(2 * scaled) + 2.0 * r.random + 1 >= 2 * one;
    double const whole = std::floor(scaled);
    double const rest = scaled - whole;
    double const nearest = rest < 0.5 ? whole : rest > 0.5 ? whole + 1 : even(whole);
    return nearest + r.random >= one;
  }
  return false;
}

template <class R>
long long expected_integer(double x, R const& r, target t) {
  if (std::isnan(x)) return 0;
  double const v = std::min(std::ldexp(std::fabs(x), t.fraction), 1e9);
  double const f = std::floor(v);
  double const n = away(r, f, v - f, std::signbit(x)) ? f + 1 : f;
  return std::clamp(static_cast<long long>(std::signbit(x) ? -n : n), t.low, t.high);
}

struct counts {
  long long checked = 0, wrong = 0;
  double first = 0;
};

template <class F, class Real, class R>
void check(Real x, R const& r, counts& c) {
  target const t = target_of<F>();
  auto const want = static_cast<std::uint64_t>(expected_integer(static_cast<double>(x), r, t)) & ((1u << F::bits) - 1);
  ++c.checked;
  if (F::encode(x, r) != want && c.wrong++ == 0) c.first = static_cast<double>(x);
}

template <class F, class Real>
void check_policies(Real x, std::uint32_t random, counts& c) {
  check<F>(x, nearest_even{}, c);
  check<F>(x, nearest_away{}, c);
  check<F>(x, toward_zero{}, c);
  check<F>(x, toward_positive{}, c);
  check<F>(x, toward_negative{}, c);
  check<F>(x, toward_odd{}, c);
  for (auto const variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c}) {
    check<F>(x, stochastic{random & 0xff, 8, variant}, c);
    check<F>(x, stochastic{random, 32, variant}, c);
  }
}

std::uint32_t scrambled(std::uint32_t i) { return (i * 2654435761u) ^ ((i * 40503u) << 13); }

}  // namespace

TEMPLATE_TEST_CASE("integer formats decode every code and encode it back", "[format]", int2, int3, int4, int5, int6, int7, int8,
                   int2_full, int3_full, int4_full, int5_full, int6_full, int7_full, int8_full, mxint8, mxint8_full,
                   (fixed_point<16, 16>), uint1, uint2, uint3, uint4, uint5, uint6, uint7, uint8, (uint_format<16>)) {
  using format = TestType;
  target const t = target_of<format>();
  int wrong = 0;
  for (std::uint32_t c = 0; c < (1u << format::bits); ++c) {
    auto const code = static_cast<typename format::code_type>(c);
    long long const n =
        t.low < 0 && c > static_cast<std::uint32_t>(t.high) ? static_cast<long long>(c) - (1LL << format::bits) : c;
    double const value = std::ldexp(static_cast<double>(n), -t.fraction);
    wrong += static_cast<double>(format::decode(code)) != value;
    auto const back = n < t.low ? static_cast<typename format::code_type>(c + 1) : code;  // the unused code of a restricted range
    wrong += format::encode(format::decode(code)) != back;
  }
  CHECK(wrong == 0);
  CHECK(static_cast<double>(format::max_finite) == std::ldexp(static_cast<double>(t.high), -t.fraction));
  CHECK(static_cast<double>(format::min_finite) == std::ldexp(static_cast<double>(t.low), -t.fraction));
  CHECK(format::encode(std::numeric_limits<float>::quiet_NaN()) == 0);
  CHECK(format::encode(std::numeric_limits<double>::infinity(), nearest_even{}, non_saturating) ==
        format::encode(format::max_finite));
  CHECK(format::encode(-std::numeric_limits<float>::infinity()) == format::encode(format::min_finite));
}

TEMPLATE_TEST_CASE("integer formats round once, by every policy", "[format]", int2, int4, int8, int4_full, int8_full, mxint8,
                   mxint8_full, uint1, uint4, uint8, (uint_format<16>), (fixed_point<16, 16>)) {
  using format = TestType;
  counts c;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    check_policies<format>(std::bit_cast<float>(i << 16), scrambled(i), c);
    auto const x = std::bit_cast<float>((i << 16) | (scrambled(i) & 0xffff));
    check_policies<format>(x, scrambled(i + 1), c);
  }
  target const t = target_of<format>();
  double const ulp = std::ldexp(1.0, -t.fraction);
  for (int i = -1200; i <= 1200; ++i) {  // quarters: integers, ties and between, with their neighbours in float and double
    double const edge = i * ulp / 4;
    double const far = std::numeric_limits<double>::infinity();
    for (double const x : {edge, std::nextafter(edge, far), std::nextafter(edge, -far)})
      check_policies<format>(x, scrambled(7u + static_cast<std::uint32_t>(i)), c);
    auto const e = static_cast<float>(edge);
    float const f = std::numeric_limits<float>::infinity();
    for (float const x : {e, std::nextafter(e, f), std::nextafter(e, -f)})
      check_policies<format>(x, scrambled(static_cast<std::uint32_t>(i)), c);
  }
  for (int e = -1074; e <= 1023; ++e)  // from the smallest double on: the dropped tail stays visible to directed policies
    for (double const s : {1.0, -1.0, 1.75, -1.75})
      check_policies<format>(std::ldexp(s, e), scrambled(static_cast<std::uint32_t>(e)), c);
  CAPTURE(c.checked, c.first);
  CHECK(c.wrong == 0);
}

TEST_CASE("a zero point is added after rounding, then clamped", "[format]") {
  int wrong = 0;
  for (int z = -40; z <= 60; ++z)
    for (int i = -400; i <= 400; ++i) {
      double const x = i / 8.0;
      double const up = std::floor(x + 0.5);
      double const rounded = x + 0.5 == up && std::fmod(up, 2.0) != 0 ? up - 1 : up;  // ties to even
      auto const want = static_cast<std::uint8_t>(std::clamp(rounded + z, 0.0, 15.0));
      wrong += uint4::encode_affine(x, z) != want;
      wrong += uint4::encode_affine(static_cast<float>(x), z) != want;
    }
  CHECK(wrong == 0);
  CHECK(uint4::encode_affine(std::numeric_limits<float>::quiet_NaN(), 5) == 5);
  CHECK(uint4::encode_affine(std::numeric_limits<double>::infinity(), 5) == 15);
  CHECK(uint4::encode_affine(1e30f, std::numeric_limits<std::int32_t>::min()) == 15);
  CHECK(uint4::encode_affine(1e9f, std::numeric_limits<std::int32_t>::min()) == 0);
  CHECK(uint4::encode_affine(-1e30f, std::numeric_limits<std::int32_t>::max()) == 0);
  CHECK(uint4::encode_affine(-1e9f, std::numeric_limits<std::int32_t>::max()) == 15);
  CHECK(uint8::decode_affine(3, 128) == -125.0f);
}

// Codes change near the halves.
TEMPLATE_TEST_CASE("integer formats on every float", "[.exhaustive][format]", int2, int4, int8, int8_full, uint4, uint8, mxint8) {
  using format = TestType;
  target const t = target_of<format>();
  std::vector<double> halves;
  for (long long n = 0; n <= t.high + 1; ++n) halves.push_back(std::ldexp(static_cast<double>(n) + 0.5, -t.fraction));
  auto const expected = [&](float x) {
    return static_cast<std::uint64_t>(expected_integer(static_cast<double>(x), nearest_even{}, t)) & ((1u << format::bits) - 1);
  };
  auto const all = test::encode_all_floats(halves, [](float x) { return format::encode(x); }, expected);
  CHECK(all.wrong == 0);
  CHECK(all.numbers == std::uint64_t{1} << 32);
}
