// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/transpose.hpp: every word in its place, at any address, and nothing beside them is written.
#include "skive/simd/transpose.hpp"

#include "support/simd_arches.hpp"

#include <cstring>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace test = skive::test;

TEST_CASE("transpose_words: lanes become rows", "[simd]") {
  test::for_each(test::all_arches{}, []<class Arch>() {
    for (std::size_t const offset : {0U, 1U, 13U}) {
      std::vector<std::byte> from(16 * 100 + offset + 64);
      for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(static_cast<std::uint8_t>(i * 37 + i / 256));
      std::byte const* row[16];
      for (std::size_t j = 0; j < 16; ++j) row[j] = from.data() + offset + (15 - j) * 100;
      std::vector<std::byte> to(1024 + 2 * 16, std::byte{0xA5});
      skive::simd::transpose_words<Arch>(row, to.data() + 16);
      for (std::size_t w = 0; w < 16; ++w)
        for (std::size_t j = 0; j < 16; ++j) REQUIRE(std::memcmp(to.data() + 16 + 64 * w + 4 * j, row[j] + 4 * w, 4) == 0);
      for (std::size_t const words : {1U, 4U, 9U}) {
        std::vector<std::byte> some(1024);
        skive::simd::transpose_words<Arch>(row, some.data(), words);
        REQUIRE(std::memcmp(some.data(), to.data() + 16, 64 * words) == 0);
      }
      for (std::size_t i = 0; i < 16; ++i) {
        REQUIRE(to[i] == std::byte{0xA5});
        REQUIRE(to[1040 + i] == std::byte{0xA5});
      }
    }
  });
}
