// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/p3109.hpp: encoding into all 192 formats of K = 3..10 at every edge and tie, under every policy, against exact
// arithmetic.
#include "skive/format/p3109.hpp"

#include "skive/core/concepts.hpp"
#include "support/p3109_checks.hpp"

#include <cstdint>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using test::oracle_rounding;

// All policies behind one type: a rounding policy of the user's own, and one instantiation per format in place of nine.
struct any_rounding {
  oracle_rounding kind;

  constexpr bool increments(std::uint64_t keep, std::uint64_t drop, int drop_bits, bool negative) const noexcept {
    switch (kind) {
      case oracle_rounding::even: return nearest_even{}.increments(keep, drop, drop_bits, negative);
      case oracle_rounding::away: return nearest_away{}.increments(keep, drop, drop_bits, negative);
      case oracle_rounding::zero: return toward_zero{}.increments(keep, drop, drop_bits, negative);
      case oracle_rounding::positive: return toward_positive{}.increments(keep, drop, drop_bits, negative);
      case oracle_rounding::negative: return toward_negative{}.increments(keep, drop, drop_bits, negative);
      case oracle_rounding::odd: return toward_odd{}.increments(keep, drop, drop_bits, negative);
      case oracle_rounding::random_a: return random(stochastic_variant::a).increments(keep, drop, drop_bits, negative);
      case oracle_rounding::random_b: return random(stochastic_variant::b).increments(keep, drop, drop_bits, negative);
      case oracle_rounding::random_c: break;
    }
    return random(stochastic_variant::c).increments(keep, drop, drop_bits, negative);
  }
  static constexpr stochastic random(stochastic_variant v) noexcept { return {5, 3, v}; }
};
static_assert(rounding_policy<any_rounding>);

template <class F, class Real>
void check_all(Real x, test::float_oracle const& oracle, test::tally& t) {
  auto const place = oracle.locate(static_cast<double>(x));
  for (int kind = 0; kind <= static_cast<int>(oracle_rounding::random_c); ++kind) {
    auto const rounding = static_cast<oracle_rounding>(kind);
    test::check_policy<F>(x, oracle, place, any_rounding{rounding}, {rounding, 3, 5}, t);
  }
}

template <class F, class Real>
void check_beside(double x, test::float_oracle const& oracle, test::tally& t) {
  if (!(std::fabs(x) <= static_cast<double>(std::numeric_limits<Real>::max()))) return;
  auto const r = static_cast<Real>(x);
  Real const infinite = std::numeric_limits<Real>::infinity();
  for (Real const y : {r, std::nextafter(r, infinite), std::nextafter(r, -infinite)})
    for (Real const z : {y, -y}) check_all<F>(z, oracle, t);
}

template <class F>
void check_p3109(test::p3109_rules const& rules) {
  test::float_oracle const oracle{rules.description()};
  test::tally t;
  auto const& v = oracle.values();
  for (std::size_t i = 0; i + 1 < v.size(); ++i)
    for (double const part : {0.0, 0.3, 0.375, 0.5, 0.75}) {
      double const x = v[i] + part * (v[i + 1] - v[i]);
      check_beside<F, float>(x, oracle, t);
      check_beside<F, double>(x, oracle, t);
    }
  for (double const x : {v.back(), 1.5 * v.back(), 1e4 * v.back(), 1e30 * v.back(), v[1] * 1e-3, v[1] * 1e-30, HUGE_VAL}) {
    check_beside<F, float>(x, oracle, t);
    check_beside<F, double>(x, oracle, t);
  }
  for (double const x : {0.0, HUGE_VAL, static_cast<double>(NAN), 0x1p-1074, 0x1.fffffffffffffp1023})
    for (double const y : {x, -x}) {
      check_all<F>(y, oracle, t);
      check_all<F>(static_cast<float>(y), oracle, t);
    }
  CAPTURE(rules.k, rules.p, rules.with_sign, rules.extended, t.first, t.checked);
  CHECK(t.wrong == 0);
}

TEST_CASE("encoding into P3109 formats of 3 to 8 bits", "[format]") {
  test::each_p3109<3, 8>([]<class F>(test::p3109_rules const& rules) { check_p3109<F>(rules); });
}
TEST_CASE("encoding into P3109 formats of 9 and 10 bits", "[format]") {
  test::each_p3109<9, 10>([]<class F>(test::p3109_rules const& rules) { check_p3109<F>(rules); });
}

}  // namespace
