// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/lane_triangular.hpp: triangles whose products are those of the columns, lanes that do not touch each other, dead columns.
#include "skive/linalg/lane_triangular.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

constexpr std::size_t lanes = 16;

template <class T>
std::vector<T> random_columns(std::size_t m, std::size_t n) {
  std::mt19937 random{7};
  std::normal_distribution<T> normal;
  std::vector<T> x(lanes * m * n);
  for (T& v : x) v = normal(random);
  return x;
}
template <class T, class Arch>
std::vector<T> triangles(std::vector<T> x, std::size_t m, std::size_t n) {
  std::vector<T> to(lanes * n * n, T(-1));
  skive::detail::lane_triangular<T, Arch>(x, m, n, to);
  return to;
}
// X X^T against A^T A, the largest difference relative to |A|^2.
template <class T>
double difference(std::vector<T> const& a, std::vector<T> const& x, std::size_t m, std::size_t n, std::size_t lane) {
  auto const entry = [lane](std::vector<T> const& v, std::size_t i, std::size_t j, std::size_t rows) {
    return static_cast<double>(v[lanes * (rows * j + i) + lane]);
  };
  double worst = 0;
  double size = 0;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) size += entry(a, i, j, m) * entry(a, i, j, m);
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t q = 0; q < n; ++q) {
      double sum = 0;
      for (std::size_t i = 0; i < m; ++i) sum += entry(a, i, p, m) * entry(a, i, q, m);
      for (std::size_t k = 0; k < n; ++k) sum -= entry(x, p, k, n) * entry(x, q, k, n);
      worst = std::max(worst, std::fabs(sum));
    }
  return size == 0 ? worst : worst / size;
}

}  // namespace

TEST_CASE("lane_triangular: the triangle of each lane has the products of its columns", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {1U, 2U, 13U}) {
      auto const m = n + 6;
      auto const a = random_columns<float>(m, n);
      auto const x = triangles<float, Arch>(a, m, n);
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        REQUIRE(difference(a, x, m, n, lane) <= 4 * 19 * 0x1p-24);
        for (std::size_t j = 0; j < n; ++j)  // column j of X = R^T ends above its diagonal
          for (std::size_t i = 0; i < j; ++i) REQUIRE(x[lanes * (n * j + i) + lane] == 0.0f);
      }
    }
  });
  auto const a = random_columns<double>(19, 13);
  auto const x = triangles<double, skive::native_arch>(a, 19, 13);
  for (std::size_t lane = 0; lane < lanes; ++lane) REQUIRE(difference(a, x, 19, 13, lane) <= 4 * 19 * 0x1p-53);
}

TEST_CASE("lane_triangular: lanes do not touch each other; columns of zeros stay zeros", "[linalg]") {
  constexpr std::size_t m = 9;
  constexpr std::size_t n = 5;
  using arch = skive::native_arch;
  auto const a = random_columns<float>(m, n);
  auto const before = triangles<float, arch>(a, m, n);
  auto changed = a;
  for (std::size_t i = 0; i < m * n; ++i) changed[lanes * i + 3] = 0.0f;                       // all of lane 3
  for (std::size_t i = 0; i < m; ++i) changed[lanes * (m * 2 + i) + 8] = 0.0f;                 // a column of lane 8
  for (std::size_t i = 0; i < m; ++i) changed[lanes * (m + i) + 9] = a[lanes * i + 9] * 2.0f;  // two that are parallel
  auto const x = triangles<float, arch>(changed, m, n);
  for (std::size_t i = 0; i < n * n; ++i)
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      auto const v = x[lanes * i + lane];
      REQUIRE(std::isfinite(v));
      if (lane == 3) REQUIRE(v == 0.0f);
      if (lane != 3 && lane != 8 && lane != 9) REQUIRE(v == before[lanes * i + lane]);
    }
  CHECK(difference(changed, x, m, n, 8) <= 4 * 19 * 0x1p-24);
  CHECK(difference(changed, x, m, n, 9) <= 4 * 19 * 0x1p-24);
}
