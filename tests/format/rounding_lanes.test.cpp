// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/rounding_lanes.hpp: rows under directed and stochastic rounding have the codes of the scalar rule.
#include "skive/format/rounding_lanes.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/p3109.hpp"
#include "skive/format/rows.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <bit>
#include <cmath>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// Every binade with ties of narrow formats and their neighbours, NaN and infinity, in an order without system; then an odd tail.
std::vector<float> const& numbers() {
  static auto const all = [] {
    std::vector<float> x;
    for (std::uint32_t high = 0; high < 0x1'0000; high += 0x8)
      for (std::uint32_t const low : {0x0'0000U, 0x0'0001U, 0x4'0000U, 0x7'FFFFU, 0x2'A5C3U})
        x.push_back(std::bit_cast<float>(((high << 16) & 0xFF80'0000U) | ((high << 16) & 0x78'0000U) | low));
    std::mt19937 random{5};
    for (std::size_t i = x.size(); i-- > 1;) std::swap(x[i], x[random() % i]);
    for (int i = 0; i < 20'007; ++i) x.push_back(static_cast<float>(static_cast<int>(random() % 40'001) - 20'000) * 0x1p-11f);
    return x;
  }();
  return all;
}

template <class Format, class Rounding>
auto scalar_code(float x, Rounding const& rounding, std::size_t i, overflow_policy overflow) {
  if constexpr (requires { rounding.at(i); })
    return Format::encode(x, rounding.at(i), overflow);
  else
    return Format::encode(x, rounding, overflow);
}

template <class Format, class Arch, class Rounding>
[[gnu::noinline]] void same(Rounding const& rounding, std::vector<typename Format::code_type> const& expected, bool flush,
                            overflow_policy overflow) {
  static_assert(detail::encodes_rounded<Format, Arch, Rounding>);
  auto const& x = numbers();
  std::vector<typename Format::code_type> codes(x.size());
  std::optional<test::flush_subnormals> mode;
  if (flush) mode.emplace();
  auto const s = encode_row<Format, Arch>(std::span<float const>{x}, std::span{codes}, rounding, overflow);
  mode.reset();
  REQUIRE(s);
  std::size_t wrong = 0;
  std::size_t first = 0;
  for (std::size_t i = x.size(); i-- > 0;)
    if (codes[i] != expected[i]) ++wrong, first = i;
  CAPTURE(Arch::name(), flush, first, x[first], +codes[first], +expected[first]);
  REQUIRE(wrong == 0);
}

template <class Format, class Arches = test::first_arch, class Rounding>
void check(Rounding const& rounding, overflow_policy overflow = saturating) {
  auto const& x = numbers();
  std::vector<typename Format::code_type> expected(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) expected[i] = scalar_code<Format>(x[i], rounding, i, overflow);
  test::for_each(Arches{}, [&]<class Arch>() {
    same<Format, Arch>(rounding, expected, false, overflow);
    same<Format, Arch>(rounding, expected, true, overflow);
  });
}

template <class Format, class Arches = test::first_arch>
void check_stochastic() {
  for (auto const variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c})
    for (int const count : {1, 8, 9, 16, 17, 32}) check<Format, Arches>(stochastic_stream{99, 7, count, variant});
}

}  // namespace

TEST_CASE("directed rounding in lanes", "[format]") {
  check<e4m3fn>(toward_zero{});
  check<e4m3fn, test::few_arches>(toward_positive{});
  check<e2m1>(toward_negative{});
  check<e5m2>(nearest_away{});
  check<e4m3fnuz>(toward_odd{});
  check<int8>(toward_positive{});
  check<int4_full>(toward_negative{});
  check<uint8>(toward_odd{});
  check<mxint8>(toward_positive{});
}

TEST_CASE("P3109 formats of one and two bits of precision in lanes, by other policies", "[format]") {
  using one = p3109<8, 1, signedness::with_sign, domain::extended>;
  check<one>(toward_odd{});  // the parity is that of the exponent
  check<one>(toward_positive{});
  check_stochastic<one>();
  check<binary8p1uf>(toward_odd{});
  check<binary8p1uf>(nearest_away{});
  check_stochastic<binary8p1uf>();
  check<p3109<8, 2, signedness::without_sign, domain::finite>>(stochastic_stream{2, 3, 32});
}

TEST_CASE("past the largest code, by other policies", "[format]") {
  for (auto const finite : {overflow_action::saturate, overflow_action::to_special}) {
    check<e4m3fn, test::few_arches>(toward_positive{}, {finite, overflow_action::to_special});
    check<e5m2>(nearest_away{}, {finite, overflow_action::to_special});
    check<float16>(stochastic_stream{99, 7, 16}, {overflow_action::to_special, finite});
    check<int8>(stochastic_stream{99, 7, 8}, {finite, overflow_action::to_special});
  }
}

TEST_CASE("stochastic rounding of floats in lanes", "[format]") {
  check_stochastic<e4m3fn, test::few_arches>();
  check_stochastic<e2m1>();
  check_stochastic<e3m2>();
}

TEST_CASE("stochastic rounding of integers in lanes", "[format]") {
  check_stochastic<int8>();
  check_stochastic<mxint8>();
}

// Numbers and random bits together are longer than a float's 23 bits.
TEST_CASE("stochastic rounding in lanes where one sum is too short", "[format]") {
  for (auto const variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c}) {
    check<uint8>(stochastic_stream{99, 7, 16, variant});
    check<float16, test::few_arches>(stochastic_stream{99, 7, 16, variant});
    check<uint_format<16>>(stochastic_stream{99, 7, 7, variant});
  }
}

namespace {

// Fractions that just make a carry with the number's own random bits, or just do not.
template <class Format>
void check_decisions(float add) {
  for (auto const variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c})
    for (int const count : {1, 3, 8, 9, 16, 17, 20, 23, 24, 25, 31, 32}) {
      stochastic_stream const stream{3, 11, count, variant};
      std::vector<float> x(3001);
      for (std::size_t i = 0; i < x.size(); ++i) {
        auto const missing =
            1.0 - std::ldexp(static_cast<double>(stream.at(i).random) + 0.25 * static_cast<double>(i % 5), -count);
        auto const bits = std::bit_cast<std::uint32_t>(static_cast<float>(missing > 0 ? missing : 0x1p-40));
        x[i] = std::bit_cast<float>(bits + static_cast<std::uint32_t>(i % 3) - 1) + (i % 7 == 0 ? add : 0.0f);
        if (i % 2 == 0 && std::is_same_v<Format, int8>) x[i] = -x[i];
      }
      std::vector<typename Format::code_type> codes(x.size());
      REQUIRE(encode_row<Format>(std::span<float const>{x}, std::span{codes}, stream));
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < x.size(); ++i) wrong += codes[i] != Format::encode(x[i], stream.at(i));
      CAPTURE(count);
      REQUIRE(wrong == 0);
    }
}

}  // namespace

TEST_CASE("decisions of stochastic rounding in lanes", "[format]") {
  check_decisions<int8>(2.0f);
  check_decisions<uint_format<16>>(0x1p12f);  // of eight random bits, too, one sum is too short
}
