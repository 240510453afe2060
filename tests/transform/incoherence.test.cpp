// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What rotations are for: heavy tails and outlier channels become Gaussian, and 4-bit codes gain what the tails cost.
#include "skive/transform/random_hadamard.hpp"

#include "laws/transform.hpp"
#include "skive/block/absmax.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/transform/rows.hpp"

#include <cmath>

namespace {

namespace test = skive::test;
using skive::matrix_view;
using skive::random_hadamard;

struct shape {
  double excess_kurtosis = 0;
  double peak = 0;  // largest magnitude over the root of the mean square
};
shape shape_of(std::vector<float> const& x) {
  double square = 0;
  double fourth = 0;
  double most = 0;
  for (float const v : x) {
    auto const s = static_cast<double>(v) * static_cast<double>(v);
    square += s;
    fourth += s * s;
    most = std::max(most, s);
  }
  auto const n = static_cast<double>(x.size());
  return {n * fourth / (square * square) - 3, std::sqrt(most * n / square)};
}

// Student's t with 5 degrees of freedom; every 37th column 5 times as large: heavy tails and outlier channels.
std::vector<float> heavy_matrix(std::size_t rows, std::size_t cols) {
  std::mt19937 random{11};
  std::student_t_distribution<double> tails{5.0};
  std::vector<float> x(rows * cols);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(tails(random) * (i % cols % 37 == 5 ? 5.0 : 1.0));
  return x;
}

template <class Codec>
double decibels(Codec const& codec, std::vector<float> const& x, std::size_t cols) {
  double error = 0;
  double power = 0;
  std::vector<std::byte> bytes(skive::total_bytes(codec.plane_bytes(cols)));
  std::vector<float> y(cols);
  test::scratch_memory scratch{codec.scratch_bytes(cols)};
  for (std::size_t at = 0; at < x.size(); at += cols) {
    auto const row = std::span{x}.subspan(at, cols);
    skive::planes<std::byte, Codec::plane_count> to;
    REQUIRE(skive::planar(codec, cols, std::span{bytes}, to));
    REQUIRE(codec.encode(row, to, scratch.get()));
    REQUIRE(codec.decode(to, std::span{y}, scratch.get()));
    for (std::size_t i = 0; i < cols; ++i) {
      error += std::pow(static_cast<double>(y[i]) - static_cast<double>(row[i]), 2);
      power += std::pow(static_cast<double>(row[i]), 2);
    }
  }
  return 10 * std::log10(power / error);
}

}  // namespace

TEST_CASE("incoherence: rows of a heavy-tailed matrix become Gaussian", "[transform]") {
  // 1024 = 2^10, 768 = 12 * 2^6, 896 = 28 * 2^5; 900 = 36 * 5 * 5: the orthogonal mixing of an odd factor.
  for (std::size_t const cols : {1024U, 768U, 896U, 900U}) {
    CAPTURE(cols);
    std::size_t const rows = 128;
    auto x = heavy_matrix(rows, cols);
    auto const before = shape_of(x);
    CHECK(before.excess_kurtosis > 20);
    CHECK(before.peak > 20);
    auto const t = *random_hadamard::make(cols, 3);
    skive::absmax<skive::int4> const int4_g32{32};
    auto const plain = decibels(int4_g32, x, cols);
    auto const turned = decibels(skive::rotated{t, int4_g32}, x, cols);
    CHECK(plain < 17.5);
    CHECK(std::fabs(turned - 20.26) < 0.3);  // what int4_g32 makes of Gaussian numbers

    test::scratch_memory scratch{t.scratch_bytes()};
    REQUIRE(skive::transform_rows(t, matrix_view<float>{x.data(), rows, cols}, scratch.get()));
    // Row by row: rows keep their norms, which differ.
    double kurtosis = 0;
    double peak = 0;
    for (std::size_t at = 0; at < x.size(); at += cols) {
      auto const after =
          shape_of({x.begin() + static_cast<std::ptrdiff_t>(at), x.begin() + static_cast<std::ptrdiff_t>(at + cols)});
      kurtosis += after.excess_kurtosis / static_cast<double>(rows);
      peak += after.peak / static_cast<double>(rows);
    }
    CHECK(std::fabs(kurtosis) < 0.15);
    CHECK(std::fabs(peak - 3.4) < 0.25);  // the mean largest of about 1000 Gaussian magnitudes
  }
}

TEST_CASE("incoherence: two-sided processing levels rows as well", "[transform]") {
  std::size_t const rows = 192;
  std::size_t const cols = 512;
  auto x = heavy_matrix(rows, cols);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= i / cols % 29 == 3 ? 8.0f : 1.0f;  // outlier rows too
  auto const original = x;
  auto const before = shape_of(x);
  skive::two_sided const both{*random_hadamard::make(rows, 1), *random_hadamard::make(cols, 2)};
  test::scratch_memory scratch{both.scratch_bytes()};
  REQUIRE(both.forward(matrix_view<float>{x.data(), rows, cols}, scratch.get()));
  auto const after = shape_of(x);
  CHECK(before.excess_kurtosis > 50);
  CHECK(std::fabs(after.excess_kurtosis) < 0.1);
  CHECK(before.peak > 40);
  CHECK(after.peak < 5.5);  // of 98304 Gaussian numbers 4.4 on average
  REQUIRE(both.inverse(matrix_view<float>{x.data(), rows, cols}, scratch.get()));
  CHECK(test::distance(x, original) <= 1e-5 * test::norm(original));
}

TEST_CASE("incoherence: blocks of a head stay in their head", "[transform]") {
  std::size_t const head = 64;
  std::size_t const cols = 8 * head;
  auto x = heavy_matrix(64, cols);
  auto const original = x;
  auto const t = *random_hadamard::make_blocked(cols, head, 5);
  test::scratch_memory scratch{t.scratch_bytes()};
  REQUIRE(skive::transform_rows(t, matrix_view<float>{x.data(), 64, cols}, scratch.get()));
  for (std::size_t at = 0; at < x.size(); at += head) {
    auto const first = static_cast<std::ptrdiff_t>(at);
    std::vector<float> const a(x.begin() + first, x.begin() + first + 64);
    std::vector<float> const b(original.begin() + first, original.begin() + first + 64);
    REQUIRE(std::fabs(test::norm(a) - test::norm(b)) <= 1e-5 * test::norm(b));
  }
  CHECK(shape_of(x).excess_kurtosis < 0.5 * shape_of(original).excess_kurtosis);
}
