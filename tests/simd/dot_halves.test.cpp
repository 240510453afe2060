// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/dot_halves.hpp: sums of products byte by byte, up to the largest that 16 bits hold.
#include "skive/simd/dot_halves.hpp"

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

// N registers, whose bytes are those of a, or what is left of them below Largest.
template <int Largest, std::size_t N, class Arch>
void several(sums const& start, lanes const& a, lanes const& b) {
  words<Arch> x[N], y[N];
  auto sum = start;
  for (std::size_t n = 0; n < N; ++n) {
    lanes u{}, v{};
    for (std::size_t i = 0; i < 16; ++i) {
      v[i] = b[(i + n) % 16];
      for (int j = 0; j < 4; ++j) {
        auto const byte = unsigned_byte(a[(i + n) % 16], j);
        u[i] |= static_cast<std::uint32_t>(byte > Largest ? Largest : byte) << (8 * j);
        sum[i] += unsigned_byte(u[i], j) * signed_byte(v[i], j);
      }
    }
    x[n] = words<Arch>::load(u.data());
    y[n] = words<Arch>::load(v.data());
  }
  sums read;
  skive::simd::dot4_of<Largest>(integers<Arch>::load(start.data()), x, y).store(read.data());
  REQUIRE(read == sum);
  using halves = skive::simd::dot4_halves<Largest, Arch>;
  if constexpr (halves::usable) {
    halves h;
    auto total = integers<Arch>::load(start.data());
    for (std::size_t n = 0; n < N; ++n) h.add(total, x[n], y[n]);
    h.flush(total);
    total.store(read.data());
    REQUIRE(read == sum);
    h.flush(total);  // nothing is left
    total.store(read.data());
    REQUIRE(read == sum);
  }
}

template <class Arch>
void check(sums const& start, lanes const& a, lanes const& b) {
  several<255, 2, Arch>(start, a, b);
  several<63, 5, Arch>(start, a, b);
  several<24, 2, Arch>(start, a, b);
  several<3, 4, Arch>(start, a, b);
  several<15, 8, Arch>(start, a, b);
  several<15, 19, Arch>(start, a, b);
}

}  // namespace

TEST_CASE("many products of small bytes", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    for (std::uint32_t const a : {0U, 0xFFFFFFFFU, 0x000000FFU, 0xFF000000U, 0x00FF00FFU})
      for (std::uint32_t const b : {0U, 0xFFFFFFFFU, 0x80808080U, 0x7F7F7F7FU, 0x80FF7F01U}) {
        lanes x, y;
        x.fill(a);
        y.fill(b);
        check<Arch>(sums{}, x, y);
      }
    std::mt19937 random{11};
    for (int round = 0; round < 100; ++round) {
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
