// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/inverse_root.hpp: correctly rounded floats, doubles within 2 units in the last place; what the compiler evaluates, which is never
// contracted, has the bits of what it compiles (-O2 with FMA is where g++ contracts).
#include "skive/transform/inverse_root.hpp"

#include <array>
#include <bit>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::inverse_root_double;

}  // namespace

TEST_CASE("inverse_root is the float nearest to 1 / sqrt(n)", "[transform]") {
  for (std::uint64_t n = 1; n < 5000; ++n) {
    auto const f = static_cast<double>(skive::detail::inverse_root(n));
    auto const exact = 1.0L / std::sqrt(static_cast<long double>(n));
    REQUIRE(std::fabs(static_cast<long double>(f) - exact) <= 0x1p-24L * std::exp2(std::floor(std::log2(exact))));
  }
  CHECK(skive::detail::inverse_root(std::uint64_t{1} << 26) == 0x1p-13f);
  CHECK(skive::detail::inverse_root((std::uint64_t{1} << 43) + 12345) ==
        static_cast<float>(1 / std::sqrt(static_cast<double>((std::uint64_t{1} << 43) + 12345))));
}

TEST_CASE("inverse_root_double: 2 units in the last place, exact for powers of 4", "[transform]") {
  for (std::uint64_t n = 1; n < 5000; ++n) {
    auto const exact = 1.0L / std::sqrt(static_cast<long double>(n));
    auto const unit = 0x1p-52L * std::exp2(std::floor(std::log2(exact)));
    REQUIRE(std::fabs(static_cast<long double>(inverse_root_double<int>(n)) - exact) <= 2 * unit);
  }
  for (int k = 0; k <= 26; k += 2) REQUIRE(inverse_root_double<int>(std::uint64_t{1} << k) == std::ldexp(1.0, -k / 2));
}

TEST_CASE("inverse_root_double has the same bits under contraction", "[transform]") {
  constexpr auto evaluated = [] {
    std::array<double, 200> y{};
    for (std::size_t n = 1; n < y.size(); ++n) y[n] = inverse_root_double<int>(n);
    return y;
  }();
  for (std::size_t n = 1; n < evaluated.size(); ++n) {
    std::uint64_t const volatile known_late = n;
    REQUIRE(inverse_root_double<int>(known_late) == evaluated[n]);
  }
}
