// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/integer_levels.hpp: levels that are integers or halves of them are their bytes: products with them are exact.
#include "skive/block/integer_levels.hpp"

#include "skive/block/mx.hpp"
#include "skive/block/sign.hpp"
#include "support/integer_products.hpp"

using skive::test::check_exact;

TEST_CASE("integer_levels: tables of integers are exact", "[block]") {
  check_exact(skive::mx<skive::e2m1>{32}, {6, -6, 0.5f, 1, 1.5f, 2, 3, 4, -0.5f, -1, -1.5f, -2, -3, -4, 0}, 1);
  check_exact(skive::mx<skive::e2m1>{16, {}, skive::bit_order::high_first}, {6, -6, 0.5f, -1, 1.5f, 2}, 2);
  check_exact(skive::binary{128}, {1, -1}, 3);
  check_exact(skive::ternary{128}, {1, -1, 1, 1, -1}, 4);
  check_exact(skive::binary{64, {}, skive::bit_order::high_first}, {1, -1, -1}, 5);
}
