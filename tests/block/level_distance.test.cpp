// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/level_distance.hpp: sums of sixteen scales against double, in lanes and one by one.
#include "skive/block/level_distance.hpp"

#include "skive/format/integer.hpp"
#include "skive/format/lookup.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Format, class Arch>
void sums_are_right() {
  using levels = detail::distance_levels<Format>;
  STATIC_REQUIRE(levels::exists);
  constexpr bool cells = levels::has_ranks;
  std::mt19937 random{3};
  std::normal_distribution<float> normal;
  constexpr std::size_t n = 45;
  std::vector<float> x;
  for (std::size_t i = 0; i < n; ++i)
    x.push_back(levels::symmetric || i < 20 ? std::fabs(normal(random)) : -std::fabs(normal(random)));
  std::size_t const positive = levels::symmetric ? n : 20;
  double squares = 0;
  for (auto const v : x) squares += static_cast<double>(v) * static_cast<double>(v);
  detail::level_distances d;
  for (int i = 0; i < 16; ++i) d.t[i] = levels::top * 0.08f * static_cast<float>(i + 1);
  detail::find_distances<Arch, Format, cells>({x.data(), positive, n}, d);
  detail::level_distances clipped = d;
  detail::find_clipped<Arch, Format>({x.data(), positive, n}, clipped);
  for (int i = 0; i < 16; ++i) {
    double const t = static_cast<double>(d.t[i]);
    double f = 0;
    double products = 0;
    double sum = 0;
    double past = 0;
    for (auto const v : x) {
      double const y = static_cast<double>(v) * t;
      double level = 0;
      for (unsigned c = 0; c < 1U << Format::bits; ++c) {
        auto const l = static_cast<double>(Format::decode(static_cast<typename Format::code_type>(c)));
        if (l >= static_cast<double>(-levels::top) && std::fabs(y - l) < std::fabs(y - level)) level = l;
      }
      f += (level - y) * (level - y);
      products += level * (level - y);
      sum += level * level;
      auto const over = std::fabs(y) - static_cast<double>(levels::top);
      past += over > 0 ? over * over : 0;
    }
    CAPTURE(std::is_same_v<Arch, scalar_arch>, t);
    double const off = t * std::sqrt(squares) * 0x1p-22 + std::sqrt(double{n}) * static_cast<double>(levels::pivot_slack) +
        std::sqrt(f) * double{n} * 0x1p-24;
    REQUIRE(std::fabs(std::sqrt(static_cast<double>(d.f[i])) - std::sqrt(f)) <= off);
    REQUIRE(std::fabs(static_cast<double>(clipped.f[i]) - past) <= 1e-4 * (past + 1e-3));
    if constexpr (cells) {
      REQUIRE(std::fabs(static_cast<double>(d.products[i]) - products) <= 1e-3 * (f + std::sqrt(f * sum)));
      REQUIRE(std::fabs(static_cast<double>(d.squares[i]) - sum) <= 1e-4 * sum);
      if (i != 0) REQUIRE(d.rank[i] - d.rank[i - 1] >= (d.squares[i] > d.squares[i - 1] * 1.001f ? 1.0f : 0.0f));
    }
  }
}

}  // namespace

TEST_CASE("level distance: sums of sixteen scales", "[block]") {
  sums_are_right<int8, scalar_arch>();
  sums_are_right<nf4, scalar_arch>();
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    sums_are_right<int8, Arch>();
    sums_are_right<int4_full, Arch>();
    sums_are_right<nf4, Arch>();
    sums_are_right<e2m1, Arch>();
  });
}
