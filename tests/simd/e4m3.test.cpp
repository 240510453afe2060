// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/e4m3.hpp: all codes at every place, and NaN found wherever it stands.
#include "skive/simd/e4m3.hpp"

#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "support/simd_arches.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

template <class Arch>
void check() {
  constexpr auto at_once = skive::simd::e4m3_at_once<Arch>;
  if constexpr (at_once != 0) {
    for (unsigned first = 0; first < 256; ++first) {
      std::byte codes[16 * at_once];
      bool nan = false;
      for (unsigned i = 0; i < 16 * at_once; ++i) {
        codes[i] = static_cast<std::byte>((first + 3 * i) & 0xFF);
        nan = nan || (std::to_integer<unsigned>(codes[i]) & 0x7F) == 0x7F;
      }
      skive::simd::e4m3_nan<Arch> seen;
      skive::simd::floats<Arch> x[at_once];
      skive::simd::load_e4m3<Arch>(codes, seen, x);
      REQUIRE(seen.any() == nan);
      alignas(64) float value[16 * at_once];
      for (std::size_t i = 0; i < at_once; ++i) x[i].store(value + 16 * i);
      for (std::size_t i = 0; i < 16 * at_once; ++i) {
        auto const code = std::to_integer<std::uint8_t>(codes[i]);
        if ((code & 0x7F) != 0x7F)
          REQUIRE(std::bit_cast<std::uint32_t>(value[i] * 256) == std::bit_cast<std::uint32_t>(skive::e4m3fn::decode(code)));
      }
    }
  }
}

// All codes, n of them from any place on; what stands past them is left alone.
template <class Arch>
void check_widened() {
  if constexpr (skive::simd::widens_e4m3<Arch>) {
    std::byte codes[256 + 80];
    for (unsigned i = 0; i < sizeof codes; ++i) codes[i] = static_cast<std::byte>(i & 0xFF);
    for (std::size_t const n : {16U, 32U, 48U, 80U})
      for (std::size_t first = 0; first < 256; ++first) {
        std::uint16_t halves[81];
        for (auto& h : halves) h = 0x1234;
        skive::simd::e4m3_nan<Arch> seen;
        skive::simd::widen_e4m3<Arch>(codes + first, n, seen, halves);
        bool nan = false;
        for (std::size_t i = 0; i < n; ++i) {
          auto const code = std::to_integer<std::uint8_t>(codes[first + i]);
          nan = nan || (code & 0x7F) == 0x7F;
          if ((code & 0x7F) != 0x7F)
            REQUIRE(std::bit_cast<std::uint32_t>(skive::float16::decode(halves[i]) * 256) ==
                    std::bit_cast<std::uint32_t>(skive::e4m3fn::decode(code)));
        }
        REQUIRE(seen.any() == nan);
        for (std::size_t i = n; i < 81; ++i) REQUIRE(halves[i] == 0x1234);
        skive::simd::widen_e5m2<Arch>(codes + first, n, halves);
        for (std::size_t i = 0; i < n; ++i)
          REQUIRE(std::bit_cast<std::uint32_t>(skive::float16::decode(halves[i])) ==
                  std::bit_cast<std::uint32_t>(skive::e5m2::decode(std::to_integer<std::uint8_t>(codes[first + i]))));
        for (std::size_t i = n; i < 81; ++i) REQUIRE(halves[i] == 0x1234);
      }
  }
}

}  // namespace

TEST_CASE("e4m3: codes widened in memory", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() { check_widened<Arch>(); });
}

TEST_CASE("e4m3: 2^-8 of every number", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() { check<Arch>(); });
}
