// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/reduce_each.hpp: sixteen maxima wherever they stand; sums of registers in their order.
#include "skive/simd/reduce_each.hpp"

#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using lanes = std::array<std::uint32_t, 16>;
using skive::simd::words;

template <class Arch>
void check_each(std::array<lanes, 16> const& l) {
  skive::simd::sixteen_maxima<Arch> maxima;
  lanes expected;
  for (std::size_t q = 0; q < 4; ++q) {
    words<Arch> v[4];
    for (std::size_t i = 0; i < 4; ++i) {
      auto const& of = l[4 * q + i];
      v[i] = words<Arch>::load(of.data());
      auto const by_sign = [](std::uint32_t a, std::uint32_t b) { return (a ^ 0x80000000U) < (b ^ 0x80000000U); };
      expected[4 * q + i] = *std::max_element(of.begin(), of.end(), by_sign);
    }
    maxima.set(q, v);
  }
  lanes read;
  maxima.lanes().store(read.data());
  REQUIRE(read == expected);
}

template <class Arch>
void check_sum_of_each(std::mt19937& random) {
  constexpr auto size = xsimd::batch<float, Arch>::size;
  xsimd::batch<float, Arch> v[size];
  std::array<float, size> expected;
  for (std::size_t g = 0; g < size; ++g) {
    std::array<float, size> x;
    for (float& y : x) y = std::ldexp(static_cast<float>(random()), static_cast<int>(random() % 24) - 40);
    v[g] = xsimd::batch<float, Arch>::load_unaligned(x.data());
    for (std::size_t half = size / 2; half != 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) {
        float const volatile rounded = x[i] + x[i + half];
        x[i] = rounded;
      }
    expected[g] = x[0];
  }
  std::array<float, size> read;
  skive::simd::sum_of_each<Arch>(v).store_unaligned(read.data());
  REQUIRE(read == expected);
}

}  // namespace

TEST_CASE("the sum of each of as many registers as one has lanes", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{9};
    for (int i = 0; i < 100; ++i) check_sum_of_each<Arch>(random);
  });
}

TEST_CASE("the largest lane of each of sixteen", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    for (std::size_t g = 0; g < 16; ++g)
      for (std::size_t i = 0; i < 16; ++i) {
        std::array<lanes, 16> l{};
        l[g][i] = 1;
        check_each<Arch>(l);
      }
    std::mt19937 random{4};
    for (int round = 0; round < 300; ++round) {
      std::array<lanes, 16> l;
      for (auto& of : l)
        for (auto& x : of) x = static_cast<std::uint32_t>(random()) >> (round % 3 == 0 ? 0 : round % 3 == 1 ? 1 : 29);
      check_each<Arch>(l);
    }
  });
}
