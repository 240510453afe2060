// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/interpolative.hpp: exact where the rank allows, never better than the optimum, low ranks and zeros, refusals.
#include "skive/lowrank/interpolative.hpp"

#include "support/layer.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::layer;
using skive::test::matrix;

matrix<float> of_rank(std::size_t m, std::size_t n, std::size_t rank, std::mt19937& random) {
  auto const a = skive::test::random_matrix<float>(m, rank, random);
  auto const b = skive::test::random_matrix<float>(rank, n, random);
  matrix<float> w(m, n);
  auto const p = skive::test::product_by_definition<double, float>(a.view(), false, b.view(), false);
  return w.fill([&](std::size_t i, std::size_t j) { return static_cast<float>(p(i, j)); });
}

matrix<double> identity(std::size_t n) {
  matrix<double> unit(n, n);
  return unit.fill([](std::size_t i, std::size_t j) { return i == j ? 1.0 : 0.0; });
}

double difference(matrix<float> const& w, matrix<float> const& left, matrix<float> const& right) {
  return skive::test::output_error(w, left, right, identity(w.cols()));
}

double tail_of(matrix<float> const& w, std::size_t k) {
  auto const values = skive::test::singular_values_by_rotation<double>(w);
  double sum = 0;
  for (std::size_t j = k; j < values.size(); ++j) sum += values[j] * values[j];
  return std::sqrt(sum);
}

bool all_finite(matrix<float> const& m) {
  return std::all_of(m.memory().begin(), m.memory().end(), [](float x) { return std::isfinite(x); });
}

matrix<float> columns_of(matrix<float> const& w, std::vector<std::size_t> const& columns) {
  matrix<float> c(w.rows(), columns.size());
  return c.fill([&](std::size_t i, std::size_t j) { return w(i, columns[j]); });
}

struct interpolation {
  std::vector<std::size_t> columns;
  matrix<float> t;
  std::size_t rank;
};
interpolation interpolate(matrix<float> const& w, std::size_t k) {
  interpolation r{std::vector<std::size_t>(k), matrix<float>(k, w.cols()), 0};
  std::vector<std::byte> memory(interpolative_scratch_bytes(w.rows(), w.cols()));
  auto const rank = interpolative(w.view(), r.columns, r.t.view(), workspace{memory});
  REQUIRE(rank);
  r.rank = *rank;
  return r;
}

}  // namespace

TEST_CASE("interpolative and cur: exact at the matrix' rank, near the optimum below it", "[lowrank]") {
  std::mt19937 random{1};
  for (auto const& [m, n] : {std::array<std::size_t, 2>{30, 44}, {44, 30}, {20, 20}, {1, 9}, {9, 1}}) {
    CAPTURE(m, n);
    auto const least = std::min(m, n);
    for (std::size_t const rank : {std::size_t{1}, std::min<std::size_t>(7, least), least}) {
      auto const w = of_rank(m, n, rank, random);
      auto const size = skive::test::frobenius_norm<double>(w);
      for (std::size_t const k : {rank, std::min(rank + 2, least)}) {  // more than there is: coefficients of zero
        CAPTURE(rank, k);
        auto const r = interpolate(w, k);
        CHECK(r.rank == rank);
        CHECK(difference(w, columns_of(w, r.columns), r.t) <= 2e-5 * size);
        for (std::size_t i = 0; i < rank; ++i)
          for (std::size_t j = 0; j < rank; ++j) CHECK(r.t(i, r.columns[j]) == (i == j ? 1.0f : 0.0f));
        std::vector<std::size_t> rows(k), columns(k);
        matrix<float> middle(k, k);
        std::vector<std::byte> memory(cur_scratch_bytes(m, n, k));
        auto const found = cur(w.view(), rows, columns, middle.view(), workspace{memory});
        REQUIRE(found);
        CHECK(*found == rank);
        matrix<float> own(k, n);
        own.fill([&](std::size_t i, std::size_t j) { return w(rows[i], j); });
        auto const right = skive::test::product_by_definition<float, float>(middle.view(), false, own.view(), false);
        CHECK(difference(w, columns_of(w, columns), right) <= 2e-4 * size);
      }
    }
  }
  auto const w = skive::test::with_singular_values<float>(
      [] {
        std::vector<double> v(40);
        for (std::size_t i = 0; i < 40; ++i) v[i] = std::pow(0.8, static_cast<double>(i));
        return v;
      }(),
      random);
  for (std::size_t const k : {3U, 10U, 25U}) {
    auto const r = interpolate(w, k);
    auto const error = difference(w, columns_of(w, r.columns), r.t);
    CHECK(error >= tail_of(w, k) * (1 - 1e-4));
    CHECK(error <= 6 * tail_of(w, k));  // measured 1.6 to 2.9
  }
}

TEST_CASE("pivot_factors: the same product in k (m + n - k) numbers", "[lowrank]") {
  std::mt19937 random{2};
  for (std::size_t const k : {1U, 6U, 20U}) {
    auto const left = skive::test::random_matrix<float>(20, k, random);
    auto const right = skive::test::random_matrix<float>(k, 33, random);
    std::vector<std::size_t> rows(k);
    matrix<float> kept(k, 33), others(20 - k, k);
    std::vector<std::byte> memory(pivot_factors_scratch_bytes(20, 33, k));
    auto const rank = pivot_factors(left.view(), right.view(), rows, kept.view(), others.view(), workspace{memory});
    REQUIRE(rank);
    CHECK(*rank == k);
    CHECK(kept.rows() * kept.cols() + others.rows() * others.cols() == k * (20 + 33 - k));
    auto const whole = skive::test::product_by_definition<double, float>(left.view(), false, right.view(), false);
    auto const rest = skive::test::product_by_definition<double, float>(others.view(), false, kept.view(), false);
    std::size_t next = 0;
    for (std::size_t i = 0; i < 20; ++i) {
      auto const at = std::find(rows.begin(), rows.end(), i);
      for (std::size_t j = 0; j < 33; ++j) {
        auto const x =
            at != rows.end() ? static_cast<double>(kept(static_cast<std::size_t>(at - rows.begin()), j)) : rest(next, j);
        CHECK(std::abs(x - whole(i, j)) < 1e-4);
      }
      if (at == rows.end()) ++next;
    }
  }
}

TEST_CASE("interpolative, cur, pivot_factors: zeros and refusals", "[lowrank]") {
  matrix<float> const zeros(6, 8);
  auto const r = interpolate(zeros, 3);
  CHECK((r.rank == 0 && all_finite(r.t)));
  std::vector<std::size_t> rows(3), columns(3);
  matrix<float> middle(3, 3, 0, 0, 5.0f), t(3, 8, 0, 0, 5.0f), kept(3, 8), others(3, 3);
  std::vector<std::byte> memory(cur_scratch_bytes(6, 8, 3) + pivot_factors_scratch_bytes(6, 8, 3));
  REQUIRE(cur(zeros.view(), rows, columns, middle.view(), workspace{memory}));
  CHECK(all_finite(middle));
  CHECK(middle(2, 2) == 0.0f);
  auto w = zeros;
  w(5, 7) = std::numeric_limits<float>::quiet_NaN();
  CHECK(interpolative(w.view(), columns, t.view(), workspace{memory}).error() == errc::not_finite);
  CHECK(interpolative(w.view(), columns, submatrix(t.view(), 0, 0, 2, 8), workspace{memory}).error() == errc::size_mismatch);
  CHECK(interpolative(w.view(), columns, submatrix(w.view(), 0, 0, 3, 8), workspace{memory}).error() == errc::overlap);
  CHECK(interpolative(w.view(), columns, {t.view().data, 3, 8, 7}, workspace{memory}).error() == errc::invalid_argument);
  CHECK(interpolative(w.view(), columns, t.view(), workspace{}).error() == errc::workspace_too_small);
  CHECK(t(0, 0) == 5.0f);
  CHECK(cur(w.view(), rows, columns, middle.view(), workspace{memory}).error() == errc::not_finite);
  CHECK(cur(zeros.view(), std::span{rows}.first(2), columns, middle.view(), workspace{memory}).error() == errc::size_mismatch);
  CHECK(cur(zeros.view(), rows, columns, middle.view(), workspace{}).error() == errc::workspace_too_small);
  matrix<float> const left(6, 3), right(3, 8);
  auto const pivots = [&](matrix_view<float> k, matrix_view<float> o, std::size_t bytes) {
    return pivot_factors(left.view(), right.view(), rows, k, o, workspace{std::span{memory}.first(bytes)}).error();
  };
  CHECK(pivots(kept.view(), others.view(), memory.size()) == errc::ok);
  CHECK((all_finite(kept) && all_finite(others)));
  CHECK(pivots(kept.view(), submatrix(others.view(), 0, 0, 2, 3), memory.size()) == errc::size_mismatch);
  CHECK(pivots(kept.view(), submatrix(kept.view(), 0, 0, 3, 3), memory.size()) == errc::overlap);
  CHECK(pivots(kept.view(), others.view(), 0) == errc::workspace_too_small);
}
