// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/p3109.hpp - the formats Binary{K}p{P}{s|u}{e|f} of the IEEE P3109 interim report, and its projection.
///
///   K bits, precision P with the hidden bit (1 <= P < K, or P = K without a sign); bias = 2^(K-P-1), without a sign 2^(K-P)
///   signed  : 0 at code 0, NaN at 2^(K-1),  extended +Inf at 2^(K-1) - 1, -Inf at 2^K - 1
///   unsigned: 0 at code 0, NaN at 2^K - 1,  extended Inf at 2^K - 2
///   The middle code, 2^(K-2) or 2^(K-1), is 1.0; subnormals always, no -0.
///
/// Being parameters of one template, equal value tables are equal types: p3109<8, 4, signed, finite> is e4m3fnuz and
/// p3109<8, 3, signed, finite> is e5m2fnuz; what differs in the standards is only the overflow policy. Binary8p1uf is *not* E8M0
/// (its code c is 2^(c-128), its code 0 zero), and Binary4p2sf is not E2M1.
///
/// Model of : scalar_format
/// Cost     : that of minifloat.
/// Accuracy : that of minifloat; value_type is double where the range of float is too small (bias of 256 and more).
/// Promise  : that of minifloat.
/// Source   : IEEE P3109 working group, interim report v4.0, 26 June 2026 (a draft).

#include "skive/core/rounding.hpp"
#include "skive/core/scalar_format.hpp"
#include "skive/format/minifloat.hpp"

#include <cstdint>

namespace skive {

enum class signedness : std::uint8_t { without_sign, with_sign };
enum class domain : std::uint8_t { finite, extended };  ///< extended: has infinities

/// The description of Binary{K}p{P}{s|u}{e|f}.
constexpr minifloat_traits p3109_traits(int k, int p, signedness s, domain d) noexcept {
  bool const with_sign = s == signedness::with_sign;
  int const exponent_bits = k - p + (with_sign ? 0 : 1);
  return {.exponent_bits = exponent_bits,
          .fraction_bits = p - 1,
          .bias = 1 << (exponent_bits - 1),
          .is_signed = with_sign,
          .infinities = d == domain::extended,
          .nan = with_sign ? nan_placement::negative_zero : nan_placement::all_ones,
          .negative_zero = false};
}

template <int K, int P, signedness S, domain D>
  requires(K >= 3 && P >= 1 && P <= (S == signedness::with_sign ? K - 1 : K))
using p3109 = minifloat<p3109_traits(K, P, S, D)>;

// What every implementation of the standard has.
using binary8p4se = p3109<8, 4, signedness::with_sign, domain::extended>;
using binary8p3se = p3109<8, 3, signedness::with_sign, domain::extended>;
using binary4p2sf = p3109<4, 2, signedness::with_sign, domain::finite>;
using binary8p1uf = p3109<8, 1, signedness::without_sign, domain::finite>;

static_assert(scalar_format<binary8p4se> && scalar_format<binary8p3se> && scalar_format<binary4p2sf>);
static_assert(scalar_format<binary8p1uf>);

/// The saturation modes. finite: everything to max_finite. propagate: finite overflow to max_finite, infinity kept where it
/// exists. none: overflow to infinity where it exists, else to max_finite; rounding policies that never leave max_finite stay.
enum class p3109_saturation : std::uint8_t { finite, propagate, none };

/// The code of x in the P3109 format F under the standard's own names. Into an unsigned format a negative result is NaN under
/// `none` (and -Inf under `propagate`, our reading), else 0. Infinity into a finite format becomes max_finite.
template <class F, class Real, rounding_policy R = nearest_even>
constexpr typename F::code_type p3109_project(Real x, R rounding = {},
                                              p3109_saturation saturation = p3109_saturation::none) noexcept {
  bool const below_zero = !F::is_signed && detail::unpack_real(x).negative;
  bool const specials = F::has_infinity || below_zero;
  if (saturation == p3109_saturation::finite || !specials) return F::encode(x, rounding, saturating);
  return F::encode(x, rounding, saturation == p3109_saturation::none ? non_saturating : saturating_finite);
}

}  // namespace skive
