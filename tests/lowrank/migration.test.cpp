// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/migration.hpp: the formula, channels that say nothing, what it refuses. quantized.test.cpp has the split behind it.
#include "skive/lowrank/migration.hpp"

#include "support/matrices.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::matrix;

}  // namespace

TEST_CASE("migration_scales: max |x|^alpha / max |w|^(1 - alpha), 1 where a channel is silent", "[lowrank]") {
  std::mt19937 random{91};
  auto const w = [&] {
    auto m = skive::test::random_matrix<float>(9, 6, random, 2);
    for (std::size_t i = 0; i < 9; ++i) m(i, 5) = 0;  // a channel without weights
    return m;
  }();
  std::vector<float> largest{1.0f, 60.0f, 0.25f, 0.0f, 1e-30f, 3.0f}, lambda(6);
  for (float const alpha : {0.0f, 0.25f, 0.5f, 1.0f}) {
    REQUIRE(migration_scales(largest, w.view(), alpha, lambda));
    for (std::size_t j = 0; j < 6; ++j) {
      double most = 0;
      for (std::size_t i = 0; i < 9; ++i) most = std::max(most, std::abs(static_cast<double>(w(i, j))));
      auto const a = static_cast<double>(alpha);
      auto const expected = j == 3 || j == 5 ? 1.0 : std::pow(static_cast<double>(largest[j]), a) / std::pow(most, 1 - a);
      auto const usable = expected >= 0x1p-60;  // 1e-30 by itself is no scale
      CHECK(std::abs(static_cast<double>(lambda[j]) / (usable ? expected : 1.0) - 1) < 1e-6);
    }
  }
  auto moved = w;
  REQUIRE(migrate(lambda, moved.view()));
  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t j = 0; j < 6; ++j) CHECK(moved(i, j) == w(i, j) * lambda[j]);
}

TEST_CASE("migration_scales and migrate: refusals", "[lowrank]") {
  matrix<float> w(4, 3, 0, 0, 1.0f);
  std::vector<float> largest(3, 1.0f), lambda(3, -7.0f);
  CHECK(migration_scales(std::span{largest}.first(2), w.view(), 0.5f, lambda).error() == errc::size_mismatch);
  CHECK(migration_scales(largest, w.view(), 0.5f, std::span{lambda}.first(2)).error() == errc::size_mismatch);
  for (float const alpha : {-0.1f, 1.5f, std::numeric_limits<float>::quiet_NaN()})
    CHECK(migration_scales(largest, w.view(), alpha, lambda).error() == errc::invalid_argument);
  CHECK(migration_scales(largest, {w.view().data, 4, 3, 2}, 0.5f, lambda).error() == errc::invalid_argument);
  for (float const bad : {-1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    auto broken = largest;
    broken[2] = bad;
    CHECK(migration_scales(broken, w.view(), 0.5f, lambda).error() == errc::not_finite);
  }
  w(3, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK(migration_scales(largest, w.view(), 0.5f, lambda).error() == errc::not_finite);
  CHECK(lambda == std::vector<float>(3, -7.0f));
  CHECK(migrate(std::span{lambda}.first(2), w.view()).error() == errc::size_mismatch);
  CHECK(w(0, 0) == 1.0f);
}
