// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/short_lanes.hpp: high products at the corners and at random against 64-bit integers, repeated numbers, least ones,
// widths of registers.
#include "skive/simd/short_lanes.hpp"

#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Arch>
void check_products(std::mt19937& random) {
  constexpr auto n = simd::shorts<Arch>::size;
  std::int16_t const corners[]{0, 1, -1, 2, -2, 255, 256, -256, 32767, -32767, -32768, 16384};
  for (unsigned round = 0; round < 144 + 500; ++round) {
    alignas(64) std::int16_t a[n];
    alignas(64) std::int16_t b[n];
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = round < 144 ? corners[round % 12] : static_cast<std::int16_t>(random());
      b[i] = round < 144 ? corners[(round / 12 + i) % 12] : static_cast<std::int16_t>(random());
    }
    alignas(64) std::int16_t p[n];
    simd::high_product<Arch>(simd::shorts<Arch>::load_aligned(a), simd::shorts<Arch>::load_aligned(b)).store_aligned(p);
    for (std::size_t i = 0; i < n; ++i)
      REQUIRE(p[i] == std::floor(static_cast<double>(a[i]) * static_cast<double>(b[i]) / 65536));
  }
}

template <int B, class Arch>
void check_repeated(std::mt19937& random) {
  constexpr auto n = simd::unsigned_shorts<Arch>::size;
  std::vector<std::uint16_t> from(n);  // a register's bytes may be read
  for (auto& x : from) x = static_cast<std::uint16_t>(random());
  alignas(64) std::uint16_t to[n];
  simd::repeated<B, Arch>(from.data()).store_aligned(to);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(to[i] == from[i / (std::size_t{1} << B)]);
}

template <std::size_t N, class Arch>
void check_least(std::mt19937& random) {
  constexpr auto n = simd::unsigned_shorts<Arch>::size;
  for (int round = 0; round < 100; ++round) {
    alignas(64) std::uint16_t x[n];
    for (auto& v : x) v = static_cast<std::uint16_t>(round % 2 == 0 ? random() : 0xFFFF - random() % 3);
    alignas(64) std::uint16_t to[n];
    simd::least_of_each<N, Arch>(simd::unsigned_shorts<Arch>::load_aligned(x)).store_aligned(to);
    for (std::size_t i = 0; i < N && i < n; ++i) {
      auto least = x[i];
      for (auto k = i + N; k < n; k += N) least = std::min(least, x[k]);
      REQUIRE(to[i] == least);
    }
  }
}

template <class Arch, std::size_t N>
void check_narrower() {
  using narrow = simd::narrower<Arch, N>;
  constexpr auto most = simd::shorts<Arch>::size;
  STATIC_REQUIRE(simd::shorts<narrow>::size <= most);
  if constexpr (most > N && (simd::has_avx512<Arch> || simd::has_avx2<Arch>)) STATIC_REQUIRE(simd::shorts<narrow>::size == N);
}

}  // namespace

TEST_CASE("numbers of 16 bits", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    std::mt19937 random{1};
    check_products<Arch>(random);
    check_repeated<1, Arch>(random);
    check_repeated<2, Arch>(random);
    check_repeated<3, Arch>(random);
    check_repeated<8, Arch>(random);
    check_least<1, Arch>(random);
    check_least<2, Arch>(random);
    check_least<4, Arch>(random);
    check_least<8, Arch>(random);
    check_narrower<Arch, 8>();
    check_narrower<Arch, 16>();
  });
}
