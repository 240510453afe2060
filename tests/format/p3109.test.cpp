// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/p3109.hpp: all 192 formats of K = 3..10, every code by the rules of the report, its invariants, published vectors, and
// the projection modes.
#include "skive/format/p3109.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"
#include "support/p3109_checks.hpp"
#include "support/policy_checks.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using enum signedness;
using enum p3109_saturation;
constexpr double infinity = std::numeric_limits<double>::infinity();

static_assert(scalar_format<binary8p4se> && binary8p4se::bits == 8 && binary8p1uf::bits == 8 && binary4p2sf::bits == 4);
template <class R>
constexpr bool projects_with = requires(float x, R r) { p3109_project<binary8p4se>(x, r); };
static_assert(test::asks_for_policies<binary8p4se> && projects_with<stochastic> && !projects_with<test::may_throw>);
static_assert(std::is_same_v<p3109<8, 4, with_sign, domain::finite>, e4m3fnuz>);  // the same value table is the same type
static_assert(std::is_same_v<p3109<8, 3, with_sign, domain::finite>, e5m2fnuz>);
static_assert(std::is_same_v<p3109<8, 3, with_sign, domain::extended>::value_type, float>);
static_assert(std::is_same_v<p3109<10, 1, with_sign, domain::extended>::value_type, double>);

template <int K, int P, signedness S>
concept exists = requires { typename p3109<K, P, S, domain::finite>; };
static_assert(exists<3, 2, with_sign> && !exists<3, 3, with_sign> && exists<3, 3, without_sign> && !exists<3, 4, without_sign>);
static_assert(!exists<2, 1, with_sign> && !exists<8, 0, with_sign>);

TEST_CASE("every code of every P3109 format of K = 3..10", "[format]") {
  std::int64_t codes = 0;
  test::each_p3109<3, 10>([&]<class F>(test::p3109_rules const& rules) {
    test::tally t;
    for (std::int64_t c = 0; c < std::int64_t{1} << rules.k; ++c, ++codes) {
      auto const code = static_cast<typename F::code_type>(c);
      double const want = rules.decode(c);
      t.add(test::same_number(F::template decode_as<double>(code), want), rules.k, rules.p, "code", c, "want", want);
      t.add(test::same_number(static_cast<double>(F::decode(code)), want), rules.k, rules.p, "code", c);
      t.add(F::encode(want, nearest_even{}, non_saturating) == code, rules.k, rules.p, "round trip", c);
    }
    CAPTURE(rules.k, rules.p, rules.with_sign, rules.extended, t.first);
    CHECK(t.wrong == 0);
    CHECK(F::bits == rules.k);
    CHECK(F::bias == rules.bias());
    CHECK(static_cast<double>(F::max_finite) == rules.max_finite());
    CHECK(F::decode(static_cast<typename F::code_type>(1 << (rules.k - (rules.with_sign ? 2 : 1)))) == 1);
    CHECK(F::nan_code == (1 << (rules.k - (rules.with_sign ? 1 : 0))) - (rules.with_sign ? 0 : 1));
    CHECK_FALSE(F::has_negative_zero);
  });
  CHECK(codes == 69616);
}

TEST_CASE("published P3109 values", "[format]") {
  CHECK(binary8p4se::decode(0x48) == 2.0f);
  CHECK(binary8p4se::decode(0x7E) == 224.0f);
  CHECK(std::isinf(binary8p4se::decode(0x7F)));
  CHECK(std::isinf(binary8p4se::decode(0xFF)));
  CHECK(std::isnan(binary8p4se::decode(0x80)));
  CHECK(binary8p1uf::decode(0x80) == 1.0f);
  CHECK(binary8p1uf::decode(0) == 0.0f);
  float const four_bits[] = {0, 0.25f, 0.5f, 0.75f, 1, 1.5f, 2, 3};
  for (std::uint8_t c = 0; c < 8; ++c) CHECK(binary4p2sf::decode(c) == four_bits[c]);
  CHECK(std::isnan(binary4p2sf::decode(8)));
  float const largest[] = {0x1p62f, 0x1p31f, 49152, 224, 15, 3.875f, 1.96875f};
  float const largest_finite[] = {0x1p63f, 0x1.8p31f, 57344, 240, 15.5f, 3.9375f, 1.984375f};
  float const smallest[] = {0x1p-63f, 0x1p-32f, 0x1p-17f, 0x1p-10f, 0x1p-7f, 0x1p-6f, 0x1p-6f};
  test::each_p3109<8, 8>([&]<class F>(test::p3109_rules const& rules) {
    if (!rules.with_sign) return;
    CHECK(F::max_finite == (rules.extended ? largest : largest_finite)[rules.p - 1]);
    CHECK(F::min_subnormal == smallest[rules.p - 1]);
  });
}

TEST_CASE("P3109 precision 1: parity is the code's", "[format]") {
  CHECK(binary8p1uf::encode(1.5f) == 0x80);  // 1.0 has the even code here, in E8M0 the odd one
  CHECK(binary8p1uf::encode(3.0f) == 0x82);
  CHECK(binary8p1uf::encode(0x1p-128f) == 0);  // half of the smallest
}

TEST_CASE("P3109 saturation modes", "[format]") {
  auto const e = [](double x, p3109_saturation s) { return p3109_project<binary8p4se>(x, nearest_even{}, s); };
  auto const f = [](double x, p3109_saturation s) { return p3109_project<binary4p2sf>(x, nearest_even{}, s); };
  CHECK(e(1e9, p3109_saturation::finite) == 0x7E);
  CHECK(e(1e9, propagate) == 0x7E);
  CHECK(e(1e9, none) == 0x7F);
  CHECK(e(-infinity, p3109_saturation::finite) == 0xFE);
  CHECK(e(-infinity, propagate) == 0xFF);
  CHECK(e(-infinity, none) == 0xFF);
  CHECK(e(232.0, none) == 0x7E);  // a tie stays at the even code
  CHECK(e(232.1, none) == 0x7F);
  for (auto const s : {p3109_saturation::finite, propagate, none}) {
    CHECK(f(100.0, s) == 7);
    CHECK(f(-100.0, s) == 15);
    CHECK(f(infinity, s) == 7);
    CHECK(f(std::numeric_limits<double>::quiet_NaN(), s) == 8);
    CHECK(p3109_project<binary8p4se>(1e9, toward_zero{}, s) == 0x7E);
    CHECK(p3109_project<binary8p4se>(-1e9, toward_positive{}, s) == 0xFE);
  }
  CHECK(p3109_project<binary8p1uf>(-1.0f) == 0xFF);
  CHECK(p3109_project<binary8p1uf>(-1.0f, nearest_even{}, propagate) == 0);
  CHECK(p3109_project<binary8p1uf>(-1.0f, nearest_even{}, p3109_saturation::finite) == 0);
  CHECK(p3109_project<binary8p1uf>(-0.0f) == 0);
  CHECK(p3109_project<binary8p1uf>(1e38) == 0xFE);  // a finite format stops at max_finite
  CHECK(p3109_project<binary8p1uf>(HUGE_VALF) == 0xFE);
}

}  // namespace
