// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/representatives.hpp: against sorting and a list that loses its elements, and by hand.
#include "skive/kv/representatives.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using indices = std::vector<std::uint32_t>;
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

std::vector<float> random_scores(std::size_t n, unsigned seed, int levels) {
  std::mt19937 random{seed};
  std::uniform_int_distribution<int> level{0, levels};
  std::vector<float> scores(n);
  for (auto& s : scores) s = static_cast<float>(level(random));
  return scores;
}

indices tree(std::vector<float> const& scores, std::size_t sinks, std::size_t size) {
  indices kept(size);
  REQUIRE(skive::keep_tree(scores, sinks, kept));
  return kept;
}

}  // namespace

TEST_CASE("mark_behaviour: the heaviest tokens of each head", "[kv]") {
  std::vector<float> const w{0.5f, 0.25f, 0.25f, 0.0f, /**/ 0.0f, 0.1f, 0.2f, 0.7f, /**/ 1.0f, 1.0f, 1.0f, 1.0f};
  std::vector<std::uint64_t> b(4);
  REQUIRE(skive::mark_behaviour({w.data(), 3, 4}, 2, b));
  CHECK(b == std::vector<std::uint64_t>{0b101, 0b101, 0b010, 0b010});  // equals: the lower index
  REQUIRE(skive::mark_behaviour({w.data(), 3, 4}, 0, b));
  CHECK(b == std::vector<std::uint64_t>(4));
  auto bad = w;
  bad[11] = not_a_number;
  b.assign(4, 9);
  CHECK(skive::mark_behaviour({bad.data(), 3, 4}, 2, b).error() == errc::not_finite);
  CHECK(skive::mark_behaviour({w.data(), 3, 4}, 5, b).error() == errc::size_mismatch);
  CHECK(skive::mark_behaviour({w.data(), 4, 3}, 2, b).error() == errc::size_mismatch);
  std::vector<float> const many(65 * 4);
  CHECK(skive::mark_behaviour({many.data(), 65, 4}, 2, b).error() == errc::size_mismatch);
  CHECK(b == std::vector<std::uint64_t>(4, 9));
}

TEST_CASE("keep_representatives: the middle of each run of tokens sorted by their distance", "[kv]") {
  std::mt19937_64 random{3};
  for (std::size_t const n : {1U, 2U, 7U, 64U, 501U})
    for (std::size_t m = 0; m <= n; m += n < 10 ? 1 : 37) {
      std::vector<std::uint64_t> b(n);
      for (auto& x : b) x = random() & random() & 0xFF'FFFFU;
      auto const anchor = random();
      indices order(n);
      std::iota(order.begin(), order.end(), 0U);
      auto const place = [&](auto t) { return std::pair{std::popcount(b[t] ^ anchor), t}; };
      std::sort(order.begin(), order.end(), [&](auto i, auto j) { return place(i) < place(j); });
      indices expected;
      for (std::size_t i = 0; i < m; ++i) expected.push_back(order[(2 * i + 1) * n / (2 * m)]);
      std::sort(expected.begin(), expected.end());
      indices kept(m, 9999);
      REQUIRE(skive::keep_representatives(b, anchor, kept));
      REQUIRE(kept == expected);
    }
  indices kept(3);
  CHECK(skive::keep_representatives(std::vector<std::uint64_t>(2), 0, kept).error() == errc::size_mismatch);
}

TEST_CASE("keep_tree: a list that loses the worse of two neighbours in turn", "[kv]") {
  CHECK(tree({1, 2, 3, 4, 5}, 0, 5) == indices{0, 1, 2, 3, 4});
  CHECK(tree({1, 2, 0, 4, 9}, 0, 3) == indices{1, 3, 4});  // 0 of 0, 1; then of 2, 3 the worse
  for (unsigned seed = 1; seed <= 20; ++seed) {
    auto const scores = random_scores(300, seed, seed % 2 == 0 ? 3 : 1000);
    std::size_t const sinks = seed % 5;
    std::size_t const size = 7 + seed;
    indices list(size);
    std::iota(list.begin(), list.end(), 0U);
    std::size_t turn = 0;
    for (std::uint32_t t = static_cast<std::uint32_t>(size); t < 300; ++t, ++turn) {
      auto const pair = list.begin() + static_cast<std::ptrdiff_t>(sinks + turn % (size - sinks - 1));
      list.erase(scores[*pair] <= scores[*(pair + 1)] ? pair : pair + 1);
      list.push_back(t);
    }
    REQUIRE(tree(scores, sinks, size) == list);
  }
}

TEST_CASE("keep_tree: the past thins out with its age", "[kv]") {
  auto const kept = tree(random_scores(4096, 7, 1000), 4, 128);
  std::size_t in_quarter[4]{};
  for (auto const t : kept) ++in_quarter[t / 1024];
  CHECK((kept[0] == 0 && kept[3] == 3));
  CHECK(in_quarter[0] < in_quarter[3]);
  CHECK(in_quarter[1] < in_quarter[3]);
  CHECK(in_quarter[3] > 64);

  indices two(2);
  CHECK(skive::keep_tree(std::vector<float>(1), 0, two).error() == errc::size_mismatch);
  CHECK(skive::keep_tree(std::vector<float>(9), 1, two).error() == errc::size_mismatch);
  CHECK(skive::keep_tree(std::vector<float>(9), 3, two).error() == errc::size_mismatch);
  CHECK(skive::keep_tree(std::vector<float>{1, 2, not_a_number}, 0, two).error() == errc::not_finite);
}
