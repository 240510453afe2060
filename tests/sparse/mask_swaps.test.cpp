// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/mask_swaps.hpp: the first swap is the best of all pairs, groups keep their counts, what outputs lack on average falls; the
// error on inputs whose means are not zero; refusals.
#include "skive/sparse/mask_swaps.hpp"

#include "skive/sparse/n_of_m.hpp"
#include "skive/sparse/scores.hpp"
#include "skive/sparse/top_k.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct layer {
  static constexpr std::size_t rows = 24, cols = 64, tokens = 300;
  std::vector<float> w, x, scores, mean, variance;
  std::vector<std::byte> masks;

  explicit layer(unsigned seed)
      : w(rows * cols), x(tokens * cols), scores(w.size()), mean(cols), variance(cols), masks(rows * 8) {
    std::mt19937 random{seed};
    std::normal_distribution<float> normal;
    for (auto& v : w) v = normal(random);
    std::vector<float> shift(cols);
    for (auto& s : shift) s = normal(random);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = shift[i % cols] + normal(random);
    std::vector<float> norm(cols);
    for (std::size_t j = 0; j < cols; ++j) {
      double sum = 0, square = 0;
      for (std::size_t t = 0; t < tokens; ++t) {
        auto const v = static_cast<double>(x[t * cols + j]);
        sum += v;
        square += v * v;
      }
      mean[j] = static_cast<float>(sum / tokens);
      variance[j] = static_cast<float>((square - sum * sum / tokens) / (tokens - 1));
      norm[j] = static_cast<float>(std::sqrt(square));
    }
    for (std::size_t i = 0; i < w.size(); ++i) scores[i] = std::fabs(w[i]) * norm[i % cols];
  }
  matrix_view<float const> weights() const { return {w.data(), rows, cols}; }
  matrix_view<float const> score_view() const { return {scores.data(), rows, cols}; }
  matrix_view<std::byte> mask_view() { return {masks.data(), rows, cols / 8}; }
  input_moments moments() const { return {mean, variance}; }
  double lack(std::size_t r) const {
    double d = 0;
    for (std::size_t j = 0; j < cols; ++j)
      if (!kept(r, j)) d += static_cast<double>(w[r * cols + j]) * static_cast<double>(mean[j]);
    return d;
  }
  bool kept(std::size_t r, std::size_t j) const { return is_kept(std::span{masks}.subspan(r * cols / 8, cols / 8), j); }
  // Mean square of what outputs lose.
  double error() const {
    double sum = 0;
    for (std::size_t t = 0; t < tokens; ++t)
      for (std::size_t r = 0; r < rows; ++r) {
        double lost = 0;
        for (std::size_t j = 0; j < cols; ++j)
          if (!kept(r, j)) lost += static_cast<double>(w[r * cols + j]) * static_cast<double>(x[t * cols + j]);
        sum += lost * lost;
      }
    return sum / (tokens * rows);
  }
};

template <class Pattern>
void select(layer& l, Pattern const& pattern) {
  for (std::size_t r = 0; r < layer::rows; ++r)
    REQUIRE(pattern.select(l.score_view().row(r), std::span{l.masks}.subspan(r * 8, 8)));
}

// The pair to swap in row r by the definition, all pairs tried; {cols, cols} if there is none.
std::pair<std::size_t, std::size_t> swap_of(layer const& l, std::size_t r, std::size_t group) {
  auto const d = l.lack(r);
  auto const share = [&](std::size_t j) {
    return static_cast<double>(l.w[r * layer::cols + j]) * static_cast<double>(l.mean[j]) * (d < 0 ? -1 : 1);
  };
  std::pair<std::size_t, std::size_t> best{layer::cols, layer::cols};
  double most = 0;
  for (std::size_t g = 0; g < layer::cols; g += group) {
    auto grown = layer::cols, pruned = layer::cols;
    for (auto j = g; j < g + group; ++j) {
      auto const gain = [&](std::size_t k) { return share(k) / static_cast<double>(l.variance[k]); };
      if (!l.kept(r, j) && share(j) > 0 && (grown == layer::cols || gain(j) > gain(grown))) grown = j;
      if (l.kept(r, j) && share(j) < 0 &&
          (pruned == layer::cols || l.scores[r * layer::cols + j] < l.scores[r * layer::cols + pruned]))
        pruned = j;
    }
    if (grown == layer::cols || pruned == layer::cols) continue;
    auto const then = std::fabs(d) - share(grown) + share(pruned);
    auto const gain = share(grown) / static_cast<double>(l.variance[grown]);
    if (std::fabs(then) < std::fabs(d) && gain > most) most = gain, best = {grown, pruned};
  }
  return best;
}

void check(layer l, std::size_t group) {
  auto const before = l;
  swap_rule rule{group, 1, 0.0f};
  REQUIRE(swap_in_masks(l.weights(), l.score_view(), l.moments(), l.mask_view(), rule));
  for (std::size_t r = 0; r < layer::rows; ++r) {
    auto const [grown, pruned] = swap_of(before, r, group == 0 ? layer::cols : group);
    for (std::size_t j = 0; j < layer::cols; ++j) REQUIRE(l.kept(r, j) == (j == grown || (before.kept(r, j) && j != pruned)));
  }
  rule.most = 50;
  rule.threshold = 0.1f;
  auto const swaps = swap_in_masks(l.weights(), l.score_view(), l.moments(), l.mask_view(), rule);
  REQUIRE(swaps);
  CHECK(*swaps > 0);
  auto const size = group == 0 ? layer::cols : group;
  double lack_before = 0, lack_after = 0;
  for (std::size_t r = 0; r < layer::rows; ++r) {
    for (std::size_t g = 0; g < layer::cols; g += size) {
      int count = 0;
      for (auto j = g; j < g + size; ++j) count += static_cast<int>(l.kept(r, j)) - static_cast<int>(before.kept(r, j));
      REQUIRE(count == 0);
    }
    REQUIRE(std::fabs(l.lack(r)) <= std::fabs(before.lack(r)));
    lack_before += std::fabs(before.lack(r));
    lack_after += std::fabs(l.lack(r));
  }
  CAPTURE(group, lack_before, lack_after, before.error(), l.error());
  CHECK(lack_after < 0.5 * lack_before);
  CHECK(l.error() < before.error());
}

}  // namespace

TEST_CASE("mask_swaps: rows and groups, and the error on inputs", "[sparse]") {
  for (unsigned seed = 1; seed < 6; ++seed) {
    layer whole{seed};
    select(whole, top_fraction{0.5f});
    check(whole, 0);
    layer groups{seed};
    select(groups, n_of_m<4, 8>{});
    check(groups, 8);
  }
}

TEST_CASE("mask_swaps: refusals", "[sparse]") {
  layer l{1};
  select(l, n_of_m<2, 4>{});
  auto const masks = l.masks;
  auto const error = [&](swap_rule const& rule = {}) {
    auto const s = swap_in_masks(l.weights(), l.score_view(), l.moments(), l.mask_view(), rule);
    REQUIRE(l.masks == masks);
    return s.error();
  };
  CHECK(error({3}) == errc::invalid_argument);
  CHECK(error({0, 50, -1.0f}) == errc::invalid_argument);
  auto const x = l.moments();
  CHECK(swap_in_masks(l.weights(), l.score_view(), {x.mean.first(63), x.variance}, l.mask_view()).error() == errc::size_mismatch);
  CHECK(swap_in_masks(l.weights(), {l.scores.data(), 23, 64}, x, l.mask_view()).error() == errc::size_mismatch);
  CHECK(swap_in_masks(l.weights(), l.score_view(), x, {l.masks.data(), 24, 7, 8}).error() == errc::size_mismatch);
  auto const nan = std::numeric_limits<float>::quiet_NaN();
  for (auto* v : {&l.w[700], &l.scores[5], &l.mean[63], &l.variance[0]}) {
    auto const old = *v;
    *v = nan;
    CHECK(error() == errc::not_finite);
    *v = old;
  }
  l.variance[3] = -1.0f;
  CHECK(error() == errc::invalid_argument);
}
