// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/bidiagonal_qr.hpp: L^T B R is diagonal, for random, graded and split matrices from either end.
#include "skive/linalg/bidiagonal_qr.hpp"

#include "skive/linalg/operand.hpp"
#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::bidiagonal_qr;
using skive::detail::plane_rotation;
using skive::test::matrix;

template <class Arch>
void becomes_diagonal(std::vector<double> d, std::vector<double> e) {
  auto const n = d.size();
  CAPTURE(n, d, e);
  auto const wide = (n + 15) / 16 * 16;
  matrix<double> b(n, n);
  b.fill([&](std::size_t i, std::size_t k) { return i == k ? d[i] : k == i + 1 ? e[i] : 0.0; });
  auto left = skive::test::identity<double>(n, wide);
  auto right = skive::test::identity<double>(n, wide);
  std::vector<plane_rotation<double>> memory(bidiagonal_qr<double, Arch>::scratch_elements(n));
  REQUIRE(bidiagonal_qr<double, Arch>{d, e, left.view(), right.view(), memory}.run());
  double size = 1e-300;
  for (std::size_t i = 0; i < n; ++i) size = std::max(size, std::abs(d[i]));
  auto const l = skive::submatrix(std::as_const(left).view(), 0, 0, n, n);
  auto const r = skive::submatrix(std::as_const(right).view(), 0, 0, n, n);
  auto const half = skive::test::product_by_definition<double>(l, false, std::as_const(b).view(), false);
  auto const turned = skive::test::product_by_definition<double>(half.view(), false, r, true);
  matrix<double> diagonal(n, n);
  diagonal.fill([&](std::size_t i, std::size_t k) { return i == k ? d[i] : 0.0; });
  CHECK(skive::test::largest_difference(turned, diagonal) <= 1e-13 * size);
  auto const one = skive::test::identity<double>(n, n);
  CHECK(skive::test::largest_difference(skive::test::product_by_definition<double>(l, false, l, true), one) <= 1e-13);
  CHECK(skive::test::largest_difference(skive::test::product_by_definition<double>(r, false, r, true), one) <= 1e-13);
}

}  // namespace

TEST_CASE("bidiagonal_qr: a diagonal, and the rotations that lead there", "[linalg]") {
  std::mt19937 random{5};
  auto const some = [&](std::size_t n, double grade) {
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = skive::test::uniform<double>(random) * std::pow(grade, static_cast<double>(i));
    return x;
  };
  skive::test::for_each(skive::test::few_arches{}, [&]<class Arch>() {
    becomes_diagonal<Arch>({2.5}, {});
    for (double const grade : {1.0, 0.5, 2.0})
      for (std::size_t const n : {2U, 7U, 40U}) becomes_diagonal<Arch>(some(n, grade), some(n - 1, grade));
    auto split = some(20, 1);
    auto beside = some(19, 1);
    split[7] = 0;
    beside[12] = 0;
    becomes_diagonal<Arch>(split, beside);
    becomes_diagonal<Arch>(std::vector<double>(9), std::vector<double>(8));
    becomes_diagonal<Arch>(std::vector<double>(9, 1.0), std::vector<double>(8, 1.0));
  });
}

TEST_CASE("smaller_singular_value: that of [f g; 0 h]", "[linalg]") {
  std::mt19937 random{6};
  for (int k = 0; k < 200; ++k) {
    auto const scaled = [&] {
      return skive::test::uniform<double>(random) * std::pow(10.0, static_cast<double>(random() % 9) - 4);
    };
    auto const f = scaled();
    auto const g = scaled();
    auto const h = scaled();
    auto const sum = f * f + g * g + h * h;
    auto const larger = std::sqrt((sum + std::sqrt((sum - 2 * f * h) * (sum + 2 * f * h))) / 2);
    auto const exact = std::abs(f * h) / larger;
    CHECK(std::abs(skive::detail::smaller_singular_value(f, g, h) - exact) <= 1e-14 * exact);
  }
  CHECK(skive::detail::smaller_singular_value(0.0, 3.0, 2.0) == 0.0);
}
