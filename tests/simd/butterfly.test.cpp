// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/butterfly.hpp: sums and differences lane by lane, one rounding each, signs of zeros too; the same by loads.
#include "skive/simd/butterfly.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

template <int Distance, class Arch>
void check(std::array<float, 16> const& x) {
  using batch = xsimd::batch<float, Arch>;
  if constexpr (Distance < static_cast<int>(batch::size)) {
    for (std::size_t first = 0; first < 16; first += batch::size) {
      std::array<float, 16> y{};
      auto const* const p = x.data() + first;
      skive::simd::butterfly<Distance, Arch>(batch::load_unaligned(p)).store_unaligned(y.data());
      if constexpr (Distance == 1 || 2 * Distance == batch::size) {
        std::array<float, 16> loaded{};
        skive::simd::loaded_butterfly<Distance, Arch>(p, skive::simd::hidden<Arch, float>(p)).store_unaligned(loaded.data());
        for (std::size_t i = 0; i < batch::size; ++i)
          REQUIRE(std::bit_cast<std::uint32_t>(loaded[i]) == std::bit_cast<std::uint32_t>(y[i]));
      }
      for (std::size_t i = 0; i < batch::size; ++i) {
        bool const low = (i & Distance) == 0;
        auto const a = x[first + (i & ~std::size_t{Distance})];
        auto const b = x[first + (i | Distance)];
        REQUIRE(std::bit_cast<std::uint32_t>(y[i]) == std::bit_cast<std::uint32_t>(low ? a + b : a - b));
      }
    }
  }
}

}  // namespace

TEST_CASE("butterfly: sums and differences of lanes", "[simd]") {
  std::mt19937 random{1};
  for (int trial = 0; trial < 300; ++trial) {
    std::array<float, 16> x{};
    for (auto& v : x) {
      auto const word = static_cast<std::uint32_t>(random());
      v = word % 8 == 0 ? 0.0f : word % 8 == 1 ? -0.0f : std::bit_cast<float>((word & 0x87FF'FFFF) + 0x3C00'0000U);
    }
    auto const at = static_cast<std::size_t>(trial % 8);
    if (trial % 3 == 0) x[at] = x[at + 1] = x[at + 8];  // differences of zero
    skive::test::for_each_arch([&]<class Arch>() {
      check<1, Arch>(x);
      check<2, Arch>(x);
      check<4, Arch>(x);
      check<8, Arch>(x);
    });
  }
}

TEST_CASE("flipped: the sign bit of lanes whose bit is set, of any pattern", "[simd]") {
  std::mt19937 random{2};
  for (int trial = 0; trial < 300; ++trial) {
    std::array<std::uint32_t, 16> pattern{};
    for (auto& p : pattern)
      p = trial % 4 == 0 ? 0x7F80'0001U + static_cast<std::uint32_t>(random() % 4) : static_cast<std::uint32_t>(random());
    auto const bits = static_cast<std::uint32_t>(random());  // those above the lanes do not count
    skive::test::for_each_arch([&]<class Arch>() {
      using batch = xsimd::batch<float, Arch>;
      std::array<float, 16> y{};
      auto const x = std::bit_cast<std::array<float, 16>>(pattern);
      skive::simd::flipped<Arch>(batch::load_unaligned(x.data()), bits).store_unaligned(y.data());
      for (std::size_t i = 0; i < batch::size; ++i)
        REQUIRE(std::bit_cast<std::uint32_t>(y[i]) == (pattern[i] ^ (bits >> i & 1) << 31));
    });
  }
}
