// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/binary_lattices.hpp: distances of nearest points against the least over all words of the codes, which the definitions give.
#include "skive/codebook/binary_lattices.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// The nearest and the second nearest integer of a parity.
std::array<double, 2> of_parity(double x, bool odd) {
  double const first = 2 * std::round((x - odd) / 2) + odd;
  return {first, x > first ? first + 2 : first - 2};
}

// The least squared distance to integers that are odd where word(i) is, and whose sum is 0 modulo `modulus`: by sums modulo it.
template <std::size_t N, class Word>
double least_of_word(std::array<double, N> const& x, Word word, int modulus) {
  std::array<double, 4> least{0, 1e300, 1e300, 1e300};
  for (std::size_t i = 0; i < N; ++i) {
    std::array<double, 4> next{1e300, 1e300, 1e300, 1e300};
    for (double const z : of_parity(x[i], word(i)))
      for (int s = 0; s < modulus; ++s) {
        auto const to = static_cast<std::size_t>(((s + static_cast<int>(z)) % modulus + modulus) % modulus);
        next[to] = std::min(next[to], least[static_cast<std::size_t>(s)] + (x[i] - z) * (x[i] - z));
      }
    least = next;
  }
  return least[0];
}

bool odd_bits(std::size_t x) { return std::popcount(x) % 2 != 0; }

// Some numbers on a grid, where distances tie; their sums are exact.
template <std::size_t N>
std::array<double, N> numbers(std::mt19937& random, int t) {
  std::array<double, N> x{};
  for (auto& v : x) v = std::ldexp(static_cast<double>(random() % 4096) - 2048, t % 3 == 0 ? -8 : t % 3 == 1 ? -9 : -3);
  if (t % 3 == 2)
    for (auto& v : x) v = std::floor(v) / 2;
  return x;
}

template <std::size_t N, class Lattice>
double distance_of(Lattice const& lattice, std::array<double, N> const& x, std::array<double, N>& point) {
  lattice.nearest(std::span<double const>{x}, std::span<double>{point});
  double sum = 0;
  for (std::size_t i = 0; i < N; ++i) sum += (x[i] - point[i]) * (x[i] - point[i]);
  return sum;
}

TEST_CASE("E7: seven words of weight 4 and none", "[codebook]") {
  std::mt19937 random{1};
  for (int t = 0; t < 2000; ++t) {
    auto const x = numbers<7>(random, t);
    double least = 1e300;
    for (std::size_t w = 0; w < 8; ++w)
      least = std::min(least, least_of_word(x, [w](std::size_t i) { return odd_bits(w & (i + 1)); }, 1));
    std::array<double, 7> point{};
    REQUIRE(distance_of(e7_lattice{}, x, point) == least);
    unsigned odd = 0;
    for (std::size_t i = 0; i < 7; ++i) odd |= static_cast<unsigned>(std::fmod(std::fabs(point[i]), 2)) << i;
    REQUIRE((odd == 0 || std::popcount(odd) == 4));
  }
}

TEST_CASE("Barnes-Wall 16: affine functions of four bits, sums that are multiples of 4", "[codebook]") {
  std::mt19937 random{2};
  for (int t = 0; t < 2000; ++t) {
    auto const x = numbers<16>(random, t);
    double least = 1e300;
    for (std::size_t w = 0; w < 32; ++w)
      least = std::min(least, least_of_word(x, [w](std::size_t i) { return odd_bits(w & (i | 16)); }, 4));
    std::array<double, 16> point{};
    REQUIRE(distance_of(bw16_lattice{}, x, point) == least);
    double sum = 0;
    for (auto const v : point) sum += v;
    REQUIRE(std::fmod(sum, 4) == 0);
  }
}

}  // namespace
}  // namespace skive
