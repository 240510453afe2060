// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/tile_product.hpp: sums of products of integers, for any width, after one call and several, at the ends of the range too.
#include "skive/kv/tile_product.hpp"

#include "skive/kv/coefficients.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
constexpr std::size_t rows = 3;

// calls: parts that the units are added in.
template <int Bits, std::size_t Columns, class Arch>
void check(std::size_t units, std::size_t calls, bool extreme) {
  CAPTURE(Bits, Columns, units, calls, extreme);
  using tile = skive::detail::code_tile<Bits, Columns>;
  auto const n = units * tile::rows;
  auto const pitch = n + 16;
  constexpr std::size_t width = 16 * Columns;
  std::mt19937 random{11};

  std::vector<int> codes(n * width);
  std::vector<std::byte> packed(units * tile::bytes);
  for (auto& c : codes) c = extreme ? (1 << Bits) - 1 : static_cast<int>(random() % (1U << Bits));
  for (std::size_t u = 0; u < units; ++u) {
    skive::simd::words<Arch> w[tile::registers];
    for (std::size_t v = 0; v < tile::registers; ++v) {
      std::uint32_t lane[16]{};
      for (std::size_t i = 0; i < 64; ++i) {
        auto const row = u * tile::rows + v / Columns * 4 + i % 4;
        lane[i / 4] |= static_cast<std::uint32_t>(codes[row * width + v % Columns * 16 + i / 4]) << (8 * (i % 4));
      }
      w[v] = skive::simd::words<Arch>::load(lane);
    }
    tile::template store<Arch>(w, packed.data() + u * tile::bytes);
  }

  std::vector<int> factors(rows * n);
  std::vector<std::byte> first(rows * pitch), second(rows * pitch);
  for (auto& f : factors) f = extreme ? 16319 : static_cast<int>(random() % 32639) - 16319;
  for (std::size_t h = 0; h < rows; ++h)
    for (std::size_t i = 0; i < n; i += 16) {
      std::int32_t lane[16]{};
      for (std::size_t k = 0; k < 16 && i + k < n; ++k) lane[k] = factors[h * n + i + k];
      skive::detail::store_coefficients<Arch>(skive::simd::integers<Arch>::load(lane), first.data() + h * pitch + i,
                                              second.data() + h * pitch + i);
    }

  skive::detail::tile_product<tile, rows, Arch> p;
  p.clear();
  for (std::size_t i = 0; i < calls; ++i) {
    auto const from = units * i / calls;
    p.add(packed.data() + from * tile::bytes, units * (i + 1) / calls - from, first.data() + from * tile::rows,
          second.data() + from * tile::rows, pitch);
  }
  for (std::size_t h = 0; h < rows; ++h)
    for (std::size_t c = 0; c < width; ++c) {
      float lane[16];
      p.value(h, c / 16).store(lane);
      double sum = 0;
      for (std::size_t r = 0; r < n; ++r) sum += static_cast<double>(factors[h * n + r]) * codes[r * width + c];
      // both parts of the sum are rounded once above 2^24
      REQUIRE(std::abs(static_cast<double>(lane[c % 16]) - sum) <= std::abs(sum) * 0x1p-23);
      if (!extreme) REQUIRE(lane[c % 16] == static_cast<float>(sum));
    }
}

}  // namespace

TEST_CASE("tile_product: sums of products, rounded once", "[kv]") {
  check<1, 2, skive::native_arch>(3, 1, false);
  check<2, 1, skive::native_arch>(4, 4, false);
  check<3, 2, skive::native_arch>(4, 1, false);
  check<7, 1, skive::native_arch>(4, 2, false);
  test::for_each(test::few_arches{}, []<class Arch>() {
    check<4, 1, Arch>(5, 3, false);
    check<8, 2, Arch>(40, 1, false);
    check<8, 2, Arch>(256, 1, true);  // 1024 rows: their sum passes 2^31
  });
}
