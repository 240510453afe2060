// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_extremes.hpp: groups of every kind of length, fewer than sixteen too, with NaN, infinity, the largest floats and zeros
// of either sign among their numbers, against a loop.
#include "skive/block/lane_extremes.hpp"

#include "support/simd_arches.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

float hard_number(std::mt19937& random, bool calm) {
  constexpr float limit = std::numeric_limits<float>::max();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float odd[] = {nan, -nan, infinity, -infinity, limit, -limit, 0.0f, -0.0f};
  if (!calm && random() % 60 == 0) return odd[random() % 8];
  auto const x = std::ldexp(static_cast<float>(random() >> 8), static_cast<int>(random() % 20) - 30);
  return random() % 2 == 0 ? x : -x;
}

template <class Arch>
void check(std::size_t group, std::size_t count, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<float> x(group * count);
  for (auto& v : x) v = hard_number(random, seed % 3 == 0);
  if (seed % 5 == 0)
    for (auto& v : x) v = -std::fabs(v);
  alignas(64) std::uint32_t largest[16];
  alignas(64) std::uint32_t among[16];
  alignas(64) float low[16];
  alignas(64) float high[16];
  detail::largest_of_groups<Arch>(std::span<float const>{x}, group, count).store(largest);
  auto const range = detail::ranges_of_groups<Arch>(std::span<float const>{x}, group, count);
  range.largest.store(among);
  range.low.store(low);
  range.high.store(high);
  CAPTURE(Arch::name(), group, count, seed);
  for (std::size_t g = 0; g < 16; ++g) {
    std::uint32_t most = 0;
    float least = 0;
    float above = 0;
    for (std::size_t i = g * group; g < count && i < (g + 1) * group; ++i) {
      most = std::max(most, std::bit_cast<std::uint32_t>(x[i]) & 0x7FFF'FFFFU);
      least = std::fmin(least, x[i]);
      above = std::fmax(above, x[i]);
    }
    REQUIRE(largest[g] == most);
    REQUIRE(among[g] == most);
    if (most <= 0x7F80'0000) {  // of NaN the range is open
      REQUIRE(low[g] == least);
      REQUIRE(high[g] == above);
    }
  }
}

}  // namespace

TEST_CASE("lane_extremes: largest magnitudes and ranges", "[block]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    unsigned seed = 0;
    for (std::size_t const group : {1U, 7U, 16U, 20U, 32U, 48U, 64U, 96U, 128U, 192U})
      for (std::size_t const count : {1U, 2U, 15U, 16U})
        for (int round = 0; round < 30; ++round) check<Arch>(group, count, ++seed);
  });
}
