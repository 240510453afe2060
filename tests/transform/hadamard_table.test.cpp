// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/hadamard_table.hpp: four rows whose autocorrelations cancel, symmetric where they are said to be.
#include "skive/transform/hadamard_table.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("circulant_table: autocorrelations of four rows sum to zero", "[transform]") {
  std::uint32_t last = 0;
  for (auto const& rows : skive::detail::circulant_table) {
    auto const m = rows.m;
    CAPTURE(m);
    REQUIRE(m > last);
    last = m;
    auto const entry = [&](std::size_t which, std::uint32_t j) {
      return (rows.row[which][j / 64] >> (j % 64) & 1) != 0 ? -1 : 1;
    };
    for (std::uint32_t shift = 1; shift < m; ++shift) {
      int sum = 0;
      for (std::size_t which = 0; which < 4; ++which)
        for (std::uint32_t j = 0; j < m; ++j) sum += entry(which, j) * entry(which, (j + shift) % m);
      REQUIRE(sum == 0);
    }
    for (std::size_t which = 0; which < 4; ++which) {
      for (std::uint32_t j = m; j < 192; ++j) REQUIRE(entry(which, j) == 1);
      for (std::uint32_t j = 1; rows.symmetric && j < m; ++j) REQUIRE(entry(which, j) == entry(which, m - j));
    }
  }
}
