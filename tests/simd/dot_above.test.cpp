// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/dot_above.hpp: sums of products with levels that count from a bias, byte by byte, the extremes among them.
#include "skive/simd/dot_above.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using lanes = std::array<std::uint32_t, 16>;

template <int Bias, int Largest, class Arch>
void check(lanes const& a, lanes const& b) {
  lanes level, byte;
  std::array<std::int32_t, 16> start, expected, seen;
  for (std::size_t i = 0; i < 16; ++i) {
    level[i] = byte[i] = 0;
    start[i] = expected[i] = static_cast<std::int32_t>(a[i] ^ b[i]) / 2;
    for (int j = 0; j < 4; ++j) {
      auto const l = static_cast<int>(a[i] >> (8 * j) & 255) % (Largest + 1);
      auto const x = static_cast<int>(b[i] >> (8 * j) & 255) % 255 - 127;
      level[i] |= static_cast<std::uint32_t>(l) << (8 * j);
      byte[i] |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(x)) << (8 * j);
      expected[i] += (l - Bias) * x;
    }
  }
  simd::dot4_above<Bias, Largest>(simd::integers<Arch>::load(start.data()), simd::words<Arch>::load(level.data()),
                                  simd::words<Arch>::load(byte.data()))
      .store(seen.data());
  REQUIRE(seen == expected);
}

}  // namespace

TEST_CASE("four products a lane with levels above a bias", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    std::mt19937 random{4};
    for (int round = 0; round < 300; ++round) {
      lanes a, b;
      for (auto& x : a) x = static_cast<std::uint32_t>(random());
      for (auto& x : b) x = static_cast<std::uint32_t>(random());
      if (round % 3 == 0) a.fill(round % 2 == 0 ? 0U : 0xFFFF'FFFFU);  // the least and the largest levels,
      if (round % 5 == 0) b.fill(round % 4 == 0 ? 0U : 0xFEFE'FEFEU);  // with bytes of -127 or 127
      check<8, 15, Arch>(a, b);
      check<128, 255, Arch>(a, b);
      check<127, 254, Arch>(a, b);
      check<64, 64, Arch>(a, b);
      check<0, 255, Arch>(a, b);
    }
  });
}
