// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/nibble_floats.hpp: random codes in both orders against fields taken out by shifts; nothing past 32 bytes.
#include "skive/simd/nibble_floats.hpp"

#include "support/simd_arches.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

constexpr std::array<float, 16> of_few_bits = [] {
  std::array<float, 16> values{};
  for (std::size_t i = 0; i < 16; ++i) values[i] = static_cast<float>(i) * 1.5f - 3;
  return values;
}();
constexpr std::array<float, 16> of_all_bits = [] {
  std::array<float, 16> values{};
  for (std::size_t i = 0; i < 16; ++i) values[i] = (static_cast<float>(i) - 7) / 12345.0f;
  return values;
}();

template <class Arch, std::array<float, 16> const& values>
void check(bit_order order, std::mt19937& random) {
  simd::nibble_floats<Arch, values> const table{order};
  for (int round = 0; round < 100; ++round) {
    std::vector<std::byte> row(32);  // what is read past it the sanitizers see
    for (auto& b : row) b = static_cast<std::byte>(static_cast<std::uint8_t>(random()));
    simd::floats<Arch> out[4];
    table.load(row.data(), out);
    for (std::size_t k = 0; k < 4; ++k) {
      alignas(64) float lane[16];
      out[k].store(lane);
      for (std::size_t i = 0; i < 16; ++i) {
        auto const byte = std::to_integer<unsigned>(row[8 * k + i / 2]);
        bool const low = (i % 2 == 0) == (order == bit_order::low_first);
        REQUIRE(lane[i] == values[low ? byte % 16 : byte / 16]);
      }
    }
  }
}

}  // namespace

TEST_CASE("64 codes of four bits by a table of floats", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    [[maybe_unused]] std::mt19937 random{1};
    if constexpr (simd::has_nibble_floats<Arch>) {
      check<Arch, of_few_bits>(bit_order::low_first, random);
      check<Arch, of_few_bits>(bit_order::high_first, random);
      check<Arch, of_all_bits>(bit_order::low_first, random);
      check<Arch, of_all_bits>(bit_order::high_first, random);
    }
  });
  SUCCEED("machines without such tables have nothing to check");
}
