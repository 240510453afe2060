// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/fitted_rotation.hpp, alternating_rotation.hpp: axes, optima, alternation, float and double; refusals.
#include "skive/transform/fitted_rotation.hpp"

#include "skive/transform/alternating_rotation.hpp"
#include "support/rotation_checks.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::matrix_view;
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

TEMPLATE_TEST_CASE("alternating_rotation: ITQ and a product quantizer", "[transform]", float, double) {
  std::mt19937 random{4};
  std::size_t const n = 16;
  std::size_t const tokens = 400;
  // Corners of a cube under a hidden rotation: signs fit exactly behind its inverse, the identity does not.
  auto const hidden = random_rotation<TestType>(n, 8);
  test::matrix<TestType> corners(tokens, n);
  corners.fill([&](std::size_t, std::size_t) { return random() % 2 == 0 ? TestType(1) : TestType(-1); });
  auto const x = test::product_by_definition<TestType, TestType>(corners.view(), false, hidden.view(), false);
  auto q = random_rotation<TestType>(n, 2);
  auto const start = q;
  test::scratch_memory scratch{skive::alternating_rotation_bytes<TestType>(tokens, n)};
  auto const report = skive::alternating_rotation(x.view(), skive::nearest_signs{}, 60, q.view(), scratch.get());
  REQUIRE(report);
  CHECK(report->after < TestType(0.6) * report->before);
  CHECK(defect(q) <= 40 * unit<TestType>);
  TestType last = report->before;  // errors of ITQ never rise
  for (int const steps : {1, 2, 4, 8, 16}) {
    auto again = start;
    auto const r = skive::alternating_rotation(x.view(), skive::nearest_signs{}, steps, again.view(), scratch.get());
    REQUIRE(r);
    CHECK(r->before == report->before);
    CHECK(r->after < last);
    CHECK(r->best == steps);
    last = r->after;
  }
  // OPQ: pairs of channels, a codebook of nine points each.
  auto const nine_points = [](matrix_view<TestType> z) noexcept -> skive::status {
    for (std::size_t r = 0; r < z.rows; ++r)
      for (TestType& v : z.row(r)) v = v > TestType(0.5) ? TestType(1) : v < TestType(-0.5) ? TestType(-1) : TestType(0);
    return errc::ok;
  };
  auto o = start;
  auto const opq = skive::alternating_rotation(x.view(), nine_points, 40, o.view(), scratch.get());
  REQUIRE(opq);
  CHECK(opq->after < TestType(0.8) * opq->before);

  auto const failing = [](matrix_view<TestType>) noexcept -> skive::status { return errc::unsupported; };
  auto const run = [&](auto const& f, auto const& rows, int steps, skive::workspace w) {
    auto const before = q;
    auto const s = skive::alternating_rotation(rows.view(), f, steps, q.view(), w).error();
    CHECK(q.memory() == before.memory());
    return s;
  };
  CHECK(run(failing, x, 3, scratch.get()) == errc::unsupported);
  CHECK(run(skive::nearest_signs{}, x, -1, scratch.get()) == errc::invalid_argument);
  CHECK(run(skive::nearest_signs{}, x, 1, skive::workspace{}) == errc::workspace_too_small);
  CHECK(run(skive::nearest_signs{}, test::matrix<TestType>(3, n + 1), 1, scratch.get()) == errc::size_mismatch);
  CHECK(run(skive::nearest_signs{}, q, 1, scratch.get()) == errc::overlap);
  auto dirty = x;
  dirty(2, 2) = std::numeric_limits<TestType>::quiet_NaN();
  CHECK(run(skive::nearest_signs{}, dirty, 1, scratch.get()) == errc::not_finite);
}
