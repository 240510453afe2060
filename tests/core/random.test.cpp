// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/random.hpp: published answers, access by index, exactness of uniforms, accuracy and distribution of normals.
#include "skive/core/random.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace {

using real = boost::multiprecision::cpp_bin_float_50;
using skive::counter_random;
using skive::philox;
using skive::detail::gaussian_from;
using words = philox::words;

// The known answers of the Random123 library (kat_vectors, philox4x32 10): counter, key, result.
static_assert(philox{0}.block({0, 0, 0, 0}) == words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(philox{~std::uint64_t{0}}.block({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}) ==
              words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(philox{0x299f31d0'a4093822}.block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}) ==
              words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
static_assert(counter_random{0x299f31d0'a4093822, 0x03707344'13198a2e}.block(0x85a308d3'243f6a88)[1] == 0x94fdcceb);
static_assert(counter_random{}.bits(3) == 0x9b00dbd8 && counter_random{}.bits64(1) == 0x9b00dbd8'bc57ac4c);
static_assert(counter_random{}.gaussian(0) == gaussian_from(0x6627e8d5));  // compile time

// Phi(x) - 1/2 for x >= 0, by the series phi(x) (x + x^3/3 + x^5/(3 5) + ...), all terms positive.
real density(real const& x) { return exp(-x * x / 2) / sqrt(2 * boost::math::constants::pi<real>()); }
real half_probability(real const& x) {
  real term = x;
  real sum = x;
  for (int k = 3; term > sum * real{1e-48}; k += 2) sum += term *= x * x / k;
  return sum * density(x);
}

// (gaussian - quantile) / quantile to first order; what is left out is below 2^-40 of it.
double relative_error(std::uint32_t w) {
  real const x = gaussian_from(w);
  real const exact = real{0.5} - (real{w} + real{0.5}) / real{0x1p32};
  return static_cast<double>((half_probability(x) - exact) / density(x) / x);
}

double normal_cdf(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

std::vector<float> gaussians(std::size_t n, std::uint64_t seed, std::uint64_t stream = 0) {
  std::vector<float> out(n);
  counter_random{seed, stream}.fill_gaussian(out);
  return out;
}

}  // namespace

TEST_CASE("numbers are those of their block, wherever they are drawn from", "[core]") {
  auto const first = GENERATE(as<std::uint64_t>{}, 0, 1, 6, 0xFFFFFFFF, 0x3FFFFFFFE, 0xFFFFFFFFFFFFFFF0);
  counter_random const random{0x0123456789ABCDEF, 0xFEDCBA9876543210};
  int wrong = 0;
  for (std::uint64_t i = first; i != first + 16; ++i) {
    auto const b = i / 4;
    auto const block = philox{0x0123456789ABCDEF}.block(
        {static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32), 0x76543210, 0xFEDCBA98});
    wrong += random.bits(i) != block[i % 4];
    wrong += random.block(b) != block;
    if (i < first + 8 && i <= UINT64_MAX / 2)
      wrong += random.bits64(i) != ((std::uint64_t{random.bits(2 * i + 1)} << 32) | random.bits(2 * i));
    wrong += random.uniform(i) != static_cast<float>(std::floor(block[i % 4] / 256.0) / 0x1p24);
    wrong += random.uniform_open(i) != static_cast<float>((std::floor(block[i % 4] / 512.0) + 0.5) / 0x1p23);
    wrong += random.gaussian(i) != gaussian_from(block[i % 4]);
  }
  CHECK(wrong == 0);
}

TEST_CASE("any split of a row gives the same numbers", "[core]") {
  counter_random const random{5, 6};
  std::size_t const n = 37;
  std::uint64_t const start = 0xFFFFFFFF0;  // the block's index passes 2^32 on the way
  int wrong = 0;
  for (std::size_t cut = 0; cut <= n; ++cut)
    for (std::uint64_t first = start; first < start + 5; ++first) {
      std::array<std::vector<float>, 2> rows{std::vector<float>(n + 1, -9.0f), std::vector<float>(n + 1, -9.0f)};
      std::vector<std::uint32_t> bits(n + 1, 77);
      auto const parts = [&](auto& row, auto fill) {
        fill(std::span{row}.subspan(cut, n - cut), first + cut);
        fill(std::span{row}.first(cut), first);
      };
      parts(rows[0], [&](std::span<float> part, std::uint64_t at) { random.fill_gaussian(part, at); });
      parts(rows[1], [&](std::span<float> part, std::uint64_t at) { random.fill_uniform(part, at); });
      parts(bits, [&](std::span<std::uint32_t> part, std::uint64_t at) { random.fill_bits(part, at); });
      for (std::size_t j = 0; j < n; ++j) {
        wrong += rows[0][j] != random.gaussian(first + j);
        wrong += rows[1][j] != random.uniform(first + j);
        wrong += bits[j] != random.bits(first + j);
      }
      wrong += rows[0][n] != -9.0f || rows[1][n] != -9.0f || bits[n] != 77;
    }
  CHECK(wrong == 0);
}

TEST_CASE("uniforms keep inside their interval and reach its ends", "[core]") {
  using skive::detail::uniform_from;
  using skive::detail::uniform_open_from;
  CHECK(uniform_from(0) == 0.0f);
  CHECK(uniform_from(0xFFFFFFFF) == 1 - 0x1p-24f);
  CHECK(uniform_open_from(0) == 0x1p-24f);
  CHECK(uniform_open_from(0xFFFFFFFF) == 1 - 0x1p-24f);
  int wrong = 0;
  for (std::uint32_t top = 0; top < 1 << 24; ++top) {
    wrong += static_cast<double>(uniform_from(top << 8 | 0xFF)) != top / 0x1p24;
    wrong += static_cast<double>(uniform_open_from(top << 8 | 0xFF)) != (top / 2 + 0.5) / 0x1p23;
  }
  CHECK(wrong == 0);
}

TEST_CASE("gaussian is the quantile to 2^-23.98 in every octave", "[core]") {
  auto const octave = GENERATE(range(0, 32));
  auto const low = octave == 0 ? std::uint32_t{0x40000000} : (std::uint32_t{1} << (31 - octave)) / 2;  // first w of the octave
  auto const count = octave == 0 ? std::uint32_t{0x40000000} : std::max<std::uint32_t>(1, low);
  auto const step = std::max<std::uint32_t>(1, count / 500);
  double worst = 0;
  for (std::uint32_t k = 0; k < count; k += step) {
    worst = std::max(worst, std::abs(relative_error(low + k)));
    worst = std::max(worst, std::abs(relative_error(low + count - 1 - k)));  // so that both ends are among them
  }
  CAPTURE(octave);
  CHECK(worst <= std::exp2(-23.98));
}

TEST_CASE("gaussian is odd, bounded and keeps its bits", "[core]") {
  int wrong = 0;
  for (std::uint32_t k = 0; k < 1 << 20; ++k) {
    auto const w = k * 0x9E3779B9U;
    wrong += gaussian_from(w ^ 0x80000000) != -gaussian_from(w);
    wrong += (gaussian_from(w) > 0) != (w < 0x80000000);
  }
  CHECK(wrong == 0);
  CHECK((gaussian_from(0) > 6.337f && gaussian_from(0) < 6.34f));
  CHECK((gaussian_from(0x7FFFFFFF) > 2.9e-10f && gaussian_from(0x7FFFFFFF) < 3e-10f));
  std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a over the bits of a stream: users keep what they drew
  for (float const g : gaussians(1 << 16, 20, 7)) hash = (hash ^ std::bit_cast<std::uint32_t>(g)) * 0x100000001B3;
  CHECK(hash == 0x41C24E2F5484D0FD);
}

TEST_CASE("a million gaussians have the moments and the distribution of the normal", "[core]") {
  std::size_t const n = 1000000;
  auto const seed = GENERATE(as<std::uint64_t>{}, 1, 2, 0xFFFFFFFF00000000);
  auto x = gaussians(n, seed);
  std::array<double, 5> moment{};
  for (float const v : x)
    for (int k = 1; k < 5; ++k) moment[static_cast<std::size_t>(k)] += std::pow(static_cast<double>(v), k) / n;
  // four standard deviations of each sample moment
  CHECK(std::abs(moment[1]) < 4 * std::sqrt(1.0 / n));
  CHECK(std::abs(moment[2] - 1) < 4 * std::sqrt(2.0 / n));
  CHECK(std::abs(moment[3]) < 4 * std::sqrt(15.0 / n));
  CHECK(std::abs(moment[4] - 3) < 4 * std::sqrt(96.0 / n));

  std::ranges::sort(x);
  double kolmogorov = 0;
  double anderson = -static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    double const below = normal_cdf(static_cast<double>(x[i]));
    double const above = normal_cdf(-static_cast<double>(x[n - 1 - i]));
    kolmogorov = std::max({kolmogorov, below - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - below});
    anderson -= static_cast<double>(2 * i + 1) / n * (std::log(below) + std::log(above));
  }
  CAPTURE(kolmogorov * std::sqrt(n), anderson);
  CHECK(kolmogorov * std::sqrt(n) < 1.628);  // 1 % level
  CHECK(anderson < 3.857);                   // 1 % level
  CHECK(anderson > 0);
}

TEST_CASE("neighbours, streams and seeds are uncorrelated", "[core]") {
  std::size_t const n = 1 << 18;
  auto const x = gaussians(n + 8, 3);
  auto const correlation = [&](std::vector<float> const& y, std::size_t lag) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i + lag]);
    return std::abs(sum) / std::sqrt(static_cast<double>(n));  // standard deviations
  };
  for (std::size_t lag = 1; lag <= 8; ++lag) CHECK(correlation(x, lag) < 4);
  CHECK(correlation(gaussians(n, 3, 1), 0) < 4);
  CHECK(correlation(gaussians(n, 4), 0) < 4);
  CHECK(correlation(gaussians(n, 3, std::uint64_t{1} << 32), 0) < 4);
  CHECK(correlation(gaussians(n, 3 + (std::uint64_t{1} << 32)), 0) < 4);
}

TEST_CASE("gaussian over all 2^31 magnitudes", "[core][.exhaustive]") {
  double worst = 0, worst_spacing = 0, square = 0;
  float above = gaussian_from(0);
  std::uint64_t rises = 0;
  for (std::uint32_t high = 0; high < 1 << 15; ++high) {
    double part = 0;
    for (std::uint32_t low = 0; low < 1 << 16; ++low) {
      auto const w = high << 16 | low;
      float const g = gaussian_from(w);
      double const x{static_cast<double>(g)};
      double const p = (w + 0.5) * 0x1p-32;
      double const difference = w < 0x20000000 ? std::erfc(x / std::numbers::sqrt2) / 2 - p  //
                                               : 0.5 - p - std::erf(x / std::numbers::sqrt2) / 2;
      double const error = std::abs(difference) * std::exp(x * x / 2) * std::sqrt(2 * std::numbers::pi);
      worst = std::max(worst, error / x);
      worst_spacing = std::max(worst_spacing, error / std::exp2(std::ilogb(g) - 23));
      part += x * x;
      rises += g > above;
      above = g;
    }
    square += part;
  }
  CHECK(worst <= std::exp2(-23.98));
  CHECK(worst_spacing <= 0.545);
  CHECK(rises == 0);
  CHECK(std::abs(square / 0x1p31 - (1 - 5.7e-10)) < 1e-11);
}
