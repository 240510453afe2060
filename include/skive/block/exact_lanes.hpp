// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/exact_lanes.hpp - for which formats and policies no code depends on a quotient that lanes can't find exactly.
///
/// Lanes divide by scales in [2^-60, 2^60]; quotients below 2^-38 may then be subnormal, and processor modes may take them for zero.
///
/// Model of : - (used by block/scale_lanes.hpp)
/// Cost     : none; answers at compile time.
/// Accuracy : -
/// Promise  : no for what is not certain.
/// Source   : -

#include "skive/core/rounding.hpp"
#include "skive/format/rows.hpp"

#include <limits>

namespace skive::detail {

// Do all |x| <= 2^-38 have the code of their zero? Quotients that small are not exact.
template <class Format>
inline constexpr bool tiny_is_zero = [] {
  constexpr float tiny = 0x1p-38f;
  return Format::encode(tiny) == Format::encode(0.0f) && (Format::encode(-tiny) == Format::encode(-0.0f));
}();

// Do all smaller numbers but zero have the code of +-2^-38, and not that of zero? FP4 as bitsandbytes has it: -0 is a level that
// only numbers below zero take.
template <class Format>
inline constexpr bool tiny_shows_sign = false;
template <class Format>
  requires requires { Format::sorted; }
inline constexpr bool tiny_shows_sign<Format> = [] {
  constexpr float tiny = 0x1p-38f;
  constexpr float least = 0x1p-149f;
  return !tiny_is_zero<Format> && Format::encode(tiny) == Format::encode(least) &&
      Format::encode(-tiny) == Format::encode(-least) && Format::encode(0.0f) == Format::encode(-0.0f);
}();

// Do all products and scales of the vector rule stay normal floats? A table of the user's may hold anything.
template <class Format>
inline constexpr bool values_are_moderate = [] {
  double most = 0.0;
  for (unsigned c = 0; c < 1U << Format::bits; ++c) {
    auto const v = static_cast<double>(Format::decode(static_cast<typename Format::code_type>(c)));
    double const m = v < 0.0 ? -v : v;
    bool const finite = m <= static_cast<double>(std::numeric_limits<float>::max());
    if (finite && m != 0.0 && (m < 0x1p-38 || m > 0x1p38)) return false;
    if (finite && m > most) most = m;
  }
  return most >= 0x1p-20;
}();

template <class Format, class Arch>
inline constexpr bool has_scale_lanes = simd::vector_arch<Arch> && tiny_is_zero<Format> && values_are_moderate<Format>;

// Quotients below 2^-39 are not exact: can a policy other than nearest even see more of them than a sign? (Of tables it is 2^-60
// where the scale is not below 2^-40.)
template <class Format>
inline constexpr bool policies_see_tiny = [] {
  if constexpr (requires { Format::min_subnormal; }) return static_cast<double>(Format::min_subnormal) < 0x1p-20;
  if constexpr (requires { Format::sorted; }) return levels_show_tiny<Format>;
  return false;
}();

// Does the vector path code under this policy?
template <class Format, class Rounding, class Arch>
inline constexpr bool has_rounded_lanes = [] {
  if constexpr (!simd::vector_arch<Arch> || !(tiny_is_zero<Format> || tiny_shows_sign<Format>) || !values_are_moderate<Format>)
    return false;
  else
    return std::is_same_v<Rounding, nearest_even> || encodes_rounded<Format, Arch, Rounding>;
}();

}  // namespace skive::detail
