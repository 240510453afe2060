// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/minifloat_lanes.hpp - small floats, sixteen at a time.
///
///   encode: m = max(2^floor(log2 |x|), 2^min_exponent) 2^(23 - M);   |x| + m rounds |x| to M fraction bits, or to the
///   subnormals;
///           code = bits(|x| + m) - bits(m) + (biased exponent of m's binade) 2^M
///   decode: exponent and fraction move into place; subnormals pass through 2^min_exponent (1 + f / 2^M) - 2^min_exponent
///
/// Both work with normal floats only: no processor mode can change a code. Formats without fraction bits, of P3109's biases, are
/// coded in integers; others without subnormals or beyond 2^+-100 take the general form. Other roundings see |x| in ulps (the parity
/// of a power of two is that of its exponent), from 2^-127 on bit fields.
///
/// Model of : -
/// Cost     : encode about 15 instructions per register, decode about 9; with AVX-512 six bits 3, rows of eight bits 4 to 7
///            (decode_32).
/// Accuracy : exact nearest, ties to even.
/// Promise  : equal to minifloat's scalar rule on all 2^32 floats and all codes.
/// Source   : -

#include "skive/format/increment_lanes.hpp"
#include "skive/format/lanes.hpp"
#include "skive/format/minifloat.hpp"
#include "skive/format/rounding_lanes.hpp"
#include "skive/simd/byte_floats.hpp"

namespace skive {
namespace detail {

// Zero and powers of two, the least of them 2^-63 or more, or 2^-127.
template <minifloat_traits T>
inline constexpr bool is_powers = T.fraction_bits == 0 && T.subnormals && (T.bias <= 64 || (T.bias == 128 && !T.is_signed)) &&
    T.exponent_bits <= 8 && (1 << T.exponent_bits) - T.bias <= 128;

template <minifloat_traits T>
inline constexpr bool has_minifloat_lanes = is_powers<T> ||
    (T.fraction_bits >= 1 && T.fraction_bits <= 16 && T.subnormals && T.bias + T.fraction_bits <= 100 &&
     (1 << T.exponent_bits) - T.bias <= 100 && T.exponent_bits <= 7 &&
     T.exponent_bits + T.fraction_bits + (T.is_signed ? 1 : 0) <= 16);

// Bits of the least float that rounds past max_finite, to nearest even, were the format unbounded.
template <class Format>
constexpr std::uint32_t first_overflow() noexcept {
  auto const max = std::bit_cast<std::uint32_t>(static_cast<float>(Format::max_finite));
  auto const half = std::uint32_t{1} << (22 - Format::fraction_bits);
  return max + half + ((Format::max_code & 1) != 0 ? 0U : 1U);  // the tie goes past an odd code
}

// Is a number in ulps a normal float, or too small for 32 random bits to see it?
template <minifloat_traits T>
inline constexpr bool fits_in_ulps = T.bias + T.fraction_bits <= 90;

}  // namespace detail

template <minifloat_traits T, class Arch>
  requires detail::has_minifloat_lanes<T>
struct format_lanes<minifloat<T>, Arch> {
  using format = minifloat<T>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

  template <overflow_policy Overflow = saturating>
  [[gnu::always_inline]] static words encode(floats const& x) noexcept {
    auto const bits = simd::as<std::int32_t>(x);
    auto const magnitude = bits & integers::broadcast(0x7FFF'FFFF);
    auto const infinity = integers::broadcast(0x7F80'0000);
    auto const size = rounded(magnitude);
    auto code = with_sign(size, bits);
    if constexpr (!T.is_signed && Overflow.finite == overflow_action::to_special) {
      auto const below = (size > integers::broadcast(0)) & (bits < integers::broadcast(0));
      code = replace<code_of(format::max_finite, Overflow), code_of(-format::max_finite, Overflow)>(code, below, bits);
    }
    if constexpr (Overflow.finite == overflow_action::to_special) {
      auto const past = magnitude > integers::broadcast(static_cast<int>(detail::first_overflow<format>()) - 1);
      code = replace<code_of(infinite, non_saturating), code_of(-infinite, non_saturating)>(code, past, bits);
    }
    if constexpr (Overflow.finite != Overflow.infinite) {
      constexpr overflow_policy policy{overflow_action::saturate, Overflow.infinite};
      code = replace<code_of(infinite, policy), code_of(-infinite, policy)>(code, magnitude == infinity, bits);
    }
    if constexpr (format::has_nan || !T.is_signed || Overflow.finite != Overflow.infinite ||
                  Overflow.finite == overflow_action::to_special)  // else NaN has become max_finite of its sign
      code = replace<code_of(not_a_number, saturating), code_of(-not_a_number, saturating)>(code, magnitude > infinity, bits);
    return code;
  }

  static constexpr int bits_in_ulps = T.fraction_bits + 1;  ///< magnitudes are below 2^this ulps
  /// Any other rounding (format/rounding_lanes.hpp), saturating; x stands at positions i .. i + 15.
  template <class Rounding>
    requires(detail::fits_in_ulps<T> || detail::is_powers<T>)
  [[gnu::always_inline]] static words encode_rounded(floats const& x, Rounding& rounding, std::uint64_t i) noexcept {
    auto const bits = simd::as<std::int32_t>(x);
    words code;
    if constexpr (detail::fits_in_ulps<T>)
      code = encode_rounded_finite(x, x, rounding, i);
    else
      code = with_sign(rounded_power(bits & integers::broadcast(0x7FFF'FFFF), bits, rounding, i), bits);
    if constexpr (!format::has_nan && T.is_signed) return code;
    auto const is_nan = (bits & integers::broadcast(0x7FFF'FFFF)) > integers::broadcast(0x7F80'0000);
    return replace<code_of(not_a_number, saturating), code_of(-not_a_number, saturating)>(code, is_nan, bits);
  }
  /// The same of |x| with another's sign; x is not NaN.
  template <class Rounding>
    requires detail::fits_in_ulps<T>
  [[gnu::always_inline]] static words encode_rounded_finite(floats const& x, floats const& sign, Rounding& rounding,
                                                            std::uint64_t i) noexcept {
    auto const bits = simd::as<std::int32_t>(sign);
    auto const magnitude = simd::as<std::int32_t>(x) & integers::broadcast(0x7FFF'FFFF);
    constexpr int least = (128 - T.bias) << 23;
    auto const largest = std::bit_cast<std::int32_t>(static_cast<float>(format::max_finite));
    auto const y = detail::lift_tiny<Rounding::sees_tiny, Arch>(min(magnitude, integers::broadcast(largest)));
    auto const binade = max(y & integers::broadcast(0x7F80'0000), integers::broadcast(least));
    auto const inverse_ulp = integers::broadcast((254 + T.fraction_bits) << 23) - binade;
    auto in_ulps = simd::product<Arch>(simd::as<float>(y), simd::as<float>(inverse_ulp));
    auto base = (binade - integers::broadcast(least)) >> (23 - T.fraction_bits);
    if constexpr (T.fraction_bits == 0) {  // the code's parity is that of n + base
      auto const odd = base & integers::broadcast(1);
      in_ulps = in_ulps - simd::to_float<Arch>(odd);
      base = base + odd;
    }
    auto const n = rounding.round(in_ulps, simd::as<float>(bits < integers::broadcast(0)), i);
    return with_sign(n + base, bits);
  }

  [[gnu::always_inline]] static words encode_finite(floats const& x, floats const& sign) noexcept {
    return with_sign(rounded(simd::as<std::int32_t>(x) & integers::broadcast(0x7FFF'FFFF)), simd::as<std::int32_t>(sign));
  }

  // Has float16 all numbers, times a power of two, and tells infinity and NaN by the same codes or none?
  static constexpr bool by_halves = simd::has_half_byte_floats<Arch> && T.is_signed && format::bits == 8 &&
      T.exponent_bits >= 2 &&
      (T.exponent_bits == 5 ? T.infinities && T.nan == nan_placement::top_exponent
                            : T.exponent_bits < 5 && !T.infinities && T.nan != nan_placement::top_exponent);
  static constexpr auto half_nan = T.nan == nan_placement::none ? simd::byte_nan::none
      : T.nan == nan_placement::all_ones                        ? simd::byte_nan::all_ones
      : T.nan == nan_placement::negative_zero                   ? simd::byte_nan::negative_zero
                                                                : simd::byte_nan::past_infinity;
  /// 32 codes of a byte each, by way of float16.
  [[gnu::always_inline]] static void decode_32(std::byte const* codes, floats (&out)[2]) noexcept
    requires(by_halves)
  {
    simd::load_byte_floats<T.fraction_bits, half_nan, 15 - T.bias, Arch>(codes, out);
  }
  /// decode_canonical() of 16 codes in memory.
  [[gnu::always_inline]] static floats load(std::byte const* codes) noexcept
    requires(by_halves && !simd::has_avx512<Arch>)
  {
    return simd::load_byte_floats<T.fraction_bits, half_nan, 15 - T.bias, Arch>(codes);
  }

  [[gnu::always_inline]] static void decode_32(std::byte const* codes, floats (&out)[2]) noexcept
    requires(simd::has_byte_floats<Arch> && T.is_signed && T.exponent_bits == 5 && T.fraction_bits == 2 && !T.infinities &&
             T.nan == nan_placement::negative_zero)
  {
    simd::load_wide_byte_floats<T.bias, Arch>(codes, out);
  }

  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    if constexpr (simd::has_byte_floats<Arch> && T.is_signed && format::bits == 6 && !format::has_nan &&
                  format::has_negative_zero)
      return simd::as<float>(signed_value(simd::as<std::int32_t>(simd::look_up_32<Arch>(magnitudes, codes)), codes));
    auto const value = signed_value(special_or(codes, finite(codes)), codes);
    if constexpr (!format::has_negative_zero && T.is_signed) {
      constexpr bool is_nan = T.nan == nan_placement::negative_zero;
      return simd::as<float>(select(code_of_negative_zero(codes), integers::broadcast(is_nan ? 0x7FC0'0000 : 0), value));
    }
    return simd::as<float>(value);
  }

  /// decode(), with the one NaN 7FC00000: what a product with a scale then is, too.
  [[gnu::always_inline]] static floats decode_canonical(words const& codes) noexcept {
    if constexpr (!T.is_signed || !format::has_nan || T.infinities || T.nan == nan_placement::negative_zero) {
      auto const value = decode(codes);
      if constexpr (!T.is_signed || !format::has_nan || T.nan == nan_placement::negative_zero) return value;
      auto const magnitude = simd::as<std::int32_t>(value) & integers::broadcast(0x7FFF'FFFF);
      auto const is_nan = magnitude > integers::broadcast(0x7F80'0000);
      return select(simd::as<float>(is_nan), simd::as<float>(integers::broadcast(0x7FC0'0000)), value);
    }
    return simd::as<float>(special_or(codes, signed_value(finite(codes), codes)));
  }

 private:
  static constexpr int magnitude_mask = (1 << (T.exponent_bits + T.fraction_bits)) - 1;
  static constexpr std::array<float, 32> magnitudes = [] {
    std::array<float, 32> m{};
    for (int c = 0; c < 32 && c <= magnitude_mask; ++c)
      m[static_cast<std::size_t>(c)] = static_cast<float>(format::decode(static_cast<typename format::code_type>(c)));
    return m;
  }();

  // The code of |x| for finite |x|, saturated; larger magnitudes and NaN give the code of max_finite.
  [[gnu::always_inline]] static integers rounded(integers const& magnitude) noexcept {
    constexpr int shift = 23 - T.fraction_bits;
    constexpr int least = (128 - T.bias) << 23;
    auto const largest = std::bit_cast<std::int32_t>(static_cast<float>(format::max_finite));
    auto const y = min(magnitude, integers::broadcast(largest));
    if constexpr (detail::is_powers<T>) return nearest_power(y);
    auto const binade = max(y & integers::broadcast(0x7F80'0000), integers::broadcast(least));
    auto const magic = binade + integers::broadcast(shift << 23);
    auto const sum = simd::as<std::int32_t>(simd::as<float>(y) + simd::as<float>(magic));
    return (sum - magic) + ((binade - integers::broadcast(least)) >> shift);
  }

  // Of two powers the nearer one, of equally near ones the one of even code; up to twice the first the code says which of 0, 1 and 2.
  [[gnu::always_inline]] static integers nearest_power(integers const& y) noexcept {
    constexpr int first = T.bias == 128 ? 0x0040'0000 : (128 - T.bias) << 23;
    constexpr int second = T.bias == 128 ? 0x0080'0000 : first + (1 << 23);
    constexpr int half = T.bias == 128 ? first / 2 : first - (1 << 23);
    constexpr int middle = T.bias == 128 ? 0x0060'0000 : first + (1 << 22);
    auto const zero = integers::broadcast(0);
    auto const one = integers::broadcast(1);
    auto const odd = ((y >> 23) + integers::broadcast(T.bias + 1)) & one;
    auto const code = ((y + integers::broadcast(0x3F'FFFF) + odd) >> 23) + integers::broadcast(T.bias - 127);
    auto const small = select(y > integers::broadcast(half), one, zero) + select(y > integers::broadcast(middle - 1), one, zero);
    return select(y < integers::broadcast(second), small, code);
  }

  // From 2^-127 on, by any other rounding: below 2^-126 the bits of a float are the number itself.
  template <class Rounding>
  [[gnu::always_inline]] static integers rounded_power(integers const& magnitude, integers const& bits, Rounding const& rounding,
                                                       std::uint64_t i) noexcept {
    auto const largest = std::bit_cast<std::int32_t>(static_cast<float>(format::max_finite));
    auto const m = simd::as<std::uint32_t>(min(magnitude, integers::broadcast(largest)));
    auto const small = m < words::broadcast(0x0080'0000);
    auto const keep = select(small, m >> 22, (m >> 23) + words::broadcast(1));
    auto const negative = simd::as<std::uint32_t>(bits < integers::broadcast(0));
    auto const away = detail::increments<Arch>(rounding, keep, select(small, m << 10, m << 9), negative, i);
    return simd::as<std::int32_t>(select(away, keep + words::broadcast(1), keep));
  }

  [[gnu::always_inline]] static words with_sign(integers const& code, integers const& bits) noexcept {
    auto const c = simd::as<std::uint32_t>(code);
    if constexpr (!T.is_signed) {
      return select(simd::as<std::uint32_t>(bits < integers::broadcast(0)), words::broadcast(0), c);
    } else {
      auto const sign = sign_of(bits);
      if constexpr (format::has_negative_zero) return c | sign;
      return select(c == words::broadcast(0), c, c | sign);
    }
  }

  static constexpr float infinite = std::numeric_limits<float>::infinity();
  static constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
  static constexpr std::uint32_t code_of(float value, overflow_policy overflow) noexcept {
    return format::encode(value, nearest_even{}, overflow);
  }
  // In the lanes of `where` the code that a special value of x's sign gets; a template argument, so that no compiler computes it
  // anew for every register.
  template <std::uint32_t Plus, std::uint32_t Minus>
  [[gnu::always_inline]] static words replace(words const& code, typename integers::mask const& where,
                                              integers const& x) noexcept {
    constexpr std::uint32_t sign_bit = magnitude_mask + 1;
    auto const lanes = simd::as<std::uint32_t>(where);
    auto const plus = words::broadcast(Plus);
    if constexpr (Plus == Minus) return select(lanes, plus, code);
    if constexpr (Minus == (Plus | sign_bit)) {
      if constexpr (Plus == magnitude_mask && T.nan == nan_placement::all_ones)  // `code` has x's sign already
        return code | select(lanes, plus, words::broadcast(0));
      return select(lanes, sign_of(x) | plus, code);
    }
    auto const negative = simd::as<std::uint32_t>(x < integers::broadcast(0));
    return select(lanes, select(negative, words::broadcast(Minus), plus), code);
  }
  [[gnu::always_inline]] static words sign_of(integers const& x) noexcept {
    return (simd::as<std::uint32_t>(x) >> (32 - format::bits)) & words::broadcast(magnitude_mask + 1);
  }

  // Bits of the value that a magnitude would have were there no special codes.
  [[gnu::always_inline]] static integers finite(words const& codes) noexcept {
    constexpr int shift = 23 - T.fraction_bits;
    auto const magnitude = simd::as<std::int32_t>(codes) & integers::broadcast(magnitude_mask);
    if constexpr (detail::is_powers<T>) {
      constexpr int first = T.bias == 128 ? 0x0040'0000 : (128 - T.bias) << 23;
      auto const power = (magnitude << 23) + integers::broadcast((127 - T.bias) * (1 << 23));
      auto const small = select(magnitude == integers::broadcast(1), integers::broadcast(first), integers::broadcast(0));
      return select(magnitude < integers::broadcast(2), small, power);
    }
    auto const subnormal = magnitude < integers::broadcast(1 << T.fraction_bits);
    auto const least = floats::broadcast(static_cast<float>(format::min_normal));
    auto const zero = integers::broadcast(0);
    auto const normal = (magnitude << shift) + integers::broadcast((127 - T.bias) << 23);
    auto const lifted = simd::as<float>(normal + select(subnormal, integers::broadcast(1 << 23), zero));
    return simd::as<std::int32_t>(lifted - select(simd::as<float>(subnormal), least, simd::as<float>(zero)));
  }
  // Past max_finite: infinity, where there is one, then NaN.
  [[gnu::always_inline]] static integers special_or(words const& codes, integers const& value) noexcept {
    if constexpr (format::max_code == magnitude_mask) return value;
    auto const magnitude = simd::as<std::int32_t>(codes) & integers::broadcast(magnitude_mask);
    auto special = integers::broadcast(0x7FC0'0000);
    if constexpr (T.infinities)
      special = select(magnitude == integers::broadcast(format::max_code + 1), integers::broadcast(0x7F80'0000), special);
    return select(magnitude > integers::broadcast(format::max_code), special, value);
  }
  [[gnu::always_inline]] static integers signed_value(integers const& value, words const& codes) noexcept {
    if constexpr (!T.is_signed) return value;
    constexpr std::uint32_t sign_bit = magnitude_mask + 1;
    return value | simd::as<std::int32_t>((codes & words::broadcast(sign_bit)) << (32 - format::bits));
  }
  [[gnu::always_inline]] static typename integers::mask code_of_negative_zero(words const& codes) noexcept {
    auto const code = simd::as<std::int32_t>(codes);
    return (code & integers::broadcast((1 << format::bits) - 1)) == integers::broadcast(magnitude_mask + 1);
  }
};

}  // namespace skive
