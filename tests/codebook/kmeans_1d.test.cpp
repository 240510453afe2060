// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/kmeans_1d.hpp: the optimum against all partitions, against Lloyd's iteration, both memories, odd and bad input.
#include "skive/codebook/kmeans_1d.hpp"

#include "skive/core/random.hpp"
#include "support/allocations.hpp"
#include "support/packed_row.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

struct solution {
  kmeans_1d_report report;
  std::vector<float> levels;
};

solution solved(std::vector<float> const& x, std::vector<float> const& w, std::size_t k, kmeans_memory memory) {
  solution s{{}, std::vector<float>(k)};
  test::scratch_memory scratch{kmeans_1d_bytes(x.size(), k, memory)};
  auto const lent = scratch.get();
  auto const before = test::allocations();
  auto const r = kmeans_1d(x, w, s.levels, memory, lent);
  auto const after = test::allocations();
  REQUIRE(after == before);
  REQUIRE(r.error() == errc::ok);
  s.report = *r;
  return s;
}

double error_of_levels(std::vector<float> const& x, std::vector<float> const& w, std::vector<float> const& levels) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double best = std::numeric_limits<double>::infinity();
    for (auto const l : levels) {
      auto const d = static_cast<double>(x[i]) - static_cast<double>(l);
      best = std::min(best, d * d);
    }
    sum += (w.empty() ? 1.0 : static_cast<double>(w[i])) * best;
  }
  return sum;
}

// All ways to cut the sorted numbers [first, n) into at most k runs, each by its own two sums.
double best_partition(std::vector<std::pair<float, float>> const& points, std::size_t first, std::size_t k) {
  auto const n = points.size();
  if (first == n) return 0;
  if (k == 0) return std::numeric_limits<double>::infinity();
  double best = std::numeric_limits<double>::infinity();
  for (auto end = first + 1; end <= n; ++end) {
    double mass = 0;
    double mean = 0;
    for (auto i = first; i < end; ++i) {
      mass += static_cast<double>(points[i].second);
      mean += static_cast<double>(points[i].second) * static_cast<double>(points[i].first);
    }
    if (mass > 0) mean /= mass;
    double error = 0;
    for (auto i = first; i < end; ++i) {
      auto const d = static_cast<double>(points[i].first) - mean;
      error += static_cast<double>(points[i].second) * d * d;
    }
    best = std::min(best, error + best_partition(points, end, k - 1));
  }
  return best;
}

TEST_CASE("No partition is better", "[codebook]") {
  for (unsigned trial = 0; trial < 300; ++trial) {
    counter_random const random{7, trial};
    std::size_t const n = 1 + random.bits(0) % 9;
    std::size_t const k = 1 + random.bits(1) % 5;
    std::vector<float> x(n);
    std::vector<float> w(n, 1.0f);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] =
          trial % 3 == 0 ? static_cast<float>(random.bits(10 + i) % 4) : random.gaussian(10 + i) * (trial % 5 == 0 ? 1e3f : 1.0f);
      if (trial % 2 == 0) w[i] = random.bits(40 + i) % 4 == 0 ? 0.0f : random.uniform(50 + i);
    }
    w[0] = 0.5f;
    std::vector<std::pair<float, float>> points;
    for (std::size_t i = 0; i < n; ++i) points.emplace_back(x[i], w[i]);
    std::sort(points.begin(), points.end());
    auto const best = best_partition(points, 0, k);
    for (auto const memory : {kmeans_memory::fast, kmeans_memory::small}) {
      CAPTURE(trial, n, k, static_cast<int>(memory));
      auto const s = solved(x, w, k, memory);
      double scale = 0;
      for (std::size_t i = 0; i < n; ++i) scale += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      REQUIRE(std::fabs(s.report.error - best) <= 1e-12 * scale);
      REQUIRE(std::fabs(error_of_levels(x, w, s.levels) - best) <= 1e-6 * scale + 1e-6 * best);
      REQUIRE(std::is_sorted(s.levels.begin(), s.levels.end()));
    }
  }
}

TEST_CASE("Long inputs: Lloyd's iteration finds nothing better, small memory gives the same error", "[codebook]") {
  std::vector<float> x(2000);
  counter_random{3, 4}.fill_gaussian(x);
  std::vector<float> w(x.size());
  counter_random{3, 5}.fill_uniform(w);
  for (std::size_t const k : {2U, 5U, 16U, 31U}) {
    auto const fast = solved(x, w, k, kmeans_memory::fast);
    auto const small = solved(x, w, k, kmeans_memory::small);
    CAPTURE(k);
    REQUIRE(std::fabs(fast.report.error - small.report.error) <= 1e-10 * fast.report.error);
    REQUIRE(fast.report.cells == k);
    auto const reached = error_of_levels(x, w, fast.levels);
    REQUIRE(std::fabs(reached - fast.report.error) <= 1e-5 * reached);
    auto moved = fast.levels;  // one of Lloyd's steps from there changes nothing
    std::vector<double> mass(k);
    std::vector<double> sum(k);
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::size_t nearest = 0;
      for (std::size_t c = 1; c < k; ++c)
        if (std::fabs(x[i] - moved[c]) < std::fabs(x[i] - moved[nearest])) nearest = c;
      mass[nearest] += static_cast<double>(w[i]);
      sum[nearest] += static_cast<double>(w[i]) * static_cast<double>(x[i]);
    }
    for (std::size_t c = 0; c < k; ++c) REQUIRE(std::fabs(sum[c] / mass[c] - static_cast<double>(moved[c])) <= 1e-6);
  }
}

TEST_CASE("Few, equal and unweighted numbers", "[codebook]") {
  for (auto const memory : {kmeans_memory::fast, kmeans_memory::small}) {
    auto const equal = solved({2, 2, 2, 2}, {}, 3, memory);
    REQUIRE(equal.report.error == 0);
    for (auto const l : equal.levels) REQUIRE(l == 2);
    auto const few = solved({5, -1}, {}, 4, memory);
    REQUIRE(few.report.cells == 2);
    REQUIRE((few.levels == std::vector<float>{-1, 5, 5, 5}));
    auto const one_counts = solved({5, -1, 9}, {0, 2, 0}, 2, memory);
    REQUIRE((one_counts.levels == std::vector<float>{-1, -1}));
    auto const far = solved({1e30f, 1e30f, -1e30f, 0.0f}, {}, 3, memory);
    REQUIRE((far.levels == std::vector<float>{-1e30f, 0.0f, 1e30f}));
  }
}

TEST_CASE("kmeans_1d refuses bad input", "[codebook]") {
  auto const why = [](std::vector<float> const& x, std::vector<float> const& w, std::size_t k, std::size_t less = 0) {
    std::vector<float> levels(k);
    test::scratch_memory scratch{kmeans_1d_bytes(x.size(), k, kmeans_memory::small) - less};
    return kmeans_1d(x, w, levels, kmeans_memory::small, scratch.get()).error();
  };
  REQUIRE(why({1, 2}, {}, 0) == errc::invalid_argument);
  REQUIRE(why({}, {}, 1) == errc::invalid_argument);
  REQUIRE(why({1, 2}, {0, 0}, 1) == errc::invalid_argument);
  REQUIRE(why({1, 2}, {1, -1}, 1) == errc::invalid_argument);
  REQUIRE(why({1, 2}, {1, std::numeric_limits<float>::infinity()}, 1) == errc::invalid_argument);
  REQUIRE(why({1, 2}, {1}, 1) == errc::size_mismatch);
  REQUIRE(why({1, std::numeric_limits<float>::quiet_NaN()}, {}, 1) == errc::not_finite);
  REQUIRE(why({1, 2}, {}, 1, 1) == errc::workspace_too_small);
}

}  // namespace
}  // namespace skive
