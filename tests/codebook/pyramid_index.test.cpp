// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/pyramid_index.hpp: numbering without gaps, wide integers.
#include "skive/codebook/pyramid_index.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <std::size_t N, std::size_t K>
void check_numbering(std::uint64_t size) {
  using indices = pyramid_index<N, K, 1>;
  REQUIRE((indices::size() == wide_integer<1>{size}));
  std::set<std::vector<int>> seen;
  for (std::uint64_t i = 0; i < size; ++i) {
    std::int16_t y[N];
    REQUIRE(indices::point({i}, std::span<std::int16_t, N>{y}));
    int sum = 0;
    for (auto const v : y) sum += v < 0 ? -v : v;
    REQUIRE(sum == K);
    REQUIRE((indices::index(std::span<std::int16_t const, N>{y}) == wide_integer<1>{i}));
    seen.insert(std::vector<int>(y, y + N));
  }
  REQUIRE(seen.size() == size);
  std::int16_t y[N];
  REQUIRE(indices::point({size}, std::span<std::int16_t, N>{y}).error() == errc::corrupt);
}

TEST_CASE("Points of pyramids are numbered without gaps", "[codebook]") {
  check_numbering<1, 5>(2);
  check_numbering<2, 3>(12);
  check_numbering<3, 2>(18);
  check_numbering<3, 7>(198);  // 4 k^2 + 2
  check_numbering<5, 4>(450);
  check_numbering<8, 3>(688);
}

// Three words: there and back for random points, ends of the numbering, and the size against a sum in floating point.
TEST_CASE("Wide indices", "[codebook]") {
  using indices = pyramid_index<64, 42, 3>;
  std::vector<long double> size(43, 0.0L);
  size[0] = 1;
  for (int m = 1; m <= 64; ++m) {
    auto next = size;
    for (std::size_t k = 1; k <= 42; ++k) next[k] = next[k - 1] + size[k] + size[k - 1];
    size = next;
  }
  long double own = 0;
  for (std::size_t w = 3; w-- > 0;) own = own * 0x1p64L + static_cast<long double>(indices::size().word[w]);
  REQUIRE(std::fabs(static_cast<double>(own / size[42] - 1)) < 1e-12);
  std::mt19937 random{3};
  for (int trial = 0; trial < 300; ++trial) {
    std::int16_t y[64]{};
    std::int16_t back[64]{};
    for (int k = 0; k < 42; ++k) {
      auto const i = trial == 0 ? 0U : trial == 1 ? 63U : random() % 64;
      if (y[i] == 0 && random() % 2 == 0)
        --y[i];
      else
        y[i] = static_cast<std::int16_t>(y[i] < 0 ? y[i] - 1 : y[i] + 1);
    }
    auto const i = indices::index(std::span<std::int16_t const, 64>{y});
    REQUIRE(i < indices::size());
    REQUIRE(indices::point(i, std::span<std::int16_t, 64>{back}));
    REQUIRE(std::equal(y, y + 64, back));
  }
  wide_integer<2> const one{1};
  wide_integer<2> const big = wide_integer<2>{} - one;
  REQUIRE(big.bits() == 128);
  REQUIRE((big + one == wide_integer<2>{}));
  REQUIRE((wide_integer<2>{~std::uint64_t{0}} + one - one == wide_integer<2>{~std::uint64_t{0}}));
}

}  // namespace
}  // namespace skive
