// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/lattice.hpp: points are points, none of the shortest vectors leads nearer, and second moments are the known ones.
#include "skive/codebook/lattice.hpp"

#include "skive/codebook/binary_lattices.hpp"
#include "skive/codebook/eisenstein_lattices.hpp"
#include "skive/core/random.hpp"

#include <functional>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using vector = std::vector<double>;

double square(vector const& x) {
  double sum = 0;
  for (auto const v : x) sum += v * v;
  return sum;
}

// Uniform numbers in [0, 1).
struct uniform {
  counter_random random{5, 6};
  std::uint64_t next = 0;
  double operator()() { return static_cast<double>(random.uniform(next++)); }
};

// Vectors of a period of the lattice, whose coordinates are drawn uniformly: rows of a basis of a sublattice.
std::vector<vector> cubes(std::size_t n, double side) {
  std::vector<vector> basis(n, vector(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) basis[i][i] = side;
  return basis;
}
std::vector<vector> hexagons(std::size_t n, double side) {
  auto basis = cubes(n, side);
  for (std::size_t i = 0; i < n; i += 2) {
    basis[i + 1][i] = -side / 2;
    basis[i + 1][i + 1] = side * std::sqrt(0.75);
  }
  return basis;
}
std::vector<vector> roots(std::size_t n) {
  std::vector<vector> basis(n, vector(n + 1, 0.0));
  for (std::size_t i = 0; i < n; ++i) basis[i][i] = 1, basis[i][i + 1] = -1;
  return basis;
}

vector sample(std::vector<vector> const& basis, uniform& u) {
  vector x(basis[0].size(), 0.0);
  for (auto const& row : basis) {
    auto const t = u();
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += t * row[i];
  }
  return x;
}

template <class Lattice>
vector nearest(Lattice const& lattice, vector const& x) {
  vector out(x.size());
  lattice.nearest(std::span<double const>{x}, std::span{out});
  return out;
}

// The second moment per dimension of a cell of volume 1, within three standard errors; `error` is another uncertainty.
template <class Lattice>
void check_moment(Lattice const& lattice, std::vector<vector> const& basis, double known, std::size_t samples,
                  double error = 1e-6) {
  uniform u;
  double sum = 0;
  double squares = 0;
  for (std::size_t s = 0; s < samples; ++s) {
    auto x = sample(basis, u);
    auto const p = nearest(lattice, x);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= p[i];
    sum += square(x);
    squares += square(x) * square(x);
    auto const again = nearest(lattice, p);  // a point is its own nearest one
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(std::fabs(again[i] - p[i]) < 1e-9);
  }
  auto const n = static_cast<double>(samples);
  auto const rank = static_cast<double>(lattice.rank());
  auto const unit = rank * std::pow(lattice.squared_volume(), 1 / rank);
  auto const moment = sum / n / unit;
  auto const deviation = std::sqrt((squares / n - sum / n * sum / n) / n) / unit;
  CAPTURE(moment, known, deviation);
  REQUIRE(std::fabs(moment - known) < 3 * deviation + error);
}

TEST_CASE("Second moments of the lattices", "[codebook]") {
  check_moment(integer_lattice{3}, cubes(3, 1), 1.0 / 12, 20000);
  for (std::size_t const n : {1U, 2U, 3U, 7U}) {
    auto const m = static_cast<double>(n + 1);
    check_moment(simplex_lattice{n}, roots(n), (1.0 / 12 + 1 / (6 * m)) / std::pow(m, 1.0 / static_cast<double>(n)), 40000);
  }
  for (std::size_t const n : {3U, 4U, 5U, 9U}) {
    auto const m = static_cast<double>(n);
    check_moment(checkerboard_lattice{n}, cubes(n, 2), (1.0 / 12 + 1 / (2 * m * (m + 1))) / std::pow(2.0, 2 / m), 40000);
  }
  check_moment(simplex_lattice{2}, roots(2), 0.080188, 40000);
  check_moment(checkerboard_lattice{4}, cubes(4, 2), 0.076603, 40000);
  check_moment(e6_lattice{}, hexagons(6, 3), 0.0743467, 40000);
  check_moment(e7_lattice{}, cubes(7, 2), 0.0732310, 40000);
  check_moment(e8_lattice{}, cubes(8, 2), 929.0 / 12960, 40000);
  check_moment(k12_lattice{}, hexagons(12, 2), 0.070096, 40000);
  check_moment(bw16_lattice{}, cubes(16, 4), 0.068298, 40000);
}

// Every vector of small integers (times `unit`) that `belongs` and has this square.
void enumerate(std::size_t n, int reach, int norm, std::vector<int>& x, std::function<void()> const& found) {
  if (x.size() == n) return norm == 0 ? found() : void();
  for (int v = -reach; v <= reach; ++v)
    if (v * v <= norm) {
      x.push_back(v);
      enumerate(n, reach, norm - v * v, x, found);
      x.pop_back();
    }
}
std::vector<vector> vectors_of(std::size_t n, int reach, int norm, double unit,
                               std::function<bool(std::vector<int> const&)> belongs) {
  std::vector<vector> all;
  std::vector<int> x;
  enumerate(n, reach, norm, x, [&] {
    if (!belongs(x)) return;
    vector v;
    for (auto const c : x) v.push_back(unit * c);
    all.push_back(v);
  });
  return all;
}
int sum(std::vector<int> const& x) {
  int s = 0;
  for (auto const v : x) s += v;
  return s;
}

// Cells of root lattices are bounded by their shortest vectors: a point is the nearest if none of those leads nearer.
template <class Lattice>
void check_cell(Lattice const& lattice, std::vector<vector> const& shortest, std::size_t count) {
  REQUIRE(shortest.size() == count);
  uniform u;
  for (int s = 0; s < 400; ++s) {
    vector x(lattice.coordinates());
    double mean = 0;
    for (auto& v : x) v = 40 * u() - 20;
    if (lattice.rank() < x.size()) {
      for (auto const v : x) mean += v / static_cast<double>(x.size());
      for (auto& v : x) v -= mean;
    }
    auto const p = nearest(lattice, x);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= p[i];
    for (auto const& v : shortest) {
      double product = 0;
      for (std::size_t i = 0; i < x.size(); ++i) product += x[i] * v[i];
      REQUIRE(2 * product <= square(v) + 1e-9);
      vector moved(p);  // the shortest vectors are points, and so is the nearest point and one of them
      for (std::size_t i = 0; i < x.size(); ++i) moved[i] += v[i];
      REQUIRE(nearest(lattice, moved) == moved);
    }
  }
}

TEST_CASE("No shortest vector leads nearer", "[codebook]") {
  check_cell(simplex_lattice{4}, vectors_of(5, 1, 2, 1, [](auto const& x) { return sum(x) == 0; }), 20);
  check_cell(checkerboard_lattice{6}, vectors_of(6, 1, 2, 1, [](auto const& x) { return sum(x) % 2 == 0; }), 60);
  auto const e7 = vectors_of(7, 2, 4, 1, [](auto const& x) {
    int zeros = 0;  // exclusive-or of the numbers 1 ... 7 of odd places, and how many there are: lines' complements
    int odd = 0;
    for (int i = 0; i < 7; ++i)
      if (x[static_cast<std::size_t>(i)] % 2 != 0) zeros ^= i + 1, ++odd;
    if (odd == 0) return true;
    if (odd != 4 || zeros != 0) return false;
    int others = 0;
    for (int i = 0; i < 7; ++i)
      if (x[static_cast<std::size_t>(i)] == 0) others ^= i + 1;
    return others == 0;
  });
  check_cell(e7_lattice{}, e7, 126);
  auto const e8 = vectors_of(8, 2, 8, 0.5, [](auto const& x) {
    int odd = 0;
    for (auto const v : x) odd += v % 2 != 0 ? 1 : 0;
    return (odd == 0 || odd == 8) && sum(x) % 4 == 0;
  });
  check_cell(e8_lattice{}, e8, 240);
}

// The float version rounds as the double one does where nothing is close.
TEST_CASE("Nearest points in single precision", "[codebook]") {
  uniform u;
  for (int s = 0; s < 200; ++s) {
    vector x(16);
    std::vector<float> y(16);
    for (std::size_t i = 0; i < 16; ++i) y[i] = static_cast<float>(20 * u() - 10), x[i] = static_cast<double>(y[i]);
    auto const p = nearest(bw16_lattice{}, x);
    bw16_lattice{}.nearest(std::span<float const>{y}, std::span{y});  // in place
    for (std::size_t i = 0; i < 16; ++i) REQUIRE(static_cast<double>(y[i]) == p[i]);
  }
}

}  // namespace
}  // namespace skive
