// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/stream.hpp: every bit arrives, and nothing beside its place changes.
#include "skive/simd/stream.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

TEST_CASE("stream: sixteen numbers at each line of a buffer, any bits", "[simd]") {
  skive::test::for_each(skive::test::all_arches{}, []<class Arch>() {
    std::mt19937 random{1};
    for (std::size_t line = 0; line < 3; ++line) {
      alignas(skive::simd::stream_alignment) std::array<float, 48> to;
      std::array<float, 48> expected;
      for (std::size_t i = 0; i < 48; ++i) to[i] = expected[i] = static_cast<float>(i);
      std::array<float, 16> from;
      for (float& x : from) x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));  // NaN of any payload among them
      from[3] = std::bit_cast<float>(0x7F80'0001U);
      from[5] = std::bit_cast<float>(0x8000'0001U);
      for (std::size_t i = 0; i < 16; ++i) expected[16 * line + i] = from[i];
      skive::simd::stream(skive::simd::floats<Arch>::load(from.data()), to.data() + 16 * line);
      skive::simd::stream_fence<Arch>();
      for (std::size_t i = 0; i < 48; ++i)
        REQUIRE(std::bit_cast<std::uint32_t>(to[i]) == std::bit_cast<std::uint32_t>(expected[i]));
    }
  });
}
