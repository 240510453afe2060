// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/cholesky.hpp: residuals, damping of rank-deficient, zero and indefinite matrices, refusals.
#include "skive/linalg/cholesky.hpp"

#include "support/cholesky_checks.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::workspace;
using skive::test::gram;
using skive::test::identity_order;
using skive::test::integer_gram;
using skive::test::lower_is_finite;
using skive::test::matrix;
using skive::test::reproduces;
using skive::test::upper_is_that_of;

template <class T, class Wide, class Arch>
void positive_definite_matrices() {
  std::mt19937 random{31};
  for (std::size_t const n : {1U, 5U, 64U, 65U, 150U}) {
    auto const a = gram(skive::test::random_matrix<T>(2 * n + 3, n, random));
    std::vector<std::byte> memory(skive::cholesky_scratch_bytes<T, Arch>(n));
    auto l = a;
    skive::cholesky_report<T> report;
    REQUIRE(skive::cholesky<Arch>(l.view(), report, workspace{memory}));
    REQUIRE((report.damping == T(0) && report.attempts == 1));
    REQUIRE(reproduces<Wide>(l, a, identity_order(n), T(0), Wide(0)));
    REQUIRE(upper_is_that_of(l, a));
    auto least = std::numeric_limits<T>::max();
    for (std::size_t i = 0; i < n; ++i) least = std::min(least, l(i, i) * l(i, i));
    REQUIRE(std::fabs(report.smallest_pivot / least - T(1)) < 8 * std::numeric_limits<T>::epsilon());
    auto damped = a;
    T mean(0);
    for (std::size_t i = 0; i < n; ++i) mean += a(i, i) / static_cast<T>(n);
    REQUIRE(skive::cholesky<Arch>(damped.view(), report, workspace{memory}, {T(0.01), 1}));
    REQUIRE(std::fabs(report.damping / (mean * T(0.01)) - T(1)) < T(1e-4));
    REQUIRE(reproduces<Wide>(damped, a, identity_order(n), report.damping, Wide(0)));
  }
}

template <class T, class Wide, class Arch>
void rank_deficient_matrices() {
  std::mt19937 random{32};
  for (std::size_t const n : {2U, 20U, 90U, 150U})
    for (std::size_t const rank : {std::size_t{0}, std::size_t{1}, n / 3, std::min<std::size_t>(n - 1, 70)}) {
      auto a = integer_gram<T>(n, rank, random);
      std::vector<std::byte> memory(skive::cholesky_scratch_bytes<T, Arch>(n));
      T largest(0);
      for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, a(i, i));
      auto l = a;
      skive::cholesky_report<T> report;
      REQUIRE(skive::cholesky<Arch>(l.view(), report, workspace{memory}));
      REQUIRE(lower_is_finite(l));
      REQUIRE(report.damping > T(0));
      if (rank != 0) REQUIRE(report.damping <= static_cast<T>(100 * n) * std::numeric_limits<T>::epsilon() * largest);
      REQUIRE(reproduces<Wide>(l, a, identity_order(n), report.damping, Wide(0)));
    }
}

}  // namespace

TEST_CASE("Cholesky factors of positive definite matrices", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() { positive_definite_matrices<float, double, Arch>(); });
  positive_definite_matrices<double, long double, skive::native_arch>();
}

TEST_CASE("rank-deficient Gram matrices: damping, never a NaN", "[linalg]") {
  rank_deficient_matrices<float, double, skive::native_arch>();
  rank_deficient_matrices<double, long double, skive::native_arch>();
}

TEST_CASE("matrices that are far from positive definite", "[linalg]") {
  std::vector<std::byte> memory(skive::cholesky_scratch_bytes<double>(2));
  workspace const w{memory};
  auto const filled = [](double diagonal, double other) {
    return matrix<double>(2, 2).fill([&](std::size_t i, std::size_t j) { return i == j ? diagonal : other; });
  };
  auto a = filled(1, 2);
  skive::cholesky_report<double> report;
  REQUIRE(skive::cholesky(a.view(), report, w, {0.0, 1}).error() == errc::not_positive_definite);
  REQUIRE(a.memory() == filled(1, 2).memory());
  REQUIRE(skive::cholesky(a.view(), report, w));
  REQUIRE((report.damping > 1 && report.damping < 10.1));
  a = filled(-1, 0);
  REQUIRE(skive::cholesky(a.view(), report, w));
  REQUIRE(report.damping > 1);
  a = filled(1e-300, 1e300);
  REQUIRE(skive::cholesky(a.view(), report, w).error() == errc::not_positive_definite);
  REQUIRE(a.memory() == filled(1e-300, 1e300).memory());
}

TEST_CASE("what Cholesky refuses stays as it is", "[linalg]") {
  matrix<float> a(3, 3, 0, 0, 1.0f);
  std::vector<std::byte> memory(skive::cholesky_scratch_bytes<float>(3));
  skive::cholesky_report<float> report;
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
    for (std::size_t i = 0; i < 3; ++i) {
      auto b = a;
      b(2, i) = b(i, 2) = bad;
      auto const c = b;
      REQUIRE(skive::cholesky(b.view(), report, workspace{memory}).error() == errc::not_finite);
      REQUIRE(std::memcmp(b.memory().data(), c.memory().data(), 9 * sizeof(float)) == 0);
    }
  auto const untouched = a.memory();
  REQUIRE(skive::cholesky(a.view(), report, workspace{}).error() == errc::workspace_too_small);
  REQUIRE(skive::cholesky(a.view(), report, workspace{memory}, {-1.0f, 1}).error() == errc::invalid_argument);
  REQUIRE(skive::cholesky(submatrix(a.view(), 0, 0, 3, 2), report, workspace{memory}).error() == errc::size_mismatch);
  REQUIRE(a.memory() == untouched);
  REQUIRE(skive::cholesky(skive::matrix_view<float>{}, report, workspace{memory}));
}
