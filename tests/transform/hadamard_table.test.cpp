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
    // a + b, and -a, in the group of the table: modulo m, or digit by digit
    auto const sum_of = [&](std::uint32_t a, std::uint32_t b) {
      if (rows.base == 0) return (a + b) % m;
      std::uint32_t out = 0;
      for (std::uint32_t place = 1; place < m; place *= rows.base) out += (a / place + b / place) % rows.base * place;
      return out;
    };
    auto const negated = [&](std::uint32_t a) {
      std::uint32_t b = 0;
      while (sum_of(a, b) != 0) ++b;
      return b;
    };
    for (std::uint32_t shift = 1; shift < m; ++shift) {
      int sum = 0;
      for (std::size_t which = 0; which < 4; ++which)
        for (std::uint32_t j = 0; j < m; ++j) sum += entry(which, j) * entry(which, sum_of(j, shift));
      REQUIRE(sum == 0);
    }
    for (std::size_t which = 0; which < 4; ++which) {
      for (std::uint32_t j = m; j < 192; ++j) REQUIRE(entry(which, j) == 1);
      for (std::uint32_t j = 1; rows.symmetric && j < m; ++j) REQUIRE(entry(which, j) == entry(which, negated(j)));
    }
  }
}
