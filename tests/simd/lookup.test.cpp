// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/lookup.hpp: every index in every lane, whatever its upper bits are; bits of floats stay.
#include "skive/simd/lookup.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

constexpr std::array<float, 16> numbers(std::uint32_t seed) {
  std::array<float, 16> values{};
  for (auto& v : values) v = std::bit_cast<float>(seed = seed * 1664525 + 1013904223);
  return values;
}

template <std::size_t Entries, class Arch>
void check_bytes(std::mt19937& random) {
  constexpr std::size_t size = skive::simd::byte_batch<Arch>::size;
  std::array<std::uint8_t, Entries> values;
  for (auto& v : values) v = static_cast<std::uint8_t>(random());
  skive::simd::byte_table<Entries, Arch> const table(values);
  for (std::size_t shift = 0; shift < Entries; ++shift) {  // every index in every byte
    std::array<std::uint8_t, size> index, read;
    for (std::size_t i = 0; i < size; ++i) index[i] = static_cast<std::uint8_t>((7 * i + shift) % Entries);
    skive::simd::look_up_bytes(table, skive::simd::byte_batch<Arch>::load_unaligned(index.data())).store_unaligned(read.data());
    for (std::size_t i = 0; i < size; ++i) REQUIRE(read[i] == values[index[i]]);
  }
}

}  // namespace

TEST_CASE("floats by codes of 4 bits", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    static constexpr std::array<float, 16> signalling = {std::bit_cast<float>(0x7F800001U), std::bit_cast<float>(0xFFA00000U),
                                                         std::bit_cast<float>(0x00000001U), -0.0f};
    std::mt19937 random{6};
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
      auto const values = seed == 0 ? signalling : numbers(seed);
      skive::simd::float_table<Arch> const table(values);
      for (std::uint32_t shift = 0; shift < 16; ++shift) {
        std::array<std::uint32_t, 16> index, read;
        for (std::uint32_t i = 0; i < 16; ++i) index[i] = (static_cast<std::uint32_t>(random()) & ~15U) | ((i + shift) % 16);
        auto const found = skive::simd::look_up(table, skive::simd::words<Arch>::load(index.data()));
        skive::simd::as<std::uint32_t>(found).store(read.data());
        for (std::size_t i = 0; i < 16; ++i) REQUIRE(read[i] == std::bit_cast<std::uint32_t>(values[index[i] % 16]));
      }
    }
  });
}

TEST_CASE("bytes by bytes", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{7};
    check_bytes<16, Arch>(random);
    check_bytes<32, Arch>(random);
    check_bytes<64, Arch>(random);
  });
}
