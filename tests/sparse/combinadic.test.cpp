// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/combinadic.hpp: a bijection over all sets, by enumeration; sizes of the table of section "n:m index coding".
#include "skive/sparse/combinadic.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::binomial;
using skive::combinadic_rank;
using skive::combinadic_unrank;
using skive::index_bits;

static_assert(binomial(4, 2) == 6 && binomial(16, 8) == 12870 && binomial(32, 16) == 601080390 && binomial(3, 5) == 0);
static_assert(index_bits(4, 2) == 3 && index_bits(4, 1) == 2 && index_bits(8, 2) == 5 && index_bits(8, 4) == 7);
static_assert(index_bits(16, 8) == 14 && index_bits(32, 16) == 30 && index_bits(5, 5) == 0);
static_assert(combinadic_rank(0b0011) == 0 && combinadic_rank(0b0101) == 1 && combinadic_rank(0b1100) == 5);
static_assert(combinadic_unrank(1, 4, 2) == 0b0101);

}  // namespace

TEST_CASE("combinadic: ranks are the places in colexicographic order, for every m up to 16", "[sparse]") {
  for (int m = 0; m <= 16; ++m)
    for (int n = 0; n <= m; ++n) {
      // Colexicographic order of sets of one size is the order of their words.
      std::uint32_t rank = 0;
      bool good = true;
      for (std::uint32_t set = 0; set < (std::uint32_t{1} << m); ++set)
        if (__builtin_popcount(set) == n) {
          good = good && combinadic_rank(set) == rank && combinadic_unrank(rank, m, n) == set;
          ++rank;
        }
      CAPTURE(m, n);
      REQUIRE(good);
      REQUIRE(rank == binomial(m, n));
    }
}

TEST_CASE("combinadic: sets of up to 32 places come back", "[sparse]") {
  std::uint64_t random = 1;
  for (int i = 0; i < 100000; ++i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    auto const set = static_cast<std::uint32_t>(random >> 32);
    auto const n = __builtin_popcount(set);
    auto const rank = combinadic_rank(set);
    REQUIRE(rank < binomial(32, n));
    REQUIRE(combinadic_unrank(rank, 32, n) == set);
  }
  CHECK(combinadic_unrank(0, 32, 32) == 0xFFFF'FFFF);
  CHECK(combinadic_rank(0xFFFF'FFFF) == 0);
  CHECK(combinadic_unrank(binomial(32, 16) - 1, 32, 16) == 0xFFFF'0000);
}
