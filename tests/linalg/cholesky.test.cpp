// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/cholesky.hpp: residuals, rank-deficient, zero, indefinite and non-finite matrices, pivot order, an oracle of fifty
// digits.
#include "skive/linalg/cholesky.hpp"

#include "support/matrices.hpp"
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
using skive::test::digits50;
using skive::test::matrix;

template <class T>
matrix<T> gram(matrix<T> const& x) {
  auto const wide = skive::test::product_by_definition<T>(x.view(), true, x.view(), false);
  matrix<T> g(x.cols(), x.cols(), 2, 1);
  return g.fill([&](std::size_t i, std::size_t j) { return wide(i, j); });
}
// X has `rank` rows of small integers, so that its Gram matrix is exact and of that rank.
template <class T>
matrix<T> integer_gram(std::size_t n, std::size_t rank, std::mt19937& random) {
  matrix<T> x(rank, n);
  x.fill([&](std::size_t, std::size_t) { return static_cast<T>(static_cast<int>(random() % 9) - 4); });
  return gram(x);
}

// |A(order, order) + damping - L L^T| <= (n + 1) u |L| |L^T| (+ allowance on everything).
template <class Wide, class T>
bool reproduces(matrix<T> const& l, matrix<T> const& a, std::vector<std::size_t> const& order, T damping, Wide allowance) {
  auto const n = a.rows();
  auto const u = Wide(std::numeric_limits<T>::epsilon()) / 2;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      Wide sum(0);
      Wide size(0);
      for (std::size_t k = 0; k <= j; ++k) {
        sum += Wide(l(i, k)) * Wide(l(j, k));
        size += std::fabs(Wide(l(i, k)) * Wide(l(j, k)));
      }
      auto const target = Wide(a(order[i], order[j])) + (i == j ? Wide(damping) : Wide(0));
      if (!(std::fabs(sum - target) <= Wide(n + 2) * u * (size + std::fabs(target)) + allowance)) return false;
    }
  return true;
}
std::vector<std::size_t> identity_order(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}
template <class T>
bool upper_is_that_of(matrix<T> const& a, matrix<T> const& b) {
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = i + 1; j < a.rows(); ++j)
      if (a(i, j) != b(i, j)) return false;
  return true;
}
template <class T>
bool lower_is_finite(matrix<T> const& a) {
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j <= i; ++j)
      if (!std::isfinite(a(i, j))) return false;
  return true;
}

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
    auto pivoted = a;
    auto order = identity_order(n);
    skive::pivoted_cholesky_report<T> pivots;
    REQUIRE(skive::pivoted_cholesky<Arch>(pivoted.view(), order, pivots, workspace{memory}));
    REQUIRE((pivots.rank == n && pivots.rest_trace == T(0)));
    REQUIRE(reproduces<Wide>(pivoted, a, order, T(0), Wide(0)));
    REQUIRE(upper_is_that_of(pivoted, a));
    for (std::size_t i = 1; i < n; ++i) REQUIRE(pivoted(i, i) <= pivoted(i - 1, i - 1) * T(1.0001));
    std::sort(order.begin(), order.end());
    REQUIRE(order == identity_order(n));
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
      auto pivoted = a;
      auto order = identity_order(n);
      skive::pivoted_cholesky_report<T> pivots;
      REQUIRE(skive::pivoted_cholesky<Arch>(pivoted.view(), order, pivots, workspace{memory}));
      REQUIRE(lower_is_finite(pivoted));
      REQUIRE(pivots.rank == rank);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = pivots.rank; j <= i; ++j) REQUIRE(pivoted(i, j) == T(0));
      auto const slack = Wide(n * n) * Wide(std::numeric_limits<T>::epsilon()) * Wide(largest);
      REQUIRE(reproduces<Wide>(pivoted, a, order, T(0), slack));
      REQUIRE(Wide(pivots.rest_trace) <= slack);
    }
}

// Textbook elimination: the largest remaining diagonal element next.
std::vector<digits50> exact_pivots(matrix<digits50> a) {
  std::vector<digits50> pivots;
  auto const n = a.rows();
  std::vector<bool> used(n, false);
  for (std::size_t step = 0; step < n; ++step) {
    std::size_t best = n;
    for (std::size_t i = 0; i < n; ++i)
      if (!used[i] && (best == n || a(best, best) < a(i, i))) best = i;
    used[best] = true;
    pivots.push_back(a(best, best));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        if (!used[i] && !used[j]) a(i, j) -= a(i, best) * a(best, j) / a(best, best);
  }
  return pivots;
}

}  // namespace

TEST_CASE("Cholesky factors of positive definite matrices", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() { positive_definite_matrices<float, double, Arch>(); });
  positive_definite_matrices<double, long double, skive::native_arch>();
}

TEST_CASE("rank-deficient Gram matrices: damping and ranks, never a NaN", "[linalg]") {
  rank_deficient_matrices<float, double, skive::native_arch>();
  rank_deficient_matrices<double, long double, skive::native_arch>();
}

TEST_CASE("graded matrices: pivots have relative accuracy, and fifty digits give the exact ones", "[linalg]") {
  std::mt19937 random{33};
  auto const x = skive::test::random_matrix<double>(30, 12, random);
  auto const base = gram(x);
  matrix<double> a(12, 12);
  a.fill([&](std::size_t i, std::size_t j) {
    return base(i, j) * std::ldexp(1.0, -static_cast<int>((i * 5) % 12) - static_cast<int>((j * 5) % 12));
  });
  matrix<digits50> wide(12, 12);
  wide.fill([&](std::size_t i, std::size_t j) { return digits50(a(i, j)); });
  auto const expected = exact_pivots(wide);
  std::vector<std::byte> memory(skive::cholesky_scratch_bytes<double>(12) + skive::cholesky_scratch_bytes<digits50>(12));
  auto order = identity_order(12);
  skive::pivoted_cholesky_report<double> report;
  REQUIRE(skive::pivoted_cholesky(a.view(), order, report, workspace{memory}));
  skive::pivoted_cholesky_report<digits50> wide_report;
  auto wide_order = order;
  REQUIRE(skive::pivoted_cholesky(wide.view(), wide_order, wide_report, workspace{memory}));
  REQUIRE((report.rank == 12 && wide_report.rank == 12 && wide_order == order));
  for (std::size_t i = 0; i < 12; ++i) {
    REQUIRE(abs(wide(i, i) * wide(i, i) / expected[i] - 1) < digits50("1e-45"));
    REQUIRE(abs(digits50(a(i, i)) * digits50(a(i, i)) / expected[i] - 1) < digits50("1e-12"));
  }
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
  std::vector<std::size_t> order(2);
  skive::pivoted_cholesky_report<double> pivots;
  REQUIRE(skive::pivoted_cholesky(a.view(), order, pivots, w).error() == errc::not_positive_definite);
  a = filled(-1, 0);
  REQUIRE(skive::pivoted_cholesky(a.view(), order, pivots, w));
  REQUIRE(pivots.rank == 0);
}

TEST_CASE("what Cholesky refuses stays as it is", "[linalg]") {
  matrix<float> a(3, 3, 0, 0, 1.0f);
  std::vector<std::byte> memory(skive::cholesky_scratch_bytes<float>(3));
  std::vector<std::size_t> order(3, 9);
  skive::cholesky_report<float> report;
  skive::pivoted_cholesky_report<float> pivots;
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
    for (std::size_t i = 0; i < 3; ++i) {
      auto b = a;
      b(2, i) = b(i, 2) = bad;
      auto const c = b;
      REQUIRE(skive::cholesky(b.view(), report, workspace{memory}).error() == errc::not_finite);
      REQUIRE(skive::pivoted_cholesky(b.view(), order, pivots, workspace{memory}).error() == errc::not_finite);
      REQUIRE(std::memcmp(b.memory().data(), c.memory().data(), 9 * sizeof(float)) == 0);
    }
  auto const untouched = a.memory();
  REQUIRE(skive::cholesky(a.view(), report, workspace{}).error() == errc::workspace_too_small);
  REQUIRE(skive::cholesky(a.view(), report, workspace{memory}, {-1.0f, 1}).error() == errc::invalid_argument);
  REQUIRE(skive::pivoted_cholesky(a.view(), std::span{order}.first(2), pivots, workspace{memory}).error() == errc::size_mismatch);
  REQUIRE((a.memory() == untouched && order == std::vector<std::size_t>(3, 9)));
  REQUIRE(skive::cholesky(skive::matrix_view<float>{}, report, workspace{memory}));
}
