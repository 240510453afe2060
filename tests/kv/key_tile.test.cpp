// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/key_tile.hpp: codes come back from a tile, and lanes of 32 tokens go to any range of them.
#include "skive/kv/key_tile.hpp"

#include "support/simd_arches.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
constexpr std::size_t tokens = skive::tile_tokens;

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

  float sequence[tokens];
  for (std::size_t i = 0; i < tokens; ++i) sequence[i] = static_cast<float>(i);
  skive::simd::floats<Arch> const sums[2] = {skive::simd::floats<Arch>::load(sequence),
                                             skive::simd::floats<Arch>::load(sequence + 16)};
  float part[4] = {-1, -1, -1, -1};
  skive::detail::store_range<Arch>(sums, 14, 3, part);
  REQUIRE((part[0] == 14 && part[1] == 15 && part[2] == 16 && part[3] == -1));
}

}  // namespace

TEST_CASE("key_tile: codes of every width come back", "[kv]") {
  for (std::size_t const n : {8U, 40U, 64U}) {
    check<1, skive::native_arch>(n);
    check<3, skive::native_arch>(n);
    check<7, skive::native_arch>(n);
    check<8, skive::native_arch>(n);
    test::for_each(test::few_arches{}, [n]<class Arch>() { check<4, Arch>(n); });
  }
}
