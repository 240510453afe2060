// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/interpolative.hpp, nystrom.hpp: exact where the rank allows, never better than the optimum, low ranks and zeros, refusals.
#include "skive/lowrank/interpolative.hpp"

#include "skive/lowrank/nystrom.hpp"
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

// G = X X^T in float, whatever its rank.
matrix<float> gram_of(matrix<double> const& x) {
  auto const g = skive::test::product_by_definition<double, double>(x.view(), false, x.view(), true);
  matrix<float> to(g.rows(), g.cols());
  return to.fill([&](std::size_t i, std::size_t j) { return static_cast<float>(g(i, j)); });
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

TEST_CASE("nystrom: what no other coefficients beat, exact at the inputs' rank, finite at any", "[lowrank]") {
  for (std::size_t const seen : {layer::tokens, std::size_t{9}, std::size_t{0}}) {
    CAPTURE(seen);
    layer const l{3, seen};
    auto const g = gram_of(l.x);
    std::vector<float> scores(layer::n);
    std::vector<std::byte> memory(leverage_scores_scratch_bytes(layer::n));
    REQUIRE(leverage_scores(g.view(), 0.1f, scores, workspace{memory}));
    double effective = 0;
    for (float const s : scores) {
      REQUIRE((s >= 0.0f && s <= 1.0f));
      effective += static_cast<double>(s);
    }
    CHECK(effective <= static_cast<double>(std::min(seen, layer::n)) + 1e-3);  // the effective dimension
    constexpr std::size_t k = 12;
    std::vector<std::size_t> order(layer::n);
    for (std::size_t i = 0; i < layer::n; ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); });
    order.resize(k);
    matrix<float> m(layer::n, k);
    std::vector<std::byte> space(nystrom_scratch_bytes(layer::n, k));
    auto const damping = nystrom(g.view(), order, m.view(), workspace{space});
    REQUIRE(damping);
    REQUIRE(all_finite(m));
    auto const loss = [&](matrix<float> const& with) {  // |W (X - M X(I))|
      matrix<float> pick(k, layer::n);
      pick.fill([&](std::size_t i, std::size_t j) { return order[i] == j ? 1.0f : 0.0f; });
      auto const wm = skive::test::product_by_definition<float, float>(l.w.view(), false, with.view(), false);
      return skive::test::output_error(l.w, wm, pick, l.x);
    };
    auto const all = skive::test::output_error(l.w, matrix<float>(layer::m, 0), matrix<float>(0, layer::n), l.x);
    auto const own = loss(m);
    if (seen == 9) CHECK(own <= 2e-3 * all);
    auto dropped = m;
    dropped.fill([&](std::size_t i, std::size_t j) { return order[j] == i ? 1.0f : 0.0f; });
    CHECK(own <= loss(dropped) + 1e-3 * all);
    std::mt19937 random{4};
    for (int trial = 0; trial < 4; ++trial) {
      auto other = m;
      other.fill([&](std::size_t i, std::size_t j) { return m(i, j) + 0.05f * skive::test::uniform<float>(random); });
      CHECK(own <= loss(other) + 1e-3 * all);
    }
    // The principal subspace of as many dimensions leaves |X - Q Q^T X|^2 = what is returned, and no more than the inputs picked.
    matrix<float> q(layer::n, k);
    std::vector<std::byte> room(principal_inputs_scratch_bytes(layer::n));
    auto const rest = principal_inputs(g.view(), q.view(), workspace{room});
    REQUIRE(rest);
    REQUIRE(all_finite(q));
    CHECK(skive::test::distance_from_orthonormal<double>(q, true) < 1e-5);
    matrix<float> unit(layer::n, layer::n);
    unit.fill([](std::size_t i, std::size_t j) { return i == j ? 1.0f : 0.0f; });
    matrix<float> qt(k, layer::n);
    qt.fill([&](std::size_t i, std::size_t j) { return q(j, i); });
    auto const left = skive::test::output_error(unit, q, qt, l.x);
    auto const inputs = skive::test::frobenius_norm<double>(l.x);
    CHECK(std::abs(left - std::sqrt(*rest)) <= 2e-3 * inputs);
  }
}

TEST_CASE("interpolative, cur, pivot_factors, nystrom: zeros and refusals", "[lowrank]") {
  matrix<float> const zeros(6, 8);
  auto const r = interpolate(zeros, 3);
  CHECK((r.rank == 0 && all_finite(r.t)));
  std::vector<std::size_t> rows(3), columns(3);
  matrix<float> middle(3, 3, 0, 0, 5.0f), t(3, 8, 0, 0, 5.0f), kept(3, 8), others(3, 3);
  std::vector<std::byte> memory(cur_scratch_bytes(6, 8, 3) + pivot_factors_scratch_bytes(6, 8, 3) + nystrom_scratch_bytes(8, 3) +
                                leverage_scores_scratch_bytes(8));
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
  auto g = gram_of(matrix<double>(8, 4));
  matrix<float> m(8, 3);
  std::vector<float> scores(8);
  std::vector<std::size_t> twice{1, 2, 1}, far{1, 2, 8}, fine{1, 2, 3};
  CHECK(nystrom(g.view(), twice, m.view(), workspace{memory}).error() == errc::invalid_argument);
  CHECK(nystrom(g.view(), far, m.view(), workspace{memory}).error() == errc::invalid_argument);
  CHECK(nystrom(g.view(), std::span{fine}.first(2), m.view(), workspace{memory}).error() == errc::size_mismatch);
  CHECK(nystrom(g.view(), fine, submatrix(g.view(), 0, 0, 8, 3), workspace{memory}).error() == errc::overlap);
  CHECK(nystrom(g.view(), fine, m.view(), workspace{}).error() == errc::workspace_too_small);
  CHECK(leverage_scores(g.view(), 0.0f, scores, workspace{memory}).error() == errc::invalid_argument);
  CHECK(leverage_scores(g.view(), 1.0f, std::span{scores}.first(3), workspace{memory}).error() == errc::size_mismatch);
  CHECK(leverage_scores(g.view(), 1.0f, scores, workspace{}).error() == errc::workspace_too_small);
  g.fill([](std::size_t i, std::size_t j) { return i == j ? 1e-30f : 1e30f; });
  CHECK(nystrom(g.view(), fine, m.view(), workspace{memory}).error() == errc::not_positive_definite);
  CHECK(leverage_scores(g.view(), 1e-30f, scores, workspace{memory}).error() == errc::not_positive_definite);
  g(3, 3) = std::numeric_limits<float>::infinity();
  CHECK(nystrom(g.view(), fine, m.view(), workspace{memory}).error() == errc::not_finite);
  CHECK(leverage_scores(g.view(), 1.0f, scores, workspace{memory}).error() == errc::not_finite);
  std::vector<std::byte> room(principal_inputs_scratch_bytes(8));
  CHECK(principal_inputs(g.view(), m.view(), workspace{}).error() == errc::workspace_too_small);
  CHECK(principal_inputs(g.view(), m.view(), workspace{room}).error() == errc::not_finite);
  CHECK(principal_inputs(g.view(), submatrix(g.view(), 0, 0, 8, 3), workspace{room}).error() == errc::overlap);
  CHECK(principal_inputs(g.view(), submatrix(m.view(), 0, 0, 7, 3), workspace{room}).error() == errc::size_mismatch);
  CHECK(principal_inputs(g.view(), {m.view().data, 8, 3, 2}, workspace{room}).error() == errc::invalid_argument);
}
