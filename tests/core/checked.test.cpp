// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/checked.hpp: every operation against unbounded integers, chains, refusals.
#include "skive/core/checked.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using wide = boost::multiprecision::uint256_t;  // holds every product of two sizes
using skive::checked_size;
using skive::errc;
using skive::result;

static_assert(*skive::checked_add(2, 3) == 5);
static_assert(skive::checked_add(skive::largest_size, 1).error() == errc::overflow);
static_assert(*skive::checked_multiply(skive::largest_size, 1) == skive::largest_size);
static_assert(skive::checked_multiply(skive::largest_size / 2 + 1, 2).error() == errc::overflow);
static_assert(*skive::checked_round_up(65, 64) == 128 && *skive::checked_ceil_divide(65, 64) == 2);
static_assert(*(checked_size{3} * 5 + 1).ceil_divide(8).round_up(64).value() == 64);
static_assert((checked_size{skive::largest_size} * 2).ceil_divide(0).value().error() == errc::overflow);  // the first one stays

// Neighbours of powers of two and of quotients of the largest size: where a product or sum starts not to fit.
std::vector<std::size_t> edges() {
  std::set<std::size_t> all{0, 1, 2, 3, 5, 7, 10, 255, 1000};
  for (int k = 0; k < 64; ++k)
    for (std::size_t d = 0; d < 3; ++d) all.insert({(std::size_t{1} << k) + d, (std::size_t{1} << k) - d});
  for (std::size_t d = 1; d < 40; ++d)
    for (std::size_t e = 0; e < 3; ++e) all.insert({skive::largest_size / d + e, skive::largest_size / d - e});
  return {all.begin(), all.end()};
}

// What the operation should give: the exact integer where it fits.
bool agrees(result<std::size_t> got, wide const& exact) {
  if (exact > wide{skive::largest_size}) return !got && got.error() == errc::overflow;
  return got && wide{*got} == exact;
}

}  // namespace

TEST_CASE("checked arithmetic agrees with unbounded integers", "[core]") {
  auto const sizes = edges();
  std::size_t failures = 0;
  std::size_t overflows = 0;
  for (auto const a : sizes)
    for (auto const b : sizes) {
      wide const x{a};
      wide const y{b};
      failures += !agrees(skive::checked_add(a, b), x + y);
      failures += !agrees(skive::checked_multiply(a, b), x * y);
      overflows += x * y > wide{skive::largest_size};
      if (b == 0) {
        failures += skive::checked_ceil_divide(a, b).error() != errc::invalid_argument;
        failures += skive::checked_round_up(a, b).error() != errc::invalid_argument;
      } else {
        wide const quotient = (x + y - 1) / y;
        failures += !agrees(skive::checked_ceil_divide(a, b), quotient);
        failures += !agrees(skive::checked_round_up(a, b), quotient * y);
      }
    }
  CHECK(failures == 0);
  CHECK(sizes.size() > 250);
  CHECK(overflows > 10000);
  CHECK(overflows < sizes.size() * sizes.size() * 4 / 5);
}

TEST_CASE("a chain gives the value of its formula or its first error", "[core]") {
  auto const sizes = edges();
  std::size_t failures = 0;
  for (auto const rows : sizes)
    for (auto const columns : sizes) {
      wide const product = wide{rows} * columns;
      wide const bytes = (product + 7) / 8;
      wide const padded = (bytes + 63) / 64 * 64 + 100;
      auto const got = ((checked_size{rows} * columns).ceil_divide(8).round_up(64) + 100).value();
      failures += !agrees(got, product > wide{skive::largest_size} ? product : padded);
    }
  CHECK(failures == 0);
  CHECK(checked_size{errc::corrupt}.round_up(0).value().error() == errc::corrupt);
  CHECK((checked_size{1} + checked_size{result<std::size_t>{errc::not_finite}}).value().error() == errc::not_finite);
  CHECK((checked_size{1}.ceil_divide(0) * skive::largest_size).value().error() == errc::invalid_argument);
  CHECK(*checked_size{}.value() == 0);
}
