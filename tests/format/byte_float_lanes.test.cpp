// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/byte_float_lanes.hpp: every level, every tie and their neighbours, what is past the largest and below the smallest.
#include "skive/format/byte_float_lanes.hpp"

#include "skive/format/fp8.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// Finite, without sign; a multiple of 64.
template <class Format>
std::vector<float> hard_numbers() {
  std::vector<float> all;
  auto const around = [&all](float x) {
    auto const bits = std::bit_cast<std::uint32_t>(x);
    for (std::uint32_t ulps = 0; ulps < 5; ++ulps)
      if (bits + ulps >= 2) all.push_back(std::bit_cast<float>(bits + ulps - 2));
  };
  for (std::uint8_t c = 0; static_cast<float>(Format::decode(c)) < Format::max_finite; ++c) {
    auto const low = static_cast<float>(Format::decode(c));
    around(low);
    around((low + static_cast<float>(Format::decode(static_cast<std::uint8_t>(c + 1)))) / 2);
  }
  for (std::uint32_t exponent = 0; exponent < 255; ++exponent) around(std::bit_cast<float>(exponent << 23 | 0x123456));
  around(Format::max_finite);
  while (all.size() % 64 != 0) all.push_back(1.0f);
  return all;
}

template <class Format, class Arch>
void check() {
  using path = detail::sixty_four<Format, Arch>;
  if constexpr (path::available) {
    auto const numbers = hard_numbers<Format>();
    for (std::size_t at = 0; at < numbers.size(); at += 64)
      for (std::uint32_t const sign : {0U, 0x80000000U}) {
        typename path::lane_type lanes[4];
        auto const minus = simd::words<Arch>::broadcast(sign);
        for (std::size_t i = 0; i < 4; ++i) {  // of x nothing but the sign counts
          auto const q = simd::floats<Arch>::load(numbers.data() + at + 16 * i);
          lanes[i] = path::lanes(q, simd::as<float>(minus | simd::words<Arch>::broadcast(0x3F800000)));
        }
        std::array<std::byte, 64> bytes{};
        path::store(lanes, bit_order::low_first, bytes.data());
        for (std::size_t i = 0; i < 64; ++i) {
          auto const x = std::bit_cast<float>(std::bit_cast<std::uint32_t>(numbers[at + i]) | sign);
          CAPTURE(Arch::name(), x);
          REQUIRE(std::to_integer<unsigned>(bytes[i]) == unsigned{Format::encode(x)});
        }
      }
  }
}

}  // namespace

TEST_CASE("sixty-four small floats at a time", "[format]") {
  test::for_each_arch([]<class Arch>() {
    check<e4m3fn, Arch>();
    check<e5m2, Arch>();
    test::flush_subnormals const mode;
    check<e4m3fn, Arch>();
    check<e5m2, Arch>();
  });
}

TEST_CASE("formats without -0 take another path", "[format]") {
  test::for_each_arch([]<class Arch>() { STATIC_CHECK_FALSE(detail::sixty_four<e4m3fnuz, Arch>::available); });
}
