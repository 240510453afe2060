// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/leech.hpp: points are points and the nearest of 8192 cosets; lanes are one lane; the second moment is the known one.
#include "skive/codebook/leech.hpp"

#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using point = std::array<double, 24>;

point nearest(point const& x) {
  point out{};
  leech_lattice{}.nearest(std::span<double const>{x}, std::span<double>{out});
  return out;
}

// All words of the code whose words are what nearest() writes: found from points, then closed under addition.
std::vector<std::uint32_t> golay_words() {
  std::vector<std::uint32_t> basis;
  auto const reduced = [&basis](std::uint32_t w) {
    for (auto const b : basis) w = std::min(w, w ^ b);
    return w;
  };
  counter_random const random{1, 9};
  for (std::uint64_t s = 0; basis.size() < 12 && s < 4000; ++s) {
    point x{};
    for (std::size_t i = 0; i < 24; ++i) x[i] = 16 * static_cast<double>(random.uniform(24 * s + i));
    auto const p = nearest(x);
    auto const t = std::fabs(std::fmod(p[0], 2.0));
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 24; ++i)
      if (std::fmod(std::fabs(p[i] - t), 4.0) != 0) word |= 1U << i;
    if (auto const w = reduced(word); w != 0) basis.push_back(w);
  }
  REQUIRE(basis.size() == 12);
  std::vector<std::uint32_t> words{0};
  for (auto const b : basis)
    for (std::size_t n = words.size(), i = 0; i < n; ++i) words.push_back(words[i] ^ b);
  return words;
}

std::vector<point> samples(std::size_t count, double side) {
  std::vector<point> all(count);
  counter_random const random{4, 1};
  for (std::size_t s = 0; s < count; ++s)
    for (std::size_t i = 0; i < 24; ++i)
      all[s][i] = std::floor(side * 65536 * static_cast<double>(random.uniform(24 * s + i))) / 65536 - side / 2;
  return all;
}

double distance(point const& a, point const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < 24; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// The least squared distance to t + 2 c + 4 z for one word and one t.
double coset_distance(point const& x, std::uint32_t word, int t) {
  double sum = 0;
  double most = -1;
  double z_sum = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    auto const y = (x[i] - t - 2.0 * (word >> i & 1)) / 4;
    auto const z = std::floor(y + 0.5);
    z_sum += z;
    sum += (y - z) * (y - z);
    most = std::max(most, std::fabs(y - z));
  }
  if (std::fmod(std::fabs(z_sum), 2.0) != t) sum += 1 - 2 * most;
  return 16 * sum;
}

TEST_CASE("The code of the Leech lattice is Golay's, and points are nearest", "[codebook]") {
  auto const words = golay_words();
  std::array<int, 25> weights{};
  for (auto const w : words) ++weights[static_cast<std::size_t>(std::popcount(w))];
  REQUIRE((weights[0] == 1 && weights[8] == 759 && weights[12] == 2576 && weights[16] == 759 && weights[24] == 1));
  auto all = samples(60, 40);
  for (std::size_t s = 40; s < 60; ++s)
    for (auto& v : all[s]) v = std::floor(v);  // much is equally near
  for (auto const& x : all) {
    auto const p = nearest(x);
    double least = 1e9;
    for (auto const w : words)
      for (int t = 0; t < 2; ++t) least = std::min(least, coset_distance(x, w, t));
    REQUIRE(std::fabs(distance(x, p) - least) < 1e-9);
    auto const t = std::fabs(std::fmod(p[0], 2.0));
    double sum = 0;
    for (auto const v : p) {
      REQUIRE(std::fabs(std::fmod(v, 2.0)) == t);
      sum += v;
    }
    REQUIRE(std::fabs(std::fmod(sum, 8.0)) == 4 * t);
    REQUIRE((nearest(p) == p));
  }
}

TEST_CASE("The second moment of the Leech lattice", "[codebook]") {
  constexpr std::size_t count = 20000;
  double sum = 0;
  double squares = 0;
  for (auto const& x : samples(count, 8)) {
    auto const d = distance(x, nearest(x));
    sum += d;
    squares += d * d;
  }
  auto const n = static_cast<double>(count);
  auto const moment = sum / n / (24 * 8);
  auto const error = std::sqrt((squares / n - sum / n * sum / n) / n) / (24 * 8);
  CAPTURE(moment, error);
  REQUIRE(std::fabs(moment - 0.065771) < 3 * error);
  REQUIRE(error < 5e-5);
}

TEST_CASE("Points of the Leech lattice, many at once", "[codebook]") {
  std::vector<float> x;
  for (auto const& p : samples(70, 30))
    for (auto const v : p) x.push_back(static_cast<float>(v));
  std::vector<float> one(x.size());
  REQUIRE(nearest_leech<scalar_arch>(x, std::span{one}));
  for (std::size_t s = 0; s < 70; ++s) {
    point y{};
    for (std::size_t i = 0; i < 24; ++i) y[i] = static_cast<double>(x[24 * s + i]);
    auto const p = nearest(y);
    for (std::size_t i = 0; i < 24; ++i) REQUIRE(static_cast<double>(one[24 * s + i]) == p[i]);
  }
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    for (std::size_t const n : {std::size_t{0}, std::size_t{24}, std::size_t{408}, x.size()}) {
      std::vector<float> all(n + 1, 7.0f);
      REQUIRE(nearest_leech<Arch>(std::span{x}.first(n), std::span{all}.first(n)));
      for (std::size_t i = 0; i < n; ++i) REQUIRE(all[i] == one[i]);
      REQUIRE(all[n] == 7.0f);
    }
  });
}

TEST_CASE("Points of the Leech lattice refuse bad input", "[codebook]") {
  std::vector<float> x(48, 1.0f);
  std::vector<float> out(48, -7.0f);
  REQUIRE(nearest_leech(std::span{x}.first(32), std::span{out}.first(32)).error() == errc::size_mismatch);
  REQUIRE(nearest_leech(x, std::span{out}.first(24)).error() == errc::size_mismatch);
  x[30] = std::numeric_limits<float>::infinity();
  REQUIRE(nearest_leech(x, std::span{out}).error() == errc::not_finite);
  for (auto const v : out) REQUIRE(v == -7.0f);
}

}  // namespace
}  // namespace skive
