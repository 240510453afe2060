// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/token_scores.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::matrix_view;

}  // namespace

TEST_CASE("token_scores: by hand", "[kv]") {
  // Two heads at the last two positions of five tokens.
  std::vector<float> const w{0.5f, 0.25f, 0.125f, 0.125f, 0,    0, 0.25f, 0.25f, 0.5f, 0,  //
                             0,    0.5f,  0,      0,      0.5f, 1, 0,     0,     0,    0};
  matrix_view<float const> const weights{w.data(), 4, 5};
  using row = std::vector<float>;
  row s(5, 1.0f);
  REQUIRE(skive::add_heavy_hitters(weights, s));
  CHECK(s == row{2.5f, 2.0f, 1.375f, 1.625f, 1.5f});
  REQUIRE(skive::last_query_scores(weights, 2, s));
  CHECK(s == row{0.5f, 0.25f, 0, 0, 0.25f});
  s.assign(5, 0.0f);
  REQUIRE(skive::add_persistence(weights, s));
  CHECK(s == row{2, 3, 1, 1, 1});
  row sums(5);
  REQUIRE(skive::snapshot_scores(weights, 3, skive::pooling::maximum, sums, s));
  CHECK(s == row{1.5f, 1.5f, 1.0f, 0.625f, 0.625f});
  REQUIRE(skive::snapshot_scores(weights, 3, skive::pooling::mean, sums, s));
  CHECK(s == row{1.25f, 2.875f / 3, 2.0f / 3, 1.5f / 3, 1.125f / 2});
  s = row{4, 4, 4, 4, 4};
  REQUIRE(skive::visible_mean(4, 2, s));  // two positions: the last token was seen by one
  CHECK(s == row{1, 1, 1, 1, 2});
  std::vector<float> const v{1, -1, 2, 0, 0, 0, 3, 3, 0.5f, -0.5f};
  REQUIRE(skive::weigh_by_values({v.data(), 5, 2}, s));
  CHECK(s == row{2, 2, 0, 6, 2});
  row chunks(3);
  REQUIRE(skive::chunk_scores(s, 2, chunks));
  CHECK(chunks == row{4, 6, 2});
}

TEST_CASE("token_scores: what is refused", "[kv]") {
  std::vector<float> const w(20);
  matrix_view<float const> const weights{w.data(), 4, 5};
  std::vector<float> s(4);
  std::vector<float> five(5);
  CHECK(skive::add_heavy_hitters(weights, s).error() == errc::size_mismatch);
  CHECK(skive::last_query_scores(weights, 5, five).error() == errc::size_mismatch);
  CHECK(skive::last_query_scores(weights, 0, five).error() == errc::invalid_argument);
  CHECK(skive::add_persistence(weights, s).error() == errc::size_mismatch);
  CHECK(skive::snapshot_scores(weights, 2, skive::pooling::mean, five, five).error() == errc::invalid_argument);
  CHECK(skive::snapshot_scores(weights, 3, skive::pooling::mean, s, five).error() == errc::size_mismatch);
  CHECK(skive::visible_mean(3, 2, five).error() == errc::size_mismatch);
  CHECK(skive::visible_mean(4, 0, five).error() == errc::invalid_argument);
  CHECK(skive::visible_mean(12, 2, five).error() == errc::size_mismatch);
  CHECK(skive::weigh_by_values(weights, five).error() == errc::size_mismatch);
  CHECK(skive::chunk_scores(five, 0, s).error() == errc::invalid_argument);
  CHECK(skive::chunk_scores(five, 2, s).error() == errc::size_mismatch);
}
