// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/nibble_levels.hpp against looking up one code after another.
#include "skive/simd/nibble_levels.hpp"

#include "support/simd_arches.hpp"

#include <cstring>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
namespace simd = skive::simd;
using skive::bit_order;

constexpr std::array<std::int16_t, 16> levels{0, 1, 2, 3, 4, 6, 8, 12, 127, -1, -2, -3, -4, -6, -8, -128};

std::int16_t level(std::byte const* row, unsigned i, bit_order order) {
  auto const byte = std::to_integer<unsigned>(row[i / 2]);
  bool const low = (i % 2 == 0) == (order == bit_order::low_first);
  return levels[low ? byte & 15 : byte >> 4];
}
unsigned halves(std::int16_t low, std::int16_t high) {
  return static_cast<std::uint16_t>(low) | static_cast<unsigned>(static_cast<std::uint16_t>(high)) << 16;
}

template <class Arch>
void check(bit_order order) {
  std::byte rows[2][33];
  for (unsigned i = 0; i < 33; ++i) {
    rows[0][i] = static_cast<std::byte>(i * 37 + 11);
    rows[1][i] = static_cast<std::byte>(i * 91 + 5);
  }
  auto const* const a = rows[0] + 1;  // no alignment
  auto const* const b = rows[1] + 1;
  simd::nibble_levels<Arch> const table{levels, order};
  constexpr auto registers = simd::nibble_levels<Arch>::registers_at_once;
  simd::words<Arch> out[registers];
  table.load_pairs(a, b, out);
  std::uint32_t lane[16];
  for (unsigned r = 0; r < registers; ++r) {
    out[r].store(lane);
    for (unsigned i = 0; i < 16; ++i) {
      auto const k = 16 * r + (i < 8 ? 2 * i : 2 * i - 15);
      REQUIRE(lane[i] == halves(level(a, k, order), level(b, k, order)));
    }
  }
  for (unsigned i = 0; i < 16; ++i) lane[i] = i * 0x9E3779B9U;
  simd::words<Arch> four[4];
  table.of_words(simd::words<Arch>::load(lane), four);
  for (unsigned k = 0; k < 4; ++k) {
    std::uint32_t looked_up[16];
    four[k].store(looked_up);
    for (unsigned i = 0; i < 16; ++i)
      REQUIRE(looked_up[i] == halves(levels[lane[i] >> 4 * k & 15], levels[lane[i] >> (4 * k + 16) & 15]));
  }
}

}  // namespace

TEST_CASE("nibble_levels: pairs of two rows and all nibbles of lanes", "[simd]") {
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    if constexpr (simd::has_nibble_levels<Arch>) {
      check<Arch>(bit_order::low_first);
      check<Arch>(bit_order::high_first);
    }
  });
  SUCCEED();
}

TEST_CASE("nibble_levels: order of lanes, words in order and at their limits", "[simd]") {
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    if constexpr (simd::has_nibble_levels<Arch>) {
      float x[16];
      float y[16];
      for (unsigned i = 0; i < 16; ++i) {
        x[i] = static_cast<float>(i < 8 ? 2 * i : 2 * i - 15);
        y[i] = static_cast<float>(i) * -5000.4f;
      }
      simd::nibble_levels<Arch>::in_order(simd::floats<Arch>::load(x)).store(x);
      for (unsigned i = 0; i < 16; ++i) REQUIRE(x[i] == static_cast<float>(i));
      std::byte bytes[64];
      simd::store_words<Arch>(simd::floats<Arch>::load(x), simd::floats<Arch>::load(y), bytes);
      for (unsigned i = 0; i < 16; ++i) {
        std::int16_t low;
        std::int16_t high;
        std::memcpy(&low, bytes + 2 * i, 2);
        std::memcpy(&high, bytes + 32 + 2 * i, 2);
        REQUIRE(low == static_cast<int>(i));
        REQUIRE(high == (i < 7 ? -static_cast<int>(static_cast<float>(i) * 5000.4f + 0.5f) : -32768));
      }
    }
  });
  SUCCEED();
}
