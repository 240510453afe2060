// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/number_format.hpp - the format of a codec's elements, or of its scales, as a plain run-time value.
///
///   format_of<e2m1>() == number_format{minifloat, 4 bits, 2 exponent bits, 1 fraction bit, bias 1, ...}
///
/// A minifloat is described by its traits, so that any ExMy is equal to itself under whatever alias it goes (E4M3FNUZ is P3109's
/// binary8p4sf, float32 one more minifloat); a table by what it is called; a format of the caller's own by its width alone.
///
/// Model of : -
/// Cost     : 14 bytes; everything is known at compile time.
/// Accuracy : -
/// Promise  : different formats of the library have different descriptions. Numeric values of the enumerators never change.
/// Source   : -

#include "skive/block/scale.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/e8m0.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/integer.hpp"
#include "skive/format/lookup.hpp"
#include "skive/format/minifloat.hpp"
#include "skive/format/power_of_two.hpp"
#include "skive/format/scale_float.hpp"

#include <cstdint>
#include <type_traits>

namespace skive {

enum class number_kind : std::uint8_t {
  none,
  minifloat,
  fixed_point,  ///< integers too: no fraction bits
  unsigned_integer,
  e8m0,
  sign,         ///< -1, 1
  three_level,  ///< -1, 0, 1
  power_of_two,
  apot,
  apot_unsigned,
  normal_float,          ///< NF4, NF3, NF2
  bitsandbytes_fp4,      ///< FP4 of bitsandbytes
  dynamic_map,           ///< the 8-bit map of bitsandbytes
  dynamic_map_unsigned,  ///< the same without negative numbers
  abnormal_float,        ///< AF4
  student_float,         ///< SF4
  non_linear,            ///< IQ4_NL
  other = 255,           ///< not of this library
};

/// Fields that a kind does not use stay as they are here.
struct number_format {
  number_kind kind = number_kind::none;
  std::uint8_t bits = 0;
  std::uint8_t exponent_bits = 0;  // minifloat
  std::uint8_t fraction_bits = 0;  // minifloat and fixed_point
  std::int16_t bias = 0;           // this and the following: minifloat
  bool is_signed = true;
  bool infinities = false;
  nan_placement nan = nan_placement::none;
  bool negative_zero = false;
  bool subnormals = true;
  integer_range range = integer_range::restricted;  // fixed_point

  friend constexpr bool operator==(number_format const&, number_format const&) noexcept = default;
};

constexpr number_format minifloat_format(minifloat_traits const& t) noexcept {
  auto const bits = t.exponent_bits + t.fraction_bits + (t.is_signed ? 1 : 0);
  bool const negative_zero = t.is_signed && t.negative_zero && t.nan != nan_placement::negative_zero;
  return {.kind = number_kind::minifloat,
          .bits = static_cast<std::uint8_t>(bits),
          .exponent_bits = static_cast<std::uint8_t>(t.exponent_bits),
          .fraction_bits = static_cast<std::uint8_t>(t.fraction_bits),
          .bias = static_cast<std::int16_t>(t.bias),
          .is_signed = t.is_signed,
          .infinities = t.infinities,
          .nan = t.nan,
          .negative_zero = negative_zero,
          .subnormals = t.subnormals && t.fraction_bits > 0};
}
constexpr number_format fixed_point_format(int bits, int fraction_bits, integer_range range) noexcept {
  return {.kind = number_kind::fixed_point,
          .bits = static_cast<std::uint8_t>(bits),
          .fraction_bits = static_cast<std::uint8_t>(fraction_bits),
          .range = range};
}
/// For kinds that are their name and their width.
constexpr number_format plain_format(number_kind kind, int bits) noexcept {
  return {.kind = kind, .bits = static_cast<std::uint8_t>(bits)};
}

namespace detail {

template <class Format>
struct format_traits {
  static constexpr auto value = plain_format(number_kind::other, Format::bits);
};
template <minifloat_traits T>
struct format_traits<minifloat<T>> {
  static constexpr auto value = minifloat_format(T);
};
template <int Bits, int FractionBits, integer_range Range>
struct format_traits<fixed_point<Bits, FractionBits, Range>> {
  static constexpr auto value = fixed_point_format(Bits, FractionBits, Range);
};
template <number_kind Kind, int Bits>
struct plain_format_traits {
  static constexpr auto value = plain_format(Kind, Bits);
};
template <int Bits>
struct format_traits<uint_format<Bits>> : plain_format_traits<number_kind::unsigned_integer, Bits> {};
template <int Bits>
struct format_traits<power_of_two<Bits>> : plain_format_traits<number_kind::power_of_two, Bits> {};
template <int Bits>
struct format_traits<apot<Bits>> : plain_format_traits<number_kind::apot, Bits> {};
template <int Bits>
struct format_traits<apot_unsigned<Bits>> : plain_format_traits<number_kind::apot_unsigned, Bits> {};

// clang-format off
template <> struct format_traits<float32> {
  static constexpr auto value = minifloat_format({.exponent_bits = 8, .fraction_bits = 23, .bias = 127, .infinities = true, .nan = nan_placement::top_exponent});
};
template <> struct format_traits<e8m0> : plain_format_traits<number_kind::e8m0, 8> {};
template <> struct format_traits<sign_format> : plain_format_traits<number_kind::sign, 1> {};
template <> struct format_traits<ternary_format> : plain_format_traits<number_kind::three_level, 2> {};
template <> struct format_traits<nf4> : plain_format_traits<number_kind::normal_float, 4> {};
template <> struct format_traits<nf3> : plain_format_traits<number_kind::normal_float, 3> {};
template <> struct format_traits<nf2> : plain_format_traits<number_kind::normal_float, 2> {};
template <> struct format_traits<fp4_bnb> : plain_format_traits<number_kind::bitsandbytes_fp4, 4> {};
template <> struct format_traits<dynamic8> : plain_format_traits<number_kind::dynamic_map, 8> {};
template <> struct format_traits<dynamic8_unsigned> : plain_format_traits<number_kind::dynamic_map_unsigned, 8> {};
template <> struct format_traits<af4> : plain_format_traits<number_kind::abnormal_float, 4> {};
template <> struct format_traits<sf4> : plain_format_traits<number_kind::student_float, 4> {};
template <> struct format_traits<iq4_nl> : plain_format_traits<number_kind::non_linear, 4> {};
// clang-format on

}  // namespace detail

template <class Format>
constexpr number_format format_of() noexcept {
  return detail::format_traits<Format>::value;
}

static_assert(std::is_trivially_copyable_v<number_format> && sizeof(number_format) <= 16);

}  // namespace skive
