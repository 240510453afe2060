// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/reduce.hpp: maximum and minimum wherever they stand, subnormals and zero too; the order of the sum.
#include "skive/simd/reduce.hpp"

#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using lanes = std::array<std::uint32_t, 16>;
using skive::simd::floats;
using skive::simd::words;

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

lanes random_lanes(std::mt19937& random, std::uint32_t limit) {
  lanes l;
  for (auto& x : l) x = static_cast<std::uint32_t>(random()) % limit;
  return l;
}

template <class Arch>
void check_extremes(lanes const& l) {
  auto const w = words<Arch>::load(l.data());
  auto const most = *std::max_element(l.begin(), l.end());
  auto const least = *std::min_element(l.begin(), l.end());
  REQUIRE(skive::simd::largest(w) == most);
  REQUIRE(skive::simd::smallest(w) == least);
  if (most > 0x7F800000) return;
  auto const x = skive::simd::as<float>(w);
  REQUIRE(bits(skive::simd::largest(x)) == most);
  REQUIRE(bits(skive::simd::smallest(x)) == least);
}

// As documented, lane by lane.
float sum_by_definition(std::array<float, 16> x) {
  for (std::size_t half = 8; half != 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) {
      float const volatile rounded = x[i] + x[i + half];
      x[i] = rounded;
    }
  return x[0];
}

}  // namespace

TEST_CASE("largest and smallest lane", "[simd]") {
  skive::test::flush_subnormals const mode;  // words are compared, which no mode changes
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{3};
    for (std::size_t i = 0; i < 16; ++i)
      for (std::uint32_t const one : {0U, 1U, 0x7FFFFFU, 0x800000U, 0x7F800000U, 0x7FFFFFFFU})
        for (std::uint32_t const others : {0U, 1U, 0x3F800000U}) {
          lanes l;
          l.fill(others);
          l[i] = one;
          check_extremes<Arch>(l);
        }
    for (int round = 0; round < 300; ++round) {
      check_extremes<Arch>(random_lanes(random, 0x7F800001));
      check_extremes<Arch>(random_lanes(random, 0x80000000));
      check_extremes<Arch>(random_lanes(random, 3));
    }
  });
}

TEST_CASE("the sum is one of halves", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{5};
    for (int round = 0; round < 1000; ++round) {
      std::array<float, 16> x;
      for (auto& v : x)
        v = std::bit_cast<float>((static_cast<std::uint32_t>(random()) & 0x80FFFFFF) | 0x3F000000);  // +-[2^-1, 2)
      REQUIRE(bits(skive::simd::sum(floats<Arch>::load(x.data()))) == bits(sum_by_definition(x)));
    }
  });
}
