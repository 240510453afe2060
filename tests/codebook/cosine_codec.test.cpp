// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/cosine_codec.hpp: the greatest cosine by trying all grid vectors, products right on average, their variance, laws.
#include "skive/codebook/cosine_codec.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "skive/core/random.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

double cosine(std::vector<float> const& x, std::vector<float> const& y) {
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += static_cast<double>(x[i]) * static_cast<double>(y[i]);
    xx += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    yy += static_cast<double>(y[i]) * static_cast<double>(y[i]);
  }
  return xy / std::sqrt(xx * yy);
}

// The greatest cosine of all (2^B)^n grid vectors.
double greatest(std::vector<float> const& x, int bits) {
  auto const levels = 1U << bits;
  std::vector<unsigned> code(x.size());
  std::vector<float> y(x.size());
  double best = -1;
  for (;;) {
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<float>(code[i]) - static_cast<float>(levels - 1) / 2;
    best = std::max(best, cosine(x, y));
    std::size_t i = 0;
    while (i < x.size() && ++code[i] == levels) code[i++] = 0;
    if (i == x.size()) return best;
  }
}

template <int B>
void check_greatest(std::size_t n) {
  for (std::uint64_t s = 0; s < 25; ++s) {
    std::vector<float> x(n);
    counter_random{s, n}.fill_gaussian(x);
    if (s % 5 == 1) x[0] *= 20;
    if (s % 5 == 2) x[1] = 0;
    if (s % 5 == 3) x[n - 1] = x[0];  // equal magnitudes step at once
    if (s % 5 == 4)
      for (auto& v : x) v = std::round(v * 2) + 1;
    auto const y = test::through(cosine_codec<B>{}, x);
    CAPTURE(B, n, s);
    REQUIRE(cosine(x, y) >= greatest(x, B) * (1 - 1e-6));
    double xy = 0;
    double xx = 0;
    for (std::size_t i = 0; i < n; ++i) {
      xy += static_cast<double>(x[i]) * static_cast<double>(y[i]);
      xx += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    REQUIRE(std::fabs(xy / xx - 1) < 1e-6);
  }
}

TEST_CASE("Codes have the greatest cosine of the grid", "[codebook]") {
  check_greatest<1>(9);
  check_greatest<2>(6);
  check_greatest<3>(4);
  check_greatest<4>(3);
}

// Over random rotations (two rounds of signs and transforms, for a vector that is anything but Gaussian).
template <int B>
void check_products(double known) {
  constexpr std::size_t n = 128;
  std::vector<float> x(n);
  std::vector<float> y(n);
  counter_random{3, 1}.fill_gaussian(x);
  counter_random{3, 2}.fill_gaussian(y);
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < n; ++i) {
    x[i] *= i % 16 == 0 ? 3.0f : 0.5f;
    y[i] += x[i];  // leans towards x: a shrunken code would show
    xx += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    yy += static_cast<double>(y[i]) * static_cast<double>(y[i]);
    xy += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  }
  double sum = 0;
  double square = 0;
  constexpr int trials = 3000;
  test::packed_row<cosine_codec<B>> packed{cosine_codec<B>{}, n};
  test::scratch_memory scratch{cosine_codec<B>{}.scratch_bytes(n)};
  for (std::uint64_t t = 0; t < trials; ++t) {
    auto a = x;
    auto b = y;
    for (std::uint64_t round = 0; round < 2; ++round) {
      auto const rotation = *random_hadamard::make(n, 2 * t + round);
      REQUIRE(rotation.forward(std::span<float>{a}, workspace{}));
      REQUIRE(rotation.forward(std::span<float>{b}, workspace{}));
    }
    REQUIRE(cosine_codec<B>{}.encode(a, packed.to(), scratch.get()));
    auto const e =
        (static_cast<double>(*cosine_codec<B>{}.dot(packed.from(), *cosine_codec<B>{}.prepare(b))) - xy) / std::sqrt(xx * yy);
    sum += e;
    square += e * e;
  }
  auto const bias = sum / trials;
  auto const variance = square / trials - bias * bias;
  auto const share = variance * n / (1 - xy * xy / (xx * yy));
  CAPTURE(B, bias, std::sqrt(variance / trials), share);
  REQUIRE(std::fabs(bias) <= 4 * std::sqrt(variance / trials));
  REQUIRE(std::fabs(share / known - 1) < 0.1);  // a standard error of the variance is 2.6 %
}

// pi / 2 - 1 for signs; for others D / (1 - D) with D the error of the best uniform levels, 0.1188 and 0.01154 of N(0, 1), and
// less.
TEST_CASE("Products are right on average behind a rotation", "[codebook]") {
  check_products<1>(0.571);
  check_products<2>(0.132);
  check_products<4>(0.0112);
}

TEST_CASE("Cosine codecs keep the laws", "[codebook]") {
  auto const terms = [](std::size_t n) { return static_cast<double>(n / 16 + 24); };
  test::check_block_codec(cosine_codec<3>{}, {0, 1, 8, 63, 300});
  test::check_block_codec(*cosine_codec<5>::make(64), {0, 64, 130});
  test::check_block_codec(cosine_codec<1>{}, {0, 9});
  test::check_dot_codec<native_arch>(*cosine_codec<4>::make(32), {0, 1, 32, 517}, terms);
  REQUIRE(cosine_codec<4>::make(12).error() == errc::invalid_argument);
  std::vector<float> row(64, 1.0f);
  test::packed_row<cosine_codec<4>> packed{cosine_codec<4>{}, 64};
  REQUIRE(cosine_codec<4>{}.encode(row, packed.to(), workspace{}).error() == errc::workspace_too_small);
}

TEST_CASE("Zero, tiny, huge and infinite groups", "[codebook]") {
  std::vector<float> row(4 * 16);
  for (std::size_t i = 0; i < 16; ++i) {
    auto const x = static_cast<float>(i % 5) - 1.5f;
    row[16 + i] = x * 0x1p-120f;
    row[32 + i] = x * 0x1p126f;
    row[48 + i] = i == 7 ? std::numeric_limits<float>::quiet_NaN() : x;
  }
  auto const out = test::through(*cosine_codec<3>::make(16), row);
  for (std::size_t i = 0; i < 16; ++i) {
    REQUIRE(std::bit_cast<std::uint32_t>(out[i]) == 0);
    REQUIRE(std::bit_cast<std::uint32_t>(out[16 + i]) == 0);
    REQUIRE(std::fabs(out[32 + i] - row[32 + i]) < 0x1p126f);
    REQUIRE(std::isnan(out[48 + i]));
  }
}

}  // namespace
}  // namespace skive
