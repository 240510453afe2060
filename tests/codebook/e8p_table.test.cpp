// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/e8p_table.hpp: all 3^8 vectors counted in base three give the rows; the way back finds each of them.
#include "skive/codebook/e8p_table.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using digits = std::array<int, 8>;

digits row(std::size_t r) {
  digits d{};
  for (std::size_t i = 0; i < 8; ++i) d[i] = detail::e8p_digit(r, i);
  return d;
}

TEST_CASE("Rows of E8P", "[codebook]") {
  std::size_t r = 0;
  for (unsigned n = 0; n < 6561; ++n) {
    digits d{};
    int norm = 0;
    auto rest = n;
    for (std::size_t i = 8; i-- > 0; rest /= 3) {
      d[i] = static_cast<int>(2 * (rest % 3) + 1);
      norm += d[i] * d[i];
    }
    if (norm > 40) continue;
    REQUIRE(r < detail::e8p_norm_10);
    REQUIRE(row(r) == d);
    ++r;
  }
  REQUIRE(r == detail::e8p_norm_10);
  REQUIRE(row(227) == digits{3, 1, 1, 1, 3, 3, 3, 3});
  REQUIRE(row(255) == digits{3, 3, 1, 1, 3, 3, 3, 1});
  for (; r < 256; ++r) {
    auto const d = row(r);
    REQUIRE(std::count(d.begin(), d.end(), 3) == 5);
    REQUIRE(std::count(d.begin(), d.end(), 1) == 3);
  }
}

TEST_CASE("From vectors to rows of E8P", "[codebook]") {
  for (std::size_t r = 0; r < 256; ++r) {
    auto const d = row(r);
    std::uint32_t threes = 0;
    std::uint32_t fives = 0;
    int sum = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      if (d[i] == 3) threes |= 1U << i;
      if (d[i] == 5) fives |= 1U << i;
      sum += d[i];
    }
    REQUIRE(detail::e8p_row_odd(r) == (sum % 4 != 0));
    if (r < detail::e8p_norm_10) REQUIRE(detail::e8p_row_of.at(threes, fives) == r);
  }
}

TEST_CASE("Bits of entries", "[codebook]") {
  for (std::uint32_t mask = 0; mask < 256; ++mask)
    for (std::size_t k = 0; k < 8; ++k) {
      REQUIRE((detail::e8p_entries_of(mask) >> k & 1) == (mask >> detail::e8p_coordinate[k] & 1));
      REQUIRE(detail::e8p_entry[detail::e8p_coordinate[k]] == k);
    }
}

}  // namespace
}  // namespace skive
