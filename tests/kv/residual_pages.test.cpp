// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/residual_pages.hpp: the second term holds what the first loses, products are those of the sum, refusals.
#include "skive/kv/residual_pages.hpp"

#include "skive/kv/float_pages.hpp"
#include "skive/kv/per_token_values.hpp"

#include "support/cache_rows.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::float16;
namespace test = skive::test;

constexpr skive::page_shape shape{16, 32};

}  // namespace

TEST_CASE("residual_pages: two float16 hold twice the digits, and queries see both", "[kv]") {
  auto const term = *skive::float_keys<float16>::make(shape);
  auto const keys = *skive::residual_keys<skive::float_keys<float16>, skive::float_keys<float16>>::make(term, term);
  CHECK(keys.page_bytes() == 2 * term.page_bytes());
  test::number_rows const rows{32, 16, 3};
  test::guarded_page page{keys.page_bytes()};
  test::scratch_bytes_of scratch{keys.scratch_bytes(2)};
  test::scratch_bytes_of memory{keys.query_bytes(2)};
  REQUIRE(keys.append(rows.view(), 0, page.span(), scratch.get()));
  CHECK(page.guarded());
  test::number_rows out{32, 16};
  REQUIRE(keys.decode(page.span(), 0, out.view(), scratch.get()));
  for (std::size_t i = 0; i < out.values.size(); ++i)
    CHECK(std::fabs(out.values[i] - rows.values[i]) <= 0x1p-21f * std::fabs(rows.values[i]) + 0x1p-24f);

  test::number_rows const q{2, 16, 5};
  test::number_rows logits{2, 7};
  REQUIRE(keys.dot(page.span(), 9, *keys.prepare(q.view(), memory.get()), logits.view(), scratch.get()));
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t t = 0; t < 7; ++t) {
      double sum = 0;
      double size = 0;
      for (std::size_t d = 0; d < 16; ++d) {
        sum += static_cast<double>(q(i, d)) * static_cast<double>(out(9 + t, d));
        size += std::fabs(static_cast<double>(q(i, d)) * static_cast<double>(out(9 + t, d)));
      }
      CHECK(std::fabs(static_cast<double>(logits(i, t)) - sum) <= 4e-6 * size);
    }
}

TEST_CASE("residual_pages: codes of what codes lose, sums of both terms", "[kv]") {
  using coarse = skive::per_token_values<4>;
  auto const first = *coarse::make(shape);
  auto const values = *skive::residual_values<coarse, coarse>::make(first, first);
  test::number_rows const rows{32, 16, 7};
  test::guarded_page page{values.page_bytes()};
  test::scratch_bytes_of scratch{values.scratch_bytes(1)};
  REQUIRE(values.append(rows.view(), 0, page.span(), scratch.get()));
  test::number_rows out{32, 16};
  test::number_rows one{32, 16};
  REQUIRE(values.decode(page.span(), 0, out.view(), scratch.get()));
  REQUIRE(first.decode(page.span().first(first.page_bytes()), 0, one.view(), scratch.get()));
  CHECK(test::squared_error(out, rows) < 0.02 * test::squared_error(one, rows));  // 1/225 for codes of 15 steps

  test::number_rows const w{1, 32, 9};
  test::number_rows sums{1, 16};
  REQUIRE(values.accumulate(page.span(), 0, w.view(), sums.view(), scratch.get()));
  for (std::size_t d = 0; d < 16; ++d) {
    double sum = 0;
    double size = 0;
    for (std::size_t t = 0; t < 32; ++t) {
      sum += static_cast<double>(w(0, t)) * static_cast<double>(out(t, d));
      size += std::fabs(static_cast<double>(w(0, t)) * static_cast<double>(out(t, d)));
    }
    CHECK(std::fabs(static_cast<double>(sums(0, d)) - sum) <= 1e-4 * size);
  }
}

TEST_CASE("residual_pages: refusals leave the page alone", "[kv]") {
  using term = skive::float_keys<float16>;
  using keys = skive::residual_keys<term, term>;
  CHECK(keys::make(*term::make(shape), *term::make({16, 64})).error() == errc::invalid_argument);
  CHECK(keys::make(*term::make(shape), *term::make({24, 32})).error() == errc::invalid_argument);
  auto const k = *keys::make(*term::make(shape), *term::make(shape));
  test::guarded_page page{k.page_bytes()};
  auto const before = page.memory;
  test::scratch_bytes_of scratch{k.scratch_bytes(1)};
  test::number_rows rows{32, 16, 3};
  CHECK(k.append(rows.view(), 0, page.span(), {}).error() == errc::workspace_too_small);
  rows(31, 15) = 30000.0f;
  CHECK(k.append(rows.view(), 0, page.span(), scratch.get()).error() == errc::not_finite);
  rows(31, 15) = std::numeric_limits<float>::quiet_NaN();
  CHECK(k.append(rows.view(), 0, page.span(), scratch.get()).error() == errc::not_finite);
  CHECK((page.memory == before));
}
