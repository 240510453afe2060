// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/minifloat_lanes.hpp: formats that nobody uses, for the limits of the vector rule and for special codes in odd company.
#include "skive/format/minifloat_lanes.hpp"

#include "support/lane_checks.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class... Formats>
void check_each() {
  auto const words = test::all_upper_halves(test::many_low_halves);
  (test::check_all_policies<Formats>(words, test::first_arch{}), ...);
}

// Huge and tiny numbers, many fraction bits, special codes in unusual company.
using large = minifloat<minifloat_traits{.exponent_bits = 6, .fraction_bits = 3, .bias = -36}>;
using very_large = minifloat<minifloat_traits{.exponent_bits = 6, .fraction_bits = 2, .bias = -60}>;
using small = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = 96}>;
using very_small = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = 120}>;
using fine = minifloat<minifloat_traits{.exponent_bits = 1, .fraction_bits = 14, .bias = 0}>;
using unsigned_fine = minifloat<minifloat_traits{.exponent_bits = 2, .fraction_bits = 14, .bias = 1, .is_signed = false}>;
using infinite = minifloat<minifloat_traits{.exponent_bits = 3, .fraction_bits = 2, .bias = 3, .infinities = true}>;
using unsigned_infinite =
    minifloat<minifloat_traits{.exponent_bits = 3, .fraction_bits = 2, .bias = 3, .is_signed = false, .infinities = true}>;
using no_minus_zero = minifloat<minifloat_traits{.exponent_bits = 3, .fraction_bits = 2, .bias = 3, .negative_zero = false}>;
using top_without_infinity =
    minifloat<minifloat_traits{.exponent_bits = 3, .fraction_bits = 2, .bias = 3, .nan = nan_placement::top_exponent}>;
using one_bit = minifloat<minifloat_traits{.exponent_bits = 1, .fraction_bits = 1, .bias = 0}>;
using unsigned_ones = minifloat<minifloat_traits{
    .exponent_bits = 2, .fraction_bits = 1, .bias = 1, .is_signed = false, .infinities = true, .nan = nan_placement::all_ones}>;
using no_subnormals = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 3, .bias = 7, .subnormals = false}>;
using powers = minifloat<minifloat_traits{.exponent_bits = 4, .fraction_bits = 0, .bias = 7}>;

static_assert(detail::has_minifloat_lanes<large::traits> && !detail::has_minifloat_lanes<very_large::traits>);
static_assert(detail::has_minifloat_lanes<small::traits> && !detail::has_minifloat_lanes<very_small::traits>);

}  // namespace

TEST_CASE("odd floats in lanes", "[format]") {
  check_each<large, very_large, small, very_small, fine, unsigned_fine, infinite, unsigned_infinite, no_minus_zero,
             top_without_infinity, one_bit, unsigned_ones, no_subnormals, powers>();
}
