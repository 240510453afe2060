// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/channel_permutation.hpp: what orders keep against a sort of every group, gains of swaps, refusals.
#include "skive/sparse/channel_permutation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace skive;

TEST_CASE("channel permutation: dealt and swapped columns keep more", "[sparse]") {
  // Columns of falling size, large ones side by side: the worst order for 2:4.
  std::size_t const rows = 24, cols = 32;
  std::mt19937 random{6};
  std::normal_distribution<float> normal;
  std::vector<float> scores(rows * cols);
  for (auto& x : scores) x = normal(random), x *= x;
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] *= std::exp2(-static_cast<float>(i % cols) / 4);
  matrix_view<float const> const view{scores.data(), rows, cols};
  std::vector<std::uint32_t> order(cols);
  std::iota(order.begin(), order.end(), 0U);
  auto const unordered = *kept_score<2, 4>(view, order);
  double expected = 0;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; c += 4) {
      std::vector<float> four(scores.begin() + static_cast<long>(r * cols + c),
                              scores.begin() + static_cast<long>(r * cols + c + 4));
      std::sort(four.rbegin(), four.rend());
      expected += static_cast<double>(four[0]) + static_cast<double>(four[1]);
    }
  CHECK(std::fabs(unordered - expected) < 1e-9 * expected);
  std::vector<double> sums(cols);
  REQUIRE(deal_columns(view, 4, sums, order));
  for (std::size_t p = 0; p < cols; ++p)  // rank of the column at place p: places of one group are 8 ranks apart
    CHECK(std::count_if(sums.begin(), sums.end(), [&](double s) { return s > sums[order[p]]; }) ==
          static_cast<std::ptrdiff_t>(p % 4 * 8 + p / 4));
  auto const dealt = *kept_score<2, 4>(view, order);
  CHECK(dealt > 1.05 * unordered);
  auto const gained = improve_by_swaps<2, 4>(view, order, 2000, 1);
  REQUIRE(gained);
  auto const swapped = *kept_score<2, 4>(view, order);
  CHECK(*gained > 0);
  CHECK(std::fabs(swapped - dealt - *gained) < 1e-9 * swapped);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t c = 0; c < cols; ++c) CHECK(sorted[c] == c);
  CHECK(deal_columns(view, 5, sums, order).error() == errc::size_mismatch);
  auto broken = scores;
  broken[37] = std::numeric_limits<float>::quiet_NaN();
  matrix_view<float const> const bad{broken.data(), rows, cols};
  CHECK(kept_score<2, 4>(bad, order).error() == errc::not_finite);
  CHECK(improve_by_swaps<2, 4>(bad, order, 1, 1).error() == errc::not_finite);
  CHECK(deal_columns(bad, 4, sums, order).error() == errc::not_finite);
  order[3] = 32;
  CHECK(kept_score<2, 4>(view, order).error() == errc::size_mismatch);
  CHECK(improve_by_swaps<2, 4>(view, order, 1, 1).error() == errc::size_mismatch);
}
