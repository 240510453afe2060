// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/kmeans_seeding.hpp: how often each pair is drawn, against the probabilities of k-means++; the farthest by hand; what is
// never drawn; the same samples on every instruction set.
#include "skive/codebook/kmeans_seeding.hpp"

#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Numbers, one a sample; the codewords drawn.
template <class Arch>
std::vector<float> seeds(std::vector<float> const& x, std::vector<float> const& weights, kmeans_seeding kind, std::size_t k,
                         std::uint64_t seed) {
  std::vector<float> lanes(detail::lane_floats(x.size(), 1));
  for (std::size_t i = 0; i < x.size(); i += 16)
    detail::fill_lanes<Arch>(matrix_view<float const>{x.data(), x.size(), 1}, i, std::min<std::size_t>(16, x.size() - i),
                             lanes.data() + i);
  detail::kmeans_samples const samples{{x.data(), x.size(), 1}, lanes.data(), nullptr, weights};
  std::vector<float> distance(lanes.size());
  std::vector<double> sums(samples.blocks());
  std::vector<float> codewords(k);
  detail::kmeans_seeder<Arch> seeder{samples, counter_random{seed, 5}, distance, sums};
  seeder.seed(kind, {codewords.data(), k, 1});
  return codewords;
}

TEST_CASE("Pairs are drawn as often as k-means++ says", "[codebook]") {
  std::vector<float> const x{0, 1, 3, -2, 7, 4};
  std::vector<float> const weights{1, 2, 0.5f, 1, 0, 1.5f};
  constexpr std::size_t trials = 6000;
  double const all = 6.0;
  std::vector<double> drawn(36);
  auto const place = [&](float v) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] < v + 0.5f && x[i] > v - 0.5f) return i;
    return x.size();
  };
  for (std::uint64_t s = 0; s < trials; ++s) {
    auto const c = seeds<native_arch>(x, weights, kmeans_seeding::plus_plus, 2, s);
    REQUIRE(place(c[0]) < 6);
    REQUIRE(place(c[1]) < 6);
    ++drawn[6 * place(c[0]) + place(c[1])];
  }
  double chi = 0;
  int cells = 0;
  for (std::size_t a = 0; a < 6; ++a) {
    double sum = 0;
    auto const share = [&](std::size_t b) { return static_cast<double>(weights[b] * (x[a] - x[b]) * (x[a] - x[b])); };
    for (std::size_t b = 0; b < 6; ++b) sum += share(b);
    for (std::size_t b = 0; b < 6; ++b) {
      auto const expected = trials * static_cast<double>(weights[a]) / all * share(b) / sum;
      if (expected > 0) {
        chi += std::pow(drawn[6 * a + b] - expected, 2) / expected;
        ++cells;
      } else {
        REQUIRE(drawn[6 * a + b] < 0.5);  // a weight of 0, the codeword itself
      }
    }
  }
  CAPTURE(chi, cells);
  REQUIRE(cells == 20);
  REQUIRE(chi < 19 + 5 * std::sqrt(38.0));
}

TEST_CASE("The farthest sample, by hand", "[codebook]") {
  std::vector<float> const x{0, 1, 3, -2, 7, 4};
  // Mean 2.17: 7; then -2; squared distances are then 4, 9, 16, -, -, 9: 3; then 4, 4, -, -, -, 1, the first of equals: 0.
  REQUIRE(seeds<native_arch>(x, {}, kmeans_seeding::farthest, 4, 1) == std::vector<float>{7, -2, 3, 0});
  // Without 7: mean 1.2, so -2 comes first.
  REQUIRE(seeds<native_arch>(x, {1, 1, 1, 1, 0, 1}, kmeans_seeding::farthest, 2, 1) == std::vector<float>{-2, 4});
}

TEST_CASE("When no sample is left codewords repeat the first", "[codebook]") {
  for (auto const kind : {kmeans_seeding::plus_plus, kmeans_seeding::greedy, kmeans_seeding::farthest}) {
    auto const c = seeds<native_arch>({5, 5, 2, 2, 5}, {1, 1, 1, 1, 1}, kind, 4, 3);
    REQUIRE(std::set<float>(c.begin(), c.begin() + 2) == std::set<float>{2, 5});
    REQUIRE((c[2] == c[0] && c[3] == c[0]));
  }
}

// The error that k codewords leave, on average over seeds.
double left(kmeans_seeding kind, std::vector<float> const& x, std::size_t k) {
  double sum = 0;
  for (std::uint64_t s = 0; s < 100; ++s) {
    auto const c = seeds<native_arch>(x, {}, kind, k, s);
    for (auto const v : x) {
      double best = 1e300;
      for (auto const q : c) best = std::min(best, std::pow(static_cast<double>(v) - static_cast<double>(q), 2));
      sum += best;
    }
  }
  return sum;
}

TEST_CASE("Greedy draws leave less, and every instruction set draws the same", "[codebook]") {
  std::vector<float> x(100);
  counter_random{2, 2}.fill_gaussian(x);
  REQUIRE(left(kmeans_seeding::greedy, x, 8) < 0.85 * left(kmeans_seeding::plus_plus, x, 8));
  for (auto const kind : {kmeans_seeding::plus_plus, kmeans_seeding::greedy, kmeans_seeding::farthest}) {
    auto const expected = seeds<scalar_arch>(x, {}, kind, 20, 11);
    test::for_each(test::few_arches{}, [&]<class Arch>() { REQUIRE(seeds<Arch>(x, {}, kind, 20, 11) == expected); });
  }
}

}  // namespace
}  // namespace skive
