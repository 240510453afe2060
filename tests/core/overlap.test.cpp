// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/overlap.hpp: every pair of intervals of a small memory, rows of matrices, the memory of a workspace.
#include "skive/core/overlap.hpp"

#include <array>
#include <cstddef>

#include <catch2/catch_test_macros.hpp>

TEST_CASE("overlaps: some byte belongs to both", "[core]") {
  alignas(64) std::array<std::byte, 64> memory{};
  std::span const all{memory};
  for (std::size_t a = 0; a < 8; ++a)
    for (std::size_t n = 0; a + n <= 8; ++n)
      for (std::size_t b = 0; b < 8; ++b)
        for (std::size_t m = 0; b + m <= 8; ++m) {
          bool shared = false;
          for (std::size_t i = a; i < a + n; ++i) shared = shared || (i >= b && i < b + m);
          REQUIRE(skive::overlaps(all.subspan(a, n), all.subspan(b, m)) == shared);
        }
  std::array<float, 12> numbers{};
  skive::matrix_view<float> const m{numbers.data() + 2, 2, 3, 5};  // entries 2 to 9
  CHECK(!skive::overlaps(std::span{numbers}.first(2), m));
  CHECK(skive::overlaps(std::span{numbers}.first(3), m));
  CHECK(skive::overlaps(std::span{numbers}.subspan(5, 1), m));  // the gap
  CHECK(!skive::overlaps(std::span{numbers}.subspan(10), m));
  CHECK(!skive::overlaps(std::span{numbers}, skive::matrix_view<float>{numbers.data(), 0, 3, 5}));
  skive::workspace const w{all};
  CHECK(skive::overlaps(all.first(1), w, 64));
  CHECK(!skive::overlaps(std::span{numbers}, w, 64));
  CHECK(!skive::overlaps(all.first(1), w, 0));
}
