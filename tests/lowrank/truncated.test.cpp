// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/truncated.hpp and right_factor.hpp: Eckart-Young, the loss that whitening leaves, no other factor better, refusals.
#include "skive/lowrank/truncated.hpp"

#include "support/layer.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::diagonal_factor;
using skive::errc;
using skive::identity_factor;
using skive::matrix_view;
using skive::svd_method;
using skive::triangular_factor;
using skive::truncated_svd;
using skive::workspace;
using skive::test::layer;
using skive::test::matrix;

struct factors {
  matrix<float> left;
  matrix<float> right;
};

template <class S>
factors factor(truncated_svd<S> const& f, matrix<float> const& w) {
  factors to{matrix<float>(w.rows(), f.rank()), matrix<float>(f.rank(), w.cols())};
  std::vector<std::byte> memory(f.scratch_bytes(w.rows(), w.cols()));
  REQUIRE(f.factor(w.view(), to.left.view(), to.right.view(), workspace{memory}));
  return to;
}

double output_error(matrix<float> const& w, factors const& f, matrix<double> const& x) {
  return skive::test::output_error(w, f.left, f.right, x);
}

}  // namespace

TEST_CASE("truncated_svd: no other rank-k product is nearer", "[lowrank]") {
  std::mt19937 random{1};
  layer const l{1};
  auto const values = skive::test::singular_values_by_rotation<double>(l.w);
  for (std::size_t const k : {1U, 7U, 39U, 40U})
    for (auto const method : {svd_method::fast, svd_method::accurate}) {
      CAPTURE(k, static_cast<int>(method));
      auto const f = factor(*truncated_svd<>::make(k, {}, {method, {}, {}}), l.w);
      double tail = 0;
      for (std::size_t j = k; j < values.size(); ++j) tail += values[j] * values[j];
      auto const error = output_error(l.w, f, l.unit);
      CHECK(std::abs(error - std::sqrt(tail)) <= 1e-5 * values[0]);
      for (std::size_t i = 0; i < k; ++i) {  // balanced
        double left = 0;
        double right = 0;
        for (std::size_t r = 0; r < layer::m; ++r) left += static_cast<double>(f.left(r, i)) * static_cast<double>(f.left(r, i));
        for (std::size_t c = 0; c < layer::n; ++c)
          right += static_cast<double>(f.right(i, c)) * static_cast<double>(f.right(i, c));
        CHECK(std::abs(left / right - 1) < 1e-4);
      }
    }
  auto const rough = factor(*truncated_svd<>::make(7, {}, {svd_method::randomized, {8, 2, skive::sketch::gaussian, 3}, {}}), l.w);
  auto const exact = factor(*truncated_svd<>::make(7), l.w);
  CHECK(output_error(l.w, rough, l.unit) >= output_error(l.w, exact, l.unit) * (1 - 1e-5));
  CHECK(output_error(l.w, rough, l.unit) <= output_error(l.w, exact, l.unit) * 1.05);
}

TEST_CASE("truncated_svd: whitened, what is left of the output is the tail of W S, and nothing else leaves less", "[lowrank]") {
  for (unsigned seed = 2; seed < 5; ++seed) {
    layer const l{seed};
    constexpr std::size_t k = 10;
    auto const whole = skive::test::product_by_definition<double, float>(l.w.view(), false, l.lower.view(), false);
    matrix<double> triangle(layer::n, layer::n);
    triangle.fill([&](std::size_t i, std::size_t j) { return j <= i ? static_cast<double>(l.lower(i, j)) : 0.0; });
    matrix<double> wide(layer::m, layer::n);
    wide.fill([&](std::size_t i, std::size_t j) { return static_cast<double>(l.w(i, j)); });
    auto const ws = skive::test::product_by_definition<double, double>(wide.view(), false, triangle.view(), false);
    auto const values = skive::test::singular_values_by_rotation<double>(ws);
    double tail = 0;
    for (std::size_t j = k; j < values.size(); ++j) tail += values[j] * values[j];
    auto const whitened = output_error(l.w, factor(*truncated_svd<triangular_factor>::make(k, {l.lower.view()}), l.w), l.x);
    CHECK(std::abs(whitened / std::sqrt(tail) - 1) < 1e-3);
    CHECK(whitened < output_error(l.w, factor(*truncated_svd<>::make(k), l.w), l.x));
    CHECK(whitened < output_error(l.w, factor(*truncated_svd<diagonal_factor>::make(k, {l.rms}), l.w), l.x));
    CHECK(whitened < output_error(l.w, factor(*truncated_svd<diagonal_factor>::make(k, {l.mean}), l.w), l.x));
  }
}

TEST_CASE("truncated_svd: rows by their weights", "[lowrank]") {
  layer const l{6};
  std::vector<float> weights(layer::m);
  for (std::size_t i = 0; i < layer::m; ++i) weights[i] = 1.0f / static_cast<float>(1 + i);
  auto const weighted_error = [&](factors f) {
    auto w = l.w;
    w.fill([&](std::size_t i, std::size_t j) { return l.w(i, j) * weights[i]; });
    f.left.fill([&](std::size_t i, std::size_t k) { return f.left(i, k) * weights[i]; });
    return output_error(w, f, l.unit);
  };
  auto const by_weight = weighted_error(factor(*truncated_svd<>::make(5, {}, {svd_method::fast, {}, weights}), l.w));
  CHECK(by_weight < 0.9 * weighted_error(factor(*truncated_svd<>::make(5), l.w)));
}

TEST_CASE("truncated_svd: refusals", "[lowrank]") {
  layer const l{7};
  CHECK(truncated_svd<>::make(0).error() == errc::invalid_argument);
  std::vector<float> bad(layer::n, 1.0f);
  bad[3] = 0;
  CHECK(truncated_svd<diagonal_factor>::make(3, {bad}).error() == errc::invalid_argument);
  bad[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK(truncated_svd<diagonal_factor>::make(3, {bad}).error() == errc::invalid_argument);
  CHECK(truncated_svd<diagonal_factor>::make(3, {}).error() == errc::size_mismatch);
  CHECK(truncated_svd<triangular_factor>::make(3, {}).error() == errc::size_mismatch);
  CHECK(truncated_svd<>::make(3, {}, {svd_method::fast, {}, bad}).error() == errc::invalid_argument);
  matrix<float> zero(layer::n, layer::n);
  CHECK(truncated_svd<triangular_factor>::make(3, {zero.view()}).error() == errc::invalid_argument);

  auto const f = *truncated_svd<triangular_factor>::make(4, {l.lower.view()});
  std::vector<std::byte> memory(f.scratch_bytes(layer::m, layer::n));
  matrix<float> left(layer::m, 4, 0, 0, -7.0f);
  matrix<float> right(4, layer::n);
  auto const run = [&](matrix<float> const& w, matrix_view<float> to, std::size_t bytes) {
    return f.factor(w.view(), to, right.view(), workspace{std::span{memory}.first(bytes)}).error();
  };
  CHECK(run(matrix<float>(layer::m, layer::n - 1), left.view(), memory.size()) == errc::size_mismatch);
  CHECK(run(l.w, {left.view().data, layer::m, 3}, memory.size()) == errc::size_mismatch);
  CHECK(run(l.w, left.view(), memory.size() - 1) == errc::workspace_too_small);
  CHECK(run(l.w, {right.view().data, layer::m, 4}, memory.size()) == errc::overlap);
  CHECK(run(l.w, {left.view().data, layer::m, 4, 3}, memory.size()) == errc::invalid_argument);
  CHECK(left(0, 0) == -7.0f);
  auto broken = l.w;
  broken(39, 55) = std::numeric_limits<float>::infinity();
  CHECK(run(broken, left.view(), memory.size()) == errc::not_finite);
  auto const before = skive::test::allocations();
  auto const fine = run(l.w, left.view(), memory.size());
  CHECK(skive::test::allocations() == before);
  CHECK(fine == errc::ok);
}
