// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/digit_engine.hpp: ternary numbers, five to a byte, have the bytes of the scalar rule, in groups that end inside bytes, in
// rows that end inside blocks, and past the 320 codes that are packed at once.
#include "skive/block/digit_engine.hpp"

#include "skive/block/sign.hpp"
#include "support/lane_rows.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {
using namespace skive;

static_assert(detail::digit_scheme<ternary_dense::scheme_type, native_arch> || !simd::vector_arch<native_arch>);
static_assert(!detail::digit_scheme<ternary::scheme_type, native_arch>);
static_assert(!detail::digit_scheme<ternary_dense::scheme_type, scalar_arch>);

}  // namespace

TEST_CASE("digits: the bytes of the scalar rule", "[block]") {
  auto const make = [](std::size_t group, bit_order order) { return ternary_dense{group, {}, order}; };
  test::check_codec(make);
  test::check_codec_of_halves(make);
}
