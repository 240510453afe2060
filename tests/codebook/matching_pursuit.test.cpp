// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/matching_pursuit.hpp: the terms of an oracle that solves the normal equations anew each step, exact recovery, the
// batch form, duplicates, stopping, refusals.
#include "skive/codebook/matching_pursuit.hpp"

#include "skive/core/random.hpp"
#include "support/allocations.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

struct dictionary {
  std::size_t n, d;
  std::vector<float> atoms = std::vector<float>(n * d);
  std::vector<float> gram = std::vector<float>(n * n);

  dictionary(std::size_t count, std::size_t size) : n{count}, d{size} {
    counter_random{9, 1}.fill_gaussian(atoms);
    finish();
  }
  void finish() {
    for (std::size_t k = 0; k < n; ++k) {
      double square = 0;
      for (std::size_t j = 0; j < d; ++j) square += static_cast<double>(atoms[k * d + j]) * static_cast<double>(atoms[k * d + j]);
      for (std::size_t j = 0; j < d; ++j)
        atoms[k * d + j] = static_cast<float>(static_cast<double>(atoms[k * d + j]) / std::sqrt(square));
    }
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b) gram[a * n + b] = static_cast<float>(product(&atoms[a * d], &atoms[b * d]));
  }
  matrix_view<float const> view() const { return {atoms.data(), n, d}; }
  double product(float const* a, float const* b) const {
    double sum = 0;
    for (std::size_t j = 0; j < d; ++j) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
    return sum;
  }
};

struct terms {
  std::vector<std::uint32_t> index;
  std::vector<float> coefficient;
  pursuit_report report;
};

terms pursued(dictionary const& t, std::vector<float> const& x, pursuit_options const& o) {
  terms out{std::vector<std::uint32_t>(o.most, 77), std::vector<float>(o.most, 77.0f), {}};
  std::vector<std::byte> memory(matching_pursuit_bytes(t.n, t.d));
  auto const before = test::allocations();
  auto const r = matching_pursuit(t.view(), x, o, out.index, out.coefficient, workspace{memory});
  REQUIRE(test::allocations() == before);
  REQUIRE(r);
  out.report = *r;
  return out;
}

// Gaussian elimination with pivots on the normal equations, in long double.
std::vector<double> least_squares(dictionary const& t, std::vector<float> const& x, std::vector<std::uint32_t> const& chosen) {
  auto const m = chosen.size();
  std::vector<std::vector<long double>> a(m, std::vector<long double>(m + 1));
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < m; ++j)
      a[i][j] = static_cast<long double>(t.product(&t.atoms[chosen[i] * t.d], &t.atoms[chosen[j] * t.d]));
    a[i][m] = static_cast<long double>(t.product(&t.atoms[chosen[i] * t.d], x.data()));
  }
  for (std::size_t i = 0; i < m; ++i) {
    auto pivot = i;
    for (std::size_t r = i; r < m; ++r)
      if (std::fabs(a[r][i]) > std::fabs(a[pivot][i])) pivot = r;
    std::swap(a[i], a[pivot]);
    for (std::size_t r = 0; r < m; ++r)
      if (r != i)
        for (std::size_t c = m + 1; c-- > i;) a[r][c] -= a[i][c] * (a[r][i] / a[i][i]);
  }
  std::vector<double> y(m);
  for (std::size_t i = 0; i < m; ++i) y[i] = static_cast<double>(a[i][m] / a[i][i]);
  return y;
}

terms by_definition(dictionary const& t, std::vector<float> const& x, std::size_t most) {
  terms out;
  std::vector<double> rest(x.begin(), x.end());
  for (std::size_t step = 0; step < most; ++step) {
    std::uint32_t at = 0;
    double largest = -1;
    for (std::uint32_t k = 0; k < t.n; ++k) {
      double c = 0;
      for (std::size_t j = 0; j < t.d; ++j) c += rest[j] * static_cast<double>(t.atoms[k * t.d + j]);
      if (std::fabs(c) > largest) largest = std::fabs(c), at = k;
    }
    out.index.push_back(at);
    auto const y = least_squares(t, x, out.index);
    out.report.error = 0;
    for (std::size_t j = 0; j < t.d; ++j) {
      rest[j] = static_cast<double>(x[j]);
      for (std::size_t i = 0; i < y.size(); ++i) rest[j] -= y[i] * static_cast<double>(t.atoms[out.index[i] * t.d + j]);
      out.report.error += rest[j] * rest[j];
    }
    out.coefficient.assign(y.begin(), y.end());
  }
  return out;
}

TEST_CASE("Terms are those of the definition, one by one and in a batch", "[codebook]") {
  for (std::size_t const d : {7U, 32U}) {
    dictionary const t{150, d};
    constexpr std::size_t rows = 70;  // more than are multiplied together
    std::vector<float> data(rows * d);
    counter_random{9, 5}.fill_gaussian(data);
    pursuit_options const o{5, 0.0f};
    std::vector<std::uint32_t> index(rows * 5);
    std::vector<float> coefficient(rows * 5);
    std::vector<pursuit_report> reports(rows);
    std::vector<std::byte> memory(batch_matching_pursuit_bytes(t.n, d));
    REQUIRE(batch_matching_pursuit(t.view(), {t.gram.data(), t.n, t.n}, {data.data(), rows, d}, o, {index.data(), rows, 5},
                                   {coefficient.data(), rows, 5}, reports, workspace{memory}));
    for (std::size_t i = 0; i < rows; ++i) {
      std::vector<float> const x(data.begin() + static_cast<std::ptrdiff_t>(i * d),
                                 data.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
      auto const expected = by_definition(t, x, 5);
      auto const got = pursued(t, x, o);
      CAPTURE(d, i);
      REQUIRE(got.report.terms == 5);
      REQUIRE(reports[i].terms == 5);
      REQUIRE(got.index == expected.index);
      REQUIRE(got.report.error == Catch::Approx(expected.report.error).margin(1e-5));
      REQUIRE(reports[i].error == Catch::Approx(expected.report.error).margin(1e-4));
      for (std::size_t s = 0; s < 5; ++s) {
        REQUIRE(index[i * 5 + s] == expected.index[s]);
        REQUIRE(got.coefficient[s] == Catch::Approx(expected.coefficient[s]).margin(1e-4));
        REQUIRE(coefficient[i * 5 + s] == Catch::Approx(expected.coefficient[s]).margin(1e-3));
      }
    }
  }
}

TEST_CASE("Sums of few atoms come back, and nothing is added to them", "[codebook]") {
  dictionary const t{200, 64};
  for (std::uint32_t trial = 0; trial < 20; ++trial) {
    std::vector<float> x(64);
    for (std::uint32_t s = 0; s < 3; ++s)
      for (std::size_t j = 0; j < 64; ++j) x[j] += (s % 2 == 0 ? 2.0f : -1.5f) * t.atoms[(trial * 7 + s * 41) % 200 * 64 + j];
    auto const got = pursued(t, x, {8, 1e-4f});
    REQUIRE(got.report.terms == 3);
    REQUIRE(got.report.error < 1e-8);
    REQUIRE(got.index[3] == 0);
    REQUIRE(got.coefficient[3] == 0.0f);
  }
}

TEST_CASE("Duplicate atoms, too many terms, zero vectors, tolerance", "[codebook]") {
  dictionary t{40, 6};
  for (std::size_t k = 20; k < 40; ++k)
    for (std::size_t j = 0; j < 6; ++j) t.atoms[k * 6 + j] = t.atoms[(k - 20) * 6 + j];
  t.finish();
  std::vector<float> x(6);
  counter_random{9, 8}.fill_gaussian(x);
  auto const all = pursued(t, x, {20, 0.0f});
  REQUIRE(all.report.terms <= 6);
  REQUIRE(all.report.error < 1e-10);
  for (std::size_t s = 0; s < all.report.terms; ++s) REQUIRE(all.index[s] < 20);  // the lower of two that are the same
  auto const none = pursued(t, std::vector<float>(6), {4, 0.0f});
  REQUIRE(none.report.terms == 0);
  REQUIRE(none.coefficient == std::vector<float>(4));
  auto const half = pursued(t, x, {6, 0.5f});
  REQUIRE(half.report.terms < all.report.terms);
  REQUIRE(half.report.error <= 0.25 * t.product(x.data(), x.data()));
  dictionary const one{1, 6};
  REQUIRE(pursued(one, x, {3, 0.0f}).report.terms == 1);
}

TEST_CASE("Matching pursuit: refusals", "[codebook]") {
  dictionary t{10, 4};
  std::vector<float> x(4, 1.0f);
  std::vector<std::uint32_t> index(3, 9);
  std::vector<float> coefficient(3, 9.0f);
  std::vector<pursuit_report> reports(1);
  std::vector<std::byte> memory(batch_matching_pursuit_bytes(10, 4));
  auto const call = [&](std::span<float const> v, pursuit_options const& o, workspace w) {
    auto const one = matching_pursuit(t.view(), v, o, index, coefficient, w).error();
    auto const batch = batch_matching_pursuit(t.view(), {t.gram.data(), 10, 10}, {v.data(), 1, v.size()}, o, {index.data(), 1, 3},
                                              {coefficient.data(), 1, 3}, reports, w);
    REQUIRE(batch.error() == one);
    return one;
  };
  REQUIRE(call(std::span{x}.first(3), {3}, workspace{memory}) == errc::size_mismatch);
  REQUIRE(call(x, {4}, workspace{memory}) == errc::size_mismatch);
  REQUIRE(call(x, {3, -1.0f}, workspace{memory}) == errc::invalid_argument);
  REQUIRE(call(x, {3}, workspace{}) == errc::workspace_too_small);
  x[2] = std::numeric_limits<float>::infinity();
  REQUIRE(call(x, {3}, workspace{memory}) == errc::not_finite);
  REQUIRE(index == std::vector<std::uint32_t>(3, 9));
  x[2] = 1.0f;
  REQUIRE(batch_matching_pursuit(t.view(), {t.gram.data(), 9, 10}, {x.data(), 1, 4}, {3}, {index.data(), 1, 3},
                                 {coefficient.data(), 1, 3}, reports, workspace{memory})
              .error() == errc::size_mismatch);
  std::vector<std::uint32_t> many(65);
  std::vector<float> values(65);
  REQUIRE(matching_pursuit(t.view(), x, {65}, many, values, workspace{memory}).error() == errc::invalid_argument);
  REQUIRE(check_dictionary(t.view()));
  t.atoms[5] += 0.5f;
  REQUIRE(check_dictionary(t.view()).error() == errc::invalid_argument);
  t.atoms[5] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(check_dictionary(t.view()).error() == errc::not_finite);
}

}  // namespace
}  // namespace skive
