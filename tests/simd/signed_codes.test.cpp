// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/signed_codes.hpp: magnitudes under rubbish, signs of every kind of float, where each code lies, no byte outside.
#include "skive/simd/signed_codes.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Arch, int Width>
void check(std::mt19937& random, bit_order order) {
  constexpr std::uint32_t kinds[] = {0, 0x80000000U, 1, 0x80000001U, 0x3F800000U, 0xBF800000U, 0x7F800000U, 0xFF800000U};
  std::array<std::uint32_t, 64> size{};
  std::array<std::uint32_t, 64> x{};
  simd::signed_codes<Arch> w[4];
  for (std::size_t i = 0; i < 64; ++i) {
    size[i] = static_cast<std::uint32_t>(random()) % (1U << (Width - 1));
    x[i] = random() % 2 == 0 ? kinds[random() % 8] : static_cast<std::uint32_t>(random());
  }
  auto const rubbish = static_cast<std::uint32_t>(random()) << 16;
  for (std::size_t i = 0; i < 4; ++i) {
    auto const sizes = simd::words<Arch>::load(size.data() + 16 * i) | simd::words<Arch>::broadcast(rubbish);
    w[i] = simd::signed_codes<Arch>::of(sizes, simd::as<float>(simd::words<Arch>::load(x.data() + 16 * i)));
  }
  std::array<std::byte, std::size_t{8} * Width + 2> bytes{};
  bytes.fill(std::byte{0xA5});
  simd::store_signed_codes<Width>(w, order, bytes.data() + 1);
  REQUIRE((bytes.front() == std::byte{0xA5} && bytes.back() == std::byte{0xA5}));
  for (std::size_t i = 0; i < 64; ++i) {
    auto const byte = std::to_integer<unsigned>(bytes[1 + i * Width / 8]);
    bool const upper = Width == 4 && (i % 2 == 0) != (order == bit_order::low_first);
    CAPTURE(i, x[i]);
    REQUIRE(((upper ? byte >> 4 : byte) & ((1U << Width) - 1)) == (size[i] | x[i] >> 31 << (Width - 1)));
  }
}

}  // namespace

TEST_CASE("codes with signs", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    if constexpr (simd::has_avx2<Arch>) {
      std::mt19937 random{21};
      for (int round = 0; round < 500; ++round)
        for (auto const order : {bit_order::low_first, bit_order::high_first}) {
          check<Arch, 4>(random, order);
          check<Arch, 8>(random, order);
        }
    }
  });
}
