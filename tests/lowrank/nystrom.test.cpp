// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/nystrom.hpp: no other coefficients beat its own, exact at the inputs' rank, Gram matrices of any rank, refusals.
#include "skive/lowrank/nystrom.hpp"

#include "support/layer.hpp"

#include <algorithm>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::layer;
using skive::test::matrix;

bool all_finite(matrix<float> const& m) {
  return std::all_of(m.memory().begin(), m.memory().end(), [](float x) { return std::isfinite(x); });
}

// G = X X^T in float, whatever its rank.
matrix<float> gram_of(matrix<double> const& x) {
  auto const g = skive::test::product_by_definition<double, double>(x.view(), false, x.view(), true);
  matrix<float> to(g.rows(), g.cols());
  return to.fill([&](std::size_t i, std::size_t j) { return static_cast<float>(g(i, j)); });
}

}  // namespace

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

TEST_CASE("nystrom, leverage_scores, principal_inputs: refusals", "[lowrank]") {
  std::vector<std::byte> memory(nystrom_scratch_bytes(8, 3) + leverage_scores_scratch_bytes(8));
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
