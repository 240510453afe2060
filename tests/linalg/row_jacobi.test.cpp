// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/row_jacobi.hpp: rows become orthogonal and keep what they span; the pairs of a round may come in any order.
#include "skive/linalg/row_jacobi.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::row_jacobi;
using skive::test::matrix;

constexpr float tolerance = 8 * std::numeric_limits<float>::epsilon();

template <class Arch>
void becomes_orthogonal(std::size_t length) {
  std::mt19937 random{12};
  auto w = skive::test::random_matrix<float>(64, length, random);
  for (std::size_t i = 40; i < 64; ++i)
    for (std::size_t k = 0; k < length; ++k)
      w(i, k) = i < 60 ? w(i, k) * std::pow(10.0f, -0.5f * static_cast<float>(i - 40)) : 0.0f;
  auto const before = skive::test::product_by_definition<double>(std::as_const(w).view(), true, std::as_const(w).view(), false);
  std::vector<float> products(64 * 16);
  REQUIRE(row_jacobi<float>{w.view(), products, tolerance}.run<Arch>(40) != 0);
  auto const after = skive::test::product_by_definition<double>(std::as_const(w).view(), true, std::as_const(w).view(), false);
  CHECK(skive::test::largest_difference(before, after) <= 64e-6);  // W^T W = (J W)^T (J W)
  auto const g = skive::test::product_by_definition<double>(std::as_const(w).view(), false, std::as_const(w).view(), true);
  std::size_t far = 0;
  for (std::size_t i = 0; i < 64; ++i)
    for (std::size_t j = 0; j < i; ++j) far += std::abs(g(i, j)) > 4e-6 * std::sqrt(g(i, i) * g(j, j)) + 1e-40 ? 1U : 0U;
  CHECK(far == 0);
}

}  // namespace

TEST_CASE("row_jacobi: orthogonal rows, however graded", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() { becomes_orthogonal<Arch>(80); });
}

TEST_CASE("row_jacobi: the pairs of a round in any order", "[linalg]") {
  std::mt19937 random{13};
  auto one = skive::test::random_matrix<float>(96, 96, random);
  auto other = one;
  std::vector<float> products(96 * 16), other_products(96 * 16);
  row_jacobi<float> const forward{one.view(), products, tolerance};
  row_jacobi<float> const back{other.view(), other_products, tolerance};
  for (std::size_t round = 0; round < 2 * forward.rounds(); ++round)
    for (std::size_t pair = 0; pair < forward.pairs(); ++pair) {
      (void)forward.rotate(round % forward.rounds(), pair);
      (void)back.rotate(round % forward.rounds(), back.pairs() - 1 - pair);
    }
  CHECK(one.memory() == other.memory());
  CHECK(row_jacobi<float>{one.view(), products, 0.0f}.run(1) == 0);  // never good enough
}
