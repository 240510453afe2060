// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/minifloat.hpp: formats by parameters that no header names: every NaN placement, no subnormals, no negative zero, one
// exponent bit, no fraction bits, more fraction bits than float; and the refusal of nonsense at compile time.
#include "skive/format/minifloat.hpp"

#include "skive/core/scalar_format.hpp"
#include "support/format_checks.hpp"
#include "support/policy_checks.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace {

using namespace skive;
using test::check_format;

using plain = minifloat<minifloat_traits{.exponent_bits = 3, .fraction_bits = 4, .bias = 3}>;
static_assert(scalar_format<plain> && std::is_trivially_copyable_v<plain> && std::is_same_v<plain::code_type, std::uint8_t>);
static_assert(test::asks_for_policies<plain> && test::makes_with<plain, stochastic> && !test::makes_with<plain, int>);
static_assert(std::is_same_v<plain::value_type, float> && plain::traits.bias == 3 && plain::significand_bits == 5);
static_assert(plain::encode(plain::max_finite) == plain::max_code && plain::decode(plain::max_code) == plain::max_finite);

// One that is wider than float in precision, one in range: their numbers are doubles.
using precise = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 26, .bias = 7}>;
using wide = minifloat<minifloat_traits{
    .exponent_bits = 9, .fraction_bits = 6, .bias = 255, .infinities = true, .nan = nan_placement::top_exponent}>;
static_assert(std::is_same_v<precise::value_type, double> && std::is_same_v<precise::code_type, std::uint32_t>);
static_assert(std::is_same_v<wide::value_type, double> && wide::max_finite > 1e70);
using huge = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = -120}>;
static_assert(std::is_same_v<huge::value_type, double> && huge::max_finite == 0x1.ep135);
static_assert(precise::encode(1.0f + 0x1p-23f) == (7U << 26 | 1U << 3));

TEST_CASE("formats without subnormals: zero and the smallest normal are neighbours", "[format]") {
  using flushed = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = 7, .subnormals = false}>;
  check_format<flushed>({"flushed", 4, 3, 7, true, 0x7F, -1, -1, -1, false, true, false});
  CHECK(flushed::encode(0x1p-7f) == 0);  // a tie goes to zero, the even one
  CHECK(flushed::encode(std::nextafter(0x1p-7f, 1.0f)) == 8);
  CHECK(flushed::decode(7) == 0.0f);
  CHECK(flushed::min_subnormal == flushed::min_normal);
}

TEST_CASE("every placement of NaN and infinity", "[format]") {
  constexpr minifloat_traits base{.exponent_bits = 3, .fraction_bits = 2, .bias = 3};
  constexpr auto with = [](minifloat_traits t, bool infinities, nan_placement nan, bool negative_zero) {
    t.infinities = infinities;
    t.nan = nan;
    t.negative_zero = negative_zero;
    return t;
  };
  check_format<minifloat<with(base, true, nan_placement::none, true)>>({"inf only", 3, 2, 3, true, 0x1E, 0x1F, -1, -1});
  check_format<minifloat<with(base, true, nan_placement::all_ones, true)>>({"inf, nan", 3, 2, 3, true, 0x1D, 0x1E, 0x1F, 0x1F});
  check_format<minifloat<with(base, false, nan_placement::top_exponent, true)>>(
      {"top is NaN", 3, 2, 3, true, 0x1B, -1, 0x1C, 0x1E});
  check_format<minifloat<with(base, true, nan_placement::negative_zero, false)>>(
      {"P3109 style", 3, 2, 3, true, 0x1E, 0x1F, -1, -1, true, false});
  check_format<minifloat<with(base, false, nan_placement::all_ones, false)>>(
      {"no -0", 3, 2, 3, true, 0x1E, -1, 0x1F, 0x1F, false, false});
}

TEST_CASE("formats without fraction bits: parity is the code's", "[format]") {
  using power = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 0, .bias = 7}>;
  check_format<power>({"power", 4, 0, 7, true, 0xF, -1, -1, -1});
  CHECK(power::encode(1.5f) == 8);  // code 7 is 1, code 8 is 2
  CHECK(power::encode(3.0f) == 8);
  CHECK(power::encode(0x1p-7f) == 0);  // half of 2^-6: the tie goes to zero
}

TEST_CASE("one exponent bit: a fixed-point number with a sign", "[format]") {
  using fixed = minifloat<minifloat_traits{.exponent_bits = 1, .fraction_bits = 6, .bias = 1}>;
  check_format<fixed>({"fixed", 1, 6, 1, true, 0x7F, -1, -1, -1});
  CHECK(fixed::max_finite == 127.0f / 64.0f);
}

TEST_CASE("ranges and biases past those of float", "[format]") {
  check_format<wide>({"wide", 9, 6, 255, true, 0x7FBF, 0x7FC0, 0x7FC1, 0x7FE0}, 11);
  using low = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = 140}>;
  static_assert(std::is_same_v<low::value_type, float>);  // 2^-142 is the smallest: a float subnormal
  check_format<low>({"low", 4, 3, 140, true, 0x7F, -1, -1, -1});
  using high = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = -100}>;
  check_format<high>({"high", 4, 3, -100, true, 0x7F, -1, -1, -1});
}

TEST_CASE("more precision than float", "[format]") {
  constexpr int shift = 26;
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 1; i < 100000; ++i) {
    double const x = 1.0 + static_cast<double>(test::mixed(i) >> 11) * 0x1p-53;  // [1, 2) with 52 bits
    double const nearest = std::nearbyint(std::ldexp(x, shift));
    wrong += precise::encode(x) != static_cast<std::uint32_t>(nearest) + (6U << shift);
    wrong += precise::decode(precise::encode(x)) != std::ldexp(nearest, -shift);
  }
  CHECK(wrong == 0);
}

// Every result as one number; the words are integers, so that nothing but the library touches a float.
template <class F>
std::uint64_t digest() {
  std::uint64_t h = 0;
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper) {
    auto const code = F::encode(std::bit_cast<float>(upper << 16 | 0x8001));
    h = test::mixed(h + code);
    h = test::mixed(h + std::bit_cast<std::uint32_t>(F::decode(static_cast<typename F::code_type>(upper))));
    h = test::mixed(h + std::bit_cast<std::uint64_t>(F::template decode_as<double>(code)));
  }
  return h;
}

TEST_CASE("flush-to-zero and denormals-are-zero change nothing", "[format]") {
#if defined(__SSE2__)
  using bfloat = minifloat<minifloat_traits{
      .exponent_bits = 8, .fraction_bits = 7, .bias = 127, .infinities = true, .nan = nan_placement::top_exponent}>;
  using tiny = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = 140}>;
  std::uint64_t const before[] = {digest<bfloat>(), digest<tiny>()};
  unsigned const mode = _mm_getcsr();
  _mm_setcsr(mode | 0x8040);
  std::uint64_t const flushed[] = {digest<bfloat>(), digest<tiny>()};
  _mm_setcsr(mode);
  CHECK(flushed[0] == before[0]);
  CHECK(flushed[1] == before[1]);
#else
  SKIP("no way to set the modes here");
#endif
}

TEST_CASE("conversion operators and from", "[format]") {
  auto const x = plain::from(-2.3, toward_zero{});
  CHECK(static_cast<float>(x) == -2.25f);
  CHECK(static_cast<double>(x) == -2.25);
  CHECK(x == plain{x.code});
  CHECK(plain::from(1e9f, nearest_even{}, non_saturating).code == plain::max_code);  // no special code at all
}

}  // namespace
