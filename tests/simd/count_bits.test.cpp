// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/count_bits.hpp: bits one by one.
#include "skive/simd/count_bits.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

using skive::simd::words;
using lanes = std::array<std::uint32_t, 16>;

TEST_CASE("set bits of each lane", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{10};
    for (int round = 0; round < 500; ++round) {
      lanes w, read, expected{};
      for (auto& x : w) x = static_cast<std::uint32_t>(random()) & (round % 3 == 0 ? static_cast<std::uint32_t>(random()) : ~0U);
      w[static_cast<std::size_t>(round % 16)] = round % 2 == 0 ? ~0U : 0U;
      for (std::size_t i = 0; i < 16; ++i)
        for (std::uint32_t rest = w[i]; rest != 0; rest >>= 1) expected[i] += rest & 1;
      skive::simd::count_bits(words<Arch>::load(w.data())).store(read.data());
      REQUIRE(read == expected);
    }
  });
}
