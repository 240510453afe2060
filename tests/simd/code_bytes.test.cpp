// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/code_bytes.hpp: codes of all widths in both orders against skive::unpack, at every address; ends of rows at an edge of memory.
#include "skive/simd/code_bytes.hpp"

#include "support/simd_arches.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <int Width, class Arch>
void check(bit_order order, std::mt19937& random) {
  simd::code_bytes<Width, Arch> const codes{order};
  for (std::size_t n = 1; n <= 64; n += n < 20 || n > 50 ? 1 : 7) {
    auto const bytes = (n * Width + 7) / 8;
    std::vector<std::byte> row(bytes);  // what is read past it the sanitizers see
    for (auto& b : row) b = static_cast<std::byte>(static_cast<std::uint8_t>(random()));
    std::vector<std::uint8_t> expected(n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t b = 0; b < Width; ++b) {
        auto const at = i * Width + b;  // bit b of field i from the low end, or from the top
        auto const byte = std::to_integer<unsigned>(row[at / 8]);
        if (order == bit_order::low_first)
          expected[i] |= static_cast<std::uint8_t>((byte >> (at % 8) & 1) << b);
        else
          expected[i] |= static_cast<std::uint8_t>((byte >> (7 - at % 8) & 1) << (Width - 1 - b));
      }
    alignas(64) std::array<std::uint32_t, 16> seen;
    codes.load(row.data(), n).store(seen.data());
    CAPTURE(Width, n);
    REQUIRE(std::memcmp(seen.data(), expected.data(), n) == 0);
    if (n != 64) continue;
    codes.load(row.data()).store(seen.data());
    REQUIRE(std::memcmp(seen.data(), expected.data(), n) == 0);
  }
}

}  // namespace

TEST_CASE("64 codes of any width become bytes in their order", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    std::mt19937 random{1};
    for (auto const order : {bit_order::low_first, bit_order::high_first}) {
      check<1, Arch>(order, random);
      check<2, Arch>(order, random);
      check<3, Arch>(order, random);
      check<4, Arch>(order, random);
      check<5, Arch>(order, random);
      check<6, Arch>(order, random);
      check<7, Arch>(order, random);
      check<8, Arch>(order, random);
    }
  });
}
