// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/cholesky_qr.hpp: orthogonality and residual over condition numbers, shifts, dependent columns, refusals.
#include "skive/linalg/cholesky_qr.hpp"

#include "skive/linalg/qr.hpp"
#include "support/simd_arches.hpp"
#include "support/wide_residuals.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

// Orthonormal columns times diag(1 ... 2^-bits) times an orthogonal matrix: condition number 2^bits.
template <class T>
matrix<T> of_condition(std::size_t m, std::size_t n, int bits, std::mt19937& random) {
  auto const orthonormal = [&](std::size_t rows) {
    auto a = skive::test::random_matrix<double>(rows, n, random);
    std::vector<double> tau(n);
    std::vector<std::byte> memory(skive::apply_q_scratch_bytes<double>(rows, n, n));
    matrix<double> q(rows, n);
    REQUIRE(skive::qr(a.view(), std::span{tau}, workspace{memory}));
    REQUIRE(skive::form_q(a.view(), tau, q.view(), workspace{memory}));
    return q;
  };
  auto u = orthonormal(m);
  auto const v = orthonormal(n);
  u.fill([&, old = u](std::size_t i, std::size_t j) {
    return old(i, j) * std::exp2(-bits * static_cast<double>(j) / static_cast<double>(n - 1));
  });
  auto const a = skive::test::product_by_definition<double>(std::as_const(u).view(), false, v.view(), true);
  matrix<T> result(m, n);
  return result.fill([&](std::size_t i, std::size_t j) { return static_cast<T>(a(i, j)); });
}

template <class Wide, class Arch, class T>
skive::cholesky_qr_report<T> factors_are_right(matrix<T> const& a) {
  auto const n = a.cols();
  auto q = a;
  matrix<T> r(n, n, 0, 0, T(5));
  std::vector<std::byte> memory(skive::cholesky_qr_scratch_bytes<T, Arch>(a.rows(), n));
  skive::cholesky_qr_report<T> report;
  REQUIRE(skive::cholesky_qr<Arch>(q.view(), r.view(), report, workspace{memory}));
  auto const bound = Wide(8 * (a.rows() + n)) * Wide(std::numeric_limits<T>::epsilon()) / 2;
  REQUIRE(skive::test::orthogonality_error<Wide>(q) <= bound);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  REQUIRE(skive::test::product_error<Wide>(a, q, r, order) <= bound);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) REQUIRE(r(i, j) == T(0));
  return report;
}

}  // namespace

TEST_CASE("CholeskyQR: two passes for good condition, three with a shift for bad", "[linalg]") {
  std::mt19937 random{61};
  using arch = skive::native_arch;
  for (int const bits : {0, 5, 9}) {
    auto const report = factors_are_right<double, arch>(of_condition<float>(200, 40, bits, random));
    REQUIRE((report.passes == 2 && report.shift == 0.0f));
  }
  for (int const bits : {14, 17}) {
    auto const report = factors_are_right<double, arch>(of_condition<float>(200, 40, bits, random));
    REQUIRE((report.passes >= 3 && report.shift > 0.0f));
  }
  for (int const bits : {0, 20, 34, 44})
    static_cast<void>(factors_are_right<long double, arch>(of_condition<double>(150, 30, bits, random)));
  skive::test::for_each(skive::test::few_arches{}, [&]<class Arch>() {
    static_cast<void>(factors_are_right<double, Arch>(skive::test::random_matrix<float>(150, 70, random, 3)));
    static_cast<void>(factors_are_right<double, Arch>(skive::test::random_matrix<float>(1, 1, random)));
  });
}

TEST_CASE("CholeskyQR in fifty digits", "[linalg]") {
  std::mt19937 random{62};
  auto const report = [&] {
    matrix<digits50> a(20, 6);
    a.fill([&](std::size_t, std::size_t) { return digits50(skive::test::uniform<double>(random)); });
    return factors_are_right<digits50, skive::native_arch>(a);
  }();
  REQUIRE(report.passes == 2);
}

TEST_CASE("dependent columns end in a status or in factors that are right", "[linalg]") {
  matrix<float> a(60, 4), r(4, 4);
  std::vector<std::byte> memory(skive::cholesky_qr_scratch_bytes<float>(60, 4));
  skive::cholesky_qr_report<float> report;
  REQUIRE(skive::cholesky_qr(a.view(), r.view(), report, workspace{memory}).error() == errc::no_convergence);  // zero
  // A column twice: rounding noise may still give a direction of its own; what is returned as good has to be.
  a.fill([](std::size_t i, std::size_t j) { return static_cast<float>((i * i + (j == 3 ? 0 : j) * 5) % 17); });
  auto q = a;
  if (skive::cholesky_qr(q.view(), r.view(), report, workspace{memory})) {
    REQUIRE(skive::test::orthogonality_error<double>(q) <= 1e-4);
    REQUIRE(skive::test::product_error<double>(a, q, r, {0, 1, 2, 3}) <= 1e-4);
  }
}

TEST_CASE("what CholeskyQR refuses stays as it is", "[linalg]") {
  matrix<float> a(5, 3, 0, 0, 2.0f), r(3, 3, 0, 0, 4.0f);
  std::vector<std::byte> memory(skive::cholesky_qr_scratch_bytes<float>(5, 3));
  skive::cholesky_qr_report<float> report;
  auto const untouched = a.memory();
  REQUIRE(skive::cholesky_qr(a.view(), submatrix(r.view(), 0, 0, 2, 3), report, workspace{memory}).error() ==
          errc::size_mismatch);
  REQUIRE(skive::cholesky_qr(submatrix(a.view(), 0, 0, 2, 3), r.view(), report, workspace{memory}).error() ==
          errc::size_mismatch);
  REQUIRE(skive::cholesky_qr(a.view(), submatrix(a.view(), 0, 0, 3, 3), report, workspace{memory}).error() == errc::overlap);
  REQUIRE(skive::cholesky_qr(a.view(), r.view(), report, workspace{}).error() == errc::workspace_too_small);
  REQUIRE(skive::cholesky_qr({a.view().data, a.rows(), a.cols(), a.cols() - 1}, r.view(), report, workspace{memory}).error() ==
          errc::invalid_argument);
  REQUIRE((a.memory() == untouched && r(2, 2) == 4.0f));
  a(3, 1) = std::numeric_limits<float>::infinity();
  REQUIRE(skive::cholesky_qr(a.view(), r.view(), report, workspace{memory}).error() == errc::not_finite);
  REQUIRE((a(0, 0) == 2.0f && r(2, 2) == 4.0f));
}
