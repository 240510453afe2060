// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/quadratic_character.hpp: squares of prime fields, half of the elements of every field, orders that are none.
#include "skive/transform/quadratic_character.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::quadratic_character;

}  // namespace

TEST_CASE("quadratic_character: squares of prime fields, and half of the elements of every field", "[transform]") {
  for (std::uint32_t q = 3; q < 1024; q += 2) {
    auto const chi = quadratic_character::make(q);
    if (!chi) continue;
    std::uint32_t odd = 0;
    for (std::uint32_t a = 0; a < q; ++a) odd += chi->negative(a) ? 1U : 0U;
    REQUIRE(odd == (q - 1) / 2);
    bool prime = true;
    for (std::uint32_t d = 3; d * d <= q; d += 2) prime = prime && q % d != 0;
    if (!prime) continue;
    for (std::uint32_t a = 1; a < q; ++a) REQUIRE(!chi->negative(a * a % q));
  }
  for (std::uint32_t const q : {1U, 2U, 8U, 15U, 45U, 1024U, 1025U})
    CHECK(quadratic_character::make(q).error() == skive::errc::invalid_argument);
  for (std::uint32_t const q : {9U, 25U, 27U, 49U, 81U, 121U, 125U, 169U, 243U, 289U, 343U, 361U, 529U, 625U, 729U, 841U, 961U})
    CHECK(quadratic_character::make(q));
}
