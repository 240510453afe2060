// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/number_format.hpp: different formats have different descriptions, and aliases of one format the same.
#include "skive/block/number_format.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/p3109.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct own {
  static constexpr int bits = 5;
};

template <int... Bits>
void add_widths(std::vector<number_format>& list) {
  (list.insert(list.end(),
               {format_of<int_symmetric<Bits>>(), format_of<int_symmetric<Bits, integer_range::full>>(),
                format_of<uint_format<Bits>>(), format_of<power_of_two<Bits>>(), format_of<apot<Bits>>(),
                format_of<apot_unsigned<Bits>>(), format_of<p3109<Bits, 2, signedness::with_sign, domain::extended>>(),
                format_of<p3109<Bits, 2, signedness::without_sign, domain::finite>>()}),
   ...);
}

}  // namespace

TEST_CASE("number_format: no two formats of the library look alike", "[block]") {
  std::vector<number_format> list{format_of<e4m3fn>(),
                                  format_of<e5m2>(),
                                  format_of<e4m3fnuz>(),
                                  format_of<e5m2fnuz>(),
                                  format_of<e4m3b11fnuz>(),
                                  format_of<e4m3_ieee>(),
                                  format_of<e3m4_ieee>(),
                                  format_of<e3m4fn>(),
                                  format_of<e2m1>(),
                                  format_of<e2m3>(),
                                  format_of<e3m2>(),
                                  format_of<ue4m3>(),
                                  format_of<ue5m3>(),
                                  format_of<e8m0>(),
                                  format_of<bfloat16>(),
                                  format_of<float16>(),
                                  format_of<tf32>(),
                                  format_of<float32>(),
                                  format_of<nf4>(),
                                  format_of<nf3>(),
                                  format_of<nf2>(),
                                  format_of<fp4_bnb>(),
                                  format_of<dynamic8>(),
                                  format_of<af4>(),
                                  format_of<dynamic8_unsigned>(),
                                  format_of<sf4>(),
                                  format_of<iq4_nl>(),
                                  format_of<mxint8>(),
                                  format_of<own>(),
                                  format_of<sign_format>(),
                                  format_of<mxint8_full>(),
                                  format_of<ternary_format>()};
  add_widths<3, 4, 5, 6, 7, 8>(list);
  for (std::size_t i = 0; i < list.size(); ++i) {
    CHECK(list[i].kind != number_kind::none);
    for (std::size_t j = 0; j < i; ++j) {
      CAPTURE(i, j);
      CHECK_FALSE(list[i] == list[j]);
    }
  }
}

TEST_CASE("number_format: one format under two names", "[block]") {
  STATIC_CHECK(format_of<p3109<8, 4, signedness::with_sign, domain::finite>>() == format_of<e4m3fnuz>());
  STATIC_CHECK(format_of<fixed_point<8, 6>>() == format_of<mxint8>());
  // What an alias says about a sign or about subnormals that its format cannot have changes nothing.
  constexpr minifloat_traits plain{.exponent_bits = 4, .fraction_bits = 0, .bias = 7, .is_signed = false};
  constexpr minifloat_traits said{
      .exponent_bits = 4, .fraction_bits = 0, .bias = 7, .is_signed = false, .negative_zero = false, .subnormals = false};
  STATIC_CHECK(minifloat_format(plain) == minifloat_format(said));
}

TEST_CASE("number_format: the fields", "[block]") {
  constexpr auto f = format_of<e4m3fn>();
  STATIC_CHECK((f.bits == 8 && f.exponent_bits == 4 && f.fraction_bits == 3 && f.bias == 7 && f.is_signed && !f.infinities));
  STATIC_CHECK((f.nan == nan_placement::all_ones && f.negative_zero && f.subnormals));
  STATIC_CHECK((format_of<float32>().bits == 32 && format_of<float32>().bias == 127));
  STATIC_CHECK((format_of<int5_full>().bits == 5 && format_of<int5_full>().range == integer_range::full));
  STATIC_CHECK(format_of<own>() == plain_format(number_kind::other, 5));
}
