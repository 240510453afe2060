// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/row_levels.hpp: the error is the least of all partitions, weights count, products and decoding on every instruction
// set, rows that are not numbers, refusals.
#include "skive/codebook/row_levels.hpp"

#include "laws/dot_codec.hpp"
#include "laws/stepwise_codec.hpp"
#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Least weighted squared error of x[first ...] in at most `cells` cells of neighbours, x in ascending order: by trying all cuts.
long double least(std::vector<std::pair<float, float>> const& x, std::size_t first, std::size_t cells) {
  if (first == x.size()) return 0;
  if (cells == 0) return std::numeric_limits<long double>::infinity();
  auto best = std::numeric_limits<long double>::infinity();
  long double w = 0;
  long double s = 0;
  long double q = 0;
  for (auto last = first; last < x.size(); ++last) {
    auto const v = static_cast<long double>(x[last].first);
    auto const u = static_cast<long double>(x[last].second);
    w += u;
    s += u * v;
    q += u * v * v;
    best = std::min(best, (w > 0 ? q - s * s / w : 0) + least(x, last + 1, cells - 1));
  }
  return best;
}

template <int B>
void check_least(std::size_t n) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<float> row(n);
    std::vector<float> weights(n, 1.0f);
    counter_random{seed, n}.fill_gaussian(row);
    if (seed % 4 == 1) row[n / 2] = row[0];
    if (seed % 4 == 2) row[1] *= 30;
    if (seed % 2 == 1) {
      counter_random{seed, n + 1}.fill_gaussian(weights);
      for (auto& w : weights) w = w * w;
      weights[2] = 0;
    }
    auto const codec = seed % 2 == 1 ? *row_levels<B, float32>::make(weights) : row_levels<B, float32>{};
    auto const y = test::through(codec, row);
    std::vector<std::pair<float, float>> sorted;
    long double error = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sorted.emplace_back(row[i], weights[i]);
      auto const d = static_cast<long double>(row[i]) - static_cast<long double>(y[i]);
      error += static_cast<long double>(weights[i]) * d * d;
    }
    std::sort(sorted.begin(), sorted.end());
    auto const best = least(sorted, 0, std::size_t{1} << B);
    CAPTURE(B, n, seed, static_cast<double>(error), static_cast<double>(best));
    REQUIRE(error >= best * (1 - 1e-9L) - 1e-15L);
    REQUIRE(error <= best * (1 + 1e-5L) + 1e-9L);
  }
}

TEST_CASE("The error of a row is the least of all levels, weighted or not", "[codebook]") {
  check_least<1>(11);
  check_least<2>(11);
  check_least<3>(10);  // fewer numbers than levels in some cells: an error of 0
}

TEST_CASE("Halves move the levels by their rounding only", "[codebook]") {
  std::vector<float> row(4096);
  counter_random{1, 2}.fill_gaussian(row);
  auto const error = [&](auto const& codec) {
    auto const y = test::through(codec, row);
    double e = 0;
    for (std::size_t i = 0; i < row.size(); ++i) e += std::pow(static_cast<double>(row[i]) - static_cast<double>(y[i]), 2);
    return e / 4096;
  };
  auto const exact = error(row_levels<3, float32>{});
  CHECK(exact < 0.0345);  // Lloyd-Max levels for the density: 0.03455
  REQUIRE(error(row_levels<3>{}) <= exact * 1.00001);
  REQUIRE(error(row_levels<3, bfloat16>{}) <= exact * 1.001);
}

TEST_CASE("Own levels keep the laws of block codecs and of codecs in steps", "[codebook]") {
  test::check_block_codec(row_levels<2>{}, {0, 1, 7, 64, 300});
  test::check_stepwise_codec(row_levels<3, bfloat16>{}, {0, 1, 77});
  test::check_stepwise_codec(row_levels<5>{}, {260});
}

template <int B, class... Arch>
void check_arches(test::arches<Arch...>) {
  for (auto const n : std::vector<std::size_t>{1, 15, 16, 17, 257, 300}) {
    std::vector<float> row(n);
    counter_random{n, 3}.fill_gaussian(row);
    test::packed_row<row_levels<B>> packed{row_levels<B>{}, n, test::layouts[0], 1};
    test::fill_codes(row_levels<B>{}, packed, row);
    std::vector<float> expected(n);
    REQUIRE(row_levels<B>{}.template decode<scalar_arch>(packed.from(), expected));
    auto const same = [&]<class A>(A) {
      std::vector<float> y(n);
      REQUIRE(row_levels<B>{}.template decode<A>(packed.from(), y));
      REQUIRE(y == expected);
    };
    (same(Arch{}), ...);
  }
  (test::check_dot_codec<Arch>(row_levels<B>{}, {0, 1, 16, 300}, [](std::size_t n) { return static_cast<double>(n / 16 + 8); }),
   ...);
}

TEST_CASE("Own levels decode alike and multiply on every instruction set", "[codebook]") {
  check_arches<3>(test::all_arches{});
  check_arches<4>(test::arches<native_arch>{});
  check_arches<7>(test::all_arches{});
}

TEST_CASE("A row that is not of numbers is NaN, one below the normal numbers zero", "[codebook]") {
  auto const row = test::through(row_levels<2>{}, {1.0f, std::numeric_limits<float>::infinity(), 2.0f});
  for (auto const y : row) REQUIRE(std::isnan(y));
  auto const none = test::through(row_levels<2>{}, {0x1p-140f, -0x1p-130f, 0x1p-149f});
  for (auto const y : none) REQUIRE(y == 0);
  auto const one = test::through(row_levels<4>{}, std::vector<float>(9, 0.75f));
  for (auto const y : one) REQUIRE(y == 0.75f);
}

TEST_CASE("Own levels refuse bad weights and rows of another length", "[codebook]") {
  std::vector<float> weights{1, 2, 3};
  REQUIRE(row_levels<2>::make(weights));
  for (float const bad : {-1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> const w{1, bad};
    REQUIRE(row_levels<2>::make(w).error() == errc::invalid_argument);
  }
  auto const codec = *row_levels<2>::make(weights);
  std::vector<float> const row(4, 1.0f);
  std::byte codes[1]{};
  std::byte levels[8]{};
  std::vector<std::byte> scratch(codec.scratch_bytes(4) + 64);
  planes<std::byte, 2> const to{{{{codes, 1, 0}, {levels, 8, 0}}}};
  REQUIRE(codec.encode(row, to, workspace{scratch}) == errc::size_mismatch);
  REQUIRE(row_levels<2>{}.encode(row, to, workspace{}) == errc::workspace_too_small);
  REQUIRE(row_levels<2>{}.encode({row.data(), std::size_t{1} << 32}, to, workspace{scratch}) == errc::overflow);
  REQUIRE(codec.write({}, row, to) == errc::size_mismatch);
  std::vector<float> none(3, 0.0f);  // no column counts: all count alike
  REQUIRE(test::through(*row_levels<2>::make(none), {1.0f, 2.0f, 4.0f}) == std::vector<float>{1, 2, 4});
}

}  // namespace
}  // namespace skive
