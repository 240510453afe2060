// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/mask.hpp: laws of sets, rows of which only kept numbers stay, refusals.
#include "skive/sparse/mask.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using skive::errc;

TEST_CASE("mask: set algebra", "[sparse]") {
  std::mt19937 random{9};
  for (std::size_t const n : {0U, 1U, 7U, 8U, 9U, 64U, 131U}) {
    auto const bytes = skive::mask_bytes(n);
    auto const any = [&] {
      std::vector<std::byte> m(bytes);
      for (std::size_t i = 0; i < n; ++i) skive::set_kept(m, i, random() % 2 == 0);
      return m;
    };
    auto const a = any();
    auto const b = any();
    std::vector<std::byte> both(bytes), either(bytes), only_a(bytes), not_a(bytes), not_b(bytes), other(bytes), back(bytes);
    REQUIRE(skive::intersect(a, b, both));
    REQUIRE(skive::unite(a, b, either));
    REQUIRE(skive::subtract(a, b, only_a));
    REQUIRE(skive::complement(a, n, not_a));
    REQUIRE(skive::complement(b, n, not_b));
    for (std::size_t i = 0; i < n; ++i) {
      bool const x = skive::is_kept(a, i);
      bool const y = skive::is_kept(b, i);
      REQUIRE(skive::is_kept(both, i) == (x && y));
      REQUIRE(skive::is_kept(either, i) == (x || y));
      REQUIRE(skive::is_kept(only_a, i) == (x && !y));
      REQUIRE(skive::is_kept(not_a, i) == !x);
    }
    CHECK(skive::count_kept(a) + skive::count_kept(not_a) == n);
    CHECK(skive::count_kept(a) + skive::count_kept(b) == skive::count_kept(both) + skive::count_kept(either));
    CHECK((skive::is_subset(both, a) && skive::is_subset(a, either) && skive::is_subset(only_a, a)));
    REQUIRE(skive::complement(either, n, other));  // de Morgan
    REQUIRE(skive::intersect(not_a, not_b, back));
    CHECK((other == back));
    REQUIRE(skive::complement(not_a, n, back));
    CHECK((back == a));
  }
  std::vector<std::byte> two(2), three(3);
  CHECK(skive::unite(two, three, two).error() == errc::size_mismatch);
  CHECK(skive::complement(two, 17, two).error() == errc::size_mismatch);
  CHECK(!skive::is_subset(two, three));
  std::vector<float> row{1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<std::byte> const kept{std::byte{0b1010'0110}, std::byte{1}};
  REQUIRE(skive::apply(kept, row));
  CHECK((row == std::vector<float>{0, 2, 3, 0, 0, 6, 0, 8, 9}));
}
