// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/dot.hpp: sums of products byte by byte, the extremes that saturate in some instructions.
#include "skive/simd/dot.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::simd::integers;
using skive::simd::words;
using lanes = std::array<std::uint32_t, 16>;
using sums = std::array<std::int32_t, 16>;

int unsigned_byte(std::uint32_t w, int j) { return static_cast<int>((w >> (8 * j)) % 256); }
int signed_byte(std::uint32_t w, int j) {
  int const x = unsigned_byte(w, j);
  return x < 128 ? x : x - 256;
}

template <class Arch>
void check(sums const& start, lanes const& a, lanes const& b) {
  sums mixed = start, small = start, both = start;
  lanes low = a;
  for (std::size_t i = 0; i < 16; ++i) {
    low[i] &= 0x7F7F7F7F;
    for (int j = 0; j < 4; ++j) {
      mixed[i] += unsigned_byte(a[i], j) * signed_byte(b[i], j);
      small[i] += unsigned_byte(low[i], j) * signed_byte(b[i], j);
      both[i] += signed_byte(a[i], j) * signed_byte(b[i], j);
    }
  }
  auto const s = integers<Arch>::load(start.data());
  auto const y = words<Arch>::load(b.data());
  sums read;
  skive::simd::dot4(s, words<Arch>::load(a.data()), y).store(read.data());
  REQUIRE(read == mixed);
  skive::simd::dot4<127>(s, words<Arch>::load(low.data()), y).store(read.data());
  REQUIRE(read == small);
  skive::simd::dot4_signed(s, words<Arch>::load(a.data()), y).store(read.data());
  REQUIRE(read == both);
  if constexpr (skive::simd::has_dot4_by_signs<Arch>) {
    lanes above = b;  // no byte is -128
    both = start;
    for (std::size_t i = 0; i < 16; ++i)
      for (int j = 0; j < 4; ++j) {
        if (signed_byte(b[i], j) == -128) above[i] |= 1U << (8 * j);
        both[i] += signed_byte(a[i], j) * signed_byte(above[i], j);
      }
    skive::simd::dot4_by_signs(s, words<Arch>::load(a.data()), words<Arch>::load(above.data())).store(read.data());
    REQUIRE(read == both);
  }
  sums pairs;
  for (std::size_t i = 0; i < 16; ++i) {
    auto sum = static_cast<std::uint32_t>(start[i]);  // wraps, as lanes do
    for (int j = 0; j < 2; ++j)
      sum +=
          static_cast<std::uint32_t>(static_cast<std::int16_t>(a[i] >> (16 * j)) * static_cast<std::int16_t>(b[i] >> (16 * j)));
    pairs[i] = static_cast<std::int32_t>(sum);
  }
  skive::simd::dot2(s, words<Arch>::load(a.data()), y).store(read.data());
  REQUIRE(read == pairs);
}

}  // namespace

TEST_CASE("four products a lane", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    for (std::uint32_t const a : {0U, 0xFFFFFFFFU, 0x80808080U, 0x7F7F7F7FU, 0x000000FFU, 0xFF000000U, 0x00FF0000U, 0x0000FF00U})
      for (std::uint32_t const b : {0U, 0xFFFFFFFFU, 0x80808080U, 0x7F7F7F7FU, 0x80FF7F01U, 0x017FFF80U}) {
        lanes x, y;
        x.fill(a);
        y.fill(b);
        check<Arch>(sums{}, x, y);
      }
    std::mt19937 random{9};
    for (int round = 0; round < 500; ++round) {
      lanes x, y;
      sums start;
      for (std::size_t i = 0; i < 16; ++i) {
        x[i] = static_cast<std::uint32_t>(random());
        y[i] = static_cast<std::uint32_t>(random());
        start[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(random())) / 2;
      }
      check<Arch>(start, x, y);
    }
  });
}
