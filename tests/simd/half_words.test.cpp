// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/half_words.hpp: every code with rubbish above it; around every number and tie, and past the largest, the scalar format's codes.
#include "skive/simd/half_words.hpp"

#include "skive/format/half.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using lanes = std::array<std::uint32_t, 16>;

template <class Arch>
lanes nearest(lanes const& l) {
  lanes w;
  simd::nearest_float16(simd::as<float>(simd::words<Arch>::load(l.data()))).store(w.data());
  return w;
}

template <class Arch>
void check_numbers() {
  for (std::uint32_t code = 0; code <= 0x7BFF; ++code) {
    auto const value = std::bit_cast<std::uint32_t>(float16::decode_as<float>(static_cast<std::uint16_t>(code)));
    auto const next = std::bit_cast<std::uint32_t>(float16::decode_as<float>(static_cast<std::uint16_t>(code + 1)));
    auto const tie = code == 0x7BFF ? value + 0x1000 : value + (next - value) / 2;
    lanes const x{value,
                  value + 1,
                  tie - 1,
                  tie,
                  tie + 1,
                  value + (tie - value) / 2,
                  tie + (tie - value) / 2,
                  value,
                  tie,
                  0x7F7FFFFFU,
                  0,
                  value,
                  tie,
                  0x47800000U,
                  0x7F800000U,
                  1};
    lanes expected;
    for (std::size_t i = 0; i < 16; ++i) expected[i] = float16::encode(std::bit_cast<float>(x[i]));
    REQUIRE(nearest<Arch>(x) == expected);
  }
  lanes nan;
  nan.fill(0x7FC00000U);
  REQUIRE(nearest<Arch>(nan)[15] == 0x7BFF);
}

template <class Arch>
void check_codes() {
  for (std::uint32_t first = 0; first < 0x10000; first += 16) {
    lanes w;
    for (std::uint32_t i = 0; i < 16; ++i) w[i] = (first + i) | first << 16;
    lanes read;
    simd::as<std::uint32_t>(simd::float16_value(simd::words<Arch>::load(w.data()))).store(read.data());
    for (std::uint32_t i = 0; i < 16; ++i) {
      auto const expected = std::bit_cast<std::uint32_t>(float16::decode_as<float>(static_cast<std::uint16_t>(first + i)));
      bool const nan = (expected & 0x7FFFFFFFU) > 0x7F800000U;
      REQUIRE((nan ? (read[i] & 0x7FFFFFFFU) > 0x7F800000U : read[i] == expected));
    }
  }
}

}  // namespace

TEST_CASE("float16 in the lanes of words", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    check_numbers<Arch>();
    check_codes<Arch>();
    test::flush_subnormals const mode;
    check_numbers<Arch>();
    check_codes<Arch>();
  });
}
