// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/walk_levels.hpp: nearest levels, and which climbs are single ones.
#include "skive/block/walk_levels.hpp"

#include "skive/block/walk_lanes.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Format>
void climbs(std::span<int const> levels) {
  using all = detail::walk_levels<Format>;
  using walk = typename all::template in<detail::walk_lanes<scalar_arch>>;
  STATIC_CHECK(static_cast<float>(all::top) * static_cast<float>(all::unit) == Format::max_finite);
  CHECK(walk::near(0.0f) == 0.0f);
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    auto const low = static_cast<float>(levels[i]);
    auto const high = static_cast<float>(levels[i + 1]);
    auto const middle = (low + high) / 2;
    CAPTURE(low, high);
    CHECK(Format::decode(Format::encode(high * static_cast<float>(all::unit))) == high * static_cast<float>(all::unit));
    CHECK(walk::near(low) == low);
    CHECK(walk::near(high) == high);
    CHECK(walk::near(std::nextafter(middle, 0.0f)) == low);
    CHECK(walk::near(std::nextafter(middle, 100.0f)) == high);
    CHECK(walk::near(std::nextafter(high, 0.0f)) == high);
  }
  CHECK(walk::near(1e30f) == static_cast<float>(all::top));
  CHECK(walk::near(0x1p-120f) == 0.0f);
}

// Every set of climbs of up to three numbers: those of one climb, and no other, are called so.
template <class Format>
void single_climbs(std::span<int const> levels) {
  using walk = typename detail::walk_levels<Format>::template in<detail::walk_lanes<scalar_arch>>;
  std::size_t const n = levels.size();
  std::vector<std::array<int, 3>> moves{{0, 0, 0}};  // climbs, sum of levels, sum of squares
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j)
      moves.push_back({static_cast<int>(j - i), levels[j] - levels[i], levels[j] * levels[j] - levels[i] * levels[i]});
  for (auto const& a : moves)
    for (auto const& b : moves)
      for (auto const& c : moves) {
        auto const sum = static_cast<float>(a[1] + b[1] + c[1]);
        auto const squares = static_cast<float>(a[2] + b[2] + c[2]);
        if (walk::at_most_one(sum, squares) != (a[0] + b[0] + c[0] <= 1)) {
          CAPTURE(a, b, c);
          FAIL("climbs are miscounted");
        }
      }
}

template <class Format>
void check(std::span<int const> levels) {
  climbs<Format>(levels);
  single_climbs<Format>(levels);
}

}  // namespace

TEST_CASE("walk levels: the nearest ones, and single climbs", "[block]") {
  check<int2>(std::array{0, 1});
  check<int3>(std::array{0, 1, 2, 3});
  check<int4>(std::array{0, 1, 2, 3, 4, 5, 6, 7});
  check<e2m1>(std::array{0, 1, 2, 3, 4, 6, 8, 12});
  STATIC_CHECK(detail::walk_levels<int8>::top == 0);
}
