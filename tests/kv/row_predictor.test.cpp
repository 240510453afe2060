// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/row_predictor.hpp: an exact relation is found, the rest of correlated rows takes fewer bits, attention on both pages.
#include "skive/kv/row_predictor.hpp"

#include "skive/kv/per_token_values.hpp"

#include "support/cache_rows.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::row_predictor;
namespace test = skive::test;

constexpr std::size_t inputs = 24;
constexpr std::size_t outputs = 16;
constexpr std::size_t tokens = 128;

// y = mix x + 3 + noise
test::number_rows related(test::number_rows const& x, float noise) {
  test::number_rows mix{inputs, outputs};
  for (std::size_t i = 0; i < mix.values.size(); ++i) mix.values[i] = static_cast<float>(i * 37 % 101) / 101.0f - 0.5f;
  std::mt19937 random{29};
  std::normal_distribution<float> normal;
  test::number_rows y{x.rows, outputs};
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t d = 0; d < outputs; ++d) {
      y(t, d) = 3.0f + noise * normal(random);
      for (std::size_t i = 0; i < inputs; ++i) y(t, d) += mix(i, d) * x(t, i);
    }
  return y;
}
std::vector<float> fitted(test::number_rows const& x, test::number_rows const& y) {
  std::vector<float> weights(row_predictor::numbers(x.cols, y.cols));
  test::scratch_bytes_of scratch{skive::fit_predictor_scratch_bytes(x.cols, y.cols)};
  REQUIRE(skive::fit_predictor(x.view(), y.view(), 1e-9, weights, scratch.get()));
  return weights;
}
test::number_rows through(test::number_rows const& rows) {
  auto const pages = *skive::per_token_values<2>::make({rows.cols, rows.rows});
  test::guarded_page page{pages.page_bytes()};
  test::scratch_bytes_of scratch{pages.scratch_bytes(1)};
  test::number_rows out{rows.rows, rows.cols};
  REQUIRE(pages.append(rows.view(), 0, page.span(), scratch.get()));
  REQUIRE(pages.decode(page.span(), 0, out.view(), scratch.get()));
  return out;
}

}  // namespace

TEST_CASE("row_predictor: an exact relation is found and holds for other rows", "[kv]") {
  test::number_rows const x{tokens, inputs, 3};
  auto const weights = fitted(x, related(x, 0.0f));
  auto const predictor = *row_predictor::make(inputs, outputs, weights);
  test::number_rows const others{40, inputs, 31};
  auto rest = related(others, 0.0f);
  auto const y = rest;
  REQUIRE(predictor.subtract(others.view(), rest.view()));
  for (auto const r : rest.values) CHECK(std::fabs(r) < 2e-4f);
  REQUIRE(predictor.add(others.view(), rest.view()));
  for (std::size_t i = 0; i < y.values.size(); ++i) CHECK(std::fabs(rest.values[i] - y.values[i]) < 1e-5f);
}

TEST_CASE("row_predictor: at equal bits the rest of correlated rows loses less", "[kv]") {
  test::number_rows const x{tokens, inputs, 3};
  auto const y = related(x, 0.1f);
  auto const seen = through(x);  // predictions are from what pages give back
  auto const weights = fitted(x, y);
  auto const predictor = *row_predictor::make(inputs, outputs, weights);
  for (auto const* source : {&x, &seen}) {
    auto out = y;
    REQUIRE(predictor.subtract(source->view(), out.view()));
    out = through(out);
    REQUIRE(predictor.add(source->view(), out.view()));
    auto const part = test::squared_error(out, y) / test::squared_error(through(y), y);
    CHECK(part < (source == &x ? 0.02 : 0.6));
  }
}

TEST_CASE("row_predictor: products with both caches are those of the rows", "[kv]") {
  test::number_rows const x{tokens, inputs, 3};
  auto const y = related(x, 0.5f);
  auto const weights = fitted(x, y);
  auto const predictor = *row_predictor::make(inputs, outputs, weights);
  auto rest = y;
  REQUIRE(predictor.subtract(x.view(), rest.view()));
  test::number_rows const q{3, outputs, 5};
  test::number_rows mapped{3, inputs};
  REQUIRE(predictor.map_queries(q.view(), mapped.view()));
  for (std::size_t h = 0; h < 3; ++h)
    for (std::size_t t = 0; t < tokens; ++t) {
      double want = 0;
      double sum = 0;
      double size = 0;
      for (std::size_t d = 0; d < outputs; ++d) {
        want += static_cast<double>(q(h, d)) * static_cast<double>(y(t, d));
        sum += static_cast<double>(q(h, d)) * (static_cast<double>(rest(t, d)) + static_cast<double>(predictor.center()[d]));
        size += std::fabs(static_cast<double>(q(h, d)) * static_cast<double>(y(t, d)));
      }
      for (std::size_t i = 0; i < inputs; ++i) {
        sum += static_cast<double>(mapped(h, i)) * static_cast<double>(x(t, i));
        size += std::fabs(static_cast<double>(mapped(h, i)) * static_cast<double>(x(t, i)));
      }
      CHECK(std::fabs(sum - want) <= 1e-6 * size);
    }
}

TEST_CASE("row_predictor: channels that depend on each other, refusals", "[kv]") {
  test::number_rows x{tokens, inputs, 3};
  for (std::size_t t = 0; t < tokens; ++t) x(t, 5) = x(t, 6);
  auto const y = related(x, 0.0f);
  auto rest = y;
  auto weights = fitted(x, y);
  REQUIRE(row_predictor::make(inputs, outputs, weights)->subtract(x.view(), rest.view()));
  for (auto const r : rest.values) CHECK(std::fabs(r) < 1e-2f);

  test::scratch_bytes_of scratch{skive::fit_predictor_scratch_bytes(inputs, outputs)};
  auto const before = weights;
  CHECK(skive::fit_predictor(x.view(), y.view(), 0, weights, {}).error() == errc::workspace_too_small);
  CHECK(skive::fit_predictor(x.view(), y.view(), -1, weights, scratch.get()).error() == errc::invalid_argument);
  CHECK(skive::fit_predictor(x.part(0, 3), y.view(), 0, weights, scratch.get()).error() == errc::size_mismatch);
  x(7, 7) = std::numeric_limits<float>::quiet_NaN();
  CHECK(skive::fit_predictor(x.view(), y.view(), 0, weights, scratch.get()).error() == errc::not_finite);
  CHECK(weights == before);
  CHECK(row_predictor::make(inputs, outputs + 1, weights).error() == errc::size_mismatch);
  CHECK(row_predictor::make(0, outputs, weights).error() == errc::invalid_argument);
  auto const predictor = *row_predictor::make(inputs, outputs, weights);
  CHECK(predictor.predict(x.part(0, 2), rest.view()).error() == errc::size_mismatch);
  CHECK(predictor.map_queries(x.view(), rest.view()).error() == errc::size_mismatch);
  auto const most = std::numeric_limits<std::size_t>::max();
  CHECK(skive::fit_predictor_scratch_bytes(most / 2, 3) == most);
  weights[3] = std::numeric_limits<float>::infinity();
  CHECK(row_predictor::make(inputs, outputs, weights).error() == errc::not_finite);
}
