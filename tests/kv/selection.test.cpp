// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/selection.hpp: against sorting and sums by definition.
#include "skive/kv/selection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::matrix_view;

std::vector<float> random_scores(std::size_t n, unsigned seed, bool ties) {
  std::mt19937 random{seed};
  std::vector<float> s(n);
  for (auto& x : s) x = ties ? static_cast<float>(random() % 5) - 2.0f : static_cast<float>(random() % 100000) * 0.01f - 500.0f;
  return s;
}

// The ends, then a stable sort of the rest.
std::vector<std::uint32_t> by_sorting(std::vector<float> const& s, skive::kept_ends ends, std::size_t count) {
  std::vector<std::uint32_t> middle(s.size() - ends.sinks - ends.recent);
  std::iota(middle.begin(), middle.end(), static_cast<std::uint32_t>(ends.sinks));
  std::stable_sort(middle.begin(), middle.end(), [&](std::uint32_t a, std::uint32_t b) { return s[a] > s[b]; });
  middle.resize(count - ends.sinks - ends.recent);
  for (std::size_t i = 0; i < ends.sinks; ++i) middle.push_back(static_cast<std::uint32_t>(i));
  for (std::size_t i = s.size() - ends.recent; i < s.size(); ++i) middle.push_back(static_cast<std::uint32_t>(i));
  std::sort(middle.begin(), middle.end());
  return middle;
}

constexpr std::array<std::uint32_t, 3> constant() {
  std::array<float, 5> const s{1, 5, 2, 4, 3};
  std::array<std::uint32_t, 3> kept{};
  return skive::keep_top(s, {1, 0}, kept) ? kept : std::array<std::uint32_t, 3>{};
}
static_assert(constant() == std::array<std::uint32_t, 3>{0, 1, 3});

}  // namespace

TEST_CASE("keep_top: what sorting keeps, ties to the lower index", "[kv]") {
  for (bool const ties : {false, true})
    for (std::size_t const n : {1U, 7U, 100U})
      for (std::size_t count = 0; count <= n; count += n > 10 ? 9 : 1)
        for (skive::kept_ends const ends : {skive::kept_ends{0, 0}, {1, 0}, {0, 3}, {2, 4}}) {
          if (ends.sinks + ends.recent > count) continue;
          auto s = random_scores(n, static_cast<unsigned>(n + count), ties);
          if (n > 10) s[3] = -0.0f, s[50] = std::numeric_limits<float>::infinity(), s[51] = -s[50], s[52] = 1e-45f;
          std::vector<std::uint32_t> kept(count);
          REQUIRE(skive::keep_top(s, ends, kept));
          REQUIRE(kept == by_sorting(s, ends, count));
        }
}

TEST_CASE("keep_top, keep_streaming: what is refused, and nothing is written", "[kv]") {
  std::vector<float> s(10, 1.0f);
  std::vector<std::uint32_t> kept(11, 77);
  auto const error = [&](skive::kept_ends ends, std::size_t count) {
    return skive::keep_top(s, ends, std::span{kept}.first(count)).error();
  };
  CHECK(error({0, 0}, 11) == errc::size_mismatch);
  CHECK(error({3, 3}, 5) == errc::size_mismatch);
  CHECK(error({~std::size_t{0}, 3}, 5) == errc::size_mismatch);
  s[9] = std::numeric_limits<float>::quiet_NaN();
  CHECK(error({0, 0}, 5) == errc::not_finite);
  CHECK(skive::keep_streaming(4, 0, std::span{kept}.first(5)).error() == errc::size_mismatch);
  CHECK(skive::keep_streaming(40, 6, std::span{kept}.first(5)).error() == errc::size_mismatch);
  CHECK(kept == std::vector<std::uint32_t>(11, 77));
  REQUIRE(skive::keep_streaming(40, 2, std::span{kept}.first(5)));
  CHECK(std::vector<std::uint32_t>(kept.begin(), kept.begin() + 5) == std::vector<std::uint32_t>{0, 1, 37, 38, 39});
}

TEST_CASE("budgets: they add up, fall in a line, follow the scores", "[kv]") {
  std::vector<std::size_t> b(7);
  for (double const slope : {1.0, 2.0, 20.0})
    for (std::size_t const total : {0U, 5U, 7168U}) {
      REQUIRE(skive::pyramid_budgets(total, slope, b));
      CHECK(std::accumulate(b.begin(), b.end(), std::size_t{0}) == total);
      if (total == 7168) {
        for (std::size_t i = 1; i < b.size(); ++i) CHECK(b[i] <= b[i - 1] + 1);
        CHECK(std::fabs(static_cast<double>(b.back()) - 1024 / slope) <= 1);
      }
    }
  CHECK(skive::pyramid_budgets(5, 0.5, b).error() == errc::invalid_argument);
  CHECK(skive::pyramid_budgets(5, 1, std::span{b}.first(0)).error() == errc::size_mismatch);

  for (bool const ties : {false, true})
    for (std::size_t const least : {0U, 3U, 10U})
      for (std::size_t const total : {40U, 77U, 200U}) {
        auto const s = random_scores(200, 5, ties);
        std::vector<std::size_t> heads(4);
        REQUIRE(skive::adaptive_budgets({s.data(), 4, 50}, total, least, heads));
        CHECK(std::accumulate(heads.begin(), heads.end(), std::size_t{0}) == total);
        // By sorting: each head's best `least`, then the best of all others.
        struct entry {
          float score;
          std::size_t head;
        };
        std::vector<entry> others;
        std::vector<std::size_t> expected(4, least);
        for (std::size_t h = 0; h < 4; ++h) {
          std::vector<float> row(s.begin() + static_cast<std::ptrdiff_t>(50 * h),
                                 s.begin() + static_cast<std::ptrdiff_t>(50 * h + 50));
          std::stable_sort(row.begin(), row.end(), std::greater<>{});
          for (std::size_t i = least; i < 50; ++i) others.push_back({row[i], h});
        }
        std::stable_sort(others.begin(), others.end(), [](entry a, entry b2) { return a.score > b2.score; });
        for (std::size_t i = 0; i < total - 4 * least; ++i) ++expected[others[i].head];
        CHECK(heads == expected);
      }
  std::vector<float> const s(200);
  std::vector<std::size_t> heads(4);
  CHECK(skive::adaptive_budgets({s.data(), 4, 50}, 201, 0, heads).error() == errc::size_mismatch);
  CHECK(skive::adaptive_budgets({s.data(), 4, 50}, 10, 3, heads).error() == errc::size_mismatch);
  CHECK(skive::adaptive_budgets({s.data(), 5, 40}, 10, 0, heads).error() == errc::size_mismatch);
}
