// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/voronoi_code.hpp: one point for each code and one code for each point, within the large cell; nested E8 and its errors.
#include "skive/codebook/voronoi_code.hpp"

#include "laws/stepwise_codec.hpp"
#include "skive/codebook/binary_lattices.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
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

template <class Code>
double error_of(std::size_t count) {
  lattice_codec<Code, float32> const codec;
  std::vector<float> x(4096);
  double error = 0;
  double power = 0;
  for (std::uint64_t r = 0; r < count; ++r) {
    counter_random{77, r}.fill_gaussian(x);
    auto const y = test::through(codec, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
      power += std::pow(static_cast<double>(x[i]), 2);
    }
  }
  return error / power;
}

TEST_CASE("Nested E8", "[codebook]") {
  auto const near = [](double error, double known) {
    CAPTURE(error, known);
    REQUIRE(std::fabs(error / known - 1) < 0.015);
  };
  near(error_of<nest14>(12), 0.00624);
  near(error_of<nested_e8<14, 73, 101, 128, 329>>(12), 0.00691);
  static_assert(nest14::code_bits == 33);
  std::mt19937_64 random{2};
  for (int t = 0; t < 2000; ++t) {  // every code is a point, and the first code of its point
    std::int16_t level[8];
    std::int16_t again[8];
    nest14::levels(t < 1000 ? random() % nest14::size : random(), level);
    detail::single_lane y[8];
    for (std::size_t i = 0; i < 8; ++i) y[i] = {level[i] * 128};
    std::uint64_t code = 0;
    nest14::encode(y, &code);
    nest14::levels(code, again);
    for (std::size_t i = 0; i < 8; ++i) REQUIRE(level[i] == again[i]);
  }
  test::check_block_codec(*lattice_codec<nest14>::make(32), {0, 1, 64, 140});
  test::check_stepwise_codec(lattice_codec<nest14>{}, {0, 40});
}

// Sixteen points in lanes against one at a time, far out too, and codes past the last one.
template <class Code>
void check_lanes() {
  std::mt19937_64 random{7};
  for (int t = 0; t < 200; ++t) {
    alignas(64) std::int32_t x[8][16];
    std::uint64_t known[16];
    std::uint64_t any[16];
    std::int32_t levels[8][16];
    for (std::size_t l = 0; l < 16; ++l) {
      detail::single_lane y[8];
      for (std::size_t i = 0; i < 8; ++i) {
        auto const far = t % 4 == 0 ? 22 : 17;
        x[i][l] = static_cast<std::int32_t>(random() % (2ULL << far)) - (1 << far);
        y[i] = {x[i][l]};
      }
      Code::encode(y, &known[l]);
      any[l] = random() >> (t % 2 == 0 ? 64 - static_cast<int>(Code::code_bits) : 0);
      std::int16_t level[8];
      Code::levels(any[l], level);
      for (std::size_t i = 0; i < 8; ++i) levels[i][l] = level[i];
    }
    test::for_each(test::few_arches{}, [&]<class Arch>() {
      simd::integers<Arch> y[8];
      for (std::size_t i = 0; i < 8; ++i) y[i] = simd::integers<Arch>::load(x[i]);
      std::uint64_t codes[16];
      Code::encode(y, codes);
      simd::integers<Arch> level[8];
      Code::decode(any, level);
      for (std::size_t l = 0; l < 16; ++l) REQUIRE(codes[l] == known[l]);
      for (std::size_t i = 0; i < 8; ++i) {
        alignas(64) std::int32_t lane[16];
        level[i].store(lane);
        for (std::size_t l = 0; l < 16; ++l) REQUIRE(lane[l] == levels[i][l]);
      }
    });
  }
}

TEST_CASE("Nested E8 in lanes", "[codebook]") {
  check_lanes<nest14>();
  check_lanes<nested_e8<16, 73, 329>>();
}

}  // namespace
}  // namespace skive
