// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/fused.hpp: one rounding, against std::fma, where two roundings differ and where double alone would round twice.
#include "skive/simd/fused.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

float of_bits(std::uint64_t random, unsigned low, unsigned high) {  // exponents low ... high
  auto const exponent = low + static_cast<unsigned>(random >> 40) % (high - low + 1);
  return std::bit_cast<float>(static_cast<std::uint32_t>(random & 0x807F'FFFF) | exponent << 23);
}

TEST_CASE("Products and sums round once", "[simd]") {
  std::mt19937_64 random{5};
  int twice = 0;
  for (int i = 0; i < 200000; ++i) {
    auto a = of_bits(random(), 110, 140);
    auto b = of_bits(random(), 110, 140);
    if (i % 2 == 0) {  // few bits: products and sums that are ties
      a = static_cast<float>(static_cast<int>(random() % 4096) - 2048);
      b = static_cast<float>(static_cast<int>(random() % 8192) - 4096);
    }
    auto const c = i % 3 == 0 ? -a * b : of_bits(random(), 90, 160);
    auto const expected = std::fma(a, b, c);
    REQUIRE(simd::fused_number<scalar_arch>(a, b, c) == expected);
    float const volatile product = a * b;
    twice += product + c != expected;
  }
  CHECK(twice > 100);
  // Just beside a tie of floats, by less than double holds: there rounding twice goes to even.
  for (float const sign : {1.0f, -1.0f}) {
    auto const below = sign * 0x1p-24f * (1.0f + 0x1p-18f);  // product 2^-24 (1 - 2^-36)
    REQUIRE(simd::fused_number<scalar_arch>(below, 1.0f - 0x1p-18f, sign * (1.0f + 0x1p-23f)) == sign * (1.0f + 0x1p-23f));
    auto const above = sign * 0x1p-24f * (1.0f + 0x1p-12f);  // product 2^-24 (1 + 2^-36)
    REQUIRE(simd::fused_number<scalar_arch>(above, 1.0f - 0x1p-12f + 0x1p-24f, sign) == sign * (1.0f + 0x1p-23f));
  }
  REQUIRE(std::isinf(simd::fused_number<scalar_arch>(0x1p100f, 0x1p100f, 0.0f)));
  REQUIRE(std::isnan(simd::fused_number<scalar_arch>(NAN, 1.0f, 0.0f)));
}

TEST_CASE("Lanes round as numbers do", "[simd]") {
  std::mt19937_64 random{6};
  test::for_each_arch([&]<class Arch>() {
    for (int turn = 0; turn < 500; ++turn) {
      alignas(64) std::array<float, 16> a{}, b{}, c{}, y{};
      for (std::size_t i = 0; i < 16; ++i) {
        a[i] = of_bits(random(), 110, 140);
        b[i] = of_bits(random(), 110, 140);
        c[i] = of_bits(random(), 100, 150);
      }
      using floats = simd::floats<Arch>;
      simd::fused_once(floats::load(a.data()), floats::load(b.data()), floats::load(c.data())).store(y.data());
      for (std::size_t i = 0; i < 16; ++i) REQUIRE(y[i] == std::fma(a[i], b[i], c[i]));
    }
  });
}

}  // namespace
}  // namespace skive
