// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/lookup_key.hpp: every decision against exact fractions, at the numbers next to it; the same keys under FTZ and DAZ.
#include "skive/format/lookup_key.hpp"

#include "support/processor_modes.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using namespace skive::detail;
using fraction = boost::multiprecision::cpp_rational;

constexpr std::array ties{lookup_tie::lower, lookup_tie::upper, lookup_tie::toward_zero};

// What a tie at the point p of the line becomes.
bool tie_goes_up(lookup_tie tie, int sign_of_p) {
  return tie == lookup_tie::upper || (tie == lookup_tie::toward_zero && sign_of_p <= 0);
}

// Pairs a < b: neighbours, far apart, of both signs, subnormal, with sums that double has to round.
std::vector<std::array<float, 2>> pairs() {
  std::vector<std::array<float, 2>> out{{-0x1p-149f, 0x1p-149f}, {0.0f, 0x1p-149f},  {-0x1p-149f, -0.0f},
                                        {-1.0f, 1.0f},           {1.0f, 0x1p127f},   {-0x1.fffffep127f, 0x1p-149f},
                                        {-0x1.8p127f, 0x1p127f}, {0x1p-140f, 1.25f}, {-1.25f, -0x1p-126f}};
  std::mt19937 random{5};
  for (int i = 0; i < 3000; ++i) {
    auto const any = [&] {
      auto const word = static_cast<std::uint32_t>(random());
      auto const m = std::ldexp(1.0f + static_cast<float>(word & 0x7F'FFFF) * 0x1p-23f,
                                static_cast<int>(random() % (i % 2 == 0 ? 8U : 270U)) - (i % 2 == 0 ? 4 : 148));
      return word >> 31 != 0 ? -m : m;
    };
    float const a = any();
    float const b = i % 7 == 0 ? std::nextafter(a, HUGE_VALF) : any();
    if (a < b) out.push_back({a, b});
    if (b < a) out.push_back({b, a});
  }
  return out;
}

// Doubles around x: itself and two on either side.
std::array<double, 5> around(double x) {
  double const up = std::nextafter(x, HUGE_VAL);
  double const down = std::nextafter(x, -HUGE_VAL);
  return {std::nextafter(down, -HUGE_VAL), down, x, up, std::nextafter(up, HUGE_VAL)};
}

std::vector<std::int64_t> all_keys(std::vector<std::array<float, 2>> const& from) {
  std::vector<std::int64_t> keys;
  for (auto const& [a, b] : from)
    for (auto const tie : ties) keys.push_back(midpoint_key(a, b, tie));
  return keys;
}

// Notes what it is asked and goes to the other neighbour.
struct question {
  std::uint64_t keep, drop;
  int drop_bits;
  bool negative;
};
struct recorder {
  question* at;
  bool increments(std::uint64_t keep, std::uint64_t drop, int drop_bits, bool negative) const noexcept {
    *at = {keep, drop, drop_bits, negative};
    return true;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("NaN becomes zero, every other number stays", "[format]", float, double) {
  using bits_type = typename real_layout<TestType>::bits_type;
  auto const infinity = std::numeric_limits<TestType>::infinity();
  for (TestType const x : {TestType{0}, TestType{-0.0}, TestType{1}, std::numeric_limits<TestType>::denorm_min(),
                           std::numeric_limits<TestType>::max(), infinity, -infinity})
    CHECK(std::bit_cast<bits_type>(without_nan(x)) == std::bit_cast<bits_type>(x));
  auto const first = static_cast<bits_type>(std::bit_cast<bits_type>(infinity) + 1);
  auto const sign = static_cast<bits_type>(bits_type{1} << real_layout<TestType>::sign_shift);
  for (bits_type const b :
       {first, static_cast<bits_type>(first | sign), static_cast<bits_type>(sign - 1), static_cast<bits_type>(~bits_type{0})})
    CHECK(std::bit_cast<bits_type>(without_nan(std::bit_cast<TestType>(b))) == 0);
}

TEST_CASE("a pivot is decided by the tie rule, its neighbours by order", "[format]") {
  for (auto const tie : ties)
    for (double const p : {-1e300, -1.5, -0x1p-1074, -0.0, 0.0, 0x1p-1074, 1.5, 1e300})
      for (double const x : around(p)) {
        bool const upper = x > p || (x == p && tie_goes_up(tie, p < 0 ? -1 : p > 0 ? 1 : 0));
        CHECK((order_key(x) > pivot_key(order_key(p), tie)) == upper);
      }
}

TEST_CASE("a midpoint is decided exactly, whatever double rounds", "[format]") {
  int rounded = 0;
  int wrong = 0;
  for (auto const& [a, b] : pairs()) {
    fraction const twice = fraction{static_cast<double>(a)} + fraction{static_cast<double>(b)};
    double const near = (static_cast<double>(a) + static_cast<double>(b)) / 2;
    rounded += fraction{near} * 2 != twice ? 1 : 0;
    for (auto const tie : ties)
      for (double const x : around(near)) {
        fraction const at = fraction{x} * 2;
        bool const upper = at > twice || (at == twice && tie_goes_up(tie, twice.sign()));
        wrong += (order_key(x) > midpoint_key(a, b, tie)) != upper;
      }
  }
  CHECK(wrong == 0);
  CHECK(rounded > 500);
}

TEST_CASE("midpoints do not depend on flush-to-zero", "[format]") {
  if (!test::flush_subnormals::effective()) SKIP("subnormals cannot be flushed here");
  auto const from = pairs();
  auto const plain = all_keys(from);
  auto const flushed = [&] {
    test::flush_subnormals const on;
    return all_keys(from);
  }();
  CHECK((plain == flushed));
}

TEST_CASE("a narrow key decides about floats as the key of a double", "[format]") {
  static constexpr std::array<std::int64_t, 16> keys{
      order_key(0.0),          order_key(0x1p-1074),     order_key(-0x1p-1074),   order_key(0x1p-150),
      order_key(-0x1.8p-150),  order_key(1.0),           order_key(1.0) - 1,      order_key(1.0) + 1,
      order_key(-1.0) - 1,     order_key(-1.0) + 1,      order_key(1.0 / 3),      order_key(-1.0 / 3),
      order_key(0x1.000001p0), order_key(-0x1.000001p0), order_key(0x1p-126) - 1, order_key(-0x1.fffffep127) + 1};
  static constexpr auto narrow = []() consteval {
    std::array<std::int32_t, keys.size()> out{};
    for (std::size_t i = 0; i < keys.size(); ++i) out[i] = narrow_key(keys[i]);
    return out;
  }();
  for (std::size_t i = 0; i < keys.size(); ++i)
    for (int step = -3; step <= 3; ++step) {
      auto const x = real_from_key<float>(order_key(static_cast<float>(real_from_key<double>(keys[i]))) + step);
      CAPTURE(i, x);
      CHECK((order_key(x) > narrow[i]) == (order_key(static_cast<double>(x)) > keys[i]));
    }
}

TEST_CASE("count_below counts", "[format]") {
  std::mt19937 random{6};
  int wrong = 0;
  for (std::size_t n = 0; n <= 70; ++n) {
    std::vector<int> keys;
    for (std::size_t i = 0; i < n; ++i) keys.push_back((keys.empty() ? 0 : keys.back()) + static_cast<int>(random() % 3));
    for (int key = -1; key <= 150; ++key) {
      std::size_t expected = 0;
      for (int const k : keys) expected += k < key;
      wrong += count_below(key, n, [&](std::size_t i) { return keys[i]; }) != expected;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("other policies are asked with the rank on the side of zero and the position to 2^-32", "[format]") {
  constexpr std::array<float, 9> levels{-0x1p100f, -3.0f, -0x1p-149f, -0.0f, 0.0f, 0x1p-140f, 0.1f, 7.0f, 0x1.000002p100f};
  auto const level_at = [&](std::size_t i) { return levels[i]; };
  std::mt19937_64 random{7};
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    fraction const low{static_cast<double>(levels[i])};
    fraction const gap = fraction{static_cast<double>(levels[i + 1])} - low;
    if (gap == 0) continue;
    for (int k = 0; k < 2000; ++k) {
      double const part =
          std::ldexp(static_cast<double>(random() >> 11), k % 3 == 0 ? -53 - static_cast<int>(random() % 40) : -53);
      double const x = static_cast<double>(levels[i]) * (1 - part) + static_cast<double>(levels[i + 1]) * part;
      if (!(x > static_cast<double>(levels[i]) && x < static_cast<double>(levels[i + 1]))) continue;
      bool const negative = x < 0;
      fraction const nu = negative ? 1 - (fraction{x} - low) / gap : (fraction{x} - low) / gap;
      fraction const scaled = nu * fraction{std::int64_t{1} << 32};
      auto const floor = static_cast<std::int64_t>(boost::multiprecision::cpp_int{numerator(scaled) / denominator(scaled)});
      question q{};
      auto const rank = choose_rank(x, levels.size(), level_at, recorder{&q});
      auto const keep = negative ? i + 1 : i;
      REQUIRE((q.drop_bits == 32 && q.negative == negative && q.keep == keep && rank == (negative ? i : i + 1)));
      REQUIRE((q.drop >= 1 && q.drop <= 0xFFFF'FFFF));
      auto const drop = static_cast<std::int64_t>(q.drop);
      REQUIRE((drop == (floor < 1 ? 1 : floor) || drop == floor + 1));  // nu itself may round up to a multiple of 2^-32
      REQUIRE(choose_rank(x, levels.size(), level_at, toward_zero{}) == keep);
    }
  }
  for (std::size_t i = 0; i < levels.size(); ++i)  // levels stay, and of the zeros +0 is taken
    CHECK(choose_rank(static_cast<double>(levels[i]), levels.size(), level_at, recorder{nullptr}) == (i == 3 ? 4 : i));
  CHECK(choose_rank(-HUGE_VAL, levels.size(), level_at, recorder{nullptr}) == 0);
  CHECK(choose_rank(HUGE_VAL, levels.size(), level_at, recorder{nullptr}) == levels.size() - 1);
}
