// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/fitted_rotation.hpp: axes and optima, float and double; refusals.
#include "skive/transform/fitted_rotation.hpp"

#include "support/rotation_checks.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
using skive::errc;
using test::defect;
using test::largest_difference;
using test::random_rotation;
using test::trace_of_product;
using test::unit;

}  // namespace

TEMPLATE_TEST_CASE("principal_rotation: uncorrelated axes, the variance falling", "[transform]", float, double) {
  std::mt19937 random{1};
  for (std::size_t const n : {1U, 3U, 17U, 64U, 96U}) {
    auto const x = test::random_matrix<TestType>(3 * n, n, random);
    auto const gram = test::product_by_definition<TestType, TestType>(x.view(), true, x.view(), false);
    test::matrix<TestType> q(n, n);
    std::vector<TestType> values(n);
    test::scratch_memory scratch{skive::principal_rotation_bytes<TestType>(n)};
    REQUIRE(skive::principal_rotation(gram.view(), std::span{values}, q.view(), scratch.get()));
    CHECK(defect(q) <= 10 * std::sqrt(static_cast<double>(n)) * unit<TestType>);
    auto const turned = test::product_by_definition<double, TestType>(q.view(), false, gram.view(), false);
    double const size = static_cast<double>(values[0]);
    for (std::size_t k = 0; k < n; ++k) {
      if (k > 0) REQUIRE(values[k] <= values[k - 1]);
      double peak = 0;
      for (std::size_t j = 0; j < n; ++j) {
        if (std::fabs(static_cast<double>(q(k, j))) > std::fabs(peak)) peak = static_cast<double>(q(k, j));
        double entry = 0;  // (Q G Q^T)(k, j)
        for (std::size_t l = 0; l < n; ++l) entry += turned(k, l) * static_cast<double>(q(j, l));
        auto const expected = k == j ? static_cast<double>(values[k]) : 0.0;
        REQUIRE(std::fabs(entry - expected) <= 8 * static_cast<double>(n) * unit<TestType> * size);
      }
      CHECK(peak > 0);
    }
    auto const kept = q.memory();
    if (n == 1) continue;
    auto bad = gram;
    bad(n - 1, 0) = std::numeric_limits<TestType>::quiet_NaN();
    CHECK(skive::principal_rotation(bad.view(), std::span{values}, q.view(), scratch.get()).error() == errc::not_finite);
    CHECK(skive::principal_rotation(gram.view(), std::span{values}.first(n - 1), q.view(), scratch.get()).error() ==
          errc::size_mismatch);
    test::scratch_memory small{skive::principal_rotation_bytes<TestType>(n) - 64};
    CHECK(skive::principal_rotation(gram.view(), std::span{values}, q.view(), small.get()).error() == errc::workspace_too_small);
    CHECK(skive::principal_rotation(q.view(), std::span{values}, q.view(), scratch.get()).error() == errc::overlap);
    CHECK(q.memory() == kept);
  }
}

TEMPLATE_TEST_CASE("procrustes_rotation: finds a rotation again, and none is better", "[transform]", float, double) {
  std::mt19937 random{2};
  for (std::size_t const n : {2U, 5U, 32U, 80U}) {
    auto const x = test::random_matrix<TestType>(4 * n, n, random);
    auto const hidden = random_rotation<TestType>(n, 3);
    auto const y = test::product_by_definition<TestType, TestType>(x.view(), false, hidden.view(), true);
    auto const m = test::product_by_definition<TestType, TestType>(y.view(), true, x.view(), false);
    test::matrix<TestType> q(n, n);
    test::scratch_memory scratch{skive::procrustes_rotation_bytes<TestType>(n)};
    REQUIRE(skive::procrustes_rotation(m.view(), q.view(), scratch.get()));
    CHECK(defect(q) <= 10 * std::sqrt(static_cast<double>(n)) * unit<TestType>);
    CHECK(largest_difference(q, hidden) <= std::max(100 * static_cast<double>(n) * unit<TestType>, 1e-6));  // hidden is of floats

    auto const any = test::random_matrix<TestType>(n, n, random);
    REQUIRE(skive::procrustes_rotation(any.view(), q.view(), scratch.get()));
    auto const best = trace_of_product(q, any);
    for (std::uint64_t seed = 0; seed < 20; ++seed) CHECK(trace_of_product(random_rotation<TestType>(n, seed), any) < best);
    // At the optimum Q^T M is symmetric and has no negative eigenvalue: its diagonal is not negative under any rotation.
    auto const s = test::product_by_definition<double, TestType>(q.view(), true, any.view(), false);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j) REQUIRE(std::fabs(s(i, j) - s(j, i)) <= 20 * static_cast<double>(n) * unit<TestType>);
    auto copy = any;
    REQUIRE(skive::procrustes_rotation(copy.view(), copy.view(), scratch.get()));
    CHECK(copy.memory() == q.memory());
  }
  test::matrix<TestType> q(4, 4);
  test::matrix<TestType> m(4, 4);  // zero: any rotation will do
  test::scratch_memory scratch{skive::procrustes_rotation_bytes<TestType>(4)};
  REQUIRE(skive::procrustes_rotation(m.view(), q.view(), scratch.get()));
  CHECK(defect(q) <= 4 * unit<TestType>);
  auto const kept = q.memory();
  m(1, 2) = std::numeric_limits<TestType>::infinity();
  CHECK(skive::procrustes_rotation(m.view(), q.view(), scratch.get()).error() == errc::not_finite);
  auto const part = skive::submatrix(q.view(), 0, 0, 3, 3);
  CHECK(skive::procrustes_rotation(m.view(), part, scratch.get()).error() == errc::size_mismatch);
  CHECK(skive::procrustes_rotation(part, skive::submatrix(q.view(), 1, 1, 3, 3), scratch.get()).error() == errc::overlap);
  CHECK(skive::procrustes_rotation(m.view(), q.view(), skive::workspace{}).error() == errc::workspace_too_small);
  CHECK(q.memory() == kept);
}
