// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/lattice_lanes.hpp: the bits of one point at a time, ties, large numbers and ends of rows included; what it refuses.
#include "skive/codebook/lattice_lanes.hpp"

#include "skive/codebook/binary_lattices.hpp"
#include "skive/codebook/eisenstein_lattices.hpp"
#include "support/simd_arches.hpp"

#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Random numbers, some of them near the limits; fractions of few bits, which tie; zeros of both signs.
template <class T>
std::vector<T> numbers(std::size_t count, int kind, std::mt19937_64& random) {
  std::vector<T> x(count);
  for (auto& v : x) {
    auto const k = static_cast<double>(static_cast<std::int64_t>(random()) >> 32);  // 32 bits
    if (kind < 4)
      v = static_cast<T>(std::floor(std::ldexp(k, -27)) / std::pow(2.0, kind));
    else if (kind == 4)
      v = static_cast<T>(std::ldexp(k, -28));
    else if (kind == 5)
      v = static_cast<T>(std::ldexp(k, std::is_same_v<T, float> ? -10 : 19));
    else
      v = k < 0 ? -T(0) : T(0);
  }
  return x;
}

template <class T, class Arches, class Lattice>
void check(Arches arches, Lattice const& lattice, std::vector<std::size_t> const& counts) {
  std::mt19937_64 random{9};
  auto const n = lattice.coordinates();
  for (auto const points : counts)
    for (int kind = 0; kind < 7; ++kind) {
      auto const x = numbers<T>(points * n, kind, random);
      std::vector<T> known(x.size());
      for (std::size_t i = 0; i < x.size(); i += n) lattice.nearest(std::span{x}.subspan(i, n), std::span{known}.subspan(i, n));
      test::for_each(arches, [&]<class Arch>() {
        auto y = x;  // in place
        REQUIRE(nearest_points<Arch>(lattice, std::span<T const>{y}, std::span{y}));
        REQUIRE((x.empty() || std::memcmp(y.data(), known.data(), x.size() * sizeof(T)) == 0));
      });
    }
}

std::vector<std::size_t> every_count() {
  std::vector<std::size_t> counts;
  for (std::size_t c = 0; c <= 33; ++c) counts.push_back(c);
  return counts;
}

TEST_CASE("Nearest points in lanes have the bits of single ones", "[codebook]") {
  std::vector<std::size_t> const many{33};
  check<float>(test::all_arches{}, diamond_lattice{10}, every_count());
  check<float>(test::all_arches{}, simplex_lattice{5}, every_count());
  check<float>(test::few_arches{}, simplex_lattice{63}, many);
  check<float>(test::few_arches{}, simplex_lattice{1}, many);
  check<float>(test::few_arches{}, integer_lattice{3}, many);
  check<float>(test::few_arches{}, checkerboard_lattice{5}, many);
  check<float>(test::few_arches{}, checkerboard_lattice{64}, many);
  check<float>(test::few_arches{}, e6_lattice{}, {1, 2, 100});
  check<float>(test::few_arches{}, e7_lattice{}, {1, 2, 100});
  check<float>(test::few_arches{}, k12_lattice{}, {1, 2, 100});
  check<float>(test::few_arches{}, bw16_lattice{}, {1, 2, 100});
}

TEST_CASE("Nearest points of doubles in lanes", "[codebook]") {
  check<double>(test::few_arches{}, diamond_lattice{10}, every_count());
  check<double>(test::few_arches{}, simplex_lattice{4}, {33});
  check<double>(test::few_arches{}, k12_lattice{}, {17, 64});
  check<double>(test::few_arches{}, bw16_lattice{}, {17, 64});
}

template <class T>
void check_refusals() {
  std::vector<T> x(40, T(0.3));
  std::vector<T> out(40, T(7));
  auto const why = [&](auto const& lattice, std::size_t from, std::size_t to) {
    return nearest_points(lattice, std::span<T const>{x}.first(from), std::span{out}.first(to)).error();
  };
  REQUIRE(why(e8_lattice{}, 40, 32) == errc::size_mismatch);
  REQUIRE(why(e8_lattice{}, 36, 36) == errc::size_mismatch);
  REQUIRE(why(integer_lattice{0}, 0, 0) == errc::invalid_argument);
  REQUIRE(why(integer_lattice{65}, 0, 0) == errc::invalid_argument);
  for (std::size_t const at : {0U, 17U, 39U}) {
    auto const old = x[at];
    for (auto const bad : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
      x[at] = bad;
      REQUIRE(why(e8_lattice{}, 40, 40) == errc::not_finite);
    }
    x[at] = -(sizeof(T) == 4 ? T(0x1p22) : T(0x1p51));
    REQUIRE(why(e8_lattice{}, 40, 40) == errc::invalid_argument);
    x[at] = old;
  }
  REQUIRE((out == std::vector<T>(40, T(7))));  // nothing was written
  REQUIRE(why(e8_lattice{}, 40, 40) == errc::ok);
}

TEST_CASE("Nearest points refuse", "[codebook]") {
  check_refusals<float>();
  check_refusals<double>();
}

}  // namespace
}  // namespace skive
