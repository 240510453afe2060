// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/coefficients.hpp: both words give numbers back within half a step of 1/16319 of the largest.
#include "skive/kv/coefficients.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace test = skive::test;

namespace {

// Number i out of both words of its four.
template <class Arch>
int coefficient(std::byte const* first, std::byte const* second, std::size_t i) {
  auto const byte = [](std::byte b) { return static_cast<int>(static_cast<signed char>(b)); };
  if constexpr (skive::simd::prefers_halves<Arch>) {
    auto const* const half = (i % 2 == 0 ? first : second) + i / 4 * 4 + i % 4 / 2 * 2;
    return byte(half[1]) * 256 + std::to_integer<int>(half[0]);
  } else {
    REQUIRE((byte(second[i]) >= -64 && byte(second[i]) < 64 && byte(first[i]) >= -127));
    return 128 * byte(first[i]) + byte(second[i]);
  }
}

}  // namespace

TEST_CASE("coefficients: whole steps, zeros past the numbers, nothing past the padding", "[kv]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    std::mt19937 random{4};
    std::normal_distribution<float> normal;
    for (std::size_t const n : {16U, 48U})
      for (float const width : {1.0f, 1e-20f, 1e30f}) {
        std::vector<float> a(n);
        for (auto& x : a) x = width * normal(random);
        std::vector<std::byte> first(80, std::byte{0x55});
        auto second = first;
        auto const step = skive::detail::split<Arch>(a.data(), n, 64, first.data(), second.data());
        float most = 0;
        for (auto const x : a) most = std::max(most, std::fabs(x));
        REQUIRE(std::fabs(step - most / 16319.0f) <= 1e-6f * step);
        for (std::size_t i = 0; i < 64; ++i) {
          auto const c = coefficient<Arch>(first.data(), second.data(), i);
          auto const x = i < n ? static_cast<double>(a[i]) : 0.0;
          REQUIRE(std::fabs(static_cast<double>(step) * c - x) <= 0.5001 * static_cast<double>(step));
        }
        for (std::size_t i = 64; i < 80; ++i) REQUIRE((first[i] == std::byte{0x55} && second[i] == std::byte{0x55}));
      }
    std::vector<float> a(16, 1e-38f);  // too small to divide by: zeros
    std::vector<std::byte> first(16), second(16);
    CHECK(skive::detail::split<Arch>(a.data(), 16, 16, first.data(), second.data()) == 0.0f);
    for (auto const bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      a[7] = bad;
      CHECK(std::isnan(skive::detail::split<Arch>(a.data(), 16, 16, first.data(), second.data())));
    }
  });
}
