// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/real.hpp: which types are real, numbers made in a workspace, what is finite.
#include "skive/linalg/real.hpp"

#include "support/allocations.hpp"
#include "support/matrices.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::test::digits50;
using growing = boost::multiprecision::number<
    boost::multiprecision::cpp_bin_float<50, boost::multiprecision::digit_base_10, std::allocator<std::uint32_t>>>;

static_assert(skive::real<float> && skive::real<double> && skive::real<long double> && skive::real<digits50>);
static_assert(!skive::real<int> && !skive::real<std::string> && !skive::real<growing>);  // the last allocates
static_assert(skive::vector_real<float, skive::native_arch> && !skive::vector_real<long double, skive::native_arch>);
static_assert(!skive::vector_real<float, skive::scalar_arch> && !skive::vector_real<digits50, skive::native_arch>);

}  // namespace

TEST_CASE("take_reals: numbers of any type in the caller's memory, none where there is no room", "[linalg]") {
  alignas(64) std::byte memory[skive::workspace::bytes<digits50>(9)];
  skive::workspace scratch{memory};
  auto const before = skive::test::allocations();
  auto const x = skive::take_reals<digits50>(scratch, 9);
  auto const none = skive::take_reals<digits50>(scratch, 2);
  auto const too_many = skive::take_reals<digits50>(scratch, std::numeric_limits<std::size_t>::max() / 16);
  CHECK(skive::test::allocations() == before);
  REQUIRE(x.size() == 9);
  CHECK((none.empty() && too_many.empty()));
  CHECK(static_cast<void*>(x.data()) == static_cast<void*>(memory));
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(x[i] == 0);  // made, not what the memory held
    x[i] = digits50(static_cast<int>(i)) / 3;
  }
  CHECK(x[8] == digits50(8) / 3);
  skive::workspace again{memory};
  CHECK(skive::take_reals<float>(again, 20).size() == 20);
}

TEST_CASE("finite, absolute, square_root: of any real", "[linalg]") {
  using limits = std::numeric_limits<double>;
  for (double const x : {0.0, -0.0, 1.0, -limits::max(), limits::denorm_min()}) CHECK(skive::detail::finite(x));
  for (double const x : {limits::infinity(), -limits::infinity(), limits::quiet_NaN()}) CHECK(!skive::detail::finite(x));
  CHECK(skive::detail::finite(digits50(1) / 3));
  CHECK(!skive::detail::finite(std::numeric_limits<digits50>::infinity()));
  CHECK(skive::detail::absolute(digits50(-2)) == 2);
  CHECK(abs(skive::detail::square_root(digits50(2)) * skive::detail::square_root(digits50(2)) - 2) < digits50("1e-48"));
}
