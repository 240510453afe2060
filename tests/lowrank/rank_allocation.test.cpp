// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/rank_allocation.hpp: against all choices; refusals.
#include "skive/lowrank/rank_allocation.hpp"

#include "support/matrices.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

}  // namespace

TEST_CASE("rank allocation: the best of all choices where costs are equal, near it elsewhere", "[lowrank]") {
  std::mt19937 random{5};
  for (int trial = 0; trial < 40; ++trial) {
    bool const equal = trial % 2 == 0;
    std::vector<std::vector<float>> values(3);
    std::vector<rank_candidate> from;
    for (auto& v : values) {
      v.resize(3 + random() % 3);
      for (float& x : v) x = std::abs(skive::test::uniform<float>(random));
      std::sort(v.begin(), v.end(), std::greater<>{});
      from.push_back({v, equal ? 7U : 3U + random() % 9, equal ? 1.0 : 0.5 + static_cast<double>(random() % 4)});
    }
    std::vector<std::size_t> ranks(3), other(3);
    std::size_t const budget = random() % 70;
    auto const used = ranks_for_cost(from, budget, ranks);
    REQUIRE(used);
    auto const cost_of = [&](std::vector<std::size_t> const& r) {
      return r[0] * from[0].cost + r[1] * from[1].cost + r[2] * from[2].cost;
    };
    CHECK((*used == cost_of(ranks) && *used <= budget));
    auto const loss = rank_loss(from, ranks);
    double best = 1e30;
    double largest = 0;
    std::size_t cheapest = 1000;
    for (auto const& c : from)
      largest = std::max(largest, c.weight * static_cast<double>(c.sigma[0]) * static_cast<double>(c.sigma[0]));
    for (other[0] = 0; other[0] <= values[0].size(); ++other[0])
      for (other[1] = 0; other[1] <= values[1].size(); ++other[1])
        for (other[2] = 0; other[2] <= values[2].size(); ++other[2]) {
          if (cost_of(other) <= budget) best = std::min(best, rank_loss(from, other));
          if (rank_loss(from, other) <= loss) cheapest = std::min(cheapest, cost_of(other));
        }
    CHECK(loss >= best - 1e-12);
    CHECK(loss <= (equal ? best + 1e-12 : best + largest));
    auto const cost = ranks_for_loss(from, loss, other);
    REQUIRE(cost);
    CHECK(rank_loss(from, other) <= loss);
    if (equal) CHECK(*cost == cheapest);
  }
  std::vector<float> const falling{3, 2, 1}, rising{1, 2}, bad{1, -1};
  std::vector<rank_candidate> const good{{falling, 2, 1}};
  std::vector<std::size_t> ranks(1, 9);
  CHECK(ranks_for_cost(good, 5, std::span{ranks}.first(0)).error() == errc::size_mismatch);
  CHECK(ranks_for_cost(std::vector<rank_candidate>{{falling, 0, 1}}, 5, ranks).error() == errc::invalid_argument);
  CHECK(ranks_for_cost(std::vector<rank_candidate>{{rising, 1, 1}}, 5, ranks).error() == errc::invalid_argument);
  CHECK(ranks_for_cost(std::vector<rank_candidate>{{bad, 1, 1}}, 5, ranks).error() == errc::not_finite);
  CHECK(ranks_for_loss(good, -1, ranks).error() == errc::invalid_argument);
  CHECK(ranks[0] == 9);
  CHECK(*ranks_for_cost(good, 5, ranks) == 4);
  CHECK(*ranks_for_loss(good, 0, ranks) == 6);
}
