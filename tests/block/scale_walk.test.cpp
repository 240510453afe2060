// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/scale_walk.hpp: sixteen groups get the scales that each gets alone, and none is worse than what the search of all
// intervals finds.
#include "skive/block/scale_walk.hpp"

#include "skive/block/absmax.hpp"
#include "skive/format/fp4.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using row = std::vector<float>;

// Magnitudes of the levels.
template <class Format>
constexpr std::array<double, 8> levels{0, 1, 2, 3, 4, 5, 6, 7};
template <>
constexpr std::array<double, 8> levels<int3>{0, 1, 2, 3, 3, 3, 3, 3};
template <>
constexpr std::array<double, 8> levels<e2m1>{0, 0.5, 1, 1.5, 2, 3, 4, 6};

template <class Format>
double error_at(std::span<float const> x, double s) {
  double sum = 0;
  for (auto const f : x) {
    double const m = std::fabs(static_cast<double>(f));
    double least = m * m;
    for (double const level : levels<Format>) least = std::fmin(least, (m - level * s) * (m - level * s));
    sum += least;
  }
  return sum;
}

// Gaussian, heavy tails, few distinct values, wide range, nearly all equal, one large.
row group_of(std::size_t n, std::size_t kind, std::mt19937& random) {
  std::normal_distribution<double> normal;
  row x(n);
  for (auto& v : x) {
    double g = 0.3 * normal(random);
    if (kind == 1) g /= std::sqrt(std::fabs(normal(random)) + 0.02);
    if (kind == 2) g = std::nearbyint(6 * g) / 4;
    if (kind == 3) g = std::ldexp(g, -static_cast<int>(random() % 30));
    if (kind == 4) g = random() % 8 == 0 ? 0.5 : 0.25;
    v = static_cast<float>(g);
  }
  if (kind == 5) x[random() % n] = 40.0f;
  return x;
}

template <class Format, class Scale>
scale_state alone(std::span<float const> x) {
  test::scratch_memory scratch{scale_search_bytes<Format, Scale>(x.size())};
  return search_scale<Format, Scale>(x, {}, scratch.get());
}

template <class Format, class Scale>
void never_worse(std::size_t n, int trials) {
  std::mt19937 random{static_cast<unsigned>(n)};
  int different = 0;
  for (int trial = 0; trial < trials; ++trial) {
    auto const x = group_of(n, static_cast<std::size_t>(trial) % 6, random);
    if (detail::largest_magnitude(std::span<float const>{x}) == 0) continue;
    test::scratch_memory scratch{scale_search_bytes<Format, Scale>(n)};
    auto const all = detail::search_by_heap<Format, Scale>(std::span<float const>{x}, {}, scratch.get());
    auto const mine = alone<Format, Scale>(x);
    if (mine.code == all.code) continue;
    ++different;
    CAPTURE(n, trial, x, mine.scale, all.scale);
    double const theirs = error_at<Format>(x, static_cast<double>(all.scale));
    REQUIRE(error_at<Format>(x, static_cast<double>(mine.scale)) <= theirs * (1 + 1e-11));
  }
  CHECK(different * 50 <= trials);
}

struct tally {
  int groups = 0;
  int by_rule = 0;
};

// `count` groups at once against each alone; bits of those that the walk left to the rule don't count.
template <class Format, class Scale, class Arch>
void same_as_alone(row const& x, std::size_t n, std::vector<std::uint32_t> const& expected, tally& t) {
  test::scratch_memory scratch{scale_search_bytes<Format, Scale>(n)};
  auto const together = search_sixteen_scales<Format, Scale, Arch>(std::span<float const>{x}, n, scratch.get());
  std::uint32_t codes[16];
  together.value[0].store(codes);
  REQUIRE(together.by_rule >> expected.size() == 0);
  for (std::size_t g = 0; g < expected.size(); ++g) {
    ++t.groups;
    if (((together.by_rule >> g) & 1) != 0) {
      ++t.by_rule;
      continue;
    }
    CAPTURE(Arch::name(), n, g);
    REQUIRE(codes[g] == expected[g]);
  }
}

template <class Format, class Scale, class Arches = test::first_arch>
void sixteen_are_each(bool plain) {
  std::mt19937 random{7};
  tally t;
  constexpr std::size_t lengths[] = {1, 2, 3, 8, 16, 31, 32, 33, 64, 128};
  for (int trial = 0; trial < 40; ++trial) {
    auto const n = plain ? 32 : lengths[static_cast<std::size_t>(trial) % 10];
    auto const count = trial % 3 == 0 ? 1 + random() % 16 : 16;
    row x;
    std::vector<std::uint32_t> expected;
    for (std::size_t g = 0; g < count; ++g) {
      auto group = group_of(n, plain ? 0 : random() % 6, random);
      auto const special = plain ? 99 : random() % 24;
      if (special == 0) group[random() % n] = std::numeric_limits<float>::quiet_NaN();
      if (special == 1) group[random() % n] = -std::numeric_limits<float>::infinity();
      if (special == 2) group.assign(n, 0.0f);
      if (special == 3) group[random() % n] = 0x1p-140f;
      if (special == 4)
        for (auto& v : group) v = std::ldexp(v, static_cast<int>(random() % 200) - 100);
      expected.push_back(special < 2 ? 0 : alone<Format, Scale>(group).code);
      x.insert(x.end(), group.begin(), group.end());
    }
    test::for_each(Arches{}, [&]<class Arch>() { same_as_alone<Format, Scale, Arch>(x, n, expected, t); });
  }
  CHECK(t.groups > 300);
  if (plain) CHECK(t.by_rule * 100 <= t.groups);  // else nothing is gained
}

}  // namespace

TEST_CASE("scale walk: no group is worse off than by the search of all intervals", "[block]") {
  for (std::size_t const n : {2U, 5U, 16U, 32U, 100U, 128U}) never_worse<int4, float16>(n, 600);
  never_worse<int4, float32>(32, 600);
  never_worse<int3, float16>(32, 600);
  for (std::size_t const n : {2U, 16U, 33U, 128U}) never_worse<e2m1, float32>(n, 600);
  never_worse<e2m1, float16>(32, 600);
}

TEST_CASE("scale walk: sixteen groups get the scales that each gets alone", "[block]") {
  sixteen_are_each<int4, float16, test::few_arches>(true);
  sixteen_are_each<int4, float16, test::few_arches>(false);
}

TEST_CASE("scale walk: the same for other integers and scales", "[block]") {
  sixteen_are_each<int3, float16>(true);
  sixteen_are_each<int4, float32>(false);
}

TEST_CASE("scale walk: the same for levels of unequal steps", "[block]") {
  sixteen_are_each<e2m1, float32, test::few_arches>(true);
  sixteen_are_each<e2m1, float32, test::few_arches>(false);
}

TEST_CASE("scale walk: finds what a bound could hide", "[block]") {
  // Multiples of 1/2, all far below the largest level: the best scale is twice that of absmax and more.
  row const halves{3.5f, 1.0f, -0.5f, 2.0f, -3.0f, 0.5f, 1.5f, 2.5f};
  CHECK(error_at<int4>(halves, static_cast<double>(alone<int4, float16>(halves).scale)) == 0);
  row const units{3.0f, 1.0f, -1.0f, 2.0f, -3.0f, 1.0f, 1.0f, 2.0f};
  CHECK(error_at<int4>(units, static_cast<double>(alone<int4, float16>(units).scale)) == 0);
  // The levels of E2M1 with every climb among them, at a scale of 1.
  row const all{6.0f, -4.0f, 3.0f, 2.0f, -1.5f, 1.0f, 0.5f, 0.0f};
  CHECK(alone<e2m1, float32>(all).scale == 1.0f);
  row const small{3.0f, -2.0f, 1.5f, 1.0f, -0.5f, 0.5f, 3.0f, 0.0f};  // half of the largest magnitude would do, too
  CHECK(error_at<e2m1>(small, static_cast<double>(alone<e2m1, float32>(small).scale)) == 0);
  // A large number among many small ones clips.
  row clipped(64, 0.01f);
  clipped[5] = 1.0f;
  for (std::size_t i = 6; i < 64; ++i) clipped[i] = static_cast<float>(i) * 0.01f;
  CHECK(alone<int4, float16>(clipped).scale < 1.0f / 7.0f);
}
