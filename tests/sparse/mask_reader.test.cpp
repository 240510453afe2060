// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/mask_reader.hpp: masks of 64 entries against those of single groups; ends of positions; ranks that
// no set has.
#include "skive/sparse/mask_reader.hpp"

#include "support/simd_arches.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using namespace skive::detail;

template <int N, int M, position_layout Layout, class Arch>
void check(std::size_t entries, bool wrong, std::mt19937& random) {
  using code = position_code<N, M, Layout>;
  auto const groups = entries / M;
  std::vector<std::uint32_t> masks(groups);
  std::vector<std::byte> positions((groups * code::bits + 7) / 8);
  bit_writer out{positions.data()};
  for (auto& m : masks) {
    m = combinadic_unrank(static_cast<std::uint32_t>(random()) % binomial(M, N), M, N);
    out.append(code::code(m), code::bits);
  }
  out.finish();
  if (wrong)  // all bits set stand for no set
    for (std::size_t g = 0; g < groups; g += 7) {
      masks[g] = 0;
      for (std::size_t b = g * code::bits; b < (g + 1) * code::bits; ++b)
        positions[b / 8] |= std::byte{1} << static_cast<int>(b % 8);
    }
  mask_reader<N, M, Layout, Arch> reader{positions};
  for (std::size_t i = 0; i + 64 <= entries; i += 64) {
    auto const seen = reader.of_64(i);
    int kept = 0;
    for (std::size_t g = 0; g < 64 / M; ++g) {
      auto const expected = masks[i / M + g];
      if (!wrong) REQUIRE((seen >> (g * M) & ((std::uint64_t{1} << M) - 1)) == expected);
      kept += std::popcount(expected);
    }
    REQUIRE((std::popcount(seen) == 64 / M * N) == (kept == 64 / M * N));
  }
  mask_reader<N, M, Layout, Arch> other{positions};
  if constexpr (requires(std::uint64_t* m) { other.of_many(std::size_t{}, std::size_t{}, m); }) {
    auto const whole = entries / 512 * 512;
    std::vector<std::uint64_t> seen(whole / 64 + 1, 77);
    auto const half = whole / 1024 * 512;
    other.of_many(0, half, seen.data());
    other.of_many(half, whole - half, seen.data() + half / 64);
    for (std::size_t g = 0; g < whole / 8; ++g) REQUIRE((seen[g / 8] >> (g % 8 * 8) & 0xFF) == masks[g]);
    REQUIRE(seen.back() == 77);
    REQUIRE(other.good() == !(wrong && entries >= 512));
  }
}

}  // namespace

TEST_CASE("mask_reader: the masks of single groups side by side", "[sparse]") {
  std::mt19937 random{4};
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    for (std::size_t const entries : {64U, 128U, 512U, 576U, 1024U, 1088U, 5056U})
      for (bool const wrong : {false, true}) {
        check<4, 8, position_layout::combinadic, Arch>(entries, wrong, random);
        check<3, 8, position_layout::combinadic, Arch>(entries, wrong, random);
        check<4, 8, position_layout::index_list, Arch>(entries, wrong, random);
        check<2, 4, position_layout::combinadic, Arch>(entries, wrong, random);
        check<8, 16, position_layout::combinadic, Arch>(entries, wrong, random);
      }
  });
}
