// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/philox.hpp: the words of counter_random, where counters carry too.
#include "skive/simd/philox.hpp"

#include "support/simd_arches.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

constexpr std::uint64_t numbers[] = {0, 1, 0x1234'5678'9ABC'DEF0, 0xFFFF'FFF0, 0xFFFF'FFF5, 0x1'FFFF'FFFF, (1ULL << 61) + 7};

template <class Arch, std::size_t Words>
void check() {
  for (auto const seed : numbers)
    for (auto const stream : numbers)
      for (auto const first : numbers) {
        std::uint32_t words[Words];
        skive::simd::random_words<Arch, Words>(seed, stream, first, words);
        skive::counter_random const good{seed, stream};
        CAPTURE(seed, stream, first);
        bool same = true;
        for (std::uint64_t i = 0; i < Words; ++i) same = same && words[i] == good.bits(4 * first + i);
        REQUIRE(same);
      }
}

}  // namespace

TEST_CASE("philox: sixteen blocks are those of the counter", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() { check<Arch, 64>(), check<Arch, 192>(); });
}
