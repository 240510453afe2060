// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/byte_lookup.hpp: every index in every byte.
#include "skive/simd/byte_lookup.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

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

TEST_CASE("bytes by bytes", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{7};
    check_bytes<16, Arch>(random);
    check_bytes<32, Arch>(random);
    check_bytes<64, Arch>(random);
  });
}

TEST_CASE("sixteen entries four times, from memory", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    using batch = skive::simd::byte_batch<Arch>;
    std::mt19937 random{10};
    std::array<std::uint8_t, 64> repeated;
    for (std::size_t i = 0; i < 64; ++i) repeated[i] = i < 16 ? static_cast<std::uint8_t>(random()) : repeated[i - 16];
    auto const table = skive::simd::byte_table<16, Arch>::repeated(repeated.data());
    std::array<std::uint8_t, batch::size> index, read;
    for (auto& i : index) i = static_cast<std::uint8_t>(random() % 16);
    skive::simd::look_up_bytes(table, batch::load_unaligned(index.data())).store_unaligned(read.data());
    for (std::size_t i = 0; i < batch::size; ++i) REQUIRE(read[i] == repeated[index[i]]);
  });
}

TEST_CASE("128 bytes by the low seven bits of bytes", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    if constexpr (skive::simd::has_look_up_128<Arch>) {
      std::mt19937 random{11};
      std::array<std::uint8_t, 128> values;
      for (auto& v : values) v = static_cast<std::uint8_t>(random());
      skive::simd::byte_table_128<Arch> const table{values};
      for (int round = 0; round < 64; ++round) {
        std::array<std::uint32_t, 16> index, read;
        for (auto& i : index) i = static_cast<std::uint32_t>(random());
        skive::simd::look_up_128(table, skive::simd::words<Arch>::load(index.data())).store(read.data());
        for (std::size_t i = 0; i < 64; ++i)
          REQUIRE((read[i / 4] >> (8 * (i % 4)) & 255) == values[index[i / 4] >> (8 * (i % 4)) & 127]);
      }
    }
  });
}
