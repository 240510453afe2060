// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/e8_sets.hpp and e8p.hpp: points against all points, lanes against single_lane.hpp; the published set.
#include "skive/codebook/e8_sets.hpp"

#include "skive/core/random.hpp"
#include "skive/simd/arithmetic.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using point = std::array<std::int16_t, 8>;

template <class Code>
std::vector<point> all_points() {
  std::vector<point> points(std::size_t{1} << Code::code_bits);
  for (std::uint64_t c = 0; c < points.size(); ++c) Code::levels(c, points[c].data());
  return points;
}

// Sixteen times eight numbers as lanes: y[j][l] is number 8 l + j.
using lanes = std::array<std::array<std::int32_t, 16>, 8>;
lanes spread(std::span<std::int32_t const> x) {
  lanes y;
  for (std::size_t i = 0; i < 128; ++i) y[i % 8][i / 8] = x[i];
  return y;
}

template <class Code, class V>
std::array<std::uint64_t, 16> codes_of(lanes const& y) {
  std::array<std::uint64_t, 16> codes{};
  for (std::size_t first = 0; first < 16; first += detail::lane_count<V>) {
    V v[8];
    for (std::size_t j = 0; j < 8; ++j) v[j] = V::load(&y[j][first]);
    Code::encode(v, &codes[first]);
  }
  return codes;
}

template <class Code>
std::int64_t distance(point const& p, lanes const& y, std::size_t l) {
  std::int64_t sum = 0;
  for (std::size_t j = 0; j < 8; ++j) {
    auto const d = std::int64_t{y[j][l]} - p[j] * (65536 >> Code::unit_bits);
    sum += d * d;
  }
  return sum;
}

template <class Code>
void check_nearest(std::vector<std::int32_t> const& x) {
  auto const points = all_points<Code>();
  REQUIRE(std::set<point>(points.begin(), points.end()).size() == points.size());
  for (std::size_t first = 0; first + 128 <= x.size(); first += 128) {
    auto const y = spread(std::span{x}.subspan(first, 128));
    auto const codes = codes_of<Code, detail::single_lane>(y);
    test::for_each(test::few_arches{}, [&]<class Arch>() { REQUIRE((codes_of<Code, simd::integers<Arch>>(y) == codes)); });
    for (std::size_t l = 0; l < 16; ++l) {
      auto least = distance<Code>(points[0], y, l);
      for (auto const& p : points) least = std::min(least, distance<Code>(p, y, l));
      REQUIRE(distance<Code>(points[codes[l]], y, l) == least);
    }
  }
}

// Numbers as codes see them: Gaussian, far out, and on a coarse grid, where much is equally near.
std::vector<std::int32_t> samples(std::size_t n) {
  std::vector<float> g(n);
  counter_random{8, 1}.fill_gaussian(g);
  std::vector<std::int32_t> x;
  for (auto const v : g) x.push_back(static_cast<std::int32_t>(v * 67000.0f));
  for (auto const v : g) x.push_back(static_cast<std::int32_t>(v * 600000.0f));
  for (auto const v : g) x.push_back(static_cast<std::int32_t>(v * 4.0f) * 16384);
  return x;
}

TEST_CASE("The points of E8P are the nearest", "[codebook]") { check_nearest<e8p>(samples(512)); }
TEST_CASE("The points of one bit are the nearest", "[codebook]") { check_nearest<e8_1b>(samples(2048)); }

TEST_CASE("E8P is the published set", "[codebook]") {
  point p{};
  e8p::levels(0, p.data());  // row 0: all 1/2, then 1/4 more
  REQUIRE((p == point{3, 3, 3, 3, 3, 3, 3, 3}));
  e8p::levels(1, p.data());  // an odd sign byte: its lowest bit goes, and 1/4 less
  REQUIRE((p == point{1, 1, 1, 1, 1, 1, 1, 1}));
  e8p::levels(3, p.data());  // entries 0 and 1 are coordinates 0 and 2
  REQUIRE((p == point{-1, 3, -1, 3, 3, 3, 3, 3}));
  e8p::levels(1 << 8, p.data());  // row 1 = 1 1 1 1 1 1 1 3, whose entry 7, coordinate 7, is negative
  REQUIRE((p == point{3, 3, 3, 3, 3, 3, 3, -5}));
  e8p::levels(227U << 8, p.data());  // 3 1 1 1 3 3 3 3
  REQUIRE((p == point{7, 3, 3, 3, 7, 7, 7, -5}));
  std::int64_t square = 0;
  for (auto const& q : all_points<e8p>()) {
    int sum = 0;
    auto const shift = ((q[0] % 4) + 4) % 4 == 3 ? 1 : -1;  // odd halves and a quarter
    for (auto const v : q) {
      REQUIRE((v - shift) % 4 != 0);
      REQUIRE((v - shift) % 2 == 0);
      sum += (v - shift) / 2;
      square += v * v;
    }
    REQUIRE(sum % 4 == 0);  // the sum of the halves is even
  }
  REQUIRE(square == 10035200);  // mean square 1.19629 over 2^19 coordinates, in sixteenths
}

}  // namespace
}  // namespace skive
