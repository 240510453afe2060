// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/hadamard_plan.hpp: products that give the length, Hadamard matrices wherever there are some.
#include "skive/transform/hadamard_plan.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::hadamard_plan;

static_assert(hadamard_plan::of(4096).stages == 12 && hadamard_plan::of(4096).count == 0);
static_assert(hadamard_plan::of(14336).cores[0] == 28 && hadamard_plan::of(14336).stages == 9);

}  // namespace

TEST_CASE("hadamard_plan: a Hadamard matrix wherever the factors of 2 allow one", "[transform]") {
  for (std::size_t n = 1; n <= 4096; ++n) {
    auto const plan = hadamard_plan::of(n);
    CAPTURE(n);
    REQUIRE((plan.hadamard_order() * plan.odd) == n);
    if (n % 2 != 0) REQUIRE(plan.odd == n);
    if (n < 4096 && skive::hadamard_matrix::make(static_cast<std::uint32_t>(n))) REQUIRE(plan.odd == 1);
  }
  CHECK(hadamard_plan::of(80).odd == 1);
  CHECK(hadamard_plan::of(29568).cores == std::array<std::uint32_t, 3>{12, 28, 44});
  CHECK(hadamard_plan::of(668).odd == 167);  // no matrix of order 668 is known
  CHECK(hadamard_plan::of(652).cores[0] == 652);
}
