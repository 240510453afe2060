// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/kmeans_update.hpp: weighted means by hand, codewords without samples, length 1.
#include "skive/codebook/kmeans_update.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

struct fixture {
  std::vector<float> x{1, 2, 3, 6, 10, 0, 11, 0};
  std::vector<float> weights{1, 3, 1, 1};
  std::vector<float> numbers{1, 1, 1, 0, 2, 1, 1, 1};
  std::vector<float> codewords{0, 0, 0, 0, 0, 7};
  std::vector<std::uint32_t> index{0, 0, 1, 1}, count = std::vector<std::uint32_t>(3);
  std::vector<float> distance = std::vector<float>(16);
  std::vector<double> sums = std::vector<double>(6), mass = std::vector<double>(6);
  detail::kmeans_state state;
  detail::kmeans_update<native_arch> update{state};

  fixture() {
    state.samples = {{x.data(), 4, 2}, nullptr, nullptr, {}};
    state.codewords = {codewords.data(), 3, 2};
    state.index = index;
    state.count = count;
    state.distance = distance;
    state.sums = sums;
    state.mass = mass;
  }
};

TEST_CASE("Codewords move to the means of their samples", "[codebook]") {
  fixture f;
  f.update.add_up();
  f.update.move();
  CHECK(f.codewords == std::vector<float>{2, 4, 10.5f, 0, 0, 7});  // the last has no sample
  CHECK(f.update.error() == 2 * (1 + 4) + 2 * 0.25);
  f.state.samples.weights = f.weights;
  f.state.numbers = {f.numbers.data(), 4, 2};
  f.update.add_up();
  f.update.move();
  CHECK(f.codewords == std::vector<float>{2.5f, 2, static_cast<float>(31.0 / 3), 0, 0, 7});
}

TEST_CASE("A codeword without samples takes the farthest one", "[codebook]") {
  fixture f;
  f.codewords = {1, 2, 10, 0, 0, 7};
  f.state.codewords.data = f.codewords.data();
  f.update.add_up();
  CHECK(f.update.repair() == 1);
  CHECK(f.index == std::vector<std::uint32_t>{0, 2, 1, 1});
  CHECK(f.count == std::vector<std::uint32_t>{1, 2, 1});
}

TEST_CASE("Rows of length 1", "[codebook]") {
  std::vector<float> v{3, 4};
  CHECK(detail::normalise<native_arch>(v));
  CHECK(v == std::vector<float>{0.6f, 0.8f});
  v = {0, 0};
  CHECK_FALSE(detail::normalise<native_arch>(v));
  CHECK(v == std::vector<float>{0, 0});
}

}  // namespace
}  // namespace skive
