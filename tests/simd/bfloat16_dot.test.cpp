// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/bfloat16_dot.hpp: pairs of bytes, and products of pairs that are exact integers.
#include "skive/simd/bfloat16_dot.hpp"

#include "support/simd_arches.hpp"

#include <bit>

#include <catch2/catch_test_macros.hpp>

namespace {

template <class Arch>
void check() {
  using words = skive::simd::words<Arch>;
  alignas(64) std::uint32_t low[16];
  alignas(64) std::uint32_t high[16];
  alignas(64) std::uint32_t even[16];
  alignas(64) std::uint32_t odd[16];
  for (std::uint32_t i = 0; i < 16; ++i) {
    low[i] = 0x9E3779B9U * (i + 1);
    high[i] = 0x85EBCA6BU * (i + 3);
  }
  pair_even_bytes(words::load(low), words::load(high)).store(even);
  pair_odd_bytes(words::load(low), words::load(high)).store(odd);
  for (std::size_t i = 0; i < 16; ++i)
    for (int h = 0; h < 2; ++h) {
      auto const byte = [h](std::uint32_t w, int odd_byte) { return (w >> (16 * h + 8 * odd_byte)) & 0xFF; };
      REQUIRE(((even[i] >> (16 * h)) & 0xFFFF) == (byte(low[i], 0) | byte(high[i], 0) << 8));
      REQUIRE(((odd[i] >> (16 * h)) & 0xFFFF) == (byte(low[i], 1) | byte(high[i], 1) << 8));
    }
  auto const halves = [](float a, float b) {
    return (std::bit_cast<std::uint32_t>(a) >> 16) | (std::bit_cast<std::uint32_t>(b) & 0xFFFF0000);
  };
  alignas(64) float sum[16];
  for (std::size_t i = 0; i < 16; ++i) {
    auto const x = static_cast<float>(i);
    low[i] = halves(x - 7, 100 - x);
    high[i] = halves(3 * x, x + 64);
    sum[i] = 1000 * x;
  }
  skive::simd::dot2<Arch>(skive::simd::floats<Arch>::load(sum), words::load(low), words::load(high)).store(sum);
  for (std::size_t i = 0; i < 16; ++i) {
    auto const x = static_cast<float>(i);
    REQUIRE(sum[i] == 1000 * x + (x - 7) * (3 * x) + (100 - x) * (x + 64));
  }
}

}  // namespace

TEST_CASE("bfloat16_dot: pairs of bytes and exact products", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() { check<Arch>(); });
}
