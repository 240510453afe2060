// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/real_lane.hpp: rounding and its ties, parities, bits of words; integers in lanes are doubles. Products are rounded before they
// are added, however much the compiler may contract (-O2 with FMA is where g++ does).
#include "skive/codebook/real_lane.hpp"

#include "skive/codebook/single_lane.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using fixed = detail::fixed_lane<detail::single_lane, 17>;

fixed fixed_of(double x) { return {{static_cast<std::int32_t>(std::ldexp(x, 17))}}; }
double value(double x) { return x; }
double value(fixed x) { return std::ldexp(x.bits.lane, -17); }

TEST_CASE("Nearest integers, of two the smaller one", "[codebook]") {
  for (int k = -40; k <= 40; ++k) {
    auto const x = k / 8.0;
    auto const nearest = std::ceil(x - 0.5);
    REQUIRE(detail::rounded(x) == nearest);
    REQUIRE(detail::rounded(static_cast<float>(x)) == static_cast<float>(nearest));
    REQUIRE(value(detail::rounded(fixed_of(x))) == nearest);
    REQUIRE(detail::is_odd(static_cast<double>(k)) == (k % 2 != 0));
    REQUIRE(detail::is_odd(fixed_of(k)).bit == (k % 2 != 0));
  }
  REQUIRE(detail::rounded(0x1.000002p-1f) == 1.0f);  // just above and below a half
  REQUIRE(detail::rounded(0x1.fffffep-2f) == 0.0f);
  REQUIRE(detail::rounded(-0x1.000002p-1f) == -1.0f);
  REQUIRE(detail::rounded(0x1.fffffap20f) == 0x1p21f);
  REQUIRE(detail::rounded(0x1.fffff6p20f) == 0x1.fffffp20f);
  REQUIRE_FALSE(std::signbit(detail::rounded(-0.25)));
  REQUIRE_FALSE(std::signbit(detail::rounded(-0.0)));
}

// By trying both neighbours of each of five numbers.
template <class V>
void check_parity(V (*of)(double), bool odd) {
  std::mt19937 random{4};
  for (int t = 0; t < 300; ++t) {
    double x[5];
    V y[5];
    for (int i = 0; i < 5; ++i) x[i] = static_cast<int>(random() % 161 - 80) / 16.0, y[i] = of(x[i]);
    double least = 1e9;
    for (int choice = 0; choice < 32; ++choice) {
      double distance = 0;
      int sum = 0;
      for (int i = 0; i < 5; ++i) {
        auto const z = std::floor(x[i]) + (choice >> i & 1);
        distance += (x[i] - z) * (x[i] - z);
        sum += static_cast<int>(z);
      }
      // A number that is whole may have to change by one downwards: the same distance as upwards, which is tried.
      if ((sum % 2 != 0) == odd && distance < least) least = distance;
    }
    auto const zero = detail::real_lane<V>::of(0);
    auto const one = detail::real_lane<V>::of(1);
    detail::nearest_of_parity<V>(y, 5, odd ? zero < one : one < zero, y);
    double distance = 0;
    int sum = 0;
    for (int i = 0; i < 5; ++i) {
      distance += (x[i] - value(y[i])) * (x[i] - value(y[i]));
      sum += static_cast<int>(value(y[i]));
    }
    REQUIRE((sum % 2 != 0) == odd);
    REQUIRE(distance == least);
  }
}

TEST_CASE("Nearest integers whose sum has a parity", "[codebook]") {
  for (bool const odd : {false, true}) {
    check_parity<double>([](double x) { return x; }, odd);
    check_parity<fixed>(fixed_of, odd);
  }
}

// Numbers known only here: a compiler that sees the oracle's product would use it instead of contracting.
template <class V>
[[gnu::noinline]] V sum_of_products(V a, V b, V c) {
  return detail::real_lane<V>::product(a, b) + c;
}
template <class V>
void check_products() {
  std::mt19937 random{8};
  for (int t = 0; t < 300; ++t) {
    auto const a = static_cast<V>(random()) / V(7);
    auto const b = static_cast<V>(random()) / V(3);
    V const volatile p = a * b;
    REQUIRE(sum_of_products<V>(a, b, -p) == 0);
    REQUIRE(sum_of_products<V>(a, b, a) == p + a);
  }
}

TEST_CASE("Products are rounded before they are added", "[codebook]") {
  check_products<float>();
  check_products<double>();
}

TEST_CASE("Bits of a word", "[codebook]") {
  for (unsigned w = 0; w < 64; ++w) {
    detail::word_bits<float, 6> const bits{static_cast<float>(w)};
    for (unsigned which = 1; which < 64; ++which) {
      bool odd = false;
      for (unsigned k = 0; k < 6; ++k) odd ^= (w & which) >> k & 1;
      REQUIRE(bits.parity(which) == odd);
    }
  }
}

}  // namespace
}  // namespace skive
