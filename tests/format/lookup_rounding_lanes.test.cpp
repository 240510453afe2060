// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/lookup_rounding_lanes.hpp: the codes of the scalar rule at and around levels and at the places where few random bits
// decide, for every number of random bits and each variant; what is no number, and zeros, are among them.
#include "skive/format/lookup_rounding_lanes.hpp"

#include "skive/core/stochastic_stream.hpp"
#include "skive/format/power_of_two.hpp"
#include "skive/format/rows.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <optional>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct no_zero_table {
  static constexpr std::array<float, 6> levels{3.0f, -1.0f, -0.5f, 0.5f, 1.0f, -3.0f};
};
struct near_zero_table {  // numbers below 2^-60 would show
  static constexpr std::array<float, 3> levels{0.0f, 0x1p-28f, 1.0f};
};
static_assert(detail::rounds_between_levels<nf4> && detail::rounds_between_levels<lookup_format<no_zero_table>>);
struct very_large_table {
  static constexpr auto levels = [] {
    std::array<float, 600> l{};
    for (std::size_t i = 0; i < l.size(); ++i) l[i] = static_cast<float>(i * 7 % 600) - 299.5f;
    return l;
  }();
};
static_assert(detail::rounds_between_levels<fp4_bnb> && detail::rounds_between_levels<dynamic8>);
static_assert(detail::levels_show_tiny<lookup_format<near_zero_table>> && detail::levels_show_tiny<power_of_two<8>>);
static_assert(!detail::levels_show_tiny<nf4> && !detail::levels_show_tiny<dynamic8>);

// Levels, fractions of the way between two of them, both one float further, and what is left of the line.
template <class Format>
std::vector<float> numbers(std::mt19937& random, std::size_t n) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float odd[] = {0.0f,     -0.0f,     0x1p-149f, -0x1p-149f, 0x1p-61f, -0x1p-61f,
                           0x1p-59f, -0x1p-59f, infinity,  -infinity,  1e30f,    std::numeric_limits<float>::quiet_NaN()};
  auto const& levels = Format::sorted.levels;
  std::vector<float> x(n);
  for (auto& v : x) {
    auto const k = random() % (Format::size - 1);
    auto const steps = random() % 3 == 0 ? 0x1p24 : std::ldexp(1.0, static_cast<int>(random() % 10));
    auto const part = std::floor(static_cast<double>(random() >> 8) * 0x1p-24 * (steps + 1)) / steps;
    auto const low = static_cast<double>(levels[k]);
    v = static_cast<float>(low + part * (static_cast<double>(levels[k + 1]) - low));
    if (random() % 4 == 0) v = std::nextafter(v, random() % 2 == 0 ? -infinity : infinity);
    if (random() % 8 == 0) v = std::ldexp(v, -static_cast<int>(random() % 150));
    if (random() % 16 == 0) v = odd[random() % 12];
  }
  return x;
}

template <class Format, class Arch>
void check(unsigned seed) {
  static_assert(detail::encodes_rounded<Format, Arch, stochastic_stream>);
  std::mt19937 random{seed};
  for (int count = 1; count <= 32; ++count)
    for (auto const variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c}) {
      stochastic_stream const stream{seed, 5, count, variant};
      auto const x = numbers<Format>(random, 700);
      std::vector<typename Format::code_type> codes(x.size());
      std::optional<test::flush_subnormals> mode;
      if (count % 3 == 0) mode.emplace();
      auto const done = encode_row<Format, Arch>(std::span<float const>{x}, std::span{codes}, stream);
      mode.reset();
      REQUIRE(done);
      for (std::size_t i = 0; i < x.size(); ++i) {
        CAPTURE(Arch::name(), count, static_cast<int>(variant), i, x[i]);
        if (codes[i] != Format::encode(x[i], stream.at(i))) FAIL("another code");
      }
    }
}

}  // namespace

TEST_CASE("tables, rounded stochastically: the codes of the scalar rule", "[format]") {
  test::for_each_arch([]<class Arch>() { check<nf4, Arch>(1); });
  test::for_each(test::first_arch{}, []<class Arch>() {
    check<nf3, Arch>(2);
    check<iq4_nl, Arch>(3);
    check<lookup_format<no_zero_table>, Arch>(4);
    check<fp4_bnb, Arch>(5);  // -0 and +0 are two levels
  });
}

TEST_CASE("large tables, rounded stochastically: the codes of the scalar rule", "[format]") {
  test::for_each(test::few_arches{}, []<class Arch>() { check<dynamic8, Arch>(6); });
  test::for_each(test::first_arch{}, []<class Arch>() { check<lookup_format<very_large_table>, Arch>(7); });
}

TEST_CASE("levels next to zero, rounded stochastically: the codes of the scalar rule", "[format]") {
  test::for_each(test::first_arch{}, []<class Arch>() {
    check<power_of_two<8>, Arch>(8);
    check<lookup_format<near_zero_table>, Arch>(9);
  });
}
