// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/sawtooth_points.hpp: between two scales of which it says that nothing there is better, nothing is.
#include "skive/block/sawtooth_points.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using lanes = detail::walk_lanes<scalar_arch>;
using point = detail::sawtooth_points<lanes>;

// Of x t from the integers -7 .. 7, and what the cell at t gives.
struct tried {
  double g = 0;
  double cell = 0;  // the least error of its levels
  double squares = 0;
  double rank = 0;
};
tried at(std::vector<double> const& x, double t) {
  tried r;
  double products = 0;
  double sum = 0;
  for (auto const v : x) {
    double const level = std::clamp(std::nearbyint(v * t), -7.0, 7.0);
    r.g += (v * t - level) * (v * t - level);
    products += v * level;
    r.squares += level * level;
    r.rank += std::fabs(level);
    sum += v * v;
  }
  r.g = std::sqrt(r.g);
  r.cell = r.squares > 0 ? sum - products * products / r.squares : sum;
  return r;
}

point rounded(tried const& r, double t) {
  return {static_cast<float>(t), static_cast<float>(r.g * (1 - 1e-6)), static_cast<float>(r.rank),
          static_cast<float>(std::sqrt(std::fmax(r.cell * (1 - 1e-6), 0.0))), static_cast<float>(r.squares)};
}

// How often `nothing between` was said.
template <bool Cells>
int bounds_hold(std::size_t n, int trials) {
  std::mt19937 random{static_cast<unsigned>(n)};
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  int said = 0;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<double> x(n);
    double squares = 0;
    for (auto& v : x) {
      v = static_cast<double>(static_cast<float>(normal(random)));
      squares += v * v;
    }
    double const norm = std::sqrt(squares) * (1 + 1e-6);
    double const a = 1 + 3 * uniform(random);
    double const b = a * (1 + 0.2 * uniform(random) * uniform(random));
    double const least = norm * 0.3 * uniform(random);
    auto p = rounded(at(x, a), a);
    auto q = rounded(at(x, b), b);
    if (!Cells) p.mark = 0, q.mark = 2;
    detail::sawtooth_bounds const known{static_cast<float>(norm), 1.0f, static_cast<float>(least)};
    if (!detail::done<Cells, lanes>(p, q, known)) continue;
    ++said;
    double const ends = std::fmin(at(x, a).cell, at(x, b).cell);
    bool const narrow = 2 * static_cast<double>(q.squares) * (b - a) < a * 1.001;  // other reasons, which are the search's
    if (Cells && (q.mark - p.mark < 1.5f || narrow)) continue;
    for (int k = 0; k <= 400; ++k) {
      double const t = a + (b - a) * k / 400;
      auto const r = at(x, t);
      CAPTURE(x, a, b, t, least, ends);
      REQUIRE(r.g / t >= least * (1 - 1e-6));
    }
  }
  return said;
}

}  // namespace

TEST_CASE("sawtooth points: no better scale where the bound says so", "[block]") {
  CHECK(bounds_hold<false>(3, 400) > 40);
  CHECK(bounds_hold<false>(24, 400) > 40);
  CHECK(bounds_hold<true>(24, 400) > 40);
}

TEST_CASE("sawtooth points: marks that are neighbours have nothing between them", "[block]") {
  point const a{1.0f, 0.0f, 5.0f, 0.0f, 1.0f};
  point b{1.5f, 0.0f, 6.0f, 0.0f, 9.0f};
  detail::sawtooth_bounds const known{4.0f, 1.0f, 2.0f};
  CHECK(detail::done<false, lanes>(a, b, known));
  CHECK(detail::done<true, lanes>(a, b, known));
  b.mark = 7.0f;
  CHECK_FALSE(detail::done<false, lanes>(a, b, known));
  CHECK_FALSE(detail::done<true, lanes>(a, b, known));
  b.t = 1.0f + 0x1p-10f;  // narrower than the cell of a least error is
  CHECK(detail::done<true, lanes>(a, b, known));
}
