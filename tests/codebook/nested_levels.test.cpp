// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/nested_levels.hpp: prefixes, splits against trying every cut, errors near those of tables of their own, refusals.
#include "skive/codebook/nested_levels.hpp"

#include "skive/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

std::vector<float> samples(std::size_t n) {
  std::vector<float> x(n);
  counter_random{41, 1}.fill_gaussian(x);
  return x;
}
std::vector<float> trained(std::vector<float> const& x, std::vector<float> const& w, int base, int bits) {
  std::vector<float> tables(nested_levels::table_size(base, bits));
  std::vector<std::byte> memory(train_nested_levels_bytes(x.size(), base));
  REQUIRE(train_nested_levels(x, w, base, bits, tables, workspace{memory}));
  return tables;
}

TEST_CASE("Codes of fewer bits are prefixes, and every precision is nearly as good as a table of its own", "[codebook]") {
  auto const x = samples(4000);
  auto const tables = trained(x, {}, 2, 6);
  auto const nested = nested_levels::make(2, 6, tables);
  REQUIRE(nested);
  double const most[]{1 + 1e-6, 1.02, 1.08, 1.12, 1.17};
  for (int b = 2; b <= 6; ++b) {
    double error = 0;
    for (auto const v : x) {
      auto const code = nested->encode(v, 6);
      REQUIRE(nested->encode(v, b) == code >> (6 - b));
      REQUIRE(nested->decode(code, b) == nested->levels(b)[code >> (6 - b)]);
      error += std::pow(static_cast<double>(v - nested->decode(code, b)), 2);
    }
    std::vector<float> own(std::size_t{1} << b);
    std::vector<std::byte> memory(kmeans_1d_bytes(x.size(), own.size(), kmeans_memory::small));
    auto const best = kmeans_1d(x, {}, own, kmeans_memory::small, workspace{memory});
    REQUIRE(best);
    CAPTURE(b, error / best->error);
    CHECK(error >= best->error * (1 - 1e-6));
    CHECK(error <= best->error * most[b - 2]);
  }
}

TEST_CASE("A split is the best of all cuts of its cell", "[codebook]") {
  auto x = samples(60);
  std::vector<float> w(60);
  for (std::size_t i = 0; i < 60; ++i) w[i] = static_cast<float>((i * 7) % 4);
  auto const tables = trained(x, w, 1, 2);
  auto const nested = *nested_levels::make(1, 2, tables);
  for (std::uint32_t cell = 0; cell < 2; ++cell) {
    std::vector<std::pair<float, float>> own;
    double error = 0;
    for (std::size_t i = 0; i < 60; ++i) {
      if (nested.encode(x[i], 1) != cell) continue;
      own.emplace_back(x[i], w[i]);
      error += static_cast<double>(w[i]) * std::pow(static_cast<double>(x[i] - nested.decode(nested.encode(x[i], 2), 2)), 2);
    }
    std::sort(own.begin(), own.end());
    double least = 1e300;
    for (std::size_t cut = 0; cut <= own.size(); ++cut) {
      double sum = 0;
      for (int side = 0; side < 2; ++side) {
        auto const from = side == 0 ? 0 : cut;
        auto const to = side == 0 ? cut : own.size();
        double mass = 0;
        double mean = 0;
        for (auto i = from; i < to; ++i)
          mass += static_cast<double>(own[i].second), mean += static_cast<double>(own[i].first * own[i].second);
        for (auto i = from; i < to && mass > 0; ++i)
          sum += static_cast<double>(own[i].second) * std::pow(static_cast<double>(own[i].first) - mean / mass, 2);
      }
      least = std::min(least, sum);
    }
    REQUIRE(error == Catch::Approx(least).epsilon(1e-4));
  }
}

TEST_CASE("Few and equal samples", "[codebook]") {
  std::vector<float> const x{1.0f, 1.0f, 2.0f};
  auto const tables = trained(x, {}, 1, 4);
  auto const nested = *nested_levels::make(1, 4, tables);
  for (int b = 1; b <= 4; ++b)
    for (auto const v : x) REQUIRE(nested.decode(nested.encode(v, 4), b) == v);
  REQUIRE(nested.encode(std::numeric_limits<float>::quiet_NaN(), 4) == 15);
  REQUIRE(nested.decode(0xFFFF'FFFFU, 4) == 2.0f);
}

TEST_CASE("Nested tables: refusals", "[codebook]") {
  std::vector<float> tables(nested_levels::table_size(1, 2), 3.0f);
  REQUIRE(tables.size() == 6);
  REQUIRE(nested_levels::make(0, 2, tables).error() == errc::invalid_argument);
  REQUIRE(nested_levels::make(3, 2, tables).error() == errc::invalid_argument);
  REQUIRE(nested_levels::make(1, 13, tables).error() == errc::invalid_argument);
  REQUIRE(nested_levels::make(1, 3, tables).error() == errc::size_mismatch);
  REQUIRE(nested_levels::make(1, 2, tables));
  tables[4] = 2.0f;
  REQUIRE(nested_levels::make(1, 2, tables).error() == errc::invalid_argument);
  tables[4] = std::numeric_limits<float>::infinity();
  REQUIRE(nested_levels::make(1, 2, tables).error() == errc::not_finite);
  std::vector<float> x(5, 1.0f);
  std::vector<std::byte> memory(train_nested_levels_bytes(5, 1));
  auto const call = [&](int base, int bits, std::span<float> to, workspace w) {
    return train_nested_levels(x, {}, base, bits, to, w).error();
  };
  REQUIRE(call(2, 1, tables, workspace{memory}) == errc::invalid_argument);
  REQUIRE(call(1, 3, tables, workspace{memory}) == errc::size_mismatch);
  REQUIRE(call(1, 2, tables, workspace{}) == errc::workspace_too_small);
  x[0] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(call(1, 2, tables, workspace{memory}) == errc::not_finite);
  REQUIRE(train_nested_levels({}, {}, 1, 2, tables, workspace{memory}).error() == errc::invalid_argument);
}

}  // namespace
}  // namespace skive
