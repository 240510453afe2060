// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/token_choice.hpp: against sorting, against sums by definition, by hand.
#include "skive/kv/token_choice.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using indices = std::vector<std::uint32_t>;
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

indices mass(std::vector<float> const& w, float share) {
  indices kept(w.size());
  auto const count = skive::keep_mass(w, share, kept);
  REQUIRE(count);
  kept.resize(*count);
  return kept;
}
indices thinned(std::size_t n, std::size_t window) {
  indices kept(3 * window);
  kept.resize(*skive::keep_thinned(n, window, kept));
  return kept;
}

}  // namespace

TEST_CASE("keep_mass: the fewest tokens that hold the share", "[kv]") {
  CHECK(mass({0.5f, 0.25f, 0.125f, 0.125f}, 0.75f) == indices{0, 1});
  CHECK(mass({0.125f, 0.5f, 0.125f, 0.25f}, 0.8f) == indices{0, 1, 3});  // the first of two equals
  CHECK(mass({0.5f, 0.0f, 0.5f}, 1.0f) == indices{0, 2});
  CHECK(mass({0.5f, 0.25f}, 0.0f).empty());
  CHECK(mass({}, 0.5f).empty());
  std::mt19937 random{3};
  for (int round = 0; round < 50; ++round) {
    std::vector<float> w(1 + random() % 60);
    for (auto& x : w) x = std::exp(static_cast<float>(random() % 1000) / 100.0f);
    auto const share = static_cast<float>(random() % 1000) / 1000.0f;
    indices order(w.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return w[a] != w[b] ? w[a] > w[b] : a < b; });
    double all = 0;
    for (auto const x : w) all += static_cast<double>(x);
    double sum = 0;
    std::size_t count = 0;
    while (sum < static_cast<double>(share) * all * (1 - 1e-12)) sum += static_cast<double>(w[order[count++]]);
    order.resize(count);
    std::sort(order.begin(), order.end());
    REQUIRE(mass(w, share) == order);
  }
  indices kept(3, 7);
  CHECK(skive::keep_mass(std::array{1.0f, not_a_number}, 0.5f, kept).error() == errc::not_finite);
  CHECK(skive::keep_mass(std::array{1.0f, -1.0f}, 0.5f, kept).error() == errc::invalid_argument);
  CHECK(skive::keep_mass(std::array{1.0f, 1.0f}, 1.5f, kept).error() == errc::invalid_argument);
  CHECK(skive::keep_mass(std::array{1.0f, 1.0f, 1.0f, 1.0f}, 0.5f, kept).error() == errc::size_mismatch);
  CHECK(kept == indices{7, 7, 7});
}

TEST_CASE("keep_thinned: older tokens are ever sparser, the last window is whole", "[kv]") {
  CHECK(thinned(5, 2) == indices{0, 1, 2, 3, 4});
  CHECK(thinned(6, 2) == indices{1, 3, 4, 5});
  CHECK(thinned(8, 2) == indices{3, 5, 6, 7});
  auto const kept = thinned(1000, 16);
  CHECK(kept.size() >= 32);
  CHECK(kept.size() < 48);
  for (std::uint32_t t = 984; t < 1000; ++t) CHECK(std::count(kept.begin(), kept.end(), t) == 1);
  for (std::size_t i = 2; i < kept.size(); ++i) CHECK(kept[i] - kept[i - 1] <= kept[i - 1] - kept[i - 2]);  // gaps shrink
  indices few(5);
  CHECK(skive::keep_thinned(9, 2, few).error() == errc::size_mismatch);
  CHECK(skive::keep_thinned(9, 0, few).error() == errc::invalid_argument);
}

TEST_CASE("add_perturbed_scores: a softmax of perturbed logits for each row", "[kv]") {
  std::array const logits{1.0f, 3.0f, -infinity, 2.0f, -infinity, -infinity, -infinity, -infinity};
  std::array const noise{0.5f, -0.5f, 9.0f, 0.25f};
  std::array scores{1.0f, 0.0f, 0.0f, 0.0f};
  REQUIRE(skive::add_perturbed_scores({logits.data(), 2, 4}, noise, 2.0f, scores));
  double const e[3] = {std::exp(1.5 / 2), std::exp(2.5 / 2), std::exp(2.25 / 2)};
  auto const all = e[0] + e[1] + e[2];
  CHECK(std::fabs(static_cast<double>(scores[0]) - 1 - e[0] / all) < 1e-6);
  CHECK(std::fabs(static_cast<double>(scores[1]) - e[1] / all) < 1e-6);
  CHECK(scores[2] == 0.0f);
  CHECK(std::fabs(static_cast<double>(scores[3]) - e[2] / all) < 1e-6);
  auto const before = scores;
  CHECK(skive::add_perturbed_scores({logits.data(), 2, 4}, std::span{noise}.first(3), 2.0f, scores).error() ==
        errc::size_mismatch);
  CHECK(skive::add_perturbed_scores({logits.data(), 2, 4}, noise, 0.0f, scores).error() == errc::invalid_argument);
  std::array const bad{0.0f, not_a_number, 0.0f, 0.0f};
  CHECK(skive::add_perturbed_scores({bad.data(), 1, 4}, noise, 2.0f, scores).error() == errc::not_finite);
  CHECK(skive::add_perturbed_scores({logits.data(), 2, 4}, bad, 2.0f, scores).error() == errc::not_finite);
  CHECK(scores == before);
}

TEST_CASE("keep_balanced: both halves have nearly the same sum", "[kv]") {
  constexpr std::size_t n = 400;
  constexpr std::size_t size = 8;
  std::mt19937 random{5};
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> from_0_to_1;
  std::vector<float> rows(n * size);
  std::vector<float> uniform(n);
  for (auto& x : rows) x = normal(random) + 1.0f;
  for (auto& u : uniform) u = from_0_to_1(random);
  std::vector<double> walk(size);
  indices kept(n);
  auto const gap = [&](float bound) {
    auto const count = skive::keep_balanced({rows.data(), n, size}, bound, uniform, walk, kept);
    REQUIRE(count);
    REQUIRE(*count > n / 3);
    REQUIRE(*count < 2 * n / 3);
    std::vector<double> sum(size);
    for (std::size_t t = 0; t < n; ++t) {
      auto const end = kept.begin() + static_cast<std::ptrdiff_t>(*count);
      double const sign = std::find(kept.begin(), end, t) != end ? 1 : -1;
      for (std::size_t d = 0; d < size; ++d) sum[d] += sign * static_cast<double>(rows[t * size + d]);
    }
    double square = 0;
    for (auto const s : sum) square += s * s;
    return std::sqrt(square);
  };
  CHECK(gap(30.0f) < gap(1e9f) / 2);  // without a bound the signs are coins
  CHECK(skive::keep_balanced({rows.data(), n, size}, 0.0f, uniform, walk, kept).error() == errc::invalid_argument);
  CHECK(skive::keep_balanced({rows.data(), n, size}, 1.0f, uniform, std::span{walk}.first(3), kept).error() ==
        errc::size_mismatch);
  rows[9] = infinity;
  CHECK(skive::keep_balanced({rows.data(), n, size}, 1.0f, uniform, walk, kept).error() == errc::not_finite);
}

TEST_CASE("partial_logits: products over the channels that the query weighs most", "[kv]") {
  std::array const query{4.0f, -1.0f, 3.0f, 0.0f};
  std::array const keys{1.0f, 5.0f, 2.0f, not_a_number, -1.0f, 5.0f, 0.5f, 1.0f};
  std::array<float, 2> logits{7, 7};
  std::array<std::uint32_t, 2> const channels{0, 2};
  REQUIRE(skive::partial_logits(query, {keys.data(), 2, 4}, channels, logits));
  auto const scale = std::sqrt(8.0 / 7.0);
  CHECK(std::fabs(static_cast<double>(logits[0]) - scale * 10.0) < 1e-6);
  CHECK(std::fabs(static_cast<double>(logits[1]) + scale * 2.5) < 1e-6);
  std::array<std::uint32_t, 1> channel{3};
  CHECK(skive::partial_logits(query, {keys.data(), 2, 4}, channel, logits).error() == errc::not_finite);
  channel[0] = 4;
  CHECK(skive::partial_logits(query, {keys.data(), 2, 4}, channel, logits).error() == errc::size_mismatch);
}
