// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/e2m1.hpp: every binade, ties and their neighbours, against the levels; where each code lies; no byte outside.
#include "skive/simd/e2m1.hpp"

#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// The nearest level, of two the one of even code; from the levels alone.
unsigned code_of(float q, float x) {
  constexpr double level[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  auto const size = std::fmin(std::fabs(static_cast<double>(q)), 64.0);  // beyond, doubles do not tell 4 from 6
  unsigned best = 0;
  for (unsigned c = 1; c < 8; ++c) {
    auto const d = std::fabs(size - level[c]);
    auto const least = std::fabs(size - level[best]);
    if (d < least || (d == least && c % 2 == 0)) best = c;
  }
  return best + (std::signbit(x) ? 8 : 0);
}

std::vector<float> hard_numbers() {
  std::vector<float> all;
  for (unsigned exponent = 0; exponent < 255; ++exponent)
    for (unsigned fraction = 0; fraction < 16; ++fraction)
      for (int ulps = -2; ulps <= 2; ++ulps) {
        auto const bits = std::bit_cast<std::uint32_t>(0.0f) + (exponent << 23) + (fraction << 19) + static_cast<unsigned>(ulps);
        if ((bits & 0x7FFF'FFFFU) < 0x7F80'0000U) all.push_back(std::bit_cast<float>(bits));
      }
  all.push_back(std::numeric_limits<float>::infinity());
  while (all.size() % 64 != 0) all.push_back(2.5f);
  return all;
}

template <class Arch>
void check(bit_order order, bool flush) {
  if constexpr (simd::has_e2m1<Arch>) {
    std::mt19937 random{11};
    auto const numbers = hard_numbers();
    for (std::size_t at = 0; at < numbers.size(); at += 64) {
      std::array<float, 64> q{};
      std::array<float, 64> x{};
      for (std::size_t i = 0; i < 64; ++i) {
        q[i] = random() % 2 == 0 ? numbers[at + i] : -numbers[at + i];
        x[i] = random() % 2 == 0 ? 1.0f : -0.0f;  // only x's sign counts
      }
      std::array<std::byte, 34> bytes{};
      bytes.fill(std::byte{0xA5});
      {
        std::optional<test::flush_subnormals> mode;
        if (flush) mode.emplace();
        simd::e2m1_codes<Arch> w[4];
        for (std::size_t i = 0; i < 4; ++i)
          w[i] = simd::e2m1_lanes<Arch>(simd::floats<Arch>::load(q.data() + 16 * i), simd::floats<Arch>::load(x.data() + 16 * i));
        simd::store_e2m1<Arch>(w, order, bytes.data() + 1);
      }
      REQUIRE((bytes.front() == std::byte{0xA5} && bytes.back() == std::byte{0xA5}));
      for (std::size_t i = 0; i < 64; ++i) {
        auto const byte = std::to_integer<unsigned>(bytes[1 + i / 2]);
        auto const code = ((i % 2 == 0) == (order == bit_order::low_first) ? byte : byte >> 4) & 15;
        CAPTURE(Arch::name(), q[i], x[i]);
        REQUIRE(code == code_of(q[i], x[i]));
      }
    }
  }
}

}  // namespace

TEST_CASE("e2m1: sixty-four at a time", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    for (auto const order : {bit_order::low_first, bit_order::high_first})
      for (bool const flush : {false, true}) check<Arch>(order, flush);
  });
}
