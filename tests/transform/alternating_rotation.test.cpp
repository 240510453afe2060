// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/alternating_rotation.hpp: ITQ and a product quantizer fall to less error, float and double; refusals.
#include "skive/transform/alternating_rotation.hpp"

#include "support/rotation_checks.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::matrix_view;
using test::defect;
using test::random_rotation;
using test::unit;

}  // namespace

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
