// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/minifloat_lanes.hpp: the codes and numbers of the scalar rule, for the formats in use and for odd ones.
#include "skive/format/minifloat_lanes.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/scale_float.hpp"
#include "support/lane_checks.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using test::all_upper_halves;

test::word_list const& many() {
  static auto const words = all_upper_halves(test::many_low_halves);
  return words;
}

template <class... Formats>
void check_each() {
  (test::check_all_policies<Formats>(many(), test::few_arches{}), ...);
}
template <class... Formats>
void check_each_on_one() {
  (test::check_all_policies<Formats>(many(), test::first_arch{}), ...);
}

template <minifloat_traits T>
constexpr bool vectorised = detail::has_minifloat_lanes<T>;
static_assert(vectorised<e4m3fn::traits> && vectorised<float16::traits> && vectorised<ue5m3::traits>);
static_assert(!vectorised<bfloat16::traits> && !vectorised<tf32::traits>);

}  // namespace

TEST_CASE("floats of eight bits in lanes", "[format]") {
  check_each<e4m3fn, e5m2, e4m3fnuz>();
  check_each_on_one<e5m2fnuz, e4m3b11fnuz, e4m3_ieee, e3m4_ieee, e3m4fn>();
  test::check_lanes<e4m3fn>(many());
}

TEST_CASE("floats of four and six bits and scales in lanes", "[format]") {
  check_each<e2m1, ue4m3>();
  check_each_on_one<e2m3, e3m2, ue5m3>();
}

TEST_CASE("halves in lanes", "[format]") {
  check_each<float16>();
  check_each_on_one<bfloat16, tf32>();
}
