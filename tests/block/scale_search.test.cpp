// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/scale_search.hpp: no scale that the format can keep has less error, by trying every one of them.
#include "skive/block/scale_search.hpp"

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

using skive::absmax;
namespace test = skive::test;
using levels = std::vector<double>;  // ascending

levels integers(int low, int high) {
  levels out;
  for (int i = low; i <= high; ++i) out.push_back(i);
  return out;
}
levels const e2m1_levels{-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6};

double error_at(std::vector<float> const& x, double s, levels const& l) {
  double sum = 0;
  for (auto const f : x) {
    auto const v = static_cast<double>(f) / s;
    auto const above = std::lower_bound(l.begin(), l.end(), v);
    double d = std::numeric_limits<double>::infinity();
    if (above != l.end()) d = *above - v;
    if (above != l.begin()) d = std::min(d, v - *(above - 1));
    sum += d * d * s * s;
  }
  return sum;
}

// The value of every finite positive binary16 number.
std::vector<double> every_half() {
  std::vector<double> out;
  for (int c = 1; c < 0x7C00; ++c) {
    int const e = c >> 10;
    int const f = c & 1023;
    out.push_back(e == 0 ? std::ldexp(f, -24) : std::ldexp(1024 + f, e - 25));
  }
  return out;
}

std::vector<float> group_of(std::size_t n, int kind, std::mt19937& random) {
  std::normal_distribution<double> normal;
  double const scale = std::ldexp(1.0, static_cast<int>(random() % 16) - 8);
  std::vector<float> x(n);
  for (auto& v : x) {
    double const g = normal(random);
    double y = g;
    if (kind == 1) y = g / std::sqrt(std::fabs(normal(random)) + 0.02);  // heavy tails
    if (kind == 2) y = std::nearbyint(g * 1.5);                          // few distinct values
    if (kind == 3) y = std::fabs(g) + 0.5;                               // one sign
    v = static_cast<float>(y * (kind == 2 ? 1.0 : scale));
  }
  return x;
}

template <class Codec>
double found(Codec const& codec, std::vector<float> const& x) {
  test::scratch_memory scratch{codec.settle_bytes(x.size())};
  return static_cast<double>(codec.settle(std::span<float const>{x}, scratch.get()).scale);
}

// The values of E4M3 without its NaN, and of E8M0 as far as floats are normal.
std::vector<double> every_e4m3() {
  std::vector<double> out;
  for (int c = 1; c < 0x7F; ++c) out.push_back(c < 8 ? std::ldexp(c, -9) : std::ldexp(8 + c % 8, c / 8 - 10));
  return out;
}
std::vector<double> every_power() {
  std::vector<double> out;
  for (int e = -99; e <= 127; ++e) out.push_back(std::ldexp(1.0, e));
  return out;
}

template <class Format, class Scale = skive::float16>
void beats_every(std::vector<double> const& scales, levels const& l, unsigned seed, int trials) {
  std::mt19937 random{seed};
  absmax<Format, Scale> const codec{0, {skive::scale_choice::mse}};
  absmax<Format, Scale> const plain{0};
  int better = 0;
  for (int trial = 0; trial < trials; ++trial) {
    auto const x = group_of(1 + random() % 24, trial % 4, random);
    double sum_xx = 0;
    for (auto const v : x) sum_xx += static_cast<double>(v) * static_cast<double>(v);
    double const absmax_scale = found(plain, x);
    double least = sum_xx;
    for (auto const s : scales) least = std::min(least, error_at(x, s, l));
    double const s = found(codec, x);
    double const mine = s == 0 ? sum_xx : error_at(x, s, l);
    CAPTURE(trial, x, s);
    REQUIRE(mine <= least * (1 + 1e-6) + 1e-13 * sum_xx);
    if (absmax_scale != 0 && mine < error_at(x, absmax_scale, l) * 0.999) ++better;
  }
  CHECK(better > trials / 8);  // the search is worth something
}

}  // namespace

TEST_CASE("scale search: no float16 scale has less error", "[block]") {
  auto const halves = every_half();
  beats_every<skive::int2>(halves, integers(-1, 1), 1, 60);
  beats_every<skive::int3>(halves, integers(-3, 3), 2, 60);
  beats_every<skive::int4>(halves, integers(-7, 7), 3, 60);
  beats_every<skive::int4_full>(halves, integers(-8, 7), 4, 60);
  beats_every<skive::e2m1>(halves, e2m1_levels, 6, 60);
}

TEST_CASE("scale search: no scale of a coarse format has less error", "[block]") {
  beats_every<skive::int4, skive::e4m3fn>(every_e4m3(), integers(-7, 7), 7, 3000);
  beats_every<skive::e2m1, skive::e4m3fn>(every_e4m3(), e2m1_levels, 8, 3000);
  beats_every<skive::int4, skive::e8m0>(every_power(), integers(-7, 7), 9, 3000);
}

TEST_CASE("scale search: no float32 scale on a grid has less error", "[block]") {
  std::mt19937 random{9};
  absmax<skive::int4, skive::float32> const fine{0, {skive::scale_choice::mse}};
  auto const l = integers(-7, 7);
  for (int trial = 0; trial < 40; ++trial) {
    auto const x = group_of(32, trial % 4, random);
    double largest = 0;
    for (auto const v : x) largest = std::max(largest, std::fabs(static_cast<double>(v)));
    double least = std::numeric_limits<double>::infinity();
    for (int k = 1; k <= 20'000; ++k) least = std::min(least, error_at(x, largest * k / 20'000, l));
    REQUIRE(error_at(x, found(fine, x), l) <= least * (1 + 1e-6));
  }
}

TEST_CASE("scale search: never worse than absmax, and safe at the edges", "[block]") {
  absmax<skive::int4> const codec{0, {skive::scale_choice::mse}};
  CHECK(found(codec, {0, 0, 0}) == 0);
  CHECK(found(codec, {7, 7, 7}) > 0);
  CHECK(error_at({7, -7, 3}, found(codec, {7, -7, 3}), integers(-7, 7)) == 0);
  CHECK(std::isnan(found(codec, {1, std::numeric_limits<float>::infinity()})));
  CHECK(found(absmax<skive::int4, skive::float32>{0, {skive::scale_choice::mse}}, {0x1p-140f, 0x1p-141f}) > 0);
  CHECK(found(codec, {3e38f, 1.0f}) == 65504.0);
  std::mt19937 random{11};
  for (int trial = 0; trial < 300; ++trial) {
    auto const x = group_of(128, trial % 4, random);
    double const a = found(absmax<skive::int8>{0}, x);
    double const b = found(absmax<skive::int8>{0, {skive::scale_choice::mse}}, x);
    if (a > 0) REQUIRE(error_at(x, b, integers(-127, 127)) <= error_at(x, a, integers(-127, 127)) * (1 + 1e-6));
  }
}
