// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/ieee.hpp: sums, products and quotients against the processor's own and against exact fractions; the same bits under FTZ
// and DAZ.
#include "skive/core/ieee.hpp"

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
#include <catch2/catch_test_macros.hpp>

namespace {

using fraction = boost::multiprecision::cpp_rational;
using words = std::vector<std::uint32_t>;

float as_float(std::uint32_t b) { return std::bit_cast<float>(b); }
std::uint32_t as_bits(float x) { return std::bit_cast<std::uint32_t>(x); }
std::uint32_t one_nan(float x) { return std::isnan(x) ? 0x7FC0'0000U : as_bits(x); }

words edges() {
  words out;
  for (std::uint32_t const m :
       {0U,           1U,           2U,           3U,           5U,           0x3FU,        0x1000U,      0x3F'FFFFU,
        0x40'0000U,   0x40'0001U,   0x7F'FFFEU,   0x7F'FFFFU,   0x80'0000U,   0x80'0001U,   0xFF'FFFFU,   0x100'0000U,
        0x1800'0000U, 0x2000'0000U, 0x1FFF'FFFFU, 0x3EAA'AAABU, 0x3F00'0000U, 0x3F7F'FFFFU, 0x3F80'0000U, 0x3F80'0001U,
        0x3FFF'FFFFU, 0x4000'0000U, 0x4040'0000U, 0x43E0'0000U, 0x5F00'0000U, 0x7E80'0000U, 0x7EFF'FFFFU, 0x7F00'0000U,
        0x7F7F'FFFEU, 0x7F7F'FFFFU, 0x7F80'0000U, 0x7F80'0001U, 0x7FC0'0000U, 0x7FFF'FFFFU})
    for (std::uint32_t const sign : {0U, 0x8000'0000U}) out.push_back(m | sign);
  return out;
}

// Pairs whose product or quotient is often near or below the smallest normal number.
struct pairs {
  words a;
  words b;
};
pairs random_pairs(std::size_t n, unsigned seed) {
  std::mt19937 words_of{seed};
  pairs p;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t a = static_cast<std::uint32_t>(words_of());
    std::uint32_t b = static_cast<std::uint32_t>(words_of());
    if (i % 4 == 1) {  // exponents that sum to about the smallest normal
      auto const ea = (a >> 23) & 0xFF;
      auto const eb = ea > 150 ? 2 : 152 - ea - b % 28;
      b = (b & 0x807F'FFFFU) | (eb << 23);
    }
    if (i % 4 == 2) a &= 0x807F'FFFFU;  // a subnormal
    if (i % 4 == 3) {                   // a short significand: ties are common
      a &= 0xFFFF'F000U;
      b &= 0xFFFF'0000U;
    }
    p.a.push_back(a);
    p.b.push_back(b);
  }
  return p;
}
pairs edge_pairs() {
  pairs p;
  for (auto const a : edges())
    for (auto const b : edges()) {
      p.a.push_back(a);
      p.b.push_back(b);
    }
  return p;
}

// Of every pair the sum, the product and the quotient.
[[gnu::noinline]] words operate(pairs const& p) {
  words out;
  out.reserve(3 * p.a.size());
  for (std::size_t i = 0; i < p.a.size(); ++i) {
    out.push_back(as_bits(skive::ieee_add(as_float(p.a[i]), as_float(p.b[i]))));
    out.push_back(as_bits(skive::ieee_multiply(as_float(p.a[i]), as_float(p.b[i]))));
    out.push_back(as_bits(skive::ieee_divide(as_float(p.a[i]), as_float(p.b[i]))));
  }
  return out;
}

void agrees_with_hardware(pairs const& p) {
  auto const mine = operate(p);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < p.a.size(); ++i) {
    float const volatile a = as_float(p.a[i]);
    float const volatile b = as_float(p.b[i]);
    std::array const processor{one_nan(a + b), one_nan(a * b), one_nan(a / b)};
    for (std::size_t k = 0; k < 3; ++k)
      if (mine[3 * i + k] != processor[k] && ++wrong < 5) {
        UNSCOPED_INFO(std::hex << p.a[i] << " " << p.b[i] << " operation " << k);
        CHECK(mine[3 * i + k] == processor[k]);
      }
  }
  CHECK(wrong == 0);
}

// RNE of a positive fraction below 2^-126, as bits: the nearest multiple of 2^-149.
fraction exact(float x) {
  int e = 0;
  auto const m = static_cast<std::int64_t>(std::ldexp(std::frexp(x, &e), 24));
  fraction const p{boost::multiprecision::cpp_int{1} << std::abs(e - 24)};
  return e >= 24 ? fraction{m} * p : fraction{m} / p;
}
fraction signed_exact(float x) { return x == 0 ? fraction{0} : x < 0 ? -exact(-x) : exact(x); }
std::uint32_t nearest_subnormal(fraction const& x) {
  fraction const units = x * fraction{boost::multiprecision::cpp_int{1} << 149};
  boost::multiprecision::cpp_int const n = numerator(units) / denominator(units);
  fraction const rest = units - fraction{n};
  bool const up = rest * 2 > 1 || (rest * 2 == 1 && (n & 1) != 0);
  return static_cast<std::uint32_t>(n) + (up ? 1U : 0U);
}

}  // namespace

TEST_CASE("sums, products and quotients of edge values are the processor's", "[core]") { agrees_with_hardware(edge_pairs()); }

TEST_CASE("sums, products and quotients of random bits are the processor's", "[core]") {
  agrees_with_hardware(random_pairs(4'000'000, 1));
}

TEST_CASE("subnormal results are the nearest in exact arithmetic, ties to even", "[core]") {
  std::mt19937 random{2};
  int ties = 0;
  fraction const smallest_normal = exact(0x1p-126f);
  for (int i = 0; i < 40'000; ++i) {
    // A significand of k bits times a power of two that leaves about half a unit: many exact ties.
    float const a = std::ldexp(static_cast<float>(1 + random() % (1U << (1 + i % 24))), -static_cast<int>(random() % 60));
    float const b = i % 3 == 0 ? std::ldexp(1.0f, -90 - static_cast<int>(random() % 59))
                               : std::ldexp(static_cast<float>(1 + random() % 0xFFFF), -100 - static_cast<int>(random() % 49));
    float const c = std::ldexp(1.0f + static_cast<float>(i % 2), 90 + static_cast<int>(random() % 37));
    fraction const product = exact(a) * exact(b);
    fraction const quotient = exact(a) / exact(c);
    fraction const half = product * fraction{boost::multiprecision::cpp_int{1} << 150};
    if (denominator(half) == 1 && (numerator(half) & 1) != 0) ++ties;
    if (product < smallest_normal) REQUIRE(as_bits(skive::ieee_multiply(a, b)) == nearest_subnormal(product));
    if (quotient < smallest_normal) REQUIRE(as_bits(skive::ieee_divide(a, c)) == nearest_subnormal(quotient));
  }
  CHECK(ties > 500);
}

TEST_CASE("sums are the nearest in exact arithmetic, ties to even", "[core]") {
  std::mt19937 random{4};
  int ties = 0;
  int cancelled = 0;
  for (int i = 0; i < 30'000; ++i) {
    // Exponents up to 26 apart, from the subnormals to just below overflow; short significands make ties.
    auto const low = i % 3 == 0 ? 0U : static_cast<std::uint32_t>(random() % 220);
    auto const spread = i % 6 == 0 ? 3U : 27U;
    auto const any = [&] {
      auto const word = static_cast<std::uint32_t>(random());
      return as_float((word & (i % 2 == 0 ? 0x807F'FFFFU : 0x8060'0001U)) |
                      ((low + static_cast<std::uint32_t>(random()) % spread) << 23));
    };
    float const a = any();
    float const b = any();
    float const s = skive::ieee_add(a, b);
    fraction const sum = signed_exact(a) + signed_exact(b);
    fraction const error = abs(sum - signed_exact(s));
    fraction const up = abs(signed_exact(std::nextafter(s, HUGE_VALF)) - sum);
    fraction const down = abs(sum - signed_exact(std::nextafter(s, -HUGE_VALF)));
    bool const tie = error != 0 && (error == up || error == down);
    REQUIRE((error <= up && error <= down && (!tie || (as_bits(s) & 1) == 0)));
    ties += tie ? 1 : 0;
    cancelled += s != 0 && std::fabs(s) < 0x1p-126f ? 1 : 0;
    REQUIRE(as_bits(skive::ieee_add(a, -a)) == 0);
  }
  CHECK(ties > 300);
  CHECK(cancelled > 300);
}

TEST_CASE("constant expressions", "[core]") {
  static_assert(std::bit_cast<std::uint32_t>(skive::ieee_multiply(0x1p-100f, 0x1p-49f)) == 1);
  static_assert(std::bit_cast<std::uint32_t>(skive::ieee_multiply(0x1p-100f, -0x1p-50f)) == 0x8000'0000U);  // tie to zero
  static_assert(std::bit_cast<std::uint32_t>(skive::ieee_multiply(0x1.8p-100f, 0x1p-49f)) == 2);            // tie to even
  static_assert(std::bit_cast<std::uint32_t>(skive::ieee_divide(0x1.000002p-100f, 0x1p50f)) == 1);          // just above a half
  static_assert(skive::ieee_add(0x1p127f, 0x1p127f) == std::numeric_limits<float>::infinity() &&
                skive::ieee_add(1.0f, 0x1p-24f) == 1.0f && skive::ieee_add(1.0f, 0x1.8p-24f) == 0x1.000002p0f &&
                std::bit_cast<std::uint32_t>(skive::ieee_add(0x1p-126f, -0x1p-149f)) == 0x7F'FFFFU);
  static_assert(skive::ieee_divide(1.0f, 3.0f) == 1.0f / 3.0f && skive::ieee_multiply(3.0f, -5.0f) == -15.0f);
  static_assert(skive::is_nan(skive::ieee_divide(0.0f, 0.0f)) &&
                skive::ieee_divide(-1.0f, 0.0f) == -std::numeric_limits<float>::infinity());
  static_assert(skive::less(-0x1p-149f, 0x1p-149f) && skive::less(0x1p-149f, 0x1p-148f) && !skive::less(0.0f, -0.0f));
  static_assert(skive::magnitude(-3.0f) == 3.0f && skive::is_zero(-0.0f) && !skive::is_zero(0x1p-149f));
  static_assert(skive::is_finite(0x1.fffffep127f) && !skive::is_finite(std::numeric_limits<float>::infinity()));
  SUCCEED();
}

TEST_CASE("less is the order of numbers", "[core]") {
  auto const all = edges();
  for (auto const a : all)
    for (auto const b : all)
      if (!std::isnan(as_float(a)) && !std::isnan(as_float(b)))
        CHECK(skive::less(as_float(a), as_float(b)) == (as_float(a) < as_float(b)));
}

TEST_CASE("flush-to-zero and denormals-are-zero change no bit", "[core]") {
  if (!skive::test::flush_subnormals::effective()) SKIP("subnormals cannot be flushed here");
  for (auto const& p : {edge_pairs(), random_pairs(500'000, 3)}) {
    auto const plain = operate(p);
    bool order = false;
    auto const flushed = [&] {
      skive::test::flush_subnormals const on;
      order = skive::less(as_float(0), as_float(1)) && skive::less(as_float(1), as_float(2)) &&
          skive::less(as_float(0x8000'0002U), as_float(0x8000'0001U)) && !skive::is_zero(as_float(1));
      return operate(p);
    }();
    CHECK(order);
    CHECK((plain == flushed));
  }
}
