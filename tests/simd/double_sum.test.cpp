// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/double_sum.hpp: sixteen lanes of double against the same order in plain C++.
#include "skive/simd/double_sum.hpp"

#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

double by_definition(std::vector<float> const& x) {
  std::array<double, 16> lane{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const bits = std::bit_cast<std::uint32_t>(x[i]);
    if ((bits & 0x7F80'0000) != 0) lane[i % 16] += static_cast<double>(x[i]);  // subnormals count as zero
  }
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t l = 0; l < half; ++l) lane[l] += lane[l + half];
  return lane[0];
}

template <class Arch>
double in_lanes(std::vector<float> const& x) {
  skive::simd::double_sum<Arch> sum;
  for (std::size_t i = 0; i < x.size(); i += 16) sum.add(skive::simd::floats<Arch>::load(x.data() + i));
  return sum.total();
}

}  // namespace

TEST_CASE("sums of doubles have one order, and subnormals are zero", "[simd]") {
  std::mt19937 random{3};
  for (int round = 0; round < 200; ++round) {
    std::vector<float> x(16 * (1 + random() % 20));
    for (auto& v : x) {
      auto bits = static_cast<std::uint32_t>(random());
      if (random() % 8 == 0) bits &= 0x807F'FFFF;
      if ((bits & 0x7F80'0000) == 0x7F80'0000) bits ^= 0x4000'0000;
      v = std::bit_cast<float>(bits);
    }
    auto const expected = std::bit_cast<std::uint64_t>(by_definition(x));
    skive::test::for_each_arch([&]<class Arch>() {
      REQUIRE(std::bit_cast<std::uint64_t>(in_lanes<Arch>(x)) == expected);
      if (skive::test::flush_subnormals::effective()) {
        auto const flushed = [&] {
          skive::test::flush_subnormals const on;
          return std::bit_cast<std::uint64_t>(in_lanes<Arch>(x));
        }();
        REQUIRE(flushed == expected);
      }
    });
  }
}
