// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/real_bits.hpp: taking a float or double apart and putting it together, against frexp and ldexp.
#include "skive/format/real_bits.hpp"

#include "support/format_checks.hpp"

#include <bit>
#include <cmath>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive::detail;

static_assert(unpack_real(1.0f).significand == 0x800000 && unpack_real(1.0f).exponent == 0);
static_assert(pack_real<float>(true, 1, -149) == -0x1p-149f && pack_real<double>(false, 3, 1) == 6.0);

template <class Real>
Real random_real(std::uint64_t i) {
  return std::bit_cast<Real>(static_cast<typename real_layout<Real>::bits_type>(skive::test::mixed(i)));
}

TEMPLATE_TEST_CASE("a number comes apart as frexp says and back as it was", "[format]", float, double) {
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

TEMPLATE_TEST_CASE("packing takes significands of any width, down to the smallest subnormal", "[format]", float, double) {
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

}  // namespace
