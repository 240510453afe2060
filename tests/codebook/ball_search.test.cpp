// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/ball_search.hpp: within the ball, no farther than the nearest multiple's point; lanes go the way of a single point.
#include "skive/codebook/ball_search.hpp"

#include "support/simd_arches.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Points in and out of the ball, some far; multiples of 1/2 and 1/4, which tie; zeros.
std::int32_t coordinate(int kind, std::mt19937& random) {
  auto const k = static_cast<std::int32_t>(random());
  if (kind == 0) return k >> 9;           // up to 64
  if (kind == 1) return k >> 13;          // up to 4
  if (kind == 2) return (k >> 28) << 15;  // halves up to 4
  if (kind == 3) return (k >> 27) << 14;
  return kind == 4 ? 0 : k >> 15;
}

template <class Words>
void check(int norm, int trials) {
  constexpr auto n = Words::dimension;
  std::mt19937 random{11};
  for (int t = 0; t < trials; ++t) {
    alignas(64) std::int32_t x[n][16];
    std::int32_t known[n][16];
    for (std::size_t l = 0; l < 16; ++l) {
      detail::single_lane y[n];
      auto const kind = t % 7 < 6 ? t % 7 : static_cast<int>(l % 6);
      for (std::size_t i = 0; i < n; ++i) x[i][l] = coordinate(kind, random), y[i] = {x[i][l]};
      detail::ball_search<Words, detail::single_lane> const one{y, norm};
      int square = 0;
      double own = 0;
      double zero = 0;
      for (std::size_t i = 0; i < n; ++i) {
        known[i][l] = one.best[i][0];
        square += known[i][l] * known[i][l];
        own += std::pow(x[i][l] / 65536.0 - known[i][l], 2);
        zero += std::pow(x[i][l] / 65536.0, 2);
      }
      REQUIRE(square <= norm);
      REQUIRE(own <= zero + 1e-3);
    }
    test::for_each(test::few_arches{}, [&]<class Arch>() {
      simd::integers<Arch> y[n];
      for (std::size_t i = 0; i < n; ++i) y[i] = simd::integers<Arch>::load(x[i]);
      detail::ball_search<Words, simd::integers<Arch>> const many{y, norm};
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t l = 0; l < 16; ++l) REQUIRE(many.best[i][l] == known[i][l]);
    });
  }
}

TEST_CASE("Points in balls, many at once", "[codebook]") {
  check<detail::e8_words>(47, 140);
  check<detail::bw16_words>(40, 42);
  check<detail::leech_words>(64, 14);
}

}  // namespace
}  // namespace skive
