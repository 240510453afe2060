// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/e4m3.hpp: all codes at every place, and NaN found wherever it stands.
#include "skive/simd/e4m3.hpp"

#include "skive/format/fp8.hpp"
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

}  // namespace

TEST_CASE("e4m3: 2^-8 of every number", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() { check<Arch>(); });
}
