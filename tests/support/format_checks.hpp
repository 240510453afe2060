// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Sweeps of one format against float_oracle: all codes; the upper halves of float32; all edges and ties, from float and double.
// Comparisons are counted, not asserted one by one: a test asserts that none is wrong and shows the first that is.

#include "skive/core/rounding.hpp"
#include "support/exact_floats.hpp"

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <sstream>
#include <string>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

struct tally {
  std::uint64_t checked = 0;
  std::uint64_t wrong = 0;
  std::string first;

  template <class... Parts>
  void add(bool good, Parts const&... parts) {
    ++checked;
    if (good) return;
    if (wrong++ == 0) {
      std::ostringstream text;
      text << std::hexfloat;
      ((text << parts << ' '), ...);
      first = text.str();
    }
  }
};

constexpr std::uint64_t mixed(std::uint64_t z) {  // the output function of splitmix64
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

inline constexpr overflow_policy all_overflow_policies[] = {
    saturating, non_saturating, saturating_finite, {overflow_action::to_special, overflow_action::saturate}};

template <class F, class Real, class R>
void check_policy(Real x, float_oracle const& oracle, float_oracle::place const& p, R rounding, oracle_mode mode, tally& t) {
  for (auto const overflow : all_overflow_policies) {
    auto const got = static_cast<std::int64_t>(F::encode(x, rounding, overflow));
    auto const want = oracle.encode(p, mode, overflow);
    t.add(got == want, oracle.description().name, "x", x, "mode", static_cast<int>(mode.rounding), "count", mode.count, "random",
          mode.random, "overflow", static_cast<int>(overflow.finite), static_cast<int>(overflow.infinite), "got", got, "want",
          want);
  }
}

// Every rounding policy; the random bits and their number vary with x.
template <class F, class Real>
void check_number(Real x, float_oracle const& oracle, tally& t) {
  auto const p = oracle.locate(static_cast<double>(x));
  check_policy<F>(x, oracle, p, nearest_even{}, {oracle_rounding::even}, t);
  check_policy<F>(x, oracle, p, nearest_away{}, {oracle_rounding::away}, t);
  check_policy<F>(x, oracle, p, toward_zero{}, {oracle_rounding::zero}, t);
  check_policy<F>(x, oracle, p, toward_positive{}, {oracle_rounding::positive}, t);
  check_policy<F>(x, oracle, p, toward_negative{}, {oracle_rounding::negative}, t);
  check_policy<F>(x, oracle, p, toward_odd{}, {oracle_rounding::odd}, t);
  auto const h = mixed(std::bit_cast<std::uint64_t>(static_cast<double>(x)));
  int const counts[] = {1, 2, 8, 13, 31, 32};
  int const count = counts[h % 6];
  auto const random = static_cast<std::uint32_t>((h >> 32) & ((std::uint64_t{1} << count) - 1));
  check_policy<F>(x, oracle, p, stochastic{random, count, stochastic_variant::a}, {oracle_rounding::random_a, count, random}, t);
  check_policy<F>(x, oracle, p, stochastic{random, count, stochastic_variant::b}, {oracle_rounding::random_b, count, random}, t);
  check_policy<F>(x, oracle, p, stochastic{random, count, stochastic_variant::c}, {oracle_rounding::random_c, count, random}, t);
  check_policy<F>(x, oracle, p, stochastic{0, count, stochastic_variant::a}, {oracle_rounding::random_a, count, 0}, t);
}

// x and the numbers one ulp away, of both signs, where Real holds x.
template <class F, class Real>
void check_around(double x, float_oracle const& oracle, tally& t) {
  if (!(std::fabs(x) <= static_cast<double>(std::numeric_limits<Real>::max()))) return;
  auto const r = static_cast<Real>(x);
  Real const infinite = std::numeric_limits<Real>::infinity();
  for (Real const y : {r, std::nextafter(r, infinite), std::nextafter(r, -infinite)}) {
    check_number<F>(y, oracle, t);
    check_number<F>(-y, oracle, t);
  }
}

// All values, ties and quarters between neighbours, and what lies past the largest; every `stride`-th pair.
template <class F, class Real>
void check_edges(float_oracle const& oracle, std::size_t stride, tally& t) {
  auto const& v = oracle.values();
  for (std::size_t i = 0; i + 1 < v.size(); i = (i + stride < v.size() - 3 && i > 2) ? i + stride : i + 1) {
    double const gap = v[i + 1] - v[i];
    for (double const part : {0.0, 0.25, 0.3, 0.5, 0.75}) check_around<F, Real>(v[i] + part * gap, oracle, t);
  }
  for (double const factor : {1.0, 1.25, 2.0, 3.0, 1e5, 1e30}) check_around<F, Real>(v.back() * factor, oracle, t);
  for (double const factor : {0.5, 0.25, 1e-5, 1e-12, 1e-19, 1e-30}) check_around<F, Real>(v[1] * factor, oracle, t);
  using limits = std::numeric_limits<Real>;
  for (Real const y : {Real{0}, limits::denorm_min(), limits::min(), limits::max(), limits::infinity(), limits::quiet_NaN()}) {
    check_number<F>(y, oracle, t);
    check_number<F>(-y, oracle, t);
  }
}

// All 2^16 upper halves of float32 with some lower halves, and random bit patterns of double.
template <class F>
void check_upper_halves(float_oracle const& oracle, tally& t) {
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper)
    for (std::uint32_t const lower : {0U, 1U, 0x8000U, 0xFFFFU})
      check_number<F>(std::bit_cast<float>(upper << 16 | lower), oracle, t);
  for (std::uint64_t i = 0; i < 20000; ++i) check_number<F>(std::bit_cast<double>(mixed(i + 1)), oracle, t);
}

inline bool same_number(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

// Every code decodes as the oracle says, also into double, and encodes to itself (NaN and unwritten zeros: to their class).
template <class F>
void check_codes(float_oracle const& oracle, tally& t) {
  for (std::int64_t c = 0; c < oracle.code_count(); ++c) {
    auto const code = static_cast<typename F::code_type>(c);
    double const want = oracle.decode(c);
    auto const got = F::decode(code);
    auto const back = static_cast<std::int64_t>(F::encode(got, nearest_even{}, non_saturating));
    t.add(same_number(static_cast<double>(got), want), oracle.description().name, "decode", c, "got", got, "want", want);
    t.add(std::isnan(want) || std::signbit(static_cast<double>(got)) == std::signbit(want), "sign of", c);
    t.add(same_number(F::template decode_as<double>(code), want), oracle.description().name, "decode to double", c);
    bool const canonical =
        !std::isnan(want) && (want != 0 || c == 0 || (F::has_negative_zero && oracle.description().subnormals));
    t.add(canonical ? back == c : same_number(oracle.decode(back), want), oracle.description().name, "round trip", c, "back",
          back);
    t.add(back == static_cast<std::int64_t>(F::encode(F::template decode_as<double>(code), nearest_even{}, non_saturating)), c);
  }
}

// The constants against the oracle's table.
template <class F>
void check_constants(float_oracle const& oracle) {
  auto const& d = oracle.description();
  auto const& v = oracle.values();
  CHECK(F::bits == d.exponent_bits + d.fraction_bits + (d.has_sign ? 1 : 0));
  CHECK(static_cast<double>(F::max_finite) == v[v.size() - 2]);
  CHECK(static_cast<double>(F::lowest) == (d.has_sign ? -v[v.size() - 2] : 0.0));
  CHECK(static_cast<double>(F::min_subnormal) == v[1]);
  CHECK(static_cast<double>(F::min_normal) == std::ldexp(1.0, 1 - d.bias));
  CHECK(static_cast<double>(F::epsilon) == std::ldexp(1.0, -d.fraction_bits));
  CHECK(static_cast<std::int64_t>(F::max_code) == d.max_code);
  CHECK(F::has_infinity == (d.infinity >= 0));
  CHECK(F::has_nan == (d.quiet_nan >= 0 || d.nan_at_sign_bit));
  CHECK(F::has_negative_zero == (d.has_sign && d.negative_zero));
  CHECK(static_cast<std::int64_t>(F::infinity_code) == (d.infinity >= 0 ? d.infinity : d.max_code));
  CHECK(F::nan_code == F::encode(std::numeric_limits<double>::quiet_NaN()));
  CHECK(sizeof(F) == sizeof(typename F::code_type));
}

template <class F>
void check_format(float_description const& description, std::size_t stride = 1) {
  float_oracle const oracle{description};
  INFO(description.name);
  check_constants<F>(oracle);
  tally t;
  check_codes<F>(oracle, t);
  check_edges<F, float>(oracle, stride, t);
  check_edges<F, double>(oracle, stride, t);
  check_upper_halves<F>(oracle, t);
  INFO("first wrong: " << t.first << " of " << t.checked << " comparisons");
  CHECK(t.wrong == 0);
}

}  // namespace skive::test
