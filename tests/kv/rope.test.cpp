// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/rope.hpp: rotations by definition in double, there and back.
#include "skive/kv/rope.hpp"

#include "support/cache_rows.hpp"
#include "support/rope.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::rope_pairing;
namespace test = skive::test;

}  // namespace

TEST_CASE("rope: rows turn as defined, and back", "[kv]") {
  for (auto const pairing : {rope_pairing::neighbouring, rope_pairing::halved})
    for (std::size_t const n : {8U, 64U, 80U}) {
      test::rope_memory const t{n, 4096, pairing};
      test::number_rows rows{1, n, 3};
      std::vector<double> const x(rows.values.begin(), rows.values.end());
      for (std::size_t const position : {0U, 1U, 31U, 32U, 1000U, 4095U}) {
        auto y = rows.values;
        REQUIRE(t.table.rotate(y, position));
        auto const e = test::rotated(x, static_cast<double>(position), pairing);
        for (std::size_t d = 0; d < n; ++d) CHECK(std::fabs(static_cast<double>(y[d]) - e[d]) <= 3e-6);
        REQUIRE(t.table.rotate(y, position, true));
        for (std::size_t d = 0; d < n; ++d) CHECK(std::fabs(y[d] - rows.values[d]) <= 3e-6f);
      }
    }
}

TEST_CASE("rope: what is refused", "[kv]") {
  std::vector<float> memory(skive::rope_table::floats(64, 64));
  auto const make = [&](std::size_t n, std::size_t positions, double theta, std::size_t floats) {
    return skive::rope_table::make(n, positions, theta, rope_pairing::halved, std::span{memory}.first(floats)).error();
  };
  CHECK(make(64, 64, 1e4, memory.size()) == errc::ok);
  CHECK(make(64, 64, 1e4, memory.size() - 1) == errc::size_mismatch);
  CHECK(make(64, 63, 1e4, memory.size()) == errc::invalid_argument);
  CHECK(make(63, 64, 1e4, memory.size()) == errc::invalid_argument);
  CHECK(make(64, 64, 1.0, memory.size()) == errc::invalid_argument);
  CHECK(make(64, 64, std::numeric_limits<double>::quiet_NaN(), memory.size()) == errc::invalid_argument);
  test::rope_memory const t{64, 64, rope_pairing::halved};
  std::vector<float> x(64, 1.0f);
  CHECK(t.table.rotate(x, 64).error() == errc::overflow);
  CHECK(t.table.rotate(std::span{x}.first(62), 1).error() == errc::size_mismatch);
  CHECK(x == std::vector<float>(64, 1.0f));
}
