// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/widen.hpp: every lane in its place, with all 24 bits, and words back, from the smallest normal number to the largest and what is none.
#include "skive/simd/widen.hpp"

#include "support/simd_arches.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// The double of a normal number, zero or infinity by its fields.
std::uint64_t fields_of(float x) {
  auto const bits = std::bit_cast<std::uint32_t>(x);
  std::uint64_t const sign = bits >> 31;
  std::uint64_t const exponent = bits >> 23 & 255;
  std::uint64_t const fraction = bits & 0x7F'FFFF;
  auto const wide = exponent == 0 ? 0 : exponent == 255 ? 2047 : exponent + 1023 - 127;
  return sign << 63 | wide << 52 | fraction << 29;
}

template <class Arch>
void check(std::mt19937& random) {
  constexpr auto n = xsimd::batch<float, Arch>::size;
  using limits = std::numeric_limits<float>;
  float const special[]{0.0f,         -0.0f, limits::min(),      -limits::min(),      limits::max(), -limits::max(),
                        1 + 0x1p-23f, -1.0f, limits::infinity(), -limits::infinity(), 0x1p-100f,     0x1.fffffep0f};
  for (unsigned round = 0; round < 200; ++round) {
    alignas(64) float from[n];
    for (std::size_t i = 0; i < n; ++i) {
      auto const exponent = 1 + random() % 254;
      from[i] = round < 12 ? special[(round + i) % 12]
                           : std::bit_cast<float>(static_cast<std::uint32_t>((random() & 0x807F'FFFF) | exponent << 23));
    }
    auto const wide = simd::widen<Arch>(xsimd::batch<float, Arch>::load_aligned(from));
    alignas(64) double to[n];
    wide.low.store_aligned(to);
    wide.high.store_aligned(to + n / 2);
    for (std::size_t i = 0; i < n; ++i) REQUIRE(std::bit_cast<std::uint64_t>(to[i]) == fields_of(from[i]));
  }
}

// Integers that 2^52 was added to, in their lanes.
template <class Arch>
void check_words(std::mt19937& random) {
  constexpr auto n = xsimd::batch<float, Arch>::size;
  using doubles = xsimd::batch<double, Arch>;
  for (int round = 0; round < 50; ++round) {
    alignas(64) double from[n];
    alignas(64) std::uint32_t to[n];
    std::uint32_t expected[n];
    for (std::size_t i = 0; i < n; ++i) {
      expected[i] = round == 0 ? 0xFFFF'FFFFU : static_cast<std::uint32_t>(random());
      from[i] = 0x1p52 + static_cast<double>(expected[i]);
    }
    simd::low_words<Arch>({doubles::load_aligned(from), doubles::load_aligned(from + n / 2)}).store_aligned(to);
    for (std::size_t i = 0; i < n; ++i) REQUIRE(to[i] == expected[i]);
  }
}

}  // namespace

TEST_CASE("integers out of doubles, lane by lane", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    std::mt19937 random{2};
    check_words<Arch>(random);
  });
}

TEST_CASE("floats as doubles, lane by lane", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    std::mt19937 random{1};
    check<Arch>(random);
  });
}
