// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/separate.hpp: a product and a sum round twice, whatever the compiler may contract; the value is the product's.
#include "skive/core/separate.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// (1 + e)(1 - e) = 1 - e^2 rounds to 1, and a sum that rounds once keeps e^2.
template <class T>
void check_rounds_twice(T e) {
  T volatile a = 1 + e;
  T volatile b = 1 - e;
  T volatile c = -1;
  T const x = a;
  T const y = b;
  T const z = c;
  REQUIRE(std::fma(x, y, z) == -e * e);
  REQUIRE(detail::separate(x * y) + z == 0);
  REQUIRE(z + detail::separate(x * y) == 0);
}

TEST_CASE("A separate product is rounded before it is added", "[core]") {
  check_rounds_twice<float>(0x1p-13f);
  check_rounds_twice<double>(0x1p-27);
}

TEST_CASE("A separate product is the product", "[core]") {
  STATIC_REQUIRE(detail::separate(1.5 * 3.0) == 4.5);
  STATIC_REQUIRE(detail::separate(0.5f * 0.5f) == 0.25f);
  REQUIRE(std::isnan(detail::separate(std::numeric_limits<double>::quiet_NaN())));
  REQUIRE(std::signbit(detail::separate(-0.0f)));
  REQUIRE(detail::separate(std::numeric_limits<float>::denorm_min()) == std::numeric_limits<float>::denorm_min());
}

}  // namespace
}  // namespace skive
