// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/scale_lanes.hpp - codes relative to a scale, sixteen numbers at a time; the vector form of block/scale.hpp.
///
///   codes_at_scale(x, s) = encode(fl32(x / s)),   values_at_scale(c, s) = fl32(decode(c) s)
///
/// Only for scales in [2^-60, 2^60]: quotients and products are then exact where a code can depend on them, whatever FTZ and DAZ
/// are set to. Other groups take the scalar rule.
///
/// Model of : -
/// Cost     : 2 or 4 instructions for the quotient, 1 for the product, and those of the format.
/// Accuracy : the bits of the scalar rule.
/// Promise  : see simd/arithmetic.hpp.
/// Source   : -

#include "skive/block/exact_lanes.hpp"
#include "skive/block/lane_scheme.hpp"
#include "skive/block/scale.hpp"
#include "skive/block/tiny_quotient_lanes.hpp"
#include "skive/format/byte_float_lanes.hpp"
#include "skive/format/e8m0_lanes.hpp"
#include "skive/format/integer_lanes.hpp"
#include "skive/format/lookup_lanes.hpp"
#include "skive/format/minifloat_lanes.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/bits.hpp"
#include "skive/simd/half_words.hpp"
#include "skive/simd/nibble_floats.hpp"

namespace skive {

template <class Arch>
struct format_lanes<float32, Arch> {
  static simd::words<Arch> encode(simd::floats<Arch> const& x) noexcept { return simd::as<std::uint32_t>(x); }  // finite x
  static simd::floats<Arch> decode(simd::words<Arch> const& codes) noexcept { return simd::as<float>(codes); }
};

namespace detail {

// Bit g: lane g is no magnitude (bits) from which a scale can be computed in lanes.
template <class Arch>
[[gnu::always_inline]] inline std::uint32_t beyond_lanes(simd::words<Arch> const& magnitude) noexcept {
  using integers = simd::integers<Arch>;
  auto const m = simd::as<std::int32_t>(magnitude);
  auto const low = integers::broadcast(std::bit_cast<std::int32_t>(0x1p-60f));
  return ((m < low) | (m > integers::broadcast(std::bit_cast<std::int32_t>(0x1p100f)))).bits();
}

// Significant bits of a scale kept in this format.
template <class Scale>
inline constexpr int scale_bits = 24;
template <minifloat_traits T>
inline constexpr int scale_bits<minifloat<T>> = T.fraction_bits + 1;
template <>
inline constexpr int scale_bits<e8m0> = 1;

// The codes of scales that are finite and not negative; their numbers, a NaN being any.
template <class Scale, class Arch>
[[gnu::always_inline]] inline simd::words<Arch> scale_codes(simd::floats<Arch> const& scale) noexcept {
  if constexpr (std::is_same_v<Scale, float16>)
    return simd::nearest_float16(scale);
  else
    return format_lanes<Scale, Arch>::encode(scale);
}
template <class Scale, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> scale_values(simd::words<Arch> const& codes) noexcept {
  if constexpr (std::is_same_v<Scale, float16>)
    return simd::float16_value(codes);
  else
    return format_lanes<Scale, Arch>::decode(codes);
}

// The largest scale of the vector rule where quotients have to stay below 2^31: one that is not saturated. Such a scale is half or
// more of what the largest number asks for; the one of least squared error (block/scale_walk.hpp) that is a 2^28th of it or less
// would save less than all numbers but the largest have.
template <class Scale>
inline constexpr float most_scale = [] {
  constexpr float most = 0x1p60f;
  if constexpr (requires { Scale::max_finite; })
    if (static_cast<double>(Scale::max_finite) <= static_cast<double>(most))
      return std::bit_cast<float>(magnitude_bits(static_cast<float>(Scale::max_finite)) - 1);
  return most;
}();

/// Scale, parameter 0, and for coding what dividing by it needs: the last two.
template <int ScaleBits, class Arch, bool Coding, std::size_t Parameters = Coding ? 3 : 1>
[[gnu::always_inline]] inline lane_parameters<Arch, Parameters> scale_parameters(simd::floats<Arch> const& scale,
                                                                                 float most = 0x1p60f) noexcept {
  using integers = simd::integers<Arch>;
  auto const bits = simd::as<std::int32_t>(scale);  // negative scales and NaN are beyond, too
  auto const low = bits < integers::broadcast(std::bit_cast<std::int32_t>(0x1p-60f));
  auto const high = bits > integers::broadcast(std::bit_cast<std::int32_t>(most));
  lane_parameters<Arch, Parameters> p;
  p.by_rule = (low | high).bits();
  p.set(0, scale);
  if constexpr (Coding) {
    auto const d = simd::divisor<ScaleBits, Arch>::of(scale);
    p.set(Parameters - 2, d.inverse);
    p.set(Parameters - 1, d.rest);
  }
  return p;
}

/// Precondition: |x| <= 2^100, a scale of scale_parameters that is not beyond.
template <class Format, int ScaleBits, class Arch>
[[gnu::always_inline]] inline simd::words<Arch> codes_at_scale(simd::floats<Arch> const& x,
                                                               std::array<simd::floats<Arch>, 3> const& p) noexcept {
  auto const q = simd::quotient(x, simd::divisor<ScaleBits, Arch>{p[0], p[1], p[2]});
  if constexpr (tiny_shows_sign<Format>) return codes_with_tiny<Format, Arch>(x, q, p[0]);
  return format_lanes<Format, Arch>::encode_finite(q, x);  // of a zero q only x knows the sign
}

/// The same, rounded by a policy that stands at number i of the row.
template <class Format, int ScaleBits, class Arch, class Rounding>
[[gnu::always_inline]] inline simd::words<Arch> codes_rounded_at_scale(simd::floats<Arch> const& x,
                                                                       std::array<simd::floats<Arch>, 3> const& p,
                                                                       Rounding& rounding, std::size_t i) noexcept {
  auto const quotient = simd::quotient(x, simd::divisor<ScaleBits, Arch>{p[0], p[1], p[2]});
  if constexpr (policies_see_tiny<Format>) {
    if (may_be_inexact<Arch>(x, quotient)) [[unlikely]]
      return codes_by_rule<Format, Arch>(x, p[0], policy_of_lanes<Arch>(rounding, i));
    return format_lanes<Format, Arch>::encode_rounded(at_least<Arch>(0x1p-38f, x, quotient), rounding, i);
  } else if constexpr (Rounding::sees_tiny || requires { Format::sorted; }) {  // any number but zero may show
    if (may_vanish<Arch>(simd::as<std::int32_t>(x) & simd::integers<Arch>::broadcast(0x7FFF'FFFF))) [[unlikely]]
      return codes_by_rule<Format, Arch>(x, p[0], policy_of_lanes<Arch>(rounding, i));
    return format_lanes<Format, Arch>::encode_rounded(at_least<Arch>(0x1p-60f, x, quotient), rounding, i);
  } else if constexpr (requires { format_lanes<Format, Arch>::encode_rounded_number(quotient, rounding, i); }) {
    return format_lanes<Format, Arch>::encode_rounded_number(quotient, rounding, i);  // zero has one code
  } else {
    return format_lanes<Format, Arch>::encode_rounded_finite(quotient, x, rounding, i);  // of a zero quotient x knows the sign
  }
}

/// x / scale for every x, NaN and infinity too, and 2^-26 <= scale <= 2^60; of a zero quotient it has the sign. From |x| = 2^100 on,
/// where the quotient is past every format, it is x.
template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> any_quotient(simd::floats<Arch> const& x,
                                                              std::array<simd::floats<Arch>, 3> const& p) noexcept {
  using integers = simd::integers<Arch>;
  auto const bits = simd::as<std::int32_t>(x);
  auto const magnitude = bits & integers::broadcast(0x7FFF'FFFF);
  auto const q = simd::as<std::int32_t>(simd::quotient(x, simd::divisor<24, Arch>{p[0], p[1], p[2]}));
  auto const signed_q = (q & integers::broadcast(0x7FFF'FFFF)) | (bits & integers::broadcast(std::int32_t{-0x7FFF'FFFF} - 1));
  auto const huge = magnitude > integers::broadcast(std::bit_cast<std::int32_t>(0x1p100f));
  auto const nan = magnitude > integers::broadcast(0x7F80'0000);
  return simd::as<float>(select(nan, integers::broadcast(0x7FC0'0000), select(huge, bits, signed_q)));
}

/// codes_at_scale() and codes_rounded_at_scale() for such x and scales.
template <class Format, class Arch>
[[gnu::always_inline]] inline simd::words<Arch> codes_at_any_scale(simd::floats<Arch> const& x,
                                                                   std::array<simd::floats<Arch>, 3> const& p) noexcept {
  if constexpr (tiny_shows_sign<Format>) return codes_with_tiny<Format, Arch>(x, any_quotient<Arch>(x, p), p[0]);
  return format_lanes<Format, Arch>::encode(any_quotient<Arch>(x, p));
}
template <class Format, class Arch, class Rounding>
[[gnu::always_inline]] inline simd::words<Arch> codes_rounded_at_any_scale(simd::floats<Arch> const& x,
                                                                           std::array<simd::floats<Arch>, 3> const& p,
                                                                           Rounding& rounding, std::size_t i) noexcept {
  auto quotient = any_quotient<Arch>(x, p);
  if constexpr (policies_see_tiny<Format>) {
    if (may_be_inexact<Arch>(x, quotient)) [[unlikely]]
      return codes_by_rule<Format, Arch>(x, p[0], policy_of_lanes<Arch>(rounding, i));
  } else if constexpr (Rounding::sees_tiny || requires { Format::sorted; }) {
    if (may_vanish<Arch>(simd::as<std::int32_t>(x) & simd::integers<Arch>::broadcast(0x7FFF'FFFF))) [[unlikely]]
      return codes_by_rule<Format, Arch>(x, p[0], policy_of_lanes<Arch>(rounding, i));
    quotient = at_least<Arch>(0x1p-60f, x, quotient);
  }
  return format_lanes<Format, Arch>::encode_rounded(quotient, rounding, i);
}

// The values of all codes of at most 4 bits; NaN as 7FC00000.
template <class Format>
inline constexpr std::array<float, 16> few_values = [] {
  std::array<float, 16> v{};
  for (unsigned c = 0; c < 16 && c < 1U << Format::bits; ++c) {
    auto const x = static_cast<float>(Format::decode(static_cast<typename Format::code_type>(c)));
    v[c] = is_nan(x) ? std::bit_cast<float>(0x7FC0'0000U) : x;
  }
  return v;
}();
// Does the format have NaN, and no decoding that makes it canonical?
template <class Format, class Arch>
inline constexpr bool may_be_signed_nan = requires { requires Format::has_nan; } &&
    !requires(simd::words<Arch> const& codes) { format_lanes<Format, Arch>::decode_canonical(codes); };

template <class Format, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> decode_lanes(simd::words<Arch> const& codes) noexcept {
  if constexpr (Format::bits <= 2 && simd::has_avx2<Arch>)
    return simd::look_up_quarters<Arch>(few_values<Format>.data(), few_values<Format>.data(), codes);
  else if constexpr (Format::bits == 3 && simd::has_avx2<Arch>)
    return simd::look_up_8<Arch>(few_values<Format>.data(), codes);
  else if constexpr (Format::bits <= 4 && (simd::has_avx512<Arch> || simd::has_avx2<Arch>))
    return simd::look_up(simd::float_table<Arch>{few_values<Format>}, codes);
  else if constexpr (requires { format_lanes<Format, Arch>::decode_canonical(codes); })
    return format_lanes<Format, Arch>::decode_canonical(codes);
  else
    return format_lanes<Format, Arch>::decode(codes);
}

// Do sixteen codes in memory become levels without being words first?
template <class Format, class Arch>
concept loads_levels = requires(std::byte const* codes) { format_lanes<Format, Arch>::load(codes); };

/// Levels of the sixteen codes of Width bits from `codes` on.
template <class Format, int Width, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> load_levels(std::byte const* codes, [[maybe_unused]] bit_order order) noexcept {
  if constexpr (loads_levels<Format, Arch>)
    return format_lanes<Format, Arch>::load(codes);
  else
    return decode_lanes<Format, Arch>(simd::load_fields<Width, Arch>(codes, order));
}

/// Are sixty-four codes of 4 bits decoded at once where they lie side by side? scaled_levels() makes numbers of levels.
template <class Scheme, class Arch>
concept decodes_sixty_four =
    code_width<Scheme> == 4 && simd::has_nibble_floats<Arch> && !may_be_signed_nan<typename Scheme::element, Arch> &&
    requires(Scheme const s, simd::floats<Arch> const& level,
             std::array<simd::floats<Arch>, Scheme::template lanes<Arch>> const& p) { s.template scaled_levels<Arch>(level, p); };

// What float16 makes of a format's codes, times this, are its numbers.
template <class Format>
inline constexpr float over_halves = 1.0f;
template <minifloat_traits T>
inline constexpr float over_halves<minifloat<T>> =
    T.bias < 15 ? static_cast<float>(1 << (T.bias < 15 ? 15 - T.bias : 0)) : 1.0f / static_cast<float>(1 << (T.bias - 15));
template <class Arch, minifloat_traits T>
[[gnu::always_inline]] inline simd::floats<Arch> load_by_halves(minifloat<T> const*, std::byte const* codes) noexcept {
  return simd::load_byte_floats<T.fraction_bits, format_lanes<minifloat<T>, Arch>::half_nan, 0, Arch>(codes);
}

/// Sixteen codes in memory, decoded and scaled. Float16's other bias is made up for in the scale, once a group.
template <class Format, class Arch>
  requires loads_levels<Format, Arch>
[[gnu::always_inline]] inline simd::floats<Arch> stored_at_scale(std::byte const* codes,
                                                                 simd::floats<Arch> const& scale) noexcept {
  if constexpr (requires { requires format_lanes<Format, Arch>::by_halves; })
    return simd::product<Arch>(load_by_halves<Arch>(static_cast<Format const*>(nullptr), codes),
                               simd::product<Arch>(scale, simd::floats<Arch>::broadcast(over_halves<Format>)));
  else
    return simd::product<Arch>(format_lanes<Format, Arch>::load(codes), scale);
}

template <class Format, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> values_at_scale(simd::words<Arch> const& codes,
                                                                 simd::floats<Arch> const& scale) noexcept {
  auto const value = simd::product<Arch>(decode_lanes<Format, Arch>(codes), scale);
  if constexpr (!may_be_signed_nan<Format, Arch>) return value;
  using integers = simd::integers<Arch>;
  auto const magnitude = simd::as<std::int32_t>(value) & integers::broadcast(0x7FFF'FFFF);
  auto const nan = simd::as<float>(magnitude > integers::broadcast(0x7F80'0000));
  return select(nan, simd::as<float>(integers::broadcast(0x7FC0'0000)), value);
}

}  // namespace detail
}  // namespace skive
