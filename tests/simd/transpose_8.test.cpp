// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/transpose_8.hpp: every lane of every group.
#include "skive/simd/transpose_8.hpp"

#include "support/simd_arches.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

TEST_CASE("sixteen groups of eight lanes are turned", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    if constexpr (skive::simd::has_transpose_8<Arch>) {
      skive::simd::integers<Arch> x[8];
      std::array<std::int32_t, 16> lanes;
      for (std::int32_t i = 0; i < 8; ++i) {
        for (std::int32_t l = 0; l < 16; ++l) lanes[static_cast<std::size_t>(l)] = 10 * (2 * i + l / 8) + l % 8;
        x[i] = skive::simd::integers<Arch>::load(lanes.data());
      }
      skive::simd::transpose_8<Arch>(x);
      for (std::int32_t j = 0; j < 8; ++j) {
        std::array<std::uint32_t, 16> groups;
        skive::simd::in_group_order<Arch>(skive::simd::as<std::uint32_t>(x[j])).store(groups.data());
        x[j].store(lanes.data());
        for (std::size_t l = 0; l < 16; ++l) {
          REQUIRE(groups[l] == 10 * l + static_cast<std::uint32_t>(j));
          REQUIRE(lanes[l] == static_cast<std::int32_t>(10 * (4 * (l % 4) + l / 4)) + j);
        }
      }
    }
  });
  SUCCEED("machines without it have nothing to check");
}
