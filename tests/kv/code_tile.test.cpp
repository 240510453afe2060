// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/code_tile.hpp: every width goes in and comes out, any bytes are codes, nothing outside of a unit is touched.
#include "skive/kv/code_tile.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::native_arch;

template <int Width, std::size_t Columns>
void check() {
  using tile = skive::detail::code_tile<Width, Columns>;
  static_assert(tile::bytes * 8 == tile::rows * 16 * Columns * Width && tile::units(tile::rows + 1) == 2);
  INFO("width " << Width << " columns " << Columns);
  std::mt19937 random{Width};
  std::vector<std::byte> unit(tile::bytes + 2, std::byte{0xA5});
  std::uint32_t wanted[tile::registers][16];
  skive::simd::words<native_arch> codes[tile::registers];
  for (std::size_t v = 0; v < tile::registers; ++v) {
    for (auto& w : wanted[v]) w = static_cast<std::uint32_t>(random()) & (((1U << Width) - 1) * 0x01010101U);
    codes[v] = skive::simd::words<native_arch>::load(wanted[v]);
  }
  tile::template store<native_arch>(codes, unit.data() + 1);
  REQUIRE((unit.front() == std::byte{0xA5} && unit.back() == std::byte{0xA5}));
  skive::detail::unrolled<tile::registers>([&]<std::size_t V>() {
    std::uint32_t got[16];
    tile::template load<native_arch>(unit.data() + 1, V).store(got);
    for (std::size_t i = 0; i < 16; ++i) REQUIRE(got[i] == wanted[V][i]);
  });
  for (auto& b : unit) b = std::byte{0xFF};
  skive::detail::unrolled<tile::registers>([&]<std::size_t V>() {
    std::uint32_t got[16];
    tile::template load<native_arch>(unit.data() + 1, V).store(got);
    for (auto const w : got) REQUIRE(w == ((1U << Width) - 1) * 0x01010101U);
  });
}

}  // namespace

TEST_CASE("code_tile: all widths, one column and two", "[kv]") {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (check<static_cast<int>(I) + 1, 1>(), ...);
    (check<static_cast<int>(I) + 1, 2>(), ...);
  }(std::make_index_sequence<8>{});
}
