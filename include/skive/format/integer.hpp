// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/integer.hpp - signed and unsigned integers of 1 to 16 bits, fixed point, and codes with a zero point.
///
///   fixed_point<b, f, range> : value = n 2^-f, code = n mod 2^b (two's complement in the low b bits of an unsigned number)
///       restricted range     : -(2^(b-1) - 1) <= n <= 2^(b-1) - 1     (int2 ... int8, mxint8)
///       full range           : -2^(b-1)       <= n <= 2^(b-1) - 1     (int2_full ... int8_full, mxint8_full)
///   uint_format<b>           : value = code, 0 <= code <= 2^b - 1     (uint1 ... uint8)
///   with zero point z        : code = clamp(round(x) + z), value = code - z
///
/// x is rounded once, as its rounding policy says, and clamped afterwards. Ties to even look at n, not at the code: with a zero
/// point the peers (ONNX, GPTQ) round x before they add z. NaN becomes n = 0; infinities and both overflow actions saturate, for
/// there is no special code. Decoding ignores bits above b. In the restricted range no encoder writes -2^(b-1), which still
/// decodes to its value (MX v1.0 leaves it unused in MXINT8), so that encode(decode(code)) is one above it.
///
/// Model of : scalar_format (core/scalar_format.hpp)
/// Cost     : encode about 10 integer instructions, decode 2 and a conversion; the value is its code, 1 or 2 bytes.
/// Accuracy : exact nearest; |error| <= 2^-(f+1) inside the range for the nearest policies.
/// Promise  : integer arithmetic on the bits of x: the same code under every FTZ/DAZ, contraction and optimisation setting.
/// Source   : OCP Microscaling Formats v1.0 (MXINT8); ONNX QuantizeLinear (zero point).

#include "skive/core/real_bits.hpp"
#include "skive/core/rounding.hpp"
#include "skive/core/scalar_format.hpp"

#include <cstdint>
#include <type_traits>

namespace skive {
namespace detail {

// x 2^fraction_bits rounded to an integer, clamped to [low, high] (|low|, |high| < 2^62); NaN gives 0.
template <class Real, rounding_policy R>
constexpr std::int64_t round_to_integer(Real x, int fraction_bits, std::int64_t low, std::int64_t high,
                                        R const& rounding) noexcept {
  auto const u = unpack_real(x);
  if (u.kind == real_kind::nan || u.kind == real_kind::zero) return 0;
  if (u.kind == real_kind::infinite || u.exponent + fraction_bits >= 62) return u.negative ? low : high;
  int const drop_bits = real_layout<Real>::fraction_bits - u.exponent - fraction_bits;
  auto const magnitude = rounded_shift(rounding, 0, u.significand, drop_bits, u.negative);
  // Without branches, for signs cannot be predicted: -low or high, whichever bounds the magnitude; then the sign.
  auto const sign = -static_cast<std::int64_t>(u.negative);
  auto const limit = static_cast<std::uint64_t>(high ^ ((high ^ -low) & sign));
  auto const clamped = static_cast<std::int64_t>(magnitude < limit ? magnitude : limit);
  return (clamped ^ sign) - sign;
}

template <int Bits>
using integer_code = std::conditional_t<(Bits <= 8), std::uint8_t, std::uint16_t>;

}  // namespace detail

/// Whether a signed format uses its most negative code.
enum class integer_range : std::uint8_t { restricted, full };

/// Two's complement of Bits bits, the last FractionBits of them behind the binary point.
template <int Bits, int FractionBits = 0, integer_range Range = integer_range::restricted>
struct fixed_point {
  static_assert(2 <= Bits && Bits <= 16, "skive::fixed_point holds 2 to 16 bits");
  static_assert(0 <= FractionBits && FractionBits <= 16, "skive::fixed_point has 0 to 16 fraction bits");

  using code_type = detail::integer_code<Bits>;
  static constexpr int bits = Bits;
  static constexpr int fraction_bits = FractionBits;
  static constexpr int max_integer = (1 << (Bits - 1)) - 1;
  static constexpr int min_integer = -max_integer - (Range == integer_range::full ? 1 : 0);
  static constexpr float resolution = 1.0f / static_cast<float>(1 << FractionBits);
  static constexpr float max_finite = static_cast<float>(max_integer) * resolution;
  static constexpr float min_finite = static_cast<float>(min_integer) * resolution;

  code_type code{};

  /// The integer that a code stands for: value / resolution.
  static constexpr int integer(code_type c) noexcept {
    int const low = c & ((1 << Bits) - 1);
    return low > max_integer ? low - (1 << Bits) : low;
  }
  /// The code of an integer; only its low Bits bits count.
  static constexpr code_type from_integer(int n) noexcept {
    return static_cast<code_type>(static_cast<unsigned>(n) & ((1u << Bits) - 1));
  }
  static constexpr float decode(code_type c) noexcept { return static_cast<float>(integer(c)) * resolution; }

  template <class Real, rounding_policy R = nearest_even>
  static constexpr code_type encode(Real x, R rounding = {}, overflow_policy /*no special codes*/ = {}) noexcept {
    return from_integer(static_cast<int>(detail::round_to_integer(x, FractionBits, min_integer, max_integer, rounding)));
  }
  friend constexpr bool operator==(fixed_point, fixed_point) noexcept = default;
};

/// Signed integer codes of Bits bits.
template <int Bits, integer_range Range = integer_range::restricted>
using int_symmetric = fixed_point<Bits, 0, Range>;

/// Unsigned integer codes of Bits bits; alone they hold 0 ... 2^Bits - 1, with a zero point z they hold -z ... 2^Bits - 1 - z.
template <int Bits>
struct uint_format {
  static_assert(1 <= Bits && Bits <= 16, "skive::uint_format holds 1 to 16 bits");

  using code_type = detail::integer_code<Bits>;
  static constexpr int bits = Bits;
  static constexpr int max_integer = (1 << Bits) - 1;
  static constexpr float max_finite = static_cast<float>(max_integer);
  static constexpr float min_finite = 0.0f;

  code_type code{};

  static constexpr float decode(code_type c) noexcept { return static_cast<float>(c & max_integer); }

  template <class Real, rounding_policy R = nearest_even>
  static constexpr code_type encode(Real x, R rounding = {}, overflow_policy /*no special codes*/ = {}) noexcept {
    return static_cast<code_type>(detail::round_to_integer(x, 0, 0, max_integer, rounding));
  }

  /// value = code - zero_point; exact while |zero_point| < 2^23.
  static constexpr float decode_affine(code_type c, std::int32_t zero_point) noexcept {
    return static_cast<float>((c & max_integer) - std::int64_t{zero_point});
  }
  /// clamp(round(x) + zero_point): x (a number over its scale) is rounded once; NaN gives the clamped zero point.
  template <class Real, rounding_policy R = nearest_even>
  static constexpr code_type encode_affine(Real x, std::int32_t zero_point, R rounding = {}) noexcept {
    std::int64_t const z = zero_point;
    auto const n = detail::round_to_integer(x, 0, -z < 0 ? -z : 0, max_integer - z > 0 ? max_integer - z : 0, rounding) + z;
    return static_cast<code_type>(n < 0 ? 0 : n > max_integer ? max_integer : n);
  }
  friend constexpr bool operator==(uint_format, uint_format) noexcept = default;
};

using int2 = int_symmetric<2>;
using int3 = int_symmetric<3>;
using int4 = int_symmetric<4>;
using int5 = int_symmetric<5>;
using int6 = int_symmetric<6>;
using int7 = int_symmetric<7>;
using int8 = int_symmetric<8>;
using int2_full = int_symmetric<2, integer_range::full>;
using int3_full = int_symmetric<3, integer_range::full>;
using int4_full = int_symmetric<4, integer_range::full>;
using int5_full = int_symmetric<5, integer_range::full>;
using int6_full = int_symmetric<6, integer_range::full>;
using int7_full = int_symmetric<7, integer_range::full>;
using int8_full = int_symmetric<8, integer_range::full>;
using uint1 = uint_format<1>;
using uint2 = uint_format<2>;
using uint3 = uint_format<3>;
using uint4 = uint_format<4>;
using uint5 = uint_format<5>;
using uint6 = uint_format<6>;
using uint7 = uint_format<7>;
using uint8 = uint_format<8>;
using mxint8 = fixed_point<8, 6>;                            ///< MX v1.0 element: int8 2^-6, +-127/64
using mxint8_full = fixed_point<8, 6, integer_range::full>;  ///< the same with -2 in use

static_assert(scalar_format<int2> && scalar_format<int8> && scalar_format<int2_full> && scalar_format<int8_full>);
static_assert(scalar_format<uint1> && scalar_format<uint8> && scalar_format<mxint8> && scalar_format<mxint8_full>);
static_assert(sizeof(int4) == 1 && std::is_trivially_copyable_v<int4> && sizeof(uint_format<16>) == 2);

}  // namespace skive
