// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/real_bits.hpp: taking a float or double apart and putting it together, against frexp and ldexp; order; the same bits under
// FTZ and DAZ.
#include "skive/core/real_bits.hpp"

#include "support/processor_modes.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive::detail;

static_assert(unpack_real(1.0f).significand == 0x800000 && unpack_real(1.0f).exponent == 0);
static_assert(pack_real<float>(true, 1, -149) == -0x1p-149f && pack_real<double>(false, 3, 1) == 6.0);

static_assert(order_key(-0.0f) == 0 && order_key(-0x1p-149f) == -1 && real_from_key<double>(-1) == -0x1p-1074);
static_assert(exact_double(-0x1.8p-148f) == -0x1.8p-148 && exact_double(2.5) == 2.5);

template <class Real>
Real random_real(std::uint64_t i) {  // the low bits of a product with an odd number are poor, the high ones good
  auto const z = (i * 0x9E37'79B9'7F4A'7C15U) ^ (i * 0xBF58'476D'1CE4'E5B9U >> 31);
  return std::bit_cast<Real>(static_cast<typename real_layout<Real>::bits_type>(z >> (64 - 8 * sizeof(Real))));
}

// Every binade edge and its neighbours, of both signs, without NaN.
template <class Real>
std::vector<Real> edge_numbers() {
  using layout = real_layout<Real>;
  std::vector<Real> all{Real{0}, -Real{0}};
  for (int e = layout::min_ulp; e <= layout::bias; ++e) {
    auto const x = static_cast<Real>(std::ldexp(1.0, e));
    for (Real const y : {std::nextafter(x, Real{0}), x, std::nextafter(x, std::numeric_limits<Real>::infinity())}) {
      all.push_back(y);
      all.push_back(-y);
    }
  }
  for (Real const sign : {Real{1}, Real{-1}}) all.push_back(sign * std::numeric_limits<Real>::infinity());
  return all;
}

TEMPLATE_TEST_CASE("a number comes apart as frexp says and back as it was", "[core]", float, double) {
  using layout = real_layout<TestType>;
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 1; i < 200000; ++i) {
    TestType x = random_real<TestType>(i);
    if (i % 4 == 0) x *= std::numeric_limits<TestType>::min();  // subnormals and zeros too
    auto const u = unpack_real(x);
    if (std::isnan(x)) {
      wrong += u.kind != real_kind::nan;
      continue;
    }
    if (std::isinf(x)) {
      wrong += u.kind != real_kind::infinite;
      continue;
    }
    if (x == 0) {
      wrong += u.kind != real_kind::zero || u.negative != std::signbit(x);
      continue;
    }
    int exponent = 0;
    double const fraction = std::frexp(std::fabs(static_cast<double>(x)), &exponent);
    wrong += u.kind != real_kind::finite || u.negative != std::signbit(x) || u.exponent != exponent - 1;
    wrong += static_cast<double>(u.significand) != std::ldexp(fraction, layout::fraction_bits + 1);
    auto const back = pack_real<TestType>(u.negative, u.significand, u.exponent - layout::fraction_bits);
    wrong += std::bit_cast<typename layout::bits_type>(back) != std::bit_cast<typename layout::bits_type>(x);
    wrong += absolute_real(x) != std::fabs(x);
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("packing takes significands of any width, down to the smallest subnormal", "[core]", float, double) {
  using layout = real_layout<TestType>;
  for (int e = layout::min_exponent - layout::fraction_bits; e <= layout::bias - 2; ++e)
    for (std::uint64_t s : {1U, 2U, 3U, 5U, 7U}) {
      if (e > layout::bias - 3 && s > 3) continue;
      REQUIRE(pack_real<TestType>(false, s, e) == static_cast<TestType>(std::ldexp(static_cast<double>(s), e)));
    }
  CHECK(std::signbit(pack_real<TestType>(true, 0, 0)));
  CHECK(pack_real<TestType>(false, std::uint64_t{1} << 60, -60) == TestType{1});
  CHECK(std::isinf(infinite_real<TestType>(true)));
  CHECK(std::isnan(nan_real<TestType>(false)));
}

TEMPLATE_TEST_CASE("keys have the order of the numbers, and give them back", "[core]", float, double) {
  using layout = real_layout<TestType>;
  auto const all = edge_numbers<TestType>();
  std::uint64_t wrong = 0;
  for (TestType const a : all) {
    for (TestType const b : all) wrong += (order_key(a) < order_key(b)) != (a < b);
    wrong += real_from_key<TestType>(order_key(a)) != a;
    wrong += real_magnitude(a) != std::bit_cast<typename layout::bits_type>(std::fabs(a));
  }
  CHECK(wrong == 0);
  TestType const nan = std::numeric_limits<TestType>::quiet_NaN();
  CHECK(real_magnitude(nan) > layout::infinity);
  CHECK(order_key(nan) > order_key(std::numeric_limits<TestType>::infinity()));
  CHECK(order_key(-nan) < order_key(-std::numeric_limits<TestType>::infinity()));
}

TEMPLATE_TEST_CASE("bits at an ulp: a full significand carries into the exponent", "[core]", float, double) {
  using layout = real_layout<TestType>;
  for (int ulp = layout::min_ulp; ulp <= layout::bias - layout::fraction_bits - 1; ++ulp)
    for (std::uint64_t const s : {layout::hidden_bit, layout::hidden_bit + 1, 2 * layout::hidden_bit - 1, 2 * layout::hidden_bit})
      REQUIRE(real_from_magnitude<TestType>(false, magnitude_at_ulp<TestType>(s, ulp)) ==
              static_cast<TestType>(std::ldexp(static_cast<double>(s), ulp)));
  CHECK(magnitude_at_ulp<TestType>(5, layout::min_ulp) == 5);
  CHECK(magnitude_at_ulp<TestType>(2 * layout::hidden_bit, layout::bias - layout::fraction_bits) == layout::infinity);
}

TEST_CASE("float to double is exact", "[core]") {
  std::uint64_t wrong = 0;
  auto const check = [&](float x) {
    wrong += std::bit_cast<std::uint64_t>(exact_double(x)) != std::bit_cast<std::uint64_t>(static_cast<double>(x));
  };
  for (float const x : edge_numbers<float>()) check(x);
  for (std::uint64_t i = 1; i < 200000; ++i)
    if (auto const x = random_real<float>(i); !std::isnan(x)) check(x);
  CHECK(wrong == 0);
  CHECK(std::isnan(exact_double(std::numeric_limits<float>::quiet_NaN())));
}

// What every function says about a number, as bits.
template <class Real>
std::vector<std::uint64_t> account(std::vector<Real> const& numbers) {
  std::vector<std::uint64_t> out;
  out.reserve(9 * numbers.size());
  for (Real const x : numbers) {
    auto const u = unpack_real(x);
    out.insert(out.end(),
               {static_cast<std::uint64_t>(u.kind), u.negative ? 1U : 0U, static_cast<std::uint64_t>(u.exponent), u.significand,
                static_cast<std::uint64_t>(order_key(x)), real_magnitude(x)});
    out.push_back(std::bit_cast<typename real_layout<Real>::bits_type>(absolute_real(x)));
    out.push_back(std::bit_cast<std::uint64_t>(exact_double(x)));
    auto const back = pack_real<Real>(u.negative, u.significand, u.exponent - real_layout<Real>::fraction_bits);
    out.push_back(std::bit_cast<typename real_layout<Real>::bits_type>(back));
  }
  return out;
}

TEMPLATE_TEST_CASE("flush-to-zero and denormals-are-zero change no part of a number", "[core]", float, double) {
  if (!skive::test::flush_subnormals::effective()) SKIP("subnormals cannot be flushed here");
  auto const numbers = edge_numbers<TestType>();
  auto const plain = account(numbers);
  auto const flushed = [&] {
    skive::test::flush_subnormals const on;
    return account(numbers);
  }();
  CHECK((plain == flushed));
}

}  // namespace
