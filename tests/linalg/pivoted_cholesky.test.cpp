// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/pivoted_cholesky.hpp: residuals, falling pivots, ranks, graded matrices against fifty digits, indefinite and non-finite ones.
#include "skive/linalg/pivoted_cholesky.hpp"

#include "support/cholesky_checks.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cstring>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::workspace;
using skive::test::digits50;
using skive::test::gram;
using skive::test::identity_order;
using skive::test::lower_is_finite;
using skive::test::matrix;
using skive::test::reproduces;

template <class T, class Wide, class Arch>
void positive_definite_matrices() {
  std::mt19937 random{31};
  for (std::size_t const n : {1U, 5U, 64U, 65U, 150U}) {
    auto const a = gram(skive::test::random_matrix<T>(2 * n + 3, n, random));
    std::vector<std::byte> memory(skive::cholesky_scratch_bytes<T, Arch>(n));
    auto pivoted = a;
    if (n > 1) pivoted(0, n - 1) = std::numeric_limits<T>::infinity();  // above the diagonal: never looked at
    auto order = identity_order(n);
    skive::pivoted_cholesky_report<T> pivots;
    REQUIRE(skive::pivoted_cholesky<Arch>(pivoted.view(), order, pivots, workspace{memory}));
    if (n > 1) pivoted(0, n - 1) = a(0, n - 1);
    REQUIRE((pivots.rank == n && pivots.rest_trace == T(0)));
    REQUIRE(reproduces<Wide>(pivoted, a, order, T(0), Wide(0)));
    REQUIRE(skive::test::upper_is_that_of(pivoted, a));
    for (std::size_t i = 1; i < n; ++i) REQUIRE(pivoted(i, i) <= pivoted(i - 1, i - 1) * T(1.0001));
    std::sort(order.begin(), order.end());
    REQUIRE(order == identity_order(n));
  }
}

template <class T, class Wide>
void rank_deficient_matrices() {
  std::mt19937 random{32};
  for (std::size_t const n : {2U, 20U, 90U, 150U})
    for (std::size_t const rank : {std::size_t{0}, std::size_t{1}, n / 3, std::min<std::size_t>(n - 1, 70)}) {
      auto const a = skive::test::integer_gram<T>(n, rank, random);
      std::vector<std::byte> memory(skive::cholesky_scratch_bytes<T>(n));
      T largest(0);
      for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, a(i, i));
      auto pivoted = a;
      auto order = identity_order(n);
      skive::pivoted_cholesky_report<T> pivots;
      REQUIRE(skive::pivoted_cholesky(pivoted.view(), order, pivots, workspace{memory}));
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

TEST_CASE("pivoted Cholesky of positive definite matrices: falling pivots, any order of rows", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() { positive_definite_matrices<float, double, Arch>(); });
  positive_definite_matrices<double, long double, skive::native_arch>();
}

TEST_CASE("pivoted Cholesky of rank-deficient Gram matrices: their rank, never a NaN", "[linalg]") {
  rank_deficient_matrices<float, double>();
  rank_deficient_matrices<double, long double>();
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

TEST_CASE("pivoted Cholesky: matrices far from positive definite, refusals", "[linalg]") {
  std::vector<std::byte> memory(skive::cholesky_scratch_bytes<double>(3));
  workspace const w{memory};
  auto const filled = [](double diagonal, double other) {
    return matrix<double>(2, 2).fill([&](std::size_t i, std::size_t j) { return i == j ? diagonal : other; });
  };
  auto a = filled(1e-300, 1e300);
  std::vector<std::size_t> order(2);
  skive::pivoted_cholesky_report<double> pivots;
  REQUIRE(skive::pivoted_cholesky(a.view(), order, pivots, w).error() == errc::not_positive_definite);
  a = filled(-1, 0);
  REQUIRE(skive::pivoted_cholesky(a.view(), order, pivots, w));
  REQUIRE(pivots.rank == 0);
  std::vector<std::size_t> three(3, 9);
  auto const ones = matrix<float>(3, 3, 0, 0, 1.0f);
  skive::pivoted_cholesky_report<float> report;
  auto const refused = [&](matrix<float> m, std::size_t size, std::size_t bytes, float relative) {
    auto const before = m;
    auto const e = skive::pivoted_cholesky(m.view(), std::span{three}.first(size), report,
                                           workspace{std::span{memory}.first(bytes)}, relative)
                       .error();
    CHECK(std::memcmp(m.memory().data(), before.memory().data(), 9 * sizeof(float)) == 0);
    return e;
  };
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
    for (std::size_t i = 0; i < 3; ++i) {
      auto b = ones;
      b(2, i) = b(i, 2) = bad;
      CHECK(refused(b, 3, memory.size(), 0) == errc::not_finite);
    }
  CHECK(refused(ones, 2, memory.size(), 0) == errc::size_mismatch);
  CHECK(refused(ones, 3, 0, 0) == errc::workspace_too_small);
  CHECK(refused(ones, 3, memory.size(), -1) == errc::invalid_argument);
  CHECK(three == std::vector<std::size_t>(3, 9));
}
