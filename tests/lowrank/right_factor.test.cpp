// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/right_factor.hpp: products by definition, there and back, what check() refuses.
#include "skive/lowrank/right_factor.hpp"

#include "support/matrices.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::workspace;
using skive::test::matrix;

// w S against the whole matrix S, then S^-1 on that.
template <class S>
void there_and_back(S const& s, matrix<double> const& whole) {
  std::mt19937 random{71};
  auto const n = whole.rows();
  auto const w = skive::test::random_matrix<float>(7, n, random, 2);
  matrix<double> wide(7, n);
  wide.fill([&](std::size_t i, std::size_t j) { return static_cast<double>(w(i, j)); });
  auto const expected = skive::test::product_by_definition<double, double>(wide.view(), false, whole.view(), false);
  auto m = w;
  std::vector<std::byte> memory(s.scratch_bytes(7, n));
  REQUIRE(s.check());
  REQUIRE(s.multiply(m.view(), workspace{memory}));
  CHECK(skive::test::largest_difference(expected, m) < 1e-5);
  REQUIRE(s.divide(m.view(), workspace{memory}));
  CHECK(skive::test::largest_difference(wide, m) < 1e-5);
}

matrix<double> diagonal(std::span<float const> scale) {
  matrix<double> d(scale.size(), scale.size());
  return d.fill([&](std::size_t i, std::size_t j) { return i == j ? static_cast<double>(scale[i]) : 0.0; });
}

}  // namespace

TEST_CASE("right factors: w S and back", "[lowrank]") {
  std::vector<float> const ones(12, 1.0f);
  there_and_back(skive::identity_factor{}, diagonal(ones));
  std::vector<float> scale(12);
  for (std::size_t i = 0; i < 12; ++i) scale[i] = std::pow(1.5f, static_cast<float>(i) - 6);
  there_and_back(skive::diagonal_factor{scale}, diagonal(scale));
  std::mt19937 random{72};
  auto l = skive::test::random_matrix<float>(12, 12, random, 3);
  for (std::size_t i = 0; i < 12; ++i) l(i, i) = 3 + std::abs(l(i, i));
  matrix<double> whole(12, 12);
  whole.fill([&](std::size_t i, std::size_t j) { return j <= i ? static_cast<double>(l(i, j)) : 0.0; });
  for (std::size_t i = 0; i < 12; ++i)
    for (std::size_t j = i + 1; j < 12; ++j) l(i, j) = std::numeric_limits<float>::quiet_NaN();  // never read
  there_and_back(skive::triangular_factor{l.view()}, whole);
}

TEST_CASE("right factors: what cannot be divided by", "[lowrank]") {
  CHECK(skive::identity_factor{}.check());
  CHECK(skive::diagonal_factor{}.check().error() == errc::size_mismatch);
  for (float const bad : {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> scale(5, 1.0f);
    scale[3] = bad;
    CHECK(skive::diagonal_factor{scale}.check().error() == errc::invalid_argument);
    matrix<float> l(5, 5);
    for (std::size_t i = 0; i < 5; ++i) l(i, i) = scale[i];
    CHECK(skive::triangular_factor{l.view()}.check().error() == errc::invalid_argument);
  }
  CHECK(skive::triangular_factor{}.check().error() == errc::size_mismatch);
  matrix<float> const oblong(5, 4);
  CHECK(skive::triangular_factor{oblong.view()}.check().error() == errc::size_mismatch);
}
