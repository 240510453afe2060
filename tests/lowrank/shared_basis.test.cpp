// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/shared_basis.hpp: no other common basis leaves less; refusals.
#include "skive/lowrank/shared_basis.hpp"

#include "support/layer.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::matrix;

}  // namespace

TEST_CASE("shared_basis: no other common basis leaves less, and own bases leave no more", "[lowrank]") {
  skive::test::layer const l{3}, other{4};
  constexpr std::size_t k = 12, m = skive::test::layer::m, n = skive::test::layer::n;
  auto const plain = *truncated_svd<>::make(k);
  std::vector<matrix_view<float const>> const w{l.w.view(), other.w.view()};
  matrix<float> first(m, k), second(m, k), right(k, n);
  std::vector<matrix_view<float>> const left{first.view(), second.view()};
  std::vector<std::byte> memory(shared_basis_scratch_bytes(plain, 2 * m, n));
  REQUIRE(shared_basis(plain, w, left, right.view(), workspace{memory}));
  auto const error = [&](matrix<float> const& a, matrix<float> const& f, matrix<float> const& r) {
    auto const e = skive::test::output_error(a, f, r, l.unit);
    return e * e;
  };
  auto const both = error(l.w, first, right) + error(other.w, second, right);
  matrix<float> all(2 * m, n);
  all.fill([&](std::size_t i, std::size_t j) { return i < m ? l.w(i, j) : other.w(i - m, j); });
  auto const values = skive::test::singular_values_by_rotation<double>(all);
  double tail = 0;
  for (std::size_t j = k; j < values.size(); ++j) tail += values[j] * values[j];
  CHECK(std::abs(both / tail - 1) < 1e-4);
  matrix<float> own(m, k), basis(k, n);
  REQUIRE(plain.factor(l.w.view(), own.view(), basis.view(), workspace{memory}));
  CHECK(error(l.w, own, basis) <= error(l.w, first, right) * (1 + 1e-5));

  CHECK(shared_basis(plain, w, std::span{left}.first(1), right.view(), workspace{memory}).error() == errc::size_mismatch);
  CHECK(shared_basis(plain, w, left, submatrix(right.view(), 0, 0, k - 1, n), workspace{memory}).error() == errc::size_mismatch);
  matrix_view<float> const narrow{right.view().data, k, n, n - 1};
  CHECK(shared_basis(plain, w, left, narrow, workspace{memory}).error() == errc::invalid_argument);
  std::vector<matrix_view<float>> const same{first.view(), first.view()};
  CHECK(shared_basis(plain, w, same, right.view(), workspace{memory}).error() == errc::overlap);
  CHECK(shared_basis(plain, w, left, right.view(), workspace{}).error() == errc::workspace_too_small);
  auto broken = l.w;
  broken(0, 0) = std::numeric_limits<float>::quiet_NaN();
  std::vector<matrix_view<float const>> const bad{other.w.view(), broken.view()};
  CHECK(shared_basis(plain, bad, left, right.view(), workspace{memory}).error() == errc::not_finite);
}
