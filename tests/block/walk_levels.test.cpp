// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/walk_levels.hpp: from zero to the largest level, climb by climb, over breakpoints that are midpoints of neighbours.
#include "skive/block/walk_levels.hpp"

#include "skive/block/walk_lanes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Format>
void climbs(std::span<int const> levels) {
  using all = detail::walk_levels<Format>;
  using walk = typename all::template in<detail::walk_lanes<scalar_arch>>;
  STATIC_CHECK(static_cast<float>(all::top) * static_cast<float>(all::unit) == Format::max_finite);
  constexpr float h = 0x1.23456p-3f;  // 20 bits and more
  float t = h;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    CAPTURE(i);
    auto const low = static_cast<float>(levels[i]);
    auto const high = static_cast<float>(levels[i + 1]);
    CHECK(Format::decode(Format::encode(high * static_cast<float>(all::unit))) == high * static_cast<float>(all::unit));
    CHECK(t == (low + high) * h);
    CHECK(walk::up(low) == high - low);
    CHECK(walk::down(high) == high - low);
    CHECK(walk::climbed(t, 2 * h, std::int32_t{-1001}) == -1001 * (levels[i + 1] - levels[i]));
    CHECK(walk::near(low) == low);
    CHECK(walk::near(0.75f * low + 0.25f * high) == low);
    CHECK(walk::near(0.25f * low + 0.75f * high) == high);
    if (i + 2 == levels.size()) CHECK(t == static_cast<float>(all::last) * h);
    t = walk::after(t, 2 * h);
  }
  CHECK(t > static_cast<float>(all::last) * h);
  CHECK(walk::near(1e6f) == static_cast<float>(all::top));
}

}  // namespace

TEST_CASE("walk levels: every climb", "[block]") {
  climbs<int3>(std::array{0, 1, 2, 3});
  climbs<int4>(std::array{0, 1, 2, 3, 4, 5, 6, 7});
  climbs<e2m1>(std::array{0, 1, 2, 3, 4, 6, 8, 12});
  STATIC_CHECK(detail::walk_levels<int8>::top == 0);
}
