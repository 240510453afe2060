// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/integer_levels.hpp: levels that are integers or halves of them are their bytes: products with them are exact.
#include "skive/block/integer_levels.hpp"

#include "skive/block/mx.hpp"
#include "skive/block/sign.hpp"
#include "support/integer_products.hpp"
#include "support/simd_arches.hpp"

using skive::test::check_exact;

TEST_CASE("integer_levels: tables of integers are exact", "[block]") {
  check_exact(skive::mx<skive::e2m1>{32}, {6, -6, 0.5f, 1, 1.5f, 2, 3, 4, -0.5f, -1, -1.5f, -2, -3, -4, 0}, 1);
  check_exact(skive::mx<skive::e2m1>{16, {}, skive::bit_order::high_first}, {6, -6, 0.5f, -1, 1.5f, 2}, 2);
  check_exact(skive::binary{128}, {1, -1}, 3);
  check_exact(skive::ternary{128}, {1, -1, 1, 1, -1}, 4);
  check_exact(skive::binary{64, {}, skive::bit_order::high_first}, {1, -1, -1}, 5);
}

TEST_CASE("level_quarters: every byte of four codes", "[block]") {
  using levels = skive::detail::integer_levels<skive::ternary_format>;
  skive::test::for_each_arch([]<class Arch>() {
    using words = skive::simd::words<Arch>;
    skive::detail::level_quarters<levels, Arch> const level;
    for (std::uint32_t b = 0; b < 256; ++b) {
      words byte[4];
      level.bytes(words::broadcast(b | (255 - b) << 8 | b << 16 | 0xE4000000U), byte);
      for (std::size_t r = 0; r < 4; ++r) {
        std::uint32_t lane[16];
        byte[r].store(lane);
        for (auto const found : lane)
          for (std::uint32_t i = 0; i < 4; ++i) {
            auto const code = ((i == 3 ? 0xE4 : i == 1 ? 255 - b : b) >> (2 * r)) & 3;
            REQUIRE((found >> (8 * i) & 0xFF) == (code == 3 ? 2 : code));  // -1, 0, 1 and the unused code, which is 1
          }
      }
    }
  });
}
