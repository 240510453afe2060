// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/channel_clusters.hpp: k-means of channels, orders by label, ranges, folding into both neighbours, refusals.
#include "skive/transform/channel_clusters.hpp"

#include "laws/transform.hpp"
#include "skive/transform/rows.hpp"

namespace {

namespace test = skive::test;
using skive::errc;
using skive::matrix_view;
using numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("cluster_channels: finds clusters, and a local minimum where there are none", "[transform]") {
  std::mt19937 random{3};
  std::size_t const n = 300;
  float const low[]{-1, -5, -2, -40};
  float const high[]{1, 4, 60, 45};  // ranges rise: 2, 9, 62, 85
  std::vector<float> points(2 * n);
  numbers truth(n);
  for (std::size_t i = 0; i < n; ++i) {
    truth[i] = static_cast<std::uint32_t>(random() % 4);
    auto const noise = [&] { return 0.2f * static_cast<float>(random() % 100) / 100.0f; };
    points[2 * i] = low[truth[i]] + noise();
    points[2 * i + 1] = high[truth[i]] + noise();
  }
  numbers labels(n, 99);
  test::scratch_memory scratch{skive::cluster_channels_bytes(n, 2, 4)};
  REQUIRE(skive::cluster_channels({points.data(), n, 2}, 4, labels, scratch.get()));
  CHECK(labels == truth);
  numbers order(n);
  REQUIRE(skive::order_by_label(labels, order));
  for (std::size_t i = 1; i < n; ++i) {
    REQUIRE(labels[order[i - 1]] <= labels[order[i]]);
    if (labels[order[i - 1]] == labels[order[i]]) REQUIRE(order[i - 1] < order[i]);
  }

  auto const spread = test::gaussian_vector(3 * n, 4);
  for (std::size_t const k : {1U, 2U, 7U, 300U}) {
    test::scratch_memory room{skive::cluster_channels_bytes(n, 3, k)};
    REQUIRE(skive::cluster_channels({spread.data(), n, 3}, k, labels, room.get()));
    std::vector<double> centre(3 * k);
    std::vector<double> members(k);
    for (std::size_t i = 0; i < n; ++i) members[labels[i]] += 1;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < 3; ++j)
        centre[3 * labels[i] + j] += static_cast<double>(spread[3 * i + j]) / members[labels[i]];
    auto const distance = [&](std::size_t i, std::size_t c) {
      double sum = 0;
      for (std::size_t j = 0; j < 3; ++j) sum += std::pow(static_cast<double>(spread[3 * i + j]) - centre[3 * c + j], 2);
      return sum;
    };
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < k; ++c)
        if (members[c] != 0) REQUIRE(distance(i, labels[i]) <= distance(i, c) + 1e-12);
  }

  auto const refused = [&](matrix_view<float const> x, std::size_t k, std::span<std::uint32_t> to, skive::workspace w) {
    return skive::cluster_channels(x, k, to, w).error();
  };
  labels.assign(n, 5);
  CHECK(refused({points.data(), n, 2}, 0, labels, scratch.get()) == errc::invalid_argument);
  CHECK(refused({points.data(), n, 2}, n + 1, labels, scratch.get()) == errc::invalid_argument);
  CHECK(refused({points.data(), n - 1, 2}, 4, labels, scratch.get()) == errc::size_mismatch);
  CHECK(refused({points.data(), n, 2}, 4, labels, skive::workspace{}) == errc::workspace_too_small);
  points[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK(refused({points.data(), n, 2}, 4, labels, scratch.get()) == errc::not_finite);
  auto* const shared = reinterpret_cast<std::uint32_t*>(points.data());
  CHECK(refused({points.data(), n, 2}, 4, {shared, n}, scratch.get()) == errc::overlap);
  CHECK(labels == numbers(n, 5));
  CHECK(skive::order_by_label(labels, labels).error() == errc::overlap);
  CHECK(skive::order_by_label(labels, std::span{order}.first(3)).error() == errc::size_mismatch);
  REQUIRE(skive::order_by_label(numbers{7, 2, 4'294'967'295U, 2}, std::span{order}.first(4)));
  CHECK(std::vector(order.begin(), order.begin() + 4) == numbers{1, 3, 0, 2});
}

TEST_CASE("column_ranges; an order of channels folded into both neighbours", "[transform]") {
  std::size_t const n = 40;
  auto x = test::gaussian_vector(9 * n, 6);
  std::vector<float> points(2 * n);
  REQUIRE(skive::column_ranges({x.data(), 9, n}, {points.data(), n, 2}));
  for (std::size_t c = 0; c < n; ++c) {
    float low = x[c];
    float high = x[c];
    for (std::size_t r = 0; r < 9; ++r) {
      low = std::min(low, x[r * n + c]);
      high = std::max(high, x[r * n + c]);
    }
    REQUIRE(points[2 * c] == low);
    REQUIRE(points[2 * c + 1] == high);
  }
  CHECK(skive::column_ranges({x.data(), 9, n}, {points.data(), n, 1}).error() == errc::size_mismatch);
  CHECK(skive::column_ranges({x.data(), 9, n}, {x.data(), n, 2}).error() == errc::overlap);

  numbers labels(n);
  numbers order(n);
  test::scratch_memory scratch{skive::cluster_channels_bytes(n, 2, 3)};
  REQUIRE(skive::cluster_channels({points.data(), n, 2}, 3, labels, scratch.get()));
  REQUIRE(skive::order_by_label(labels, order));
  test::scratch_memory check{skive::permutation::check_bytes(n)};
  auto const p = *skive::permutation::make(order, check.get());
  // before: n x 6, its outputs are the channels; after: 5 x n. relu in between does not mind the order.
  auto before = test::gaussian_vector(6 * n, 1);
  auto after = test::gaussian_vector(5 * n, 2);
  after[3] = 0x1p-140f;  // beside large ones, and stays
  auto const first = before;
  auto const second = after;
  test::scratch_memory room{skive::column_bytes(p)};
  REQUIRE(skive::fold(p, matrix_view<float>{before.data(), n, 6}, skive::matrix_side::columns, room.get()));
  REQUIRE(skive::fold(p, matrix_view<float>{after.data(), 5, n}, skive::matrix_side::rows, room.get()));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < 6; ++j) REQUIRE(before[i * 6 + j] == first[order[i] * 6 + j]);
    for (std::size_t r = 0; r < 5; ++r) REQUIRE(after[r * n + i] == second[r * n + order[i]]);
  }
  x[5] = std::numeric_limits<float>::infinity();
  CHECK(skive::column_ranges({x.data(), 9, n}, {points.data(), n, 2}).error() == errc::not_finite);
}
