// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/voronoi_code.hpp: one point for each code and one code for each point, within the large cell; many points
// have the bits of single ones.
#include "skive/codebook/voronoi_code.hpp"

#include "skive/codebook/binary_lattices.hpp"
#include "skive/codebook/eisenstein_lattices.hpp"
#include "skive/codebook/leech.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using rows = std::vector<std::vector<double>>;

std::vector<double> flat(rows const& basis) {
  std::vector<double> all;
  for (auto const& r : basis) all.insert(all.end(), r.begin(), r.end());
  return all;
}

// Codes of many points, and points of many codes, have the bits of single ones: numbers of all sizes, and points of the code.
template <class Arches, class Lattice>
void check_many(Arches arches, voronoi_code<Lattice> const& code, std::size_t n) {
  std::mt19937_64 random{3};
  for (std::size_t const points : {0U, 1U, 2U, 7U, 8U, 9U, 17U, 40U}) {
    std::vector<std::uint32_t> u(points * n);
    std::vector<double> x(u.size());
    std::vector<double> known_x(u.size());
    std::vector<std::uint32_t> known_u(u.size());
    for (auto& c : u) c = static_cast<std::uint32_t>(random());
    for (auto& v : x)
      v = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), -63 + static_cast<int>(random() % 24));
    for (std::size_t i = 0; i < x.size() / 2; ++i) x[i] = std::floor(x[i]) / 2;
    for (std::size_t i = 0; i < u.size(); i += n) {
      code.decode(std::span{u}.subspan(i, n), std::span{known_x}.subspan(i, n));
      code.encode(std::span{x}.subspan(i, n), std::span{known_u}.subspan(i, n));
    }
    test::for_each(arches, [&]<class Arch>() {
      std::vector<double> y(u.size());
      std::vector<std::uint32_t> v(u.size());
      REQUIRE(code.template decode_points<Arch>(u, std::span{y}));
      REQUIRE((u.empty() || std::memcmp(y.data(), known_x.data(), 8 * y.size()) == 0));
      REQUIRE(code.template encode_points<Arch>(x, std::span{v}));
      REQUIRE((v == known_u));
    });
  }
}

// Every code, or random ones: the point is one of the lattice, has that code, and no point of its class is nearer to zero than it by
// more than the shift explains.
template <class Lattice>
void check_codes(Lattice const& lattice, rows const& basis, std::uint32_t q, std::size_t trials) {
  auto const n = basis.size();
  auto const numbers = flat(basis);
  auto const code = voronoi_code<Lattice>::make(lattice, q, {numbers.data(), n, n, n});
  REQUIRE(code);
  std::mt19937 random{1};
  std::set<std::vector<double>> seen;
  for (std::size_t t = 0; t < trials; ++t) {
    std::vector<std::uint32_t> u(n);
    std::vector<std::uint32_t> back(n);
    auto rest = t;
    for (auto& c : u)
      c = trials > 10000 ? static_cast<std::uint32_t>(random() % q) : static_cast<std::uint32_t>(rest % q), rest /= q;
    std::vector<double> x(n);
    std::vector<double> p(n);
    code->decode(u, std::span{x});
    lattice.nearest(std::span<double const>{x}, std::span{p});
    for (std::size_t i = 0; i < n; ++i) REQUIRE(std::fabs(p[i] - x[i]) < 1e-9);
    code->encode(x, std::span{back});
    REQUIRE((back == u));
    seen.insert(x);
    for (auto& v : x) v /= static_cast<double>(q);
    lattice.nearest(std::span<double const>{x}, std::span{p});
    double own = 0;
    double other = 0;
    for (std::size_t i = 0; i < n; ++i) own += x[i] * x[i], other += (x[i] - p[i]) * (x[i] - p[i]);
    REQUIRE(own <= other + 1e-4);
  }
  if (trials <= 10000) REQUIRE(seen.size() == trials);
  check_many(test::first_arch{}, *code, n);
}

rows checkerboard(std::size_t n) {
  rows basis(n, std::vector<double>(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) basis[i][0] = basis[i][i] = 1;
  basis[0][0] = 2;
  return basis;
}

TEST_CASE("Voronoi codes of lattices", "[codebook]") {
  check_codes(integer_lattice{3}, {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, 5, 125);
  check_codes(checkerboard_lattice{4}, checkerboard(4), 6, 1296);
  auto e8 = checkerboard(8);
  e8[7].assign(8, 0.5);
  check_codes(e8_lattice{}, e8, 3, 6561);
  check_codes(e8_lattice{}, e8, 14, 20000);
  check_codes(e7_lattice{},
              {{2, 0, 0, 0, 0, 0, 0},
               {0, 2, 0, 0, 0, 0, 0},
               {0, 0, 2, 0, 0, 0, 0},
               {0, 0, 0, 2, 0, 0, 0},
               {0, 1, 1, 1, 1, 0, 0},
               {1, 0, 1, 1, 0, 1, 0},
               {0, 0, 0, 1, 1, 1, 1}},
              3, 2187);
  rows bw(16, std::vector<double>(16, 0.0));
  for (std::size_t i = 0; i < 16; ++i) bw[i][0] = bw[i][i] = 2;
  bw[0][0] = 4;
  for (std::size_t const skipped :
       {0U, 1U, 2U, 4U, 8U})  // the word that is 1 where `skipped` is not: the last place is 15 - skipped
    for (std::size_t i = 0; i < 16; ++i) bw[15 - skipped][i] = (i & skipped) == 0 ? 1 : 0;
  check_codes(bw16_lattice{}, bw, 4, 12000);
}

TEST_CASE("Voronoi codes refuse bad bases", "[codebook]") {
  auto const numbers = flat(checkerboard(4));
  using code = voronoi_code<checkerboard_lattice>;
  auto const why = [&](std::uint32_t q, std::size_t n, double const* data) {
    return code::make(checkerboard_lattice{4}, q, {data, n, n, n}).error();
  };
  REQUIRE(why(4, 4, numbers.data()) == errc::ok);
  REQUIRE(why(1, 4, numbers.data()) == errc::invalid_argument);
  REQUIRE(why(65537, 4, numbers.data()) == errc::invalid_argument);
  REQUIRE(why(4, 3, numbers.data()) == errc::invalid_argument);
  std::vector<double> const zeros(16);
  REQUIRE(why(4, 4, zeros.data()) == errc::invalid_argument);
}

TEST_CASE("Voronoi codes of many points on every instruction set", "[codebook]") {
  auto const numbers = flat(checkerboard(5));
  check_many(test::all_arches{}, *voronoi_code<checkerboard_lattice>::make(checkerboard_lattice{5}, 9, {numbers.data(), 5, 5, 5}),
             5);
  // Not of E6, but full of numbers that have no end in binary: products and sums round.
  rows any(6, std::vector<double>(6, 0.0));
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j <= i; ++j) any[i][j] = std::sqrt(static_cast<double>(1 + i + 7 * j)) * ((i + j) % 3 == 1 ? -1 : 1);
  for (std::size_t i = 0; i < 6; ++i) any[i][i] = std::sqrt(static_cast<double>(2 + i));
  auto const roots = flat(any);
  check_many(test::few_arches{}, *voronoi_code<e6_lattice>::make(e6_lattice{}, 7, {roots.data(), 6, 6, 6}), 6);
  rows leech(24, std::vector<double>(24, 0.0));  // 8 Z^24: one point after another
  for (std::size_t i = 0; i < 24; ++i) leech[i][i] = 8;
  auto const eights = flat(leech);
  check_many(test::first_arch{}, *voronoi_code<leech_lattice>::make(leech_lattice{}, 3, {eights.data(), 24, 24, 24}), 24);
}

TEST_CASE("Voronoi codes of many points refuse", "[codebook]") {
  auto const numbers = flat(checkerboard(4));
  auto const code = *voronoi_code<checkerboard_lattice>::make(checkerboard_lattice{4}, 4, {numbers.data(), 4, 4, 4});
  std::vector<double> x(20, 0.3);
  std::vector<std::uint32_t> u(20, 3);
  auto const first = [](auto& v, std::size_t count) { return std::span{v}.first(count); };
  REQUIRE(code.encode_points(first(x, 20), first(u, 16)).error() == errc::size_mismatch);
  REQUIRE(code.encode_points(first(x, 18), first(u, 18)).error() == errc::size_mismatch);
  REQUIRE(code.decode_points(first(u, 20), first(x, 16)).error() == errc::size_mismatch);
  REQUIRE(code.decode_points(first(u, 18), first(x, 18)).error() == errc::size_mismatch);
  x[19] = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(code.encode_points(x, std::span{u}).error() == errc::not_finite);
  x[19] = 0x1p51;
  REQUIRE(code.encode_points(x, std::span{u}).error() == errc::invalid_argument);
  REQUIRE((u == std::vector<std::uint32_t>(20, 3)));
}

}  // namespace
}  // namespace skive
