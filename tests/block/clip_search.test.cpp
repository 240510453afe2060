// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/clip_search.hpp: the candidate of least error by trying them all in double; never better than the exact search.
#include "skive/block/clip_search.hpp"

#include "skive/block/absmax.hpp"
#include "skive/format/e8m0.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"
#include "support/packed_row.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::clip_grid;
using skive::clip_search;
namespace test = skive::test;
using levels = std::vector<double>;  // ascending

levels const int4_levels{-7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
levels const e2m1_levels{-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6};

double error_at(std::vector<float> const& x, double s, levels const& l) {
  double sum = 0;
  for (auto const f : x) {
    double const v = static_cast<double>(f);
    double least = v * v;  // of a zero scale
    for (double const level : l) least = std::min(least, (v - level * s) * (v - level * s));
    sum += least;
  }
  return sum;
}

// Nearest value of a scale format with p significand bits, smallest normal 2^low and largest value `most`.
double kept(double s, int p, int low, double most) {
  if (s == 0) return 0;
  int e = 0;
  std::frexp(s, &e);
  double const ulp = std::ldexp(1.0, std::max(e - 1, low) - p + 1);
  return std::min(most, std::nearbyint(s / ulp) * ulp);
}
double kept_half(double s) { return kept(s, 11, -14, 65504); }
double kept_e4m3(double s) { return kept(s, 4, -6, 448); }
double as_float(double s) { return static_cast<double>(static_cast<float>(s)); }

std::vector<float> group_of(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<double> normal;
  std::vector<float> x(n);
  double const scale = std::ldexp(1.0, static_cast<int>(random() % 10) - 5);
  for (auto& v : x) {
    double const g = normal(random);
    v = static_cast<float>(scale * (seed % 2 == 0 ? g : g / std::sqrt(std::fabs(normal(random)) + 0.02)));  // heavy tails
  }
  return x;
}

// The error of the best candidate, and of the chosen scale: equal up to rounding, the choice being the larger of equals.
template <class Format, class Scale, class Kept>
void is_the_best(levels const& l, double limit, Kept keep, clip_grid grid, int trials) {
  int clipped = 0;
  for (int trial = 0; trial < trials; ++trial) {
    auto const x = group_of(1 + static_cast<std::size_t>(trial) % 40, static_cast<unsigned>(trial));
    double largest = 0;
    for (auto const v : x) largest = std::max(largest, std::fabs(static_cast<double>(v)));
    double const full = as_float(largest / limit);
    double least = std::numeric_limits<double>::infinity();
    double best = 0;
    for (int i = 0; i < grid.candidates; ++i) {
      double const part = as_float(static_cast<double>(grid.steps - i) / grid.steps);
      double const s = keep(as_float(full * part));
      if (double const e = error_at(x, s, l); e < least * (1 - 1e-9)) {
        least = e;
        best = s;
      }
    }
    auto const found = clip_search<Format, Scale>(std::span<float const>{x}, static_cast<float>(limit), grid);
    CAPTURE(trial, x, best);
    REQUIRE(static_cast<double>(found.scale) == best);
    REQUIRE(Scale::decode(static_cast<typename Scale::code_type>(found.code)) == found.scale);
    if (best < keep(full)) ++clipped;
  }
  CHECK(clipped > trials / 8);  // the search is worth something
}

template <class Format, class Scale>
double error_of(skive::scale_choice choice, std::vector<float> const& x, levels const& l) {
  skive::absmax<Format, Scale> const codec{0, {choice}};
  test::scratch_memory scratch{codec.settle_bytes(x.size())};
  return error_at(x, static_cast<double>(codec.settle(std::span<float const>{x}, scratch.get()).scale), l);
}

}  // namespace

TEST_CASE("clip search: no candidate has less error", "[block]") {
  is_the_best<skive::int4, skive::float16>(int4_levels, 7, kept_half, {}, 400);
  is_the_best<skive::int4, skive::float16>(int4_levels, 7, kept_half, {20, 10}, 400);
  is_the_best<skive::e2m1, skive::float16>(e2m1_levels, 6, kept_half, {}, 400);
  is_the_best<skive::e2m1, skive::float32>(e2m1_levels, 6, as_float, {50, 30}, 200);
  is_the_best<skive::int4, skive::e4m3fn>(int4_levels, 7, kept_e4m3, {}, 400);
}

TEST_CASE("clip search: the exact search is never worse, absmax never better", "[block]") {
  using enum skive::scale_choice;
  double exact = 0;
  double searched = 0;
  double plain = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    auto const x = group_of(1 + seed % 64, seed);
    auto const e = error_of<skive::int4, skive::float16>(mse, x, int4_levels);
    auto const g = error_of<skive::int4, skive::float16>(grid, x, int4_levels);
    auto const a = error_of<skive::int4, skive::float16>(absmax, x, int4_levels);
    CAPTURE(seed);
    REQUIRE(e <= g * (1 + 1e-6));
    REQUIRE(g <= a * (1 + 1e-6));
    REQUIRE(error_of<skive::e2m1, skive::float32>(mse, x, e2m1_levels) <=
            error_of<skive::e2m1, skive::float32>(grid, x, e2m1_levels) * (1 + 1e-6));
    exact += e;
    searched += g;
    plain += a;
  }
  CHECK(exact < searched);
  CHECK(searched < plain);
}

TEST_CASE("clip search: ties go to the larger scale", "[block]") {
  std::vector<float> const exact{7, -7, 0};
  CHECK(clip_search<skive::int4, skive::float16>(std::span<float const>{exact}, 7.0f).scale == 1.0f);
  // Scales that are powers of two: 1.5 is kept as 2, and 2 and 1 leave the same error.
  std::vector<float> const tied{1.5f, 0};
  CHECK(clip_search<skive::int2, skive::e8m0>(std::span<float const>{tied}, 1.0f).scale == 2.0f);
}

TEST_CASE("clip search: zero, infinite, tiny and huge groups; degenerate grids", "[block]") {
  auto const scale = [](std::vector<float> const& x, clip_grid grid = {}) {
    return clip_search<skive::int4, skive::float16>(std::span<float const>{x}, 7.0f, grid).scale;
  };
  CHECK(scale({0, -0.0f}) == 0);
  CHECK(scale({}) == 0);
  CHECK(scale({1e-30f, 0}) == 0);
  CHECK(std::isnan(scale({1, std::numeric_limits<float>::quiet_NaN()})));
  CHECK(std::isnan(scale({1, -std::numeric_limits<float>::infinity()})));
  CHECK(scale({3e38f, 1}) == 65504.0f);
  std::vector<float> const heavy{100, 1, 1, 1, -1, -1, 1, 1};
  for (clip_grid const grid : {clip_grid{100, 1}, clip_grid{100, 0}, clip_grid{1, 100}, clip_grid{0, 0}})
    CHECK(scale(heavy, grid) == skive::float16::decode(skive::float16::encode(100.0f / 7)));
  CHECK(scale({0x1p-24f, 0x1p-24f}) == 0);  // a seventh of the least scale
}

TEST_CASE("clip search: the last candidate is the one before `candidates`", "[block]") {
  std::vector<float> x(1000, 1.0f);  // from 2 down to 1, the less the scale the better
  x[0] = 10;
  for (int const candidates : {83, 90})
    CHECK(clip_search<skive::int2, skive::float32>(std::span<float const>{x}, 1.0f, {100, candidates}).scale ==
          10 * (static_cast<float>(101 - candidates) / 100));
}

TEST_CASE("clip search: at compile time", "[block]") {
  static constexpr float x[]{10, 1, -1, 1, 1};
  constexpr auto s = clip_search<skive::int2, skive::float32>(std::span<float const>{x}, 1.0f);
  STATIC_CHECK(s.scale <= 10.0f);
  CHECK(clip_search<skive::int2, skive::float32>(std::span<float const>{x}, 1.0f).code == s.code);
}

TEST_CASE("clip search: the grid of absmax is GPTQ's", "[block]") {
  for (unsigned seed = 0; seed < 50; ++seed) {
    auto const x = group_of(32, seed);
    skive::absmax<skive::int4> const codec{32, {skive::scale_choice::grid}};
    CHECK(codec.settle_bytes(32) == 0);
    auto const expected = clip_search<skive::int4, skive::float16>(std::span<float const>{x}, 7.0f, {100, 80});
    CHECK(codec.settle(std::span<float const>{x}, {}).code == expected.code);
  }
}
