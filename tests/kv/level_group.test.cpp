// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/level_group.hpp: levels within ranges of channels or tokens, kept numbers exact, ranges without the largest numbers.
#include "skive/kv/level_group.hpp"

#include "support/cache_rows.hpp"

#include <algorithm>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::level_group;
namespace test = skive::test;

constexpr float levels[4] = {-1.0f, -0.25f, 0.25f, 1.0f};

test::number_rows through(level_group const& group, test::number_rows const& rows) {
  test::scratch_bytes_of scratch{group.scratch_bytes()};
  std::vector<std::byte> bytes(group.group_bytes());
  test::number_rows out{rows.rows, rows.cols};
  REQUIRE(group.encode(rows.view(), bytes, scratch.get()));
  REQUIRE(group.decode(bytes, 0, out.view()));
  for (std::size_t t = 0; t < rows.rows; ++t) {  // a token alone
    test::number_rows one{1, rows.cols};
    REQUIRE(group.decode(bytes, t, one.view()));
    for (std::size_t d = 0; d < rows.cols; ++d) CHECK(one(0, d) == out(t, d));
  }
  return out;
}

// The distance of the nearest level, by trying all.
double least_error(double x, double middle, double half) {
  double least = 1e30;
  for (auto const l : levels) least = std::min(least, std::fabs(x - (middle + half * static_cast<double>(l))));
  return least;
}

}  // namespace

TEST_CASE("level_group: the nearest level of a channel's frozen range", "[kv]") {
  test::number_rows const rows{16, 8, 5};
  std::vector<float> low(8);
  std::vector<float> high(8);
  REQUIRE(skive::channel_ranges(rows.view(), 2, low, high));
  for (std::size_t d = 0; d < 8; ++d) {
    std::vector<float> channel(16);
    for (std::size_t t = 0; t < 16; ++t) channel[t] = rows(t, d);
    std::sort(channel.begin(), channel.end());
    CHECK(low[d] == channel[2]);
    CHECK(high[d] == channel[13]);
  }
  auto const out = through(*level_group::make(8, 16, levels, {low, high}, 0), rows);
  for (std::size_t t = 0; t < 16; ++t)
    for (std::size_t d = 0; d < 8; ++d) {
      auto const middle = (static_cast<double>(low[d]) + static_cast<double>(high[d])) / 2;
      auto const half = (static_cast<double>(high[d]) - static_cast<double>(low[d])) / 2;
      auto const error = std::fabs(static_cast<double>(out(t, d)) - static_cast<double>(rows(t, d)));
      CHECK(error <= least_error(static_cast<double>(rows(t, d)), middle, half) + 1e-5);
    }
}

TEST_CASE("level_group: kept numbers come back and do not widen a token's range", "[kv]") {
  test::number_rows rows{4, 16};
  for (std::size_t i = 0; i < rows.values.size(); ++i) rows.values[i] = static_cast<float>(i * 7 % 16) / 8.0f - 1.0f;
  rows(1, 3) = 500.0f;
  rows(1, 9) = -500.0f;  // on both sides: an end of a range is as far from its middle as the other
  auto const out = through(*level_group::make(16, 4, levels, {}, 2), rows);
  CHECK(out(1, 3) == 500.0f);
  CHECK(out(1, 9) == -500.0f);
  for (std::size_t i = 0; i < rows.values.size(); ++i) CHECK(std::fabs(out.values[i] - rows.values[i]) <= 0.376f);
  auto const wide = through(*level_group::make(16, 4, levels, {}, 0), rows);
  CHECK(test::squared_error(wide, rows) > 1000 * test::squared_error(out, rows));
}

TEST_CASE("level_group: refusals", "[kv]") {
  constexpr float three[3] = {-1.0f, 0.0f, 1.0f};
  constexpr float falling[2] = {1.0f, -1.0f};
  constexpr float far[2] = {-1.0f, 1.5f};
  constexpr float one[1] = {0.0f};
  CHECK(level_group::make(8, 4, three, {}, 0).error() == errc::invalid_argument);
  CHECK(level_group::make(8, 4, falling, {}, 0).error() == errc::invalid_argument);
  CHECK(level_group::make(8, 4, far, {}, 0).error() == errc::invalid_argument);
  CHECK(level_group::make(8, 4, levels, {one, one}, 0).error() == errc::size_mismatch);
  CHECK(level_group::make(8, 4, levels, {}, 17).error() == errc::invalid_argument);
  test::number_rows rows{4, 8, 3};
  std::vector<std::byte> bytes(256);
  CHECK(level_group::make(8, 4, levels, {}, 0)->encode(rows.view(), bytes, {}).error() == errc::workspace_too_small);
  std::vector<float> low(8);
  std::vector<float> high(8);
  CHECK(skive::channel_ranges(rows.view(), 2, low, high).error() == errc::size_mismatch);
  rows(3, 3) = 70000.0f;
  CHECK(skive::channel_ranges(rows.view(), 1, low, high).error() == errc::not_finite);
}
