// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/structured_masks.hpp: against exhaustive search, energies, refusals.
#include "skive/sparse/structured_masks.hpp"

#include "skive/sparse/n_of_m.hpp"
#include "support/drawn_scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using bytes = std::vector<std::byte>;

using skive::test::drawn_scores;

}  // namespace

TEST_CASE("structured masks: blocks", "[sparse]") {
  auto scores = drawn_scores(12 * 20, 3, false);
  bytes masks(12 * 3, std::byte{0xFF});
  std::vector<std::byte> memory(select_blocks_scratch(12, 20, 3, 5));
  matrix_view<float const> const view{scores.data(), 12, 20};
  REQUIRE(select_blocks(view, 3, 5, 6, {masks.data(), 12, 3}, workspace{memory}));
  std::vector<std::pair<double, std::size_t>> sums;
  for (std::size_t b = 0; b < 16; ++b) {
    double sum = 0;
    for (std::size_t i = 0; i < 15; ++i) sum += static_cast<double>(scores[(b / 4 * 3 + i / 5) * 20 + b % 4 * 5 + i % 5]);
    sums.emplace_back(-sum, b);
  }
  std::sort(sums.begin(), sums.end());
  for (std::size_t k = 0; k < 16; ++k)
    for (std::size_t i = 0; i < 15; ++i) {
      auto const b = sums[k].second;
      REQUIRE(is_kept(std::span{masks}.subspan((b / 4 * 3 + i / 5) * 3, 3), b % 4 * 5 + i % 5) == (k < 6));
    }
  CHECK(count_kept(masks) == 6 * 15);
  CHECK(select_blocks(view, 5, 5, 6, {masks.data(), 12, 3}, workspace{memory}).error() == errc::size_mismatch);
  CHECK(select_blocks(view, 3, 5, 17, {masks.data(), 12, 3}, workspace{memory}).error() == errc::invalid_argument);
  CHECK(select_blocks(view, 3, 5, 6, {masks.data(), 12, 3}, {}).error() == errc::workspace_too_small);
  scores[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(select_blocks(view, 3, 5, 6, {masks.data(), 12, 3}, workspace{memory}).error() == errc::not_finite);
}

TEST_CASE("structured masks: V:N:M", "[sparse]") {
  std::size_t const v = 8, m = 10;
  auto const scores = drawn_scores(16 * 20, 4);
  bytes masks(16 * 3, std::byte{0xFF});
  REQUIRE(select_v_n_m({scores.data(), 16, 20}, v, 2, m, {masks.data(), 16, 3}));
  for (std::size_t r = 0; r < 16; r += v)
    for (std::size_t c = 0; c < 20; c += m) {
      std::vector<double> sums(m);
      std::vector<bool> used(m);
      for (std::size_t i = 0; i < v; ++i) {
        std::size_t kept = 0;
        for (std::size_t j = 0; j < m; ++j) {
          sums[j] += static_cast<double>(scores[(r + i) * 20 + c + j]);
          if (is_kept(std::span{masks}.subspan((r + i) * 3, 3), c + j)) used[j] = true, ++kept;
        }
        REQUIRE(kept == 2);
      }
      std::vector<double> sorted = sums;
      std::sort(sorted.rbegin(), sorted.rend());
      for (std::size_t j = 0; j < m; ++j)
        if (used[j]) REQUIRE(sums[j] >= sorted[3]);
    }
  // Of the four columns each row keeps its two largest: with V = 1 and M = 4 that is 2:4.
  bytes plain(16 * 3), as_2_of_4(16 * 3);
  REQUIRE(select_v_n_m({scores.data(), 16, 20}, 1, 2, 4, {plain.data(), 16, 3}));
  for (std::size_t r = 0; r < 16; ++r)
    REQUIRE(n_of_m<2, 4>{}.select(std::span{scores}.subspan(r * 20, 20), std::span{as_2_of_4}.subspan(r * 3, 3)));
  CHECK((plain == as_2_of_4));
  CHECK(select_v_n_m({scores.data(), 16, 20}, 3, 2, 4, {plain.data(), 16, 3}).error() == errc::size_mismatch);
  CHECK(select_v_n_m({scores.data(), 16, 20}, 8, 5, 10, {plain.data(), 16, 3}).error() == errc::invalid_argument);
}

TEST_CASE("structured masks: ratios of layers", "[sparse]") {
  float const scores[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 91};  // mean 10
  CHECK(*outlier_ratio({scores, 2, 5}, 5.0) == 0.1);
  CHECK(*outlier_ratio({scores, 2, 5}, 10.0) == 0.0);
  CHECK(outlier_ratio({scores, 0, 5}, 5.0).error() == errc::invalid_argument);
  std::vector<double> const d{0.01, 0.02, 0.05};
  std::vector<double> keep(3);
  REQUIRE(allocate_keep_ratios(d, 0.3, 0.08, keep));
  CHECK(std::fabs(keep[0] + keep[1] + keep[2] - 0.9) < 1e-12);
  CHECK(std::fabs(keep[2] - keep[0] - 0.16) < 1e-12);
  CHECK(std::fabs(keep[1] - keep[0] - 0.04) < 1e-12);
  std::vector<double> const same(3, 0.5);
  REQUIRE(allocate_keep_ratios(same, 0.3, 0.08, keep));
  CHECK((std::fabs(keep[0] - 0.3) < 1e-12 && keep[0] == keep[1]));
  CHECK(allocate_keep_ratios(d, 1.0, 0.08, keep).error() == errc::invalid_argument);
  CHECK(allocate_keep_ratios(d, 0.5, 0.08, std::span{keep}.first(2)).error() == errc::size_mismatch);
  std::vector<double> const nan{0.1, std::nan(""), 0.2};
  CHECK(allocate_keep_ratios(nan, 0.5, 0.08, keep).error() == errc::invalid_argument);
}
