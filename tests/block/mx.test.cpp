// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/mx.hpp: the laws, published blocks, and every rule against a restatement in double for amax in every binade.
#include "skive/block/mx.hpp"

#include "laws/stepwise_codec.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using skive::mx;
using skive::mx_rule;
namespace test = skive::test;

constexpr mx_rule rules[]{mx_rule::floor, mx_rule::ceil,         mx_rule::round_up,
                          mx_rule::even,  mx_rule::floor_plus_1, mx_rule::search};

template <class Codec>
void keeps_the_laws(Codec const& codec) {
  test::check_block_codec(codec, {0, 1, 31, 64, 200});
  test::check_stepwise_codec(codec, {0, 1, 31, 64, 200});
}

// An element by its fields: exponent e_min of the smallest normal, m fraction bits, the largest value.
struct element {
  int min_exponent;
  int fraction_bits;
  double max;
};

// Nearest even multiple of the spacing at |v|, saturating. All operations are exact in double.
double nearest(double v, element const& f) {
  double const m = std::fabs(v);
  if (m == 0) return 0;
  int e = 0;
  std::frexp(m, &e);
  double const ulp = std::ldexp(1.0, std::max(e - 1, f.min_exponent) - f.fraction_bits);
  double const r = std::min(std::nearbyint(m / ulp) * ulp, f.max);
  return v < 0 ? -r : r;
}

// floor(log2 a) without a logarithm.
int binade(double a) {
  int e = 0;
  std::frexp(a, &e);
  return e - 1;
}

// Exponent of X for amax > 0, clamped to what E8M0 holds. `element_bits`: fraction bits at the largest element.
int shared_exponent(double amax, mx_rule rule, element const& f) {
  int const emax = binade(f.max);
  int e = binade(amax) - emax;
  switch (rule) {
    case mx_rule::floor: break;
    case mx_rule::ceil:
      if (amax > std::ldexp(1.0, binade(amax))) ++e;
      break;
    case mx_rule::round_up:  // the least e with amax <= max 2^e
      e = -200;
      while (std::ldexp(f.max, e) < amax) ++e;
      break;
    case mx_rule::even: {
      int const top = emax - f.min_exponent >= 0 ? f.fraction_bits : f.fraction_bits - (f.min_exponent - emax);
      double const half = std::ldexp(1.0, binade(amax) - top - 1);
      e = binade(amax + half) - emax;
      break;
    }
    default: ++e; break;
  }
  return std::clamp(e, -127, 127);
}

double squared_error(std::vector<float> const& x, int e, element const& f) {
  double sum = 0;
  for (auto const v : x) {
    double const d = std::ldexp(nearest(std::ldexp(static_cast<double>(v), -e), f), e) - static_cast<double>(v);
    sum += d * d;
  }
  return sum;
}

std::vector<float> oracle(std::vector<float> const& x, int e, element const& f) {
  std::vector<float> out;
  for (auto const v : x) {
    // x / X is rounded to float first where it is subnormal; 2^-149 is far below every element's smallest.
    auto const ratio = static_cast<double>(static_cast<float>(std::ldexp(static_cast<double>(v), -e)));
    out.push_back(static_cast<float>(std::ldexp(nearest(ratio, f), e)));
  }
  return out;
}

template <class Element>
void every_binade(element const& f) {
  std::mt19937 random{static_cast<unsigned>(f.max * 64)};
  for (int b = -149; b <= 127; ++b)
    for (int trial = 0; trial < 4; ++trial) {
      std::vector<float> x(32);
      for (auto& v : x) v = std::ldexp(static_cast<float>(random() % 65536) / 65536.0f - 0.5f, b);
      auto const fraction = trial == 0 ? 0U : trial == 1 ? 0xFFFFFFU - 0x800000U : random() % 0x800000U;
      x[random() % 32] = static_cast<float>(std::ldexp(static_cast<double>(0x800000U + fraction), b - 23));
      double amax = 0;
      for (auto const v : x) amax = std::max(amax, std::fabs(static_cast<double>(v)));
      if (!(amax <= static_cast<double>(std::numeric_limits<float>::max()))) continue;
      for (auto const rule : rules) {
        auto const got = test::through(mx<Element>{32, {rule}}, x);
        CAPTURE(b, trial, static_cast<int>(rule), amax);
        if (rule != mx_rule::search) {
          REQUIRE(got == oracle(x, shared_exponent(amax, rule, f), f));
          continue;
        }
        // The best of three, up to ties that the last bits of a sum decide.
        double error = 0;
        for (std::size_t i = 0; i < 32; ++i) error += std::pow(static_cast<double>(got[i]) - static_cast<double>(x[i]), 2);
        int const middle = binade(amax) - binade(f.max);
        double least = std::numeric_limits<double>::infinity();
        for (int e = middle - 1; e <= middle + 1; ++e) least = std::min(least, squared_error(x, std::clamp(e, -127, 127), f));
        if (b > -100 && b < 120) REQUIRE(error <= least * (1 + 1e-5) + 1e-300);
      }
    }
}

std::vector<float> block_of(std::initializer_list<float> first) {
  std::vector<float> x(32);
  std::copy(first.begin(), first.end(), x.begin());
  return x;
}
int scale_of(std::vector<float> const& x, mx_rule rule) {
  return std::to_integer<int>(test::encoded(mx<skive::e2m1>{32, {rule}}, x)[1][0]);
}
int code_of(std::vector<float> const& x, mx_rule rule, std::size_t i) {
  auto const bytes = test::encoded(mx<skive::e2m1>{32, {rule}}, x)[0];
  return std::to_integer<int>(bytes[i / 2]) >> (i % 2 * 4) & 15;
}

}  // namespace

TEST_CASE("mx: every element and rule keeps the laws", "[block]") {
  keeps_the_laws(mx<skive::e5m2>{});
  keeps_the_laws(mx<skive::e4m3fn>{});
  keeps_the_laws(mx<skive::e3m2>{});
  keeps_the_laws(mx<skive::e2m3>{});
  keeps_the_laws(mx<skive::mxint8>{});
  keeps_the_laws(skive::block_float<5>{16});
  for (auto const rule : rules) keeps_the_laws(mx<skive::e2m1>{32, {rule}});
  keeps_the_laws(mx<skive::e2m1>{32, {}, skive::bit_order::high_first});
}

TEST_CASE("mx: published MXFP4 blocks", "[block]") {
  auto const x = block_of({1.0f, -2.5f, 3.0f, 0.24f});
  CHECK(scale_of(x, mx_rule::floor) == 0x7E);
  CHECK((code_of(x, mx_rule::floor, 0) == 0x4 && code_of(x, mx_rule::floor, 1) == 0xE && code_of(x, mx_rule::floor, 2) == 0x7 &&
         code_of(x, mx_rule::floor, 3) == 0x1));
  auto const seven = block_of({7.0f});
  CHECK((scale_of(seven, mx_rule::floor) == 0x7F && code_of(seven, mx_rule::floor, 0) == 7));
  CHECK((scale_of(seven, mx_rule::round_up) == 0x80 && code_of(seven, mx_rule::round_up, 0) == 6));
  for (auto const rule : {mx_rule::ceil, mx_rule::even, mx_rule::floor_plus_1}) CHECK(scale_of(seven, rule) == 0x80);
  CHECK((scale_of(block_of({3.0f}), mx_rule::floor) == 0x7E && scale_of(block_of({3.0f}), mx_rule::round_up) == 0x7E));
  CHECK((scale_of(block_of({5.0f}), mx_rule::floor) == 0x7F && scale_of(block_of({5.0f}), mx_rule::round_up) == 0x7F));
  auto const tiny = block_of({0x1p-126f});
  CHECK((scale_of(tiny, mx_rule::floor) == 0 && code_of(tiny, mx_rule::floor, 0) == 4));
  CHECK(test::through(mx<skive::e2m1>{}, tiny)[0] == 0x1p-126f);
}

TEST_CASE("mx: zero, NaN and infinity", "[block]") {
  CHECK(scale_of(block_of({0.0f, -0.0f}), mx_rule::floor) == 0);
  for (auto const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    for (auto const rule : rules) {
      CHECK(scale_of(block_of({1.0f, bad}), rule) == 0xFF);
      for (auto const v : test::through(mx<skive::e2m1>{32, {rule}}, block_of({1.0f, bad}))) CHECK(std::isnan(v));
    }
}

TEST_CASE("mx: amax in every binade, every rule", "[block]") {
  every_binade<skive::e2m1>({0, 1, 6});
  every_binade<skive::e2m3>({0, 3, 7.5});
  every_binade<skive::e3m2>({-2, 2, 28});
  every_binade<skive::e4m3fn>({-6, 3, 448});
  every_binade<skive::e5m2>({-14, 2, 57344});
  every_binade<skive::mxint8>({0, 6, 127.0 / 64});
}
