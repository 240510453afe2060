// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/range_finder.hpp: bases of blocks of full and lesser rank, what is removed, refusals.
#include "skive/linalg/range_finder.hpp"

#include "support/svd_checks.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::test::matrix;

constexpr std::size_t m = 40;
constexpr std::size_t l = 6;

// The largest entry of |q^T q - I| and of |q r - y|, in double.
void check_basis(matrix<float> const& y, matrix<float> const& q, matrix<float> const& r) {
  for (std::size_t i = 0; i < l; ++i)
    for (std::size_t j = 0; j < l; ++j) {
      double sum = i == j ? -1 : 0;
      for (std::size_t k = 0; k < m; ++k) sum += double{q(k, i)} * double{q(k, j)};
      CHECK(std::abs(sum) < 1e-5);
    }
  for (std::size_t k = 0; k < m; ++k)
    for (std::size_t j = 0; j < l; ++j) {
      double sum = -double{y(k, j)};
      for (std::size_t i = 0; i < l; ++i) sum += double{q(k, i)} * double{r(i, j)};
      CHECK(std::abs(sum) < 1e-4);
    }
}

struct finder {
  matrix<float> a{m, l};
  std::vector<std::byte> memory =
      std::vector<std::byte>(skive::detail::range_finder<float, skive::native_arch>::scratch_bytes(m, l, l));
  skive::detail::range_finder<float, skive::native_arch> range{a.view(), 1.0f, skive::workspace{memory}};
};

}  // namespace

TEST_CASE("range_finder: columns that are independent, nearly dependent, equal and zero become an orthonormal basis",
          "[linalg]") {
  std::mt19937 random{7};
  std::normal_distribution<float> normal;
  for (int const kind : {0, 1, 2, 3}) {
    CAPTURE(kind);
    finder f;
    matrix<float> y(m, l);
    for (std::size_t k = 0; k < m; ++k)
      for (std::size_t j = 0; j < l; ++j) y(k, j) = normal(random);
    for (std::size_t k = 0; k < m; ++k) {
      if (kind == 1) y(k, 5) = y(k, 0) + 1e-5f * y(k, 5);
      if (kind == 2) y(k, 5) = y(k, 0);
      if (kind == 3) y(k, 2) = 0;
    }
    auto q = y;
    matrix<float> r(l, l);
    REQUIRE(f.range.orthonormalize(q.view(), r.view()));
    check_basis(y, q, r);
  }
}

TEST_CASE("range_finder: what is removed leaves nothing along the basis, and the rest as it was", "[linalg]") {
  std::mt19937 random{8};
  std::normal_distribution<float> normal;
  finder f;
  matrix<float> q(m, l);
  matrix<float> r(l, l);
  for (std::size_t k = 0; k < m; ++k)
    for (std::size_t j = 0; j < l; ++j) q(k, j) = normal(random);
  REQUIRE(f.range.orthonormalize(q.view(), r.view()));
  matrix<float> y(m, 2);
  for (std::size_t k = 0; k < m; ++k)
    for (std::size_t j = 0; j < 2; ++j) y(k, j) = 1000 * q(k, j) + normal(random);
  auto const before = y;
  f.range.remove(q.view(), y.view());
  for (std::size_t j = 0; j < 2; ++j) {
    std::vector<double> along(l);
    for (std::size_t i = 0; i < l; ++i) {
      double left = 0;
      for (std::size_t k = 0; k < m; ++k) {
        left += double{q(k, i)} * double{y(k, j)};
        along[i] += double{q(k, i)} * double{before(k, j)};
      }
      CHECK(std::abs(left) < 1e-5);
    }
    for (std::size_t k = 0; k < m; ++k) {
      double rest = double{before(k, j)};
      for (std::size_t i = 0; i < l; ++i) rest -= along[i] * double{q(k, i)};
      CHECK(std::abs(rest - double{y(k, j)}) < 1e-3);
    }
  }
}

TEST_CASE("range_finder: a column that is not finite is refused", "[linalg]") {
  finder f;
  matrix<float> y(m, l);
  matrix<float> r(l, l);
  for (std::size_t k = 0; k < m; ++k) y(k, k % l) = 1;
  y(3, 1) = std::numeric_limits<float>::infinity();
  CHECK(f.range.orthonormalize(y.view(), r.view()).error() == skive::errc::not_finite);
}
