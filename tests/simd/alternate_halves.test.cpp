// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/alternate_halves.hpp: halves one by one; nothing else is written.
#include "skive/simd/alternate_halves.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <random>

#include <catch2/catch_test_macros.hpp>

TEST_CASE("alternate halves: every lane to its place", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{3};
    for (int round = 0; round < 50; ++round) {
      std::array<std::uint32_t, 16> w;
      for (auto& x : w) x = static_cast<std::uint32_t>(random());
      std::array<std::array<std::uint8_t, 18>, 2> got;  // evens, odds; a byte before and one after
      for (auto& bytes : got) bytes.fill(0xA5);
      skive::simd::store_alternate(skive::simd::words<Arch>::load(w.data()), reinterpret_cast<std::byte*>(got[0].data() + 1),
                                   reinterpret_cast<std::byte*>(got[1].data() + 1));
      for (std::size_t i = 0; i < 16; ++i) {
        auto const* const half = got[i % 2].data() + 1 + i / 2 * 2;
        REQUIRE(static_cast<std::uint32_t>(half[0] + 256 * half[1]) == (w[i] & 0xFFFF));
      }
      for (auto const& bytes : got) REQUIRE((bytes.front() == 0xA5 && bytes.back() == 0xA5));
    }
  });
}
