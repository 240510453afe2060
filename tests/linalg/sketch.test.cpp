// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/sketch.hpp: every kind by seed and place, sums and squares; Hadamard columns are orthogonal.
#include "skive/linalg/sketch.hpp"

#include "support/matrices.hpp"

#include <cmath>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::sketch;
using skive::test::matrix;

}  // namespace

TEST_CASE("sketches: entries by seed and place", "[linalg]") {
  for (auto const kind : {sketch::gaussian, sketch::rademacher, sketch::sparse_sign, sketch::hadamard}) {
    matrix<float> wide(300, 100);
    matrix<float> other(300, 100);
    skive::fill_sketch(wide.view(), kind, 7);
    skive::fill_sketch(other.view(), kind, 8);
    CHECK(wide.memory() != other.memory());
    double sum = 0;
    double square = 0;
    for (float const x : wide.memory()) {
      sum += static_cast<double>(x);
      square += static_cast<double>(x) * static_cast<double>(x);
    }
    auto const expected = kind == sketch::sparse_sign ? 300.0 : 30000.0;
    CHECK(std::abs(sum) < 5 * std::sqrt(expected));
    CHECK(std::abs(square - expected) < (kind == sketch::gaussian ? 1250 : 1e-3));
    if (kind == sketch::sparse_sign) continue;
    matrix<float> part(300, 37);
    skive::fill_sketch(part.view(), kind, 7, 20);
    for (std::size_t i = 0; i < 300; ++i)
      for (std::size_t j = 0; j < 37; ++j) CHECK(part(i, j) == wide(i, j + 20));
  }
}

TEST_CASE("sketches: columns of a Hadamard matrix with random signs, no column twice", "[linalg]") {
  matrix<float> omega(128, 128);
  skive::fill_sketch(omega.view(), sketch::hadamard, 9);
  auto const gram =
      skive::test::product_by_definition<double>(std::as_const(omega).view(), true, std::as_const(omega).view(), false);
  for (std::size_t i = 0; i < 128; ++i)
    for (std::size_t j = 0; j < 128; ++j) REQUIRE(gram(i, j) == (i == j ? 128.0 : 0.0));
  matrix<float> one(1, 1);
  skive::fill_sketch(one.view(), sketch::hadamard, 9);
  CHECK(std::abs(one(0, 0)) == 1);
}
