// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/orthogonal_group.hpp: steps on the group and back to it, float and double; refusals.
#include "skive/transform/orthogonal_group.hpp"

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
using test::unit;

// Loss ||Q A - B||^2 and its gradient 2 (Q A - B) A^T.
template <class T>
struct distance_loss {
  test::matrix<T> a, b;
  double value(test::matrix<T> const& q) const {
    auto const p = test::product_by_definition<double, T>(q.view(), false, a.view(), false);
    double sum = 0;
    for (std::size_t i = 0; i < b.rows(); ++i)
      for (std::size_t j = 0; j < b.cols(); ++j) sum += std::pow(p(i, j) - static_cast<double>(b(i, j)), 2);
    return sum;
  }
  test::matrix<T> gradient(test::matrix<T> const& q) const {
    auto rest = test::product_by_definition<T, T>(q.view(), false, a.view(), false);
    rest.fill([&](std::size_t i, std::size_t j) { return T(2) * (rest(i, j) - b(i, j)); });
    return test::product_by_definition<T, T>(rest.view(), false, a.view(), true);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("cayley_step: down the gradient, on the group, to the solution of Procrustes", "[transform]", float, double) {
  std::mt19937 random{5};
  std::size_t const n = 12;
  distance_loss<TestType> const loss{test::random_matrix<TestType>(n, 40, random), test::random_matrix<TestType>(n, 40, random)};
  auto q = random_rotation<TestType>(n, 6);
  test::scratch_memory scratch{skive::cayley_step_bytes<TestType>(n)};

  // To first order in t the loss falls by t ||W||^2.
  auto const g = loss.gradient(q);
  auto const gq = test::product_by_definition<double, TestType>(g.view(), false, q.view(), true);
  double slope = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) slope += std::pow((gq(i, j) - gq(j, i)) / 2, 2);
  auto near = q;
  REQUIRE(skive::cayley_step(g.view(), TestType(1e-3), near.view(), scratch.get()));
  CHECK(std::fabs((loss.value(q) - loss.value(near)) / (1e-3 * slope) - 1) < 0.05);

  auto const m = test::product_by_definition<TestType, TestType>(loss.b.view(), false, loss.a.view(), true);
  test::matrix<TestType> best(n, n);
  test::scratch_memory solving{skive::procrustes_rotation_bytes<TestType>(n)};
  REQUIRE(skive::procrustes_rotation(m.view(), best.view(), solving.get()));
  double nearest = 2;
  for (TestType const sign : {TestType(1), TestType(-1)}) {  // steps keep the determinant
    auto moving = q;
    for (std::size_t j = 0; j < n; ++j) moving(0, j) *= sign;
    for (int step = 0; step < 600; ++step)
      REQUIRE(skive::cayley_step(loss.gradient(moving).view(), TestType(0.04), moving.view(), scratch.get()));
    CHECK(defect(moving) <= 2000 * unit<TestType>);
    test::scratch_memory room{skive::nearest_orthogonal_bytes<TestType>(n)};
    REQUIRE(skive::nearest_orthogonal(moving.view(), room.get()));
    CHECK(defect(moving) <= 4 * std::sqrt(static_cast<double>(n)) * unit<TestType>);
    nearest = std::min(nearest, largest_difference(moving, best));
  }
  CHECK(nearest < 1e-3);

  // A step however long stays on the group.
  auto far = random_rotation<TestType>(n, 9);
  REQUIRE(skive::cayley_step(loss.gradient(far).view(), TestType(100), far.view(), scratch.get()));
  CHECK(defect(far) <= 1000 * unit<TestType>);

  auto const kept = q.memory();
  auto bad = g;
  bad(0, 1) = std::numeric_limits<TestType>::infinity();
  CHECK(skive::cayley_step(bad.view(), TestType(1), q.view(), scratch.get()).error() == errc::not_finite);
  CHECK(skive::cayley_step(g.view(), std::numeric_limits<TestType>::quiet_NaN(), q.view(), scratch.get()).error() ==
        errc::not_finite);
  CHECK(skive::cayley_step(g.view(), std::numeric_limits<TestType>::max(), q.view(), scratch.get()).error() == errc::not_finite);
  CHECK(skive::cayley_step(q.view(), TestType(1), q.view(), scratch.get()).error() == errc::overlap);
  CHECK(skive::cayley_step(test::matrix<TestType>(3, 3).view(), TestType(1), q.view(), scratch.get()).error() ==
        errc::size_mismatch);
  CHECK(skive::cayley_step(g.view(), TestType(1), q.view(), skive::workspace{}).error() == errc::workspace_too_small);
  CHECK(q.memory() == kept);
}

TEMPLATE_TEST_CASE("orthonormalise, nearest_orthogonal: back to the group", "[transform]", float, double) {
  std::mt19937 random{7};
  for (std::size_t const n : {1U, 6U, 33U, 90U}) {
    auto const clean = random_rotation<TestType>(n, 1);
    auto drifted = clean;
    drifted.fill([&](std::size_t i, std::size_t j) { return clean(i, j) + TestType(1e-3) * test::uniform<TestType>(random); });
    auto by_qr = drifted;
    auto by_steps = drifted;
    test::scratch_memory scratch{
        std::max(skive::orthonormalise_bytes<TestType>(n), skive::nearest_orthogonal_bytes<TestType>(n))};
    REQUIRE(skive::orthonormalise(by_qr.view(), scratch.get()));
    REQUIRE(skive::nearest_orthogonal(by_steps.view(), scratch.get()));
    CHECK(defect(by_qr) <= 4 * std::sqrt(static_cast<double>(n)) * unit<TestType>);
    CHECK(defect(by_steps) <= 4 * std::sqrt(static_cast<double>(n)) * unit<TestType>);
    CHECK(largest_difference(by_qr, clean) < 0.02);
    // The polar factor is the Procrustes solution of the matrix itself.
    test::matrix<TestType> polar(n, n);
    test::scratch_memory solving{skive::procrustes_rotation_bytes<TestType>(n)};
    REQUIRE(skive::procrustes_rotation(drifted.view(), polar.view(), solving.get()));
    CHECK(largest_difference(by_steps, polar) <= 20 * std::sqrt(static_cast<double>(n)) * unit<TestType>);
    // Rows of the first lie in the span of the rows before: R is triangular.
    auto const r = test::product_by_definition<double, TestType>(drifted.view(), false, by_qr.view(), true);
    for (std::size_t i = 0; i < n; ++i) {
      CHECK(r(i, i) > 0);
      for (std::size_t j = i + 1; j < n; ++j)
        REQUIRE(std::fabs(r(i, j)) <= 8 * std::sqrt(static_cast<double>(n)) * unit<TestType>);
    }
  }
  auto q = random_rotation<TestType>(5, 2);
  for (std::size_t j = 0; j < 5; ++j) q(3, j) = q(1, j) + q(2, j);
  test::scratch_memory scratch{skive::orthonormalise_bytes<TestType>(5)};
  auto const refused = [&](errc why) {
    auto const kept = q.memory();
    CHECK(skive::orthonormalise(q.view(), scratch.get()).error() == why);
    CHECK(skive::nearest_orthogonal(q.view(), scratch.get()).error() == why);
    CHECK(std::memcmp(q.memory().data(), kept.data(), kept.size() * sizeof(TestType)) == 0);
  };
  refused(errc::invalid_argument);
  q(0, 0) = std::numeric_limits<TestType>::quiet_NaN();
  refused(errc::not_finite);
  auto const part = skive::submatrix(q.view(), 0, 0, 4, 5);
  CHECK(skive::orthonormalise(part, scratch.get()).error() == errc::size_mismatch);
  CHECK(skive::nearest_orthogonal(part, scratch.get()).error() == errc::size_mismatch);
  CHECK(skive::orthonormalise(q.view(), skive::workspace{}).error() == errc::workspace_too_small);
  CHECK(skive::nearest_orthogonal(q.view(), skive::workspace{}).error() == errc::workspace_too_small);
}
