// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/key_scores.hpp"

#include "support/cache_rows.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;
constexpr std::size_t size = 24;

double dot(test::number_rows const& a, std::size_t i, test::number_rows const& b, std::size_t j) {
  double sum = 0;
  for (std::size_t d = 0; d < a.cols; ++d) sum += static_cast<double>(a(i, d)) * static_cast<double>(b(j, d));
  return sum;
}
void close(float x, double y) {
  INFO(x << " for " << y);
  CHECK(std::fabs(static_cast<double>(x) - y) <= 1e-6 * (1 + std::fabs(y)));
}

}  // namespace

TEST_CASE("key_scores: by definition", "[kv]") {
  test::number_rows const k{40, size, 3};
  std::vector<float> s(40);
  REQUIRE(skive::norm_scores(k.view(), s));
  for (std::size_t t = 0; t < 40; ++t) close(s[t], -std::sqrt(dot(k, t, k, t)));

  std::vector<float> mean(size);
  REQUIRE(skive::key_diff_scores(k.view(), mean, s));
  std::vector<double> anchor(size);
  for (std::size_t t = 0; t < 40; ++t)
    for (std::size_t d = 0; d < size; ++d) anchor[d] += static_cast<double>(k(t, d)) / std::sqrt(dot(k, t, k, t)) / 40;
  for (std::size_t t = 0; t < 40; ++t) {
    double product = 0;
    double length = 0;
    for (std::size_t d = 0; d < size; ++d) {
      product += anchor[d] * static_cast<double>(k(t, d));
      length += anchor[d] * anchor[d];
    }
    close(s[t], -product / std::sqrt(length * dot(k, t, k, t)));
  }

  test::number_rows const f{2, size, 8};
  REQUIRE(skive::filter_scores(k.view(), f.view().row(0), s));
  for (std::size_t t = 0; t < 40; ++t) close(s[t], dot(k, t, f, 0));

  std::vector<float> variance(size);
  for (std::size_t d = 0; d < size; ++d) variance[d] = f(1, d) * f(1, d);
  REQUIRE(skive::expected_scores(k.view(), f.view().row(0), variance, s));
  for (std::size_t t = 0; t < 40; ++t) {
    double spread = 0;
    for (std::size_t d = 0; d < size; ++d) spread += std::pow(static_cast<double>(k(t, d)) * static_cast<double>(f(1, d)), 2);
    close(s[t], dot(k, t, f, 0) / std::sqrt(24.0) + spread / 48);
  }

  std::vector<float> channels(size);
  REQUIRE(skive::channel_scores(f.view(), k.view(), channels));
  for (std::size_t d = 0; d < size; ++d) {
    double q = 0;
    double key = 0;
    for (std::size_t t = 0; t < 2; ++t) q += std::pow(static_cast<double>(f(t, d)), 2);
    for (std::size_t t = 0; t < 40; ++t) key += std::pow(static_cast<double>(k(t, d)), 2);
    close(channels[d], std::sqrt(q * key));
  }
}

TEST_CASE("key_scores: a zero key, and no keys", "[kv]") {
  test::number_rows k{3, size, 3};
  for (std::size_t d = 0; d < size; ++d) k(1, d) = 0;
  std::vector<float> s(3);
  std::vector<float> mean(size);
  REQUIRE(skive::key_diff_scores(k.view(), mean, s));
  CHECK(s[1] == 0.0f);
  REQUIRE(skive::key_diff_scores(k.part(1, 1), mean, std::span{s}.first(1)));
  CHECK(s[0] == 0.0f);
}

TEST_CASE("key_scores: a page's bound is reached by no token, and is the bound of its box", "[kv]") {
  test::number_rows const k{64, size, 3};
  test::number_rows const q{5, size, 4};
  std::vector<float> low(size);
  std::vector<float> high(size);
  REQUIRE(skive::page_bounds(k.part(0, 40), low, high));
  REQUIRE(skive::page_bounds(k.part(40, 24), low, high, true));
  for (std::size_t i = 0; i < 5; ++i) {
    auto const bound = skive::page_score(q.view().row(i), low, high);
    REQUIRE(bound);
    double corner = 0;
    for (std::size_t d = 0; d < size; ++d) {
      auto extreme = -1e30;
      for (std::size_t t = 0; t < 64; ++t)
        extreme = std::max(extreme, static_cast<double>(q(i, d)) * static_cast<double>(k(t, d)));
      corner += extreme;
    }
    close(*bound, corner);
    for (std::size_t t = 0; t < 64; ++t) CHECK(dot(q, i, k, t) <= static_cast<double>(*bound));
  }
}

TEST_CASE("key_scores: what is refused", "[kv]") {
  test::number_rows const k{3, size, 3};
  std::vector<float> s(2);
  std::vector<float> three(3);
  std::vector<float> channel(size);
  CHECK(skive::norm_scores(k.view(), s).error() == errc::size_mismatch);
  CHECK(skive::key_diff_scores(k.view(), s, three).error() == errc::size_mismatch);
  CHECK(skive::filter_scores(k.view(), s, three).error() == errc::size_mismatch);
  CHECK(skive::expected_scores(k.view(), channel, s, three).error() == errc::size_mismatch);
  CHECK(skive::channel_scores(k.view(), k.view(), three).error() == errc::size_mismatch);
  CHECK(skive::page_bounds(k.view(), channel, three).error() == errc::size_mismatch);
  CHECK(skive::page_bounds(k.part(0, 0), channel, channel).error() == errc::size_mismatch);
  CHECK(skive::page_score(channel, channel, three).error() == errc::size_mismatch);
}
