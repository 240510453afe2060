// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/scale_walk.hpp: sixteen groups get the scales that each gets alone, and none is worse than what the search of all
// intervals finds, in the library or here.
#include "skive/block/scale_walk.hpp"

#include "skive/block/absmax.hpp"
#include "skive/format/fp4.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
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
constexpr std::array<double, 8> levels<int2>{0, 1, 1, 1, 1, 1, 1, 1};
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

// Gaussian, heavy tails, few distinct values, wide range, nearly all equal, one large; equal magnitudes, powers of two, multiples
// but for the last bits, mostly zeros.
constexpr std::size_t all_kinds = 10;
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
  for (auto& v : x) {
    if (kind == 6) v = std::copysign(0.7f, v);
    if (kind == 7) v = std::ldexp(random() % 2 == 0 ? 1.0f : -1.0f, -static_cast<int>(random() % 7));
    if (kind == 8) v = 0.3f * static_cast<float>(random() % 8) * (1 + static_cast<float>(random() % 5) * 0x1p-23f);
    if (kind == 9 && random() % 8 != 0) v = 0;
  }
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

// The least error of all kept scales: for each interval between two scales at which some number changes its level, the neighbours
// of what is best for the levels inside.
template <class Format, class Scale>
double least_error(std::span<float const> x) {
  std::vector<double> ends{0};
  for (auto const f : x)
    for (std::size_t k = 1; k < 8; ++k) {
      double const middle = (levels<Format>[k - 1] + levels<Format>[k]) / 2;
      if (f != 0) ends.push_back(std::fabs(static_cast<double>(f)) / middle);
    }
  std::ranges::sort(ends);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < ends.size(); ++i) {
    double const s = (ends[i - 1] + ends[i]) / 2;
    double products = 0;
    double squares = 0;
    for (auto const f : x) {
      double const m = std::fabs(static_cast<double>(f));
      double nearest = 0;
      for (double const level : levels<Format>)
        if (std::fabs(m - level * s) < std::fabs(m - nearest * s)) nearest = level;
      products += m * nearest;
      squares += nearest * nearest;
    }
    if (squares == 0) continue;
    auto const code = Scale::encode(static_cast<float>(products / squares));
    for (int step = -1; step <= 1; ++step) {
      auto const kept = Scale::decode(static_cast<typename Scale::code_type>(static_cast<std::int64_t>(code) + step));
      if (kept > 0) least = std::fmin(least, error_at<Format>(x, static_cast<double>(kept)));
    }
  }
  return least;
}

template <class Format, class Scale>
void is_least(std::size_t n, int trials) {
  std::mt19937 random{static_cast<unsigned>(100 + n)};
  for (int trial = 0; trial < trials; ++trial) {
    auto x = group_of(n, static_cast<std::size_t>(trial) % all_kinds, random);
    int const power = trial % 3 == 0 ? static_cast<int>(random() % 13) - 6 : 0;
    double squares = 0;
    for (auto& v : x) {
      v = std::ldexp(v, power);
      squares += static_cast<double>(v) * static_cast<double>(v);
    }
    if (squares == 0) continue;
    auto const mine = alone<Format, Scale>(x);
    CAPTURE(n, trial, x, mine.scale);
    double const allowed = (detail::walk_bits<Scale> < 24 ? 0x1p-22 : 0x1p-40) * squares;
    REQUIRE(error_at<Format>(x, static_cast<double>(mine.scale)) <= least_error<Format, Scale>(x) + allowed);
  }
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
      auto group = group_of(n, plain ? 0 : random() % all_kinds, random);
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

TEST_CASE("scale walk: no other kept scale has a smaller error", "[block]") {
  for (std::size_t const n : {1U, 2U, 3U, 7U, 16U, 32U}) is_least<int4, float16>(n, 200);
  is_least<int4, float16>(128, 20);
  is_least<int4, float32>(32, 100);
  for (std::size_t const n : {3U, 32U}) is_least<int2, float16>(n, 100);
  is_least<int3, float16>(20, 100);
  for (std::size_t const n : {2U, 16U, 32U}) is_least<e2m1, float32>(n, 200);
  is_least<e2m1, float16>(128, 20);
  for (std::size_t const n : {1U, 5U, 32U, 64U}) is_least<int4, bfloat16>(n, 100);
  for (std::size_t const n : {4U, 32U}) is_least<int4, e8m0>(n, 100);
  for (std::size_t const n : {4U, 16U, 32U}) is_least<e2m1, ue4m3>(n, 100);
}

TEST_CASE("scale walk: sixteen groups get the scales that each gets alone", "[block]") {
  sixteen_are_each<int4, float16, test::few_arches>(true);
  sixteen_are_each<int4, float16, test::few_arches>(false);
  sixteen_are_each<int2, float16>(true);
  sixteen_are_each<int4, bfloat16>(true);
  sixteen_are_each<int4, e8m0>(false);
  sixteen_are_each<e2m1, ue4m3>(false);
  sixteen_are_each<int4, float32>(false);
  sixteen_are_each<e2m1, float32, test::few_arches>(true);
  sixteen_are_each<e2m1, float32, test::few_arches>(false);
}

TEST_CASE("scale walk: finds what a bound could hide", "[block]") {
  // Multiples of 1/2, all far below the largest level: the best scale is twice that of absmax and more.
  row const halves{3.5f, 1.0f, -0.5f, 2.0f, -3.0f, 0.5f, 1.5f, 2.5f};
  CHECK(error_at<int4>(halves, static_cast<double>(alone<int4, float16>(halves).scale)) == 0);
  row const units{3.0f, 1.0f, -1.0f, 2.0f, -3.0f, 1.0f, 1.0f, 2.0f};
  CHECK(error_at<int4>(units, static_cast<double>(alone<int4, float16>(units).scale)) == 0);
  row const all{6.0f, -4.0f, 3.0f, 2.0f, -1.5f, 1.0f, 0.5f, 0.0f};
  CHECK(alone<e2m1, float32>(all).scale == 1.0f);
  row const small{3.0f, -2.0f, 1.5f, 1.0f, -0.5f, 0.5f, 3.0f, 0.0f};  // half of the largest magnitude would do, too
  CHECK(error_at<e2m1>(small, static_cast<double>(alone<e2m1, float32>(small).scale)) == 0);
  row clipped(64, 0.01f);  // but for one large number, which clips
  clipped[5] = 1.0f;
  for (std::size_t i = 6; i < 64; ++i) clipped[i] = static_cast<float>(i) * 0.01f;
  CHECK(alone<int4, float16>(clipped).scale < 1.0f / 7.0f);
}
