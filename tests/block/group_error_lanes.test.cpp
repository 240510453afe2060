// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/group_error_lanes.hpp: the doubles of the scalar rule, bit by bit: every length, scales up to the ends of what is allowed.
#include "skive/block/group_error_lanes.hpp"

#include "skive/block/group_error.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "support/lane_rows.hpp"

namespace {

using namespace skive;

struct no_zero_table {  // rests of a group must not count
  static constexpr std::array<float, 4> levels{-1.0f, -0.25f, 0.5f, 1.0f};
};

template <class Format, int ScaleBits, class Arch>
void check(unsigned seed) {
  std::mt19937 random{seed};
  for (std::size_t trial = 0; trial < 400; ++trial) {
    int const least = ScaleBits == 1 ? -60 : -40;
    int const e = trial % 8 == 0 ? least : trial % 8 == 1 ? 59 : static_cast<int>(random() % 90) + least;
    auto const fraction = ScaleBits == 1 ? 0.0f : static_cast<float>(random() >> (32 - (ScaleBits - 1))) * 0x1p-23f;
    auto const scale = std::ldexp(1.0f + (ScaleBits == 24 ? fraction : std::ldexp(fraction, 24 - ScaleBits)), e);
    REQUIRE(detail::has_lane_error<ScaleBits>(scale));
    std::vector<float> x(trial % 70 + (trial % 5 == 0 ? 64 : 0));
    for (auto& v : x) {
      v = test::hard_number(random, scale * std::ldexp(1.0f, static_cast<int>(random() % 12) - 3), trial % 8);
      if (random() % 8 == 0)
        v = test::nudged(scale * (random() % 2 == 0 ? 0x1p-60f : -0x1p-60f), static_cast<int>(random() % 3) - 1);
    }
    std::span<float const> const values{x};
    double const expected = detail::error_at_scale<Format>(values, scale);
    std::optional<test::flush_subnormals> mode;
    if (trial % 3 == 0) mode.emplace();
    double const got = detail::error_in_lanes<Format, ScaleBits, Arch>(values, scale);
    mode.reset();
    CAPTURE(Arch::name(), trial, scale, x.size());
    REQUIRE(std::bit_cast<std::uint64_t>(got) == std::bit_cast<std::uint64_t>(expected));
  }
}

}  // namespace

TEST_CASE("group error in lanes: the sums of the scalar rule", "[block]") {
  test::for_each_arch([]<class Arch>() {
    check<int4, 11, Arch>(1);
    check<e2m1, 24, Arch>(2);
  });
  test::for_each(test::first_arch{}, []<class Arch>() {
    check<e2m1, 1, Arch>(3);
    check<e4m3fn, 4, Arch>(4);
    check<nf4, 24, Arch>(5);
    check<fp4_bnb, 11, Arch>(6);
    check<lookup_format<no_zero_table>, 11, Arch>(7);
  });
}

TEST_CASE("group error in lanes: scales that are left to the scalar rule", "[block]") {
  CHECK(detail::has_lane_error<11>(0x1p-40f));
  CHECK(!detail::has_lane_error<11>(0x1.fffp-41f));
  CHECK(detail::has_lane_error<1>(0x1p-60f));
  CHECK(!detail::has_lane_error<1>(0x1p-61f));
  for (float const s : {0.0f, 0x1p61f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    CHECK(!detail::has_lane_error<24>(s));
}
