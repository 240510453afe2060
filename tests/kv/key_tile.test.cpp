// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/key_tile.hpp and kv/tile_product.hpp: codes come back from a tile, and their products are those of integers.
#include "skive/kv/key_tile.hpp"

#include "support/simd_arches.hpp"

#include <cstdint>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
constexpr std::size_t tokens = skive::tile_tokens;
constexpr std::size_t rows = 3;

template <int Bits, class Arch>
void check(std::size_t n) {
  CAPTURE(Bits, n);
  using tile = skive::detail::code_tile<Bits, 2>;
  std::mt19937 random{7};
  auto const pitch = n + 5;
  std::vector<std::byte> codes(tokens * pitch);
  for (auto& c : codes) c = static_cast<std::byte>(random() % (1U << Bits));
  auto const bytes = tile::units(n) * tile::bytes;
  std::vector<std::byte> packed(bytes + 64, std::byte{0xA5});
  skive::detail::store_key_tile<tile, Arch>(codes.data(), pitch, n, packed.data());
  for (std::size_t i = bytes; i < packed.size(); ++i) REQUIRE(packed[i] == std::byte{0xA5});

  std::vector<float> out(27 * n);
  skive::detail::read_key_tile<tile, Arch>(packed.data(), 5, {out.data(), 27, n});
  for (std::size_t t = 0; t < 27; ++t)
    for (std::size_t d = 0; d < n; ++d)
      REQUIRE(out[t * n + d] == static_cast<float>(std::to_integer<int>(codes[(5 + t) * pitch + d])));

  auto const padded = tile::units(n) * tile::rows;
  std::vector<std::byte> high(rows * padded);  // numbers past n meet codes of zero
  std::vector<std::byte> low(rows * padded);
  for (auto& h : high) h = static_cast<std::byte>(static_cast<int>(random() % 255) - 127);
  for (auto& l : low) l = static_cast<std::byte>(static_cast<int>(random() % 128) - 64);
  skive::detail::tile_product<tile, rows, Arch> p;
  p.clear();
  p.add(packed.data(), tile::units(n), high.data(), low.data(), padded);
  for (std::size_t h = 0; h < rows; ++h) {
    skive::simd::floats<Arch> const sums[2] = {p.value(h, 0), p.value(h, 1)};
    float lane[tokens];
    skive::detail::store_range<Arch>(sums, 0, tokens, lane);
    float part[4] = {-1, -1, -1, -1};
    skive::detail::store_range<Arch>(sums, 14, 3, part);
    REQUIRE((part[0] == lane[14] && part[2] == lane[16] && part[3] == -1));
    for (std::size_t t = 0; t < tokens; ++t) {
      std::int64_t sum = 0;
      for (std::size_t d = 0; d < n; ++d) {
        auto const coefficient =
            128 * static_cast<std::int8_t>(high[h * padded + d]) + static_cast<std::int8_t>(low[h * padded + d]);
        sum += coefficient * std::to_integer<int>(codes[t * pitch + d]);
      }
      REQUIRE(lane[t] == static_cast<float>(sum));  // both halves are below 2^24: rounded once
    }
  }
}

}  // namespace

TEST_CASE("key_tile, tile_product: codes of every width come back, and their products are exact", "[kv]") {
  for (std::size_t const n : {8U, 40U, 64U}) {
    check<1, skive::native_arch>(n);
    check<3, skive::native_arch>(n);
    check<7, skive::native_arch>(n);
    check<8, skive::native_arch>(n);
    test::for_each(test::few_arches{}, [n]<class Arch>() { check<4, Arch>(n); });
  }
}
