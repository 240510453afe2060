// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/compress.hpp: every choice of lanes, no float outside, bits stay.
#include "skive/simd/compress.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::simd::floats;
using skive::simd::words;
using lanes = std::array<std::uint32_t, 16>;

template <class Arch>
void check(std::uint32_t mask, lanes const& x) {
  lanes choice, sparse{};
  std::vector<std::uint32_t> chosen;
  for (std::size_t i = 0; i < 16; ++i) {
    choice[i] = mask >> i & 1;
    if (choice[i] != 0) chosen.push_back(sparse[i] = x[i]);
  }
  auto const m = skive::simd::as<float>(words<Arch>::load(choice.data()) == words<Arch>::broadcast(1));
  // The exact size on the heap: a memory checker sees every float outside.
  auto const packed = std::make_unique<float[]>(chosen.size());
  auto const n = skive::simd::compress_store(skive::simd::as<float>(words<Arch>::load(x.data())), m, packed.get());
  REQUIRE(n == chosen.size());
  bool same = true;
  for (std::size_t i = 0; i < n; ++i) same = same && std::bit_cast<std::uint32_t>(packed[i]) == chosen[i];
  REQUIRE(same);
  lanes read;
  skive::simd::as<std::uint32_t>(skive::simd::expand_load<Arch>(packed.get(), m)).store(read.data());
  REQUIRE(read == sparse);
}

// With room at both ends: what lies there stays.
template <class Arch>
void check_ends(std::uint32_t mask) {
  std::array<float, 18> room;
  room.fill(-1.0f);
  auto const bits = skive::simd::generate<std::uint32_t, Arch>([mask](std::size_t i) { return mask >> i & 1; });
  auto const m = skive::simd::as<float>(bits == words<Arch>::broadcast(1));
  auto const n = skive::simd::compress_store(floats<Arch>::broadcast(2.0f), m, room.data() + 1);
  REQUIRE(room[0] == -1.0f);
  REQUIRE(room[n + 1] == -1.0f);
}

}  // namespace

TEST_CASE("lanes side by side and back", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    for (std::uint32_t mask = 0; mask < 0x10000; mask += mask < 0x200 || mask > 0xFE00 ? 1 : 41) {
      lanes x;
      for (std::uint32_t i = 0; i < 16; ++i) x[i] = 0x7F800001 + i * 0x11111111;  // NaN, subnormals and others
      check<Arch>(mask, x);
      check_ends<Arch>(mask);
    }
  });
}
