// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/philox.hpp: the words of core/random.hpp, for counters on both sides of 2^32.
#include "skive/simd/philox.hpp"

#include "support/simd_arches.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("philox_blocks: the words of the scalar rule", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    for (std::uint64_t const seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xFEDC'BA98'7654'3210}})
      for (std::uint64_t const stream : {std::uint64_t{0}, std::uint64_t{0x1234'5678'9ABC'DEF0}})
        for (std::uint64_t const first :
             {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{0xFFFF'FFFC}, std::uint64_t{1} << 40}) {
          std::uint64_t words[4][8];
          skive::simd::philox_blocks<Arch>(seed, stream, first, words);
          for (std::size_t b = 0; b < 8; ++b)
            for (std::size_t k = 0; k < 4; ++k) REQUIRE(words[k][b] == (skive::counter_random{seed, stream}.block(first + b)[k]));
        }
  });
}
