// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/expand_halves.hpp: all halves pass, at the places of random masks of every count; no number past the count is read.
#include "skive/simd/expand_halves.hpp"

#include "skive/format/half.hpp"
#include "support/simd_arches.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Arch>
void require_expanded(std::uint16_t const* values, std::uint32_t mask, simd::floats<Arch> const (&out)[2]) {
  alignas(64) float lane[32];
  out[0].store(lane);
  out[1].store(lane + 16);
  for (std::size_t i = 0, next = 0; i < 32; ++i) {
    auto const expected = (mask >> i & 1) != 0 ? float16::decode(values[next++]) : 0.0f;
    if (std::isnan(expected))
      REQUIRE(std::isnan(lane[i]));
    else
      REQUIRE(std::bit_cast<std::uint32_t>(lane[i]) == std::bit_cast<std::uint32_t>(expected));
  }
}

template <class Arch>
void check(std::mt19937& random) {
  std::vector<std::uint16_t> all(0x10000 + 32);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  for (std::size_t i = 0; i < 0x10000;) {
    auto const mask = static_cast<std::uint32_t>(random());
    simd::floats<Arch> out[2];
    simd::expand_float16<Arch>(reinterpret_cast<std::byte const*>(all.data() + i), mask, out);
    require_expanded<Arch>(all.data() + i, mask, out);
    i += static_cast<std::size_t>(std::popcount(mask));
  }
  for (std::uint32_t const mask : {0U, 1U, 0x8000'0000U, 0x8001'0100U, 0xFFFFU, 0x7FFF'FFFFU, 0xFFFF'FFFFU}) {
    auto const n = static_cast<std::size_t>(std::popcount(mask));
    std::vector<std::uint16_t> own(n);  // what is read past it the sanitizers see
    for (auto& x : own) x = static_cast<std::uint16_t>(random() % 0x7C00);
    simd::floats<Arch> out[2];
    simd::expand_float16<Arch>(reinterpret_cast<std::byte const*>(own.data()), mask, n, out);
    require_expanded<Arch>(own.data(), mask, out);
  }
}

}  // namespace

TEST_CASE("halves at the places of a mask", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    [[maybe_unused]] std::mt19937 random{1};
    if constexpr (simd::has_expand_float16<Arch>) check<Arch>(random);
  });
  SUCCEED("machines without VBMI2 have nothing to check");
}
