// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/bytes.hpp: every lane by definition, no byte outside, whatever the upper bits of a lane are.
#include "skive/simd/bytes.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using lanes = std::array<std::uint32_t, 16>;
constexpr std::byte guard{0xA5};

// Bytes at an odd address with a guard on each side.
template <std::size_t N>
struct guarded {
  alignas(64) std::array<std::byte, N + 2> bytes{};
  guarded() { bytes.fill(guard); }
  std::byte* begin() { return bytes.data() + 1; }
  std::uint32_t at(std::size_t i) const { return std::to_integer<std::uint32_t>(bytes[i + 1]); }
  bool intact() const { return bytes.front() == guard && bytes.back() == guard; }
};

template <class Arch>
lanes lanes_of(skive::simd::words<Arch> const& w) {
  lanes l;
  w.store(l.data());
  return l;
}

}  // namespace

TEST_CASE("bytes and halves load into lanes", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{1};
    for (int round = 0; round < 100; ++round) {
      guarded<32> memory;
      for (std::size_t i = 0; i < 32; ++i) memory.begin()[i] = static_cast<std::byte>(static_cast<std::uint8_t>(random()));
      lanes bytes, halves, upper;
      for (std::size_t i = 0; i < 16; ++i) {
        bytes[i] = memory.at(i);
        halves[i] = memory.at(2 * i) + 256 * memory.at(2 * i + 1);
        upper[i] = halves[i] << 16;
      }
      REQUIRE(lanes_of<Arch>(skive::simd::load_bytes<Arch>(memory.begin())) == bytes);
      lanes signed_bytes;
      for (std::size_t i = 0; i < 16; ++i) signed_bytes[i] = bytes[i] < 128 ? bytes[i] : bytes[i] - 256;
      REQUIRE(lanes_of<Arch>(skive::simd::as<std::uint32_t>(skive::simd::load_signed_bytes<Arch>(memory.begin()))) ==
              signed_bytes);
      REQUIRE(lanes_of<Arch>(skive::simd::load_halves<Arch>(memory.begin())) == halves);
      REQUIRE(lanes_of<Arch>(skive::simd::load_upper_halves<Arch>(memory.begin())) == upper);
    }
  });
}

TEST_CASE("low bytes and halves of lanes are stored", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{2};
    for (int round = 0; round < 100; ++round) {
      lanes l;
      for (auto& x : l) x = static_cast<std::uint32_t>(random());
      auto const w = skive::simd::words<Arch>::load(l.data());
      guarded<16> bytes;
      skive::simd::store_bytes<Arch>(w, bytes.begin());
      REQUIRE(bytes.intact());
      guarded<32> halves;
      skive::simd::store_halves<Arch>(w, halves.begin());
      REQUIRE(halves.intact());
      guarded<32> upper;
      skive::simd::store_upper_halves<Arch>(w, upper.begin());
      REQUIRE(upper.intact());
      for (std::size_t i = 0; i < 16; ++i) {
        REQUIRE(bytes.at(i) == l[i] % 256);
        REQUIRE(halves.at(2 * i) + 256 * halves.at(2 * i + 1) == l[i] % 65536);
        REQUIRE(upper.at(2 * i) + 256 * upper.at(2 * i + 1) == l[i] / 65536);
      }
    }
  });
}
