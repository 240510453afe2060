// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/merging.hpp and kv/reference_scores.hpp.
#include "skive/kv/merging.hpp"

#include "skive/kv/reference_scores.hpp"

#include "support/cache_rows.hpp"

#include <numeric>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using Catch::Approx;
using skive::errc;
namespace test = skive::test;

test::number_rows rows_of(std::size_t cols, std::vector<float> values) {
  test::number_rows out{values.size() / cols, cols};
  out.values = std::move(values);
  return out;
}

}  // namespace

TEST_CASE("merging: an evicted token goes to the nearest kept one, by weight", "[kv]") {
  auto keys = rows_of(2, {1, 0, 0, 1, 3, 0, -1, -1});
  auto values = rows_of(1, {10, 20, 40, 99});
  std::vector<std::uint32_t> const kept{0, 1};
  std::vector<double> weights(2);
  std::size_t merged = 0;
  REQUIRE(skive::merge_nearest(keys.view(), values.view(), kept, 0.5, weights, &merged));
  CHECK(merged == 1);  // token 3 points away from both
  CHECK(keys(0, 0) == Approx(2));
  CHECK(values(0, 0) == Approx(25));  // cosine 1: equal weights e
  CHECK(values(1, 0) == 20);
  CHECK(values(3, 0) == 99);
  CHECK(weights[0] == Approx(2 * std::exp(1.0)));
  CHECK(weights[1] == Approx(std::exp(1.0)));
  std::vector<std::uint32_t> const falling{1, 0};
  CHECK(skive::merge_nearest(keys.view(), values.view(), falling, 0, weights).error() == errc::invalid_argument);
  CHECK(skive::merge_nearest(keys.view(), values.view(), kept, 0, std::span{weights}.first(1)).error() == errc::size_mismatch);
}

TEST_CASE("merging: an evicted value is spread over the kept ones after it", "[kv]") {
  auto values = rows_of(1, {8, 1, 2, 3, 100});
  std::vector<float> const scores{1, 1, 2, 4, 9};
  std::vector<std::uint32_t> const kept{1, 2, 3};
  // Token 0, of score 1, to tokens 1 and 2, whose mean is 1.5; token 4 has nobody after it.
  REQUIRE(skive::merge_ahead(values.view(), scores, kept, 2));
  CHECK(values(1, 0) == Approx(1 + 8 / 1.5 / 2));
  CHECK(values(2, 0) == Approx(2 + 8 / 1.5 / 2));
  CHECK(values(3, 0) == 3);
  CHECK(values(4, 0) == 100);
  auto strong = rows_of(1, {8, 1});
  std::vector<float> const heavy{5, 1};
  std::vector<std::uint32_t> const one{1};
  REQUIRE(skive::merge_ahead(strong.view(), heavy, one, 3));
  CHECK(strong(1, 0) == 9);
  CHECK(skive::merge_ahead(values.view(), scores, kept, 0).error() == errc::invalid_argument);
  CHECK(skive::merge_ahead(values.view(), heavy, kept, 1).error() == errc::size_mismatch);
  std::vector<float> const negative{-1, 1};
  CHECK(skive::merge_ahead(strong.view(), negative, one, 1).error() == errc::not_finite);
}

TEST_CASE("merging: directions between two rows", "[kv]") {
  std::vector<float> const x{3, 0};
  std::vector<float> const y{0, 0.5f};
  std::vector<float> out(2);
  REQUIRE(skive::slerp(x, y, 1.0 / 3, out));  // 30 degrees
  CHECK(out[0] == Approx(std::sqrt(0.75)));
  CHECK(out[1] == Approx(0.5));
  CHECK(*skive::slerp_angle(x, y) == Approx(0.5));
  CHECK(*skive::slerp_angle(x, x) == Approx(0).margin(1e-3));
  REQUIRE(skive::slerp(x, x, 0.7, out));
  CHECK(out[0] == Approx(1));
  std::vector<float> const back{-1, 0};
  std::vector<float> const nothing{0, 0};
  CHECK(*skive::slerp_angle(x, back) == Approx(1));
  CHECK(*skive::slerp_angle(x, nothing) == 0.5f);
  CHECK(skive::slerp(x, back, 0.5, out).error() == errc::not_finite);
  CHECK(skive::slerp(x, nothing, 0.5, out).error() == errc::not_finite);
  CHECK(skive::slerp(x, y, 1.5, out).error() == errc::invalid_argument);
  CHECK(skive::slerp(x, y, 0.5, std::span{out}.first(1)).error() == errc::size_mismatch);
  CHECK(skive::slerp_angle(x, std::span{y}.first(1)).error() == errc::size_mismatch);
}

TEST_CASE("reference_scores: spread against the next chunk", "[kv]") {
  // Two chunks of two tokens, two channels; the second chunk has ranges 0..1 and 0..2.
  auto const keys = rows_of(2, {1, 0, 0.5f, 1, 0, 0, 1, 2});
  auto const values = rows_of(1, {5, 7, 1, 1});  // a constant reference: no spread, equal shares
  std::vector<float> scores(4);
  std::vector<double> spread(2);
  REQUIRE(skive::lag_scores(keys.view(), values.view(), 2, spread, scores));
  auto const p = std::exp(0.5) / (std::exp(0.5) + 1);  // (1, 0) spreads by 0.5, (0.5, 0.5) not at all
  CHECK(scores[0] == Approx(p + 0.5));
  CHECK(scores[1] == Approx(1 - p + 0.5));
  CHECK(scores[2] == 2);
  CHECK(scores[3] == 2);
  CHECK(skive::lag_scores(keys.view(), values.view(), 0, spread, scores).error() == errc::invalid_argument);
  CHECK(skive::lag_scores(keys.view(), values.view(), 3, spread, scores).error() == errc::size_mismatch);
}

TEST_CASE("reference_scores: leverage is the diagonal of the projection on the keys", "[kv]") {
  test::number_rows keys{40, 8, 3};
  for (std::size_t d = 0; d < 8; ++d) keys(7, d) *= 30;  // stands out alone
  std::vector<float> scores(40);
  test::scratch_bytes_of scratch{skive::leverage_scratch_bytes(8)};
  REQUIRE(skive::leverage_scores(keys.view(), 1e-9, scores, scratch.get()));
  CHECK(std::accumulate(scores.begin(), scores.end(), 0.0) == Approx(8));
  CHECK(scores[7] > 0.9f);
  for (auto const s : scores) CHECK((s > 0 && s <= 1.00001f));
  auto turned = keys;  // any change of basis leaves it: channel 0 becomes the sum of channels 0 and 1, times 5
  for (std::size_t t = 0; t < 40; ++t) turned(t, 0) = 5 * (keys(t, 0) + keys(t, 1));
  std::vector<float> again(40);
  REQUIRE(skive::leverage_scores(turned.view(), 1e-9, again, scratch.get()));
  for (std::size_t t = 0; t < 40; ++t) CHECK(again[t] == Approx(scores[t]).epsilon(1e-4));
  CHECK(skive::leverage_scores(keys.view(), 0, scores, scratch.get()).error() == errc::invalid_argument);
  CHECK(skive::leverage_scores(keys.view(), 1, scores, {}).error() == errc::workspace_too_small);
  CHECK(skive::leverage_scores(keys.view(), 1, std::span{scores}.first(3), scratch.get()).error() == errc::size_mismatch);
  keys(0, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK(skive::leverage_scores(keys.view(), 1, scores, scratch.get()).error() == errc::not_finite);
}
