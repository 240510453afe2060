// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/clip_search_lanes.hpp: the scale of the scalar search, for coarse and fine scales, odd grids, and groups it leaves to it.
#include "skive/block/clip_search_lanes.hpp"

#include "skive/block/absmax.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "support/lane_rows.hpp"

namespace {

using namespace skive;

template <class Format, class Scale, class Arch>
void check(clip_grid grid, unsigned seed) {
  std::mt19937 random{seed};
  constexpr float limit = detail::scale_limit<Format>();
  for (std::size_t trial = 0; trial < 60; ++trial) {
    auto const row = test::hard_row(random, trial % 37 + (trial % 4 == 0 ? 16 : 0), 0, 0x1p120f);
    std::span<float const> const values{row};
    auto const expected = clip_search<Format, Scale>(values, limit, grid);
    std::optional<test::flush_subnormals> mode;
    if (trial % 3 == 0) mode.emplace();
    auto const got = detail::clip_search_in_lanes<Format, Scale, Arch>(values, limit, grid);
    mode.reset();
    CAPTURE(Arch::name(), trial, grid.steps, grid.candidates, row);
    REQUIRE(got.code == expected.code);
    REQUIRE(std::bit_cast<std::uint32_t>(got.scale) == std::bit_cast<std::uint32_t>(expected.scale));
  }
}

}  // namespace

TEST_CASE("clip search in lanes: the scale of the scalar search", "[block]") {
  test::for_each_arch([]<class Arch>() { check<int4, float16, Arch>({}, 1); });
  test::for_each(test::first_arch{}, []<class Arch>() {
    check<e2m1, float32, Arch>({20, 10}, 2);
    check<nf4, e4m3fn, Arch>({}, 3);
    for (clip_grid const grid :
         {clip_grid{100, 1}, clip_grid{100, 0}, clip_grid{1, 100}, clip_grid{0, 0}, clip_grid{17, 16}, clip_grid{16, 30}})
      check<int4, float16, Arch>(grid, 4);
  });
}

TEST_CASE("clip search in lanes: blocks", "[block]") {
  test::check_codec([](std::size_t group, bit_order order) { return absmax<int4>{group, {scale_choice::grid}, order}; },
                    std::numeric_limits<float>::infinity(), test::first_arch{}, 3);
}
