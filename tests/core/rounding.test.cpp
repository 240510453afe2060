// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/rounding.hpp: every policy against its rule in exact rationals, published vectors, probabilities, long dropped parts.
#include "skive/core/rounding.hpp"

#include "support/policy_checks.hpp"

#include <cstdint>
#include <random>

#include <boost/multiprecision/cpp_int.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;
using skive::stochastic;
using skive::stochastic_variant;

static_assert(skive::rounding_policy<skive::nearest_even const> && skive::rounding_policy<skive::test::rounds_up>);
static_assert(!skive::rounding_policy<skive::test::may_throw> && !skive::rounding_policy<skive::test::changes_state> &&
              !skive::rounding_policy<skive::test::answers_in_int> && !skive::rounding_policy<skive::test::copies_by_itself> &&
              !skive::rounding_policy<int>);
static_assert(skive::nearest_even{}.increments(1, 2, 2, false) && !skive::nearest_even{}.increments(2, 2, 2, false));
static_assert(skive::nearest_away{}.increments(2, 2, 2, true) && !skive::toward_zero{}.increments(1, 3, 2, true));
static_assert(skive::toward_positive{}.increments(0, 1, 63, false) && skive::toward_negative{}.increments(0, 1, 63, true));
static_assert(stochastic{3, 2, stochastic_variant::c}.increments(0, 45, 7, false));

cpp_rational dropped_part(std::uint64_t drop, int drop_bits) { return {cpp_int{drop}, cpp_int{1} << drop_bits}; }

cpp_int floor_of(cpp_rational const& x) { return numerator(x) / denominator(x); }  // x >= 0

cpp_int nearest_even_of(cpp_rational const& x) {
  cpp_int const below = floor_of(x);
  cpp_rational const rest = x - below;
  cpp_rational const half{1, 2};
  return rest > half || (rest == half && below % 2 != 0) ? cpp_int{below + 1} : below;
}

// The stochastic rules as published, of the dropped part nu and N random bits R.
bool rounds_away(cpp_rational const& nu, cpp_int const& r, int n, stochastic_variant variant) {
  cpp_int const one = cpp_int{1} << n;
  switch (variant) {
    case stochastic_variant::a: return floor_of(nu * one) + r >= one;
    case stochastic_variant::b: return floor_of(nu * one * 2) + 2 * r + 1 >= 2 * one;
    case stochastic_variant::c: break;
  }
  return nearest_even_of(nu * one) + r >= one;
}

// The deterministic rules on the signed number x = +-(keep + nu): does |x| become keep + 1?
struct rules {
  cpp_rational x;
  cpp_int keep;
  cpp_rational nu;
  bool nearest_even() const { return distance_up() < nu || (distance_up() == nu && keep % 2 != 0); }
  bool nearest_away() const { return distance_up() <= nu; }
  bool toward_positive() const { return nu != 0 && x > 0; }
  bool toward_negative() const { return nu != 0 && x < 0; }
  bool toward_odd() const { return nu != 0 && (keep + 1) % 2 == 1; }
  cpp_rational distance_up() const { return 1 - nu; }
};

int disagreements(std::uint64_t keep, std::uint64_t drop, int drop_bits, bool negative) {
  auto const nu = dropped_part(drop, drop_bits);
  cpp_rational const magnitude = nu + cpp_int{keep};
  rules const rule{negative ? cpp_rational{-magnitude} : magnitude, cpp_int{keep}, nu};
  int wrong = 0;
  wrong += skive::nearest_even{}.increments(keep, drop, drop_bits, negative) != rule.nearest_even();
  wrong += skive::nearest_away{}.increments(keep, drop, drop_bits, negative) != rule.nearest_away();
  wrong += skive::toward_zero{}.increments(keep, drop, drop_bits, negative);
  wrong += skive::toward_positive{}.increments(keep, drop, drop_bits, negative) != rule.toward_positive();
  wrong += skive::toward_negative{}.increments(keep, drop, drop_bits, negative) != rule.toward_negative();
  wrong += skive::toward_odd{}.increments(keep, drop, drop_bits, negative) != rule.toward_odd();
  return wrong;
}

constexpr auto variants = {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c};

// The number of R among all 2^n that round up.
cpp_int count_up(std::uint64_t drop, int drop_bits, int n, stochastic_variant variant) {
  int up = 0;
  for (std::uint32_t r = 0; r < std::uint32_t{1} << n; ++r) up += stochastic{r, n, variant}.increments(0, drop, drop_bits, false);
  return up;
}

}  // namespace

TEST_CASE("deterministic policies follow their rule for every short kept and dropped part", "[core]") {
  auto const drop_bits = GENERATE(range(1, 9));
  int wrong = 0;
  for (std::uint64_t keep = 0; keep < 8; ++keep)
    for (std::uint64_t drop = 0; drop < std::uint64_t{1} << drop_bits; ++drop)
      for (bool const negative : {false, true}) wrong += disagreements(keep, drop, drop_bits, negative);
  CHECK(wrong == 0);
}

TEST_CASE("deterministic policies follow their rule next to ties at every dropped length", "[core]") {
  auto const drop_bits = GENERATE(range(1, 64));
  auto const half = std::uint64_t{1} << (drop_bits - 1);
  int wrong = 0;
  for (std::uint64_t const keep : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xFFFFFFFFFFFFFFFE}, ~std::uint64_t{0}})
    for (std::uint64_t const drop : {std::uint64_t{0}, std::uint64_t{1}, half - 1, half, half + 1, 2 * half - 1})
      for (bool const negative : {false, true})
        if (drop < 2 * half) wrong += disagreements(keep, drop, drop_bits, negative);
  CHECK(wrong == 0);
}

TEST_CASE("stochastic variants follow their rule for every short dropped part and random number", "[core]") {
  auto const drop_bits = GENERATE(range(1, 9));
  int wrong = 0;
  for (auto const variant : variants)
    for (int n = 1; n <= 6; ++n)
      for (std::uint64_t drop = 0; drop < std::uint64_t{1} << drop_bits; ++drop)
        for (std::uint32_t r = 0; r < std::uint32_t{1} << n; ++r) {
          bool const expected = rounds_away(dropped_part(drop, drop_bits), r, n, variant);
          wrong += stochastic{r, n, variant}.increments(r & 1, drop, drop_bits, false) != expected;
          auto const wide = r | ~((1U << n) - 1);  // bits above N are ignored
          wrong += stochastic{wide, n, variant}.increments(r & 1, drop, drop_bits, true) != expected;
        }
  CHECK(wrong == 0);
}

TEST_CASE("stochastic variants follow their rule at every dropped length and count", "[core]") {
  auto const drop_bits = GENERATE(range(1, 64));
  std::mt19937_64 words{static_cast<unsigned>(drop_bits)};
  auto const all = (std::uint64_t{1} << drop_bits) - 1;
  int wrong = 0;
  for (int n = 1; n <= 32; ++n)
    for (int trial = 0; trial < 12; ++trial) {
      auto const drop = trial == 0 ? 0 : trial == 1 ? all : trial == 2 ? all / 2 + 1 : words() & all;
      auto const nu = dropped_part(drop, drop_bits);
      auto const mask = (std::uint64_t{1} << n) - 1;
      // random numbers on both sides of the threshold 2^n - nu 2^n
      cpp_int const edge = (cpp_int{1} << n) - floor_of(nu * (cpp_int{1} << n));
      for (int const step : {-2, -1, 0, 1, 2}) {
        cpp_int const candidate = edge + step;
        if (candidate < 0 || candidate > cpp_int{mask}) continue;
        for (auto const variant : variants) {
          auto const r = static_cast<std::uint32_t>(candidate);
          wrong += stochastic{r, n, variant}.increments(0, drop, drop_bits, false) != rounds_away(nu, candidate, n, variant);
        }
      }
    }
  CHECK(wrong == 0);
}

// Summed over all R: exact for parts of at most N bits (a, c), within half a step (b: always, c: always), never above nu (a).
TEST_CASE("the probability of rounding up is the dropped part", "[core]") {
  auto const drop_bits = GENERATE(range(1, 9));
  int wrong = 0;
  for (int n = 1; n <= 8; ++n)
    for (std::uint64_t drop = 0; drop < std::uint64_t{1} << drop_bits; ++drop) {
      cpp_rational const expected = dropped_part(drop, drop_bits) * (cpp_int{1} << n);  // nu 2^N
      auto const a = count_up(drop, drop_bits, n, stochastic_variant::a);
      auto const b = count_up(drop, drop_bits, n, stochastic_variant::b);
      auto const c = count_up(drop, drop_bits, n, stochastic_variant::c);
      wrong += a != floor_of(expected);
      wrong += b != floor_of(expected + cpp_rational{1, 2});
      wrong += c != nearest_even_of(expected);
      if (drop_bits <= n) wrong += a != expected || b != expected || c != expected;
      if (drop == 0) wrong += a + b + c != 0;  // exact numbers stay
    }
  CHECK(wrong == 0);
}

TEST_CASE("variant a is biased by half a step, c by nothing", "[core]") {
  int const n = 4;
  int const drop_bits = 9;
  cpp_rational bias_a = 0;
  cpp_rational bias_c = 0;
  for (std::uint64_t drop = 0; drop < std::uint64_t{1} << drop_bits; ++drop) {
    auto const nu = dropped_part(drop, drop_bits);
    bias_a += nu - cpp_rational{count_up(drop, drop_bits, n, stochastic_variant::a), cpp_int{1} << n};
    bias_c += nu - cpp_rational{count_up(drop, drop_bits, n, stochastic_variant::c), cpp_int{1} << n};
  }
  bias_a /= cpp_int{1} << drop_bits;
  bias_c /= cpp_int{1} << drop_bits;
  CHECK(bias_a == cpp_rational{1, 32} - cpp_rational{1, 1024});  // half of 2^-N, less half of the dropped part's own step
  CHECK(abs(bias_c) <= cpp_rational{1, 1024});
}

// N = 2, nu = 0.3 and 0.45, by the rules of IEEE P3109: which R round away. Any cut of these endless fractions decides alike.
TEST_CASE("stochastic vectors with two random bits", "[core]") {
  auto const cut = GENERATE(7, 23, 63);
  auto const drop_of = [cut](int hundredths) { return static_cast<std::uint64_t>((cpp_int{hundredths} << cut) / 100); };
  auto const who = [&](int hundredths, stochastic_variant variant) {
    int set = 0;
    for (std::uint32_t r = 0; r < 4; ++r) set |= stochastic{r, 2, variant}.increments(0, drop_of(hundredths), cut, false) << r;
    return set;
  };
  CHECK(who(30, stochastic_variant::a) == 0b1000);
  CHECK(who(30, stochastic_variant::b) == 0b1000);
  CHECK(who(30, stochastic_variant::c) == 0b1000);
  CHECK(who(45, stochastic_variant::a) == 0b1000);
  CHECK(who(45, stochastic_variant::b) == 0b1100);
  CHECK(who(45, stochastic_variant::c) == 0b1100);
}

TEST_CASE("toward odd, then to nearest, is nearest", "[core]") {
  int wrong = 0;
  for (std::uint64_t x = 0; x < 1 << 12; ++x)
    for (int first = 1; first <= 6; ++first)
      for (int second = 2; second <= 5; ++second) {
        auto const once = [&](auto policy, std::uint64_t value, int bits) {
          auto const keep = value >> bits;
          return keep + (policy.increments(keep, value & ((std::uint64_t{1} << bits) - 1), bits, false) ? 1 : 0);
        };
        auto const direct = once(skive::nearest_even{}, x, first + second);
        wrong += once(skive::nearest_even{}, once(skive::toward_odd{}, x, first), second) != direct;
      }
  CHECK(wrong == 0);
}

// base + significand / 2^drop_bits as a fraction; the two neighbours differ in the policy's answer alone.
TEST_CASE("a shifted significand is rounded once, however far it is shifted", "[core]") {
  auto const drop_bits = GENERATE(-3, 0, 1, 2, 24, 53, 62, 63, 64, 65, 90, 127, 128, 300);
  int wrong = 0;
  auto const check = [&](auto const& policy, std::uint64_t base, std::uint64_t significand, bool negative, auto away) {
    auto const shifted = drop_bits <= 0 ? cpp_rational{cpp_int{significand} << -drop_bits}
                                        : cpp_rational{cpp_int{significand}, cpp_int{1} << drop_bits};
    cpp_rational const exact = shifted + cpp_int{base};
    cpp_int const keep = floor_of(exact);
    cpp_rational const nu = exact - keep;
    rules const rule{negative ? cpp_rational{-exact} : exact, keep, nu};
    cpp_int const expected = keep + (nu != 0 && away(rule) ? 1 : 0);
    wrong += cpp_int{skive::detail::rounded_shift(policy, base, significand, drop_bits, negative)} != expected;
  };
  for (std::uint64_t const base : {0U, 1U, 2U, 127U << 23})
    for (std::uint64_t const significand :
         {std::uint64_t{1} << 52, (std::uint64_t{1} << 52) + 1, (std::uint64_t{1} << 53) - 1, std::uint64_t{0x80'0000},
          std::uint64_t{0x80'0001}, std::uint64_t{0xC0'0000}, std::uint64_t{0x13'4000'0000'0001}, std::uint64_t{3}})
      for (bool const negative : {false, true}) {
        check(skive::nearest_even{}, base, significand, negative, [](rules const& r) { return r.nearest_even(); });
        check(skive::nearest_away{}, base, significand, negative, [](rules const& r) { return r.nearest_away(); });
        check(skive::test::rounds_up{}, base, significand, negative, [](rules const&) { return true; });  // exact numbers stay
        check(skive::toward_zero{}, base, significand, negative, [](rules const&) { return false; });
        check(skive::toward_positive{}, base, significand, negative, [](rules const& r) { return r.toward_positive(); });
        check(skive::toward_odd{}, base, significand, negative, [](rules const& r) { return r.toward_odd(); });
        check(stochastic{0xFFFF'FFFFU, 32, stochastic_variant::b}, base, significand, negative,
              [](rules const& r) { return rounds_away(r.nu, 0xFFFF'FFFF, 32, stochastic_variant::b); });
      }
  CHECK(wrong == 0);
}
