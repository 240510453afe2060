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

[[maybe_unused]] std::int16_t level(std::byte const* row, unsigned i, bit_order order) {
  auto const byte = std::to_integer<unsigned>(row[i / 2]);
  bool const low = (i % 2 == 0) == (order == bit_order::low_first);
  return levels[low ? byte & 15 : byte >> 4];
}
unsigned halves(std::int16_t low, std::int16_t high) {
  return static_cast<std::uint16_t>(low) | static_cast<unsigned>(static_cast<std::uint16_t>(high)) << 16;
}

template <class Arch>
void check(bit_order order) {
  using table_type = simd::nibble_levels<Arch>;
  constexpr auto count = table_type::rows_at_once;
  constexpr auto registers = table_type::registers_at_once;
  std::byte bytes[4][33];
  std::byte const* row[count];
  for (unsigned j = 0; j < count; ++j) {
    for (unsigned i = 0; i < 33; ++i) bytes[j][i] = static_cast<std::byte>(i * (37 + 54 * j) + 11 - 6 * j);
    row[j] = bytes[j] + 1;  // no alignment
  }
  table_type const table{levels, order};
  simd::words<Arch> out[count / 2 * registers];
  table.load_rows(row, out);
  std::uint32_t lane[16];
  for (unsigned p = 0; p < count / 2; ++p)
    for (unsigned r = 0; r < registers; ++r) {
      unsigned half[2][16];  // of rows 2 p and 2 p + 1, lanes in order
      auto const& x = out[p * registers + r];
      for (unsigned j = 0; j < 2; ++j) {
        x.store(lane);
        float value[16];
        for (unsigned i = 0; i < 16; ++i) value[i] = static_cast<float>(static_cast<std::int16_t>(lane[i] >> 16 * j & 0xFFFF));
        table.in_order(simd::floats<Arch>::load(value)).store(value);
        for (unsigned i = 0; i < 16; ++i) half[j][i] = static_cast<unsigned>(static_cast<std::int32_t>(value[i]));
      }
      for (unsigned i = 0; i < 16; ++i)
        for (unsigned j = 0; j < 2; ++j)
          REQUIRE(half[j][i] == static_cast<unsigned>(static_cast<std::int32_t>(level(row[2 * p + j], 16 * r + i, order))));
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

TEST_CASE("nibble_levels: pairs of rows, lanes in order and all nibbles of lanes", "[simd]") {
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    if constexpr (simd::has_nibble_levels<Arch>) {
      check<Arch>(bit_order::low_first);
      check<Arch>(bit_order::high_first);
    }
  });
  SUCCEED();
}

TEST_CASE("nibble_levels: words in order and at their limits", "[simd]") {
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    if constexpr (simd::has_nibble_levels<Arch>) {
      float x[16];
      float y[16];
      for (unsigned i = 0; i < 16; ++i) {
        x[i] = static_cast<float>(i);
        y[i] = static_cast<float>(i) * -5000.4f;
      }
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
