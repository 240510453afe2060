// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/lookup.hpp: every index in every lane; bits of floats stay, and upper bits of a code of sixteen do not count.
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

TEST_CASE("floats out of eight and out of four", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{8};
    auto const values = numbers(9);
    for (int round = 0; round < 100; ++round) {
      std::array<std::uint32_t, 16> eights, fours;
      for (auto& i : eights) i = static_cast<std::uint32_t>(random()) % 8;
      for (auto& i : fours) i = static_cast<std::uint32_t>(random()) % 4;
      std::array<std::uint32_t, 16> of_eight, of_four;
      using words = skive::simd::words<Arch>;
      skive::simd::as<std::uint32_t>(skive::simd::look_up_8<Arch>(values.data(), words::load(eights.data())))
          .store(of_eight.data());
      skive::simd::as<std::uint32_t>(skive::simd::look_up_4<Arch>(values.data(), words::load(fours.data())))
          .store(of_four.data());
      for (std::size_t i = 0; i < 16; ++i) {
        REQUIRE(of_eight[i] == std::bit_cast<std::uint32_t>(values[eights[i]]));
        REQUIRE(of_four[i] == std::bit_cast<std::uint32_t>(values[fours[i]]));
      }
      if constexpr (skive::simd::has_avx2<Arch>) {
        skive::simd::as<std::uint32_t>(
            skive::simd::look_up_quarters<Arch>(values.data(), values.data() + 5, words::load(eights.data())))
            .store(of_four.data());
        for (std::size_t i = 0; i < 16; ++i)
          REQUIRE(of_four[i] == std::bit_cast<std::uint32_t>(values[eights[i] % 4 + (i < 8 ? 0 : 5)]));
      }
    }
  });
}
