// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/kmeans_assignment.hpp and the whole of k-means on every instruction set of the unit: the same bits, near ties and all.
#include "skive/codebook/kmeans_assignment.hpp"

#include "skive/codebook/kmeans.hpp"
#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

struct outcome {
  std::vector<float> codewords;
  std::vector<std::uint32_t> index;
  double error = 0;
  bool operator==(outcome const&) const = default;
};

struct problem {
  std::size_t n, d, k;
  bool numbers = false;
  kmeans_options options;
  std::vector<float> x = std::vector<float>(n * d), weights = std::vector<float>(n), each = std::vector<float>(n * d);

  problem(std::size_t samples, std::size_t length, std::size_t codewords, bool weighted, kmeans_options const& o)
      : n{samples}, d{length}, k{codewords}, numbers{weighted}, options{o} {
    counter_random{17, d}.fill_gaussian(x);
    for (std::size_t i = 0; i < x.size(); i += 3) x[i] = 0.25f * static_cast<float>(static_cast<int>(4.0f * x[i]));  // near ties
    for (std::size_t i = 0; i < n; ++i) weights[i] = 0.1f * static_cast<float>(i % 7);
    for (std::size_t i = 0; i < each.size(); ++i) each[i] = 0.3f + 0.1f * static_cast<float>(i % 5);
  }

  template <class Arch>
  outcome run() const {
    outcome out{std::vector<float>(k * d), std::vector<std::uint32_t>(n), 0};
    std::vector<std::byte> memory(kmeans_bytes(n, d, k, numbers, options.balanced));
    kmeans_weights w{};
    if (numbers) w = {weights, {each.data(), n, d}};
    auto const r = kmeans<Arch>({x.data(), n, d}, {out.codewords.data(), k, d}, w, options, workspace{memory}, out.index);
    REQUIRE(r);
    out.error = r->error;
    return out;
  }
};

TEST_CASE("k-means gives the same bits on every instruction set", "[codebook]") {
  using enum kmeans_seeding;
  std::vector<problem> problems;
  problems.emplace_back(1500, 4, 61, false, kmeans_options{greedy, 12, 1});
  problems.emplace_back(700, 7, 33, false, kmeans_options{plus_plus, 12, 2});
  problems.emplace_back(500, 3, 20, true, kmeans_options{greedy, 12, 3});
  problems.emplace_back(400, 5, 16, true, kmeans_options{farthest, 8, 3});
  problems.emplace_back(300, 8, 9, false, kmeans_options{plus_plus, 8, 4, true});
  problems.emplace_back(200, 2, 9, false, kmeans_options{greedy, 8, 5, false, true});
  for (auto const& p : problems) {
    auto const expected = p.run<scalar_arch>();
    test::for_each_arch([&]<class Arch>() {
      CAPTURE(p.d, p.k, Arch::name());
      REQUIRE(p.run<Arch>() == expected);
    });
  }
}

TEST_CASE("The nearest codeword, the lower one in a tie", "[codebook]") {
  std::vector<float> const x{0, 0, 1, 0, 5, 5, 0.5f, 0};
  std::vector<float> codewords{1, 0, 0, 0, 0, 0, 4, 4};
  alignas(64) std::vector<float> lanes(32), distance(16), half(4);
  std::vector<std::uint32_t> index(16), count(4);
  detail::kmeans_state state;
  state.samples = {{x.data(), 4, 2}, lanes.data(), nullptr, {}};
  detail::fill_lanes<native_arch>(state.samples.rows, 0, 4, lanes.data());
  state.codewords = {codewords.data(), 4, 2};
  state.index = index;
  state.distance = distance;
  state.half = half;
  state.count = count;
  detail::kmeans_assignment<native_arch> assignment{state};
  CHECK(assignment.nearest() > 0);
  CHECK(std::vector<std::uint32_t>(index.begin(), index.begin() + 4) == std::vector<std::uint32_t>{1, 0, 3, 0});
  CHECK(assignment.nearest() == 0);
  CHECK(state.distance_to(2, 3) == 2.0);
}

}  // namespace
}  // namespace skive
