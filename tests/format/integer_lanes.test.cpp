// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/integer_lanes.hpp: the codes and numbers of the scalar rule, signed of both ranges, unsigned and fixed point.
#include "skive/format/integer_lanes.hpp"

#include "support/lane_checks.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

test::word_list const& many() {
  static auto const words = test::all_upper_halves(test::many_low_halves);
  return words;
}

template <class... Formats>
void check_each() {
  (test::check_lanes<Formats>(many(), test::few_arches{}), ...);
}
template <class... Formats>
void check_each_on_one() {
  (test::check_lanes<Formats>(many(), test::first_arch{}), ...);
}

}  // namespace

TEST_CASE("signed integers in lanes", "[format]") {
  check_each<int2, int4, int8, int4_full, int8_full>();
  check_each_on_one<int3, int5, int6, int7, int2_full, int3_full, int5_full, int6_full, int7_full, int_symmetric<16>>();
}

TEST_CASE("unsigned integers in lanes", "[format]") {
  check_each<uint1, uint4, uint8>();
  check_each_on_one<uint2, uint3, uint5, uint6, uint7, uint_format<16>>();
}

TEST_CASE("fixed-point numbers in lanes", "[format]") {
  check_each<mxint8>();
  check_each_on_one<mxint8_full, fixed_point<3, 1>, fixed_point<5, 3>, fixed_point<2, 0>, fixed_point<8, 16>, fixed_point<16, 16>,
                    fixed_point<16, 8, integer_range::full>>();
}

TEST_CASE("numbers between bounds round once", "[format]") {
  test::for_each_arch([]<class Arch>() {
    using floats = simd::floats<Arch>;
    for (int low = -255; low <= 0; low += 17)
      for (int n = -2 * 300; n <= 2 * 300; n += 1) {
        auto const x = floats::broadcast(static_cast<float>(n) / 2);
        auto const high = low + 255;
        std::uint32_t out[16];
        detail::round_between<Arch>(x, floats::broadcast(static_cast<float>(low)), floats::broadcast(static_cast<float>(high)))
            .store(out);
        int const below = (n - (((n % 2) + 2) % 2)) / 2;
        int const rounded = n % 2 == 0 ? n / 2 : below % 2 == 0 ? below : below + 1;
        int const want = rounded < low ? low : rounded > high ? high : rounded;
        for (auto const w : out) REQUIRE((w & 0x3F'FFFF) == (static_cast<std::uint32_t>(want) & 0x3F'FFFF));
      }
  });
}
