// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/bit_stream.hpp: fields of random lengths against a string of bits; nothing past the end; counts of fields.
#include "skive/sparse/bit_stream.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace skive::detail;

TEST_CASE("bit_stream: what is written comes back, and stands where it should", "[sparse]") {
  std::mt19937_64 random{1};
  for (int round = 0; round < 300; ++round) {
    std::vector<int> lengths;
    std::vector<bool> bits;
    std::vector<std::byte> bytes(600, std::byte{0xA5});
    bit_writer out{bytes.data() + 1};
    for (auto left = random() % 60; left != 0; --left) {
      lengths.push_back(static_cast<int>(round % 2 == 0 ? random() % 58 : random() % 65));
      auto const count = lengths.back();
      auto const field = count == 0 ? 0 : random() >> (64 - count);
      out.append(field, count);
      for (int b = 0; b < count; ++b) bits.push_back((field >> b & 1) != 0);
    }
    out.finish();
    auto const size = (bits.size() + 7) / 8;
    REQUIRE((bytes[0] == std::byte{0xA5} && bytes[1 + size] == std::byte{0xA5}));
    std::vector<std::byte> const exact(bytes.begin() + 1, bytes.begin() + 1 + static_cast<std::ptrdiff_t>(size));
    for (std::size_t i = 0; i < 8 * size; ++i)
      REQUIRE((std::to_integer<unsigned>(exact[i / 8]) >> (i % 8) & 1) == (i < bits.size() && bits[i] ? 1U : 0U));
    std::size_t at = 0;
    for (auto const count : lengths) {
      if (count <= 57) {
        std::uint64_t expected = 0;
        for (int b = 0; b < count; ++b) expected |= std::uint64_t{bits[at + static_cast<std::size_t>(b)]} << b;
        REQUIRE(read_bits(exact, at, count) == expected);
      }
      at += static_cast<std::size_t>(count);
    }
    REQUIRE(read_bits(exact, 8 * size + 3, 20) == 0);
  }
}

template <int Width>
void check_counts(std::uint64_t x) {
  auto const counts = counts_of_fields<Width>(x);
  for (int i = 0; i < 64; i += Width) {
    constexpr auto all = (std::uint64_t{1} << Width) - 1;
    REQUIRE((counts >> i & all) == static_cast<std::uint64_t>(std::popcount(x >> i & all)));
  }
}

TEST_CASE("bit_stream: counts of fields", "[sparse]") {
  std::mt19937_64 random{2};
  for (int round = 0; round < 200; ++round) {
    auto const x = round == 0 ? ~std::uint64_t{0} : random();
    check_counts<2>(x);
    check_counts<4>(x);
    check_counts<8>(x);
    check_counts<16>(x);
    check_counts<32>(x);
  }
}
