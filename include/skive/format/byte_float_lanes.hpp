// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/byte_float_lanes.hpp - small floats of 8 bits with a sign, -0 included, sixty-four numbers at a time (AVX2).
///
///   |x| + m, m = 2^(e + 23 - M) (1 + (e - min_exponent) 2^(M - 23)), 2^e the binade of |x|, of the subnormals at least
///
/// rounds |x| to M fraction bits, as in format/minifloat_lanes.hpp; what m has in its last bits is the exponent of the code, so that
/// the last bits of the sum are the code. Signs come by themselves (simd/signed_codes.hpp).
///
/// Model of : -
/// Cost     : AVX2, 8 instructions a register and simd/signed_codes.hpp.
/// Accuracy : exact nearest, ties to even.
/// Promise  : the codes of the scalar rule, saturating; FTZ and DAZ change nothing.
/// Source   : -

#include "skive/format/minifloat_lanes.hpp"
#include "skive/format/sixty_four_lanes.hpp"
#include "skive/simd/signed_codes.hpp"

namespace skive::detail {

template <minifloat_traits T>
inline constexpr bool is_byte_float =
    has_minifloat_lanes<T> && !is_powers<T> && T.is_signed && minifloat<T>::bits == 8 && minifloat<T>::has_negative_zero;

template <minifloat_traits T, class Arch>
  requires(is_byte_float<T> && simd::has_avx2<Arch>)
struct sixty_four<minifloat<T>, Arch> {
  using integers = simd::integers<Arch>;
  static constexpr bool available = true;
  using lane_type = simd::signed_codes<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const& q, simd::floats<Arch> const& x) noexcept {
    constexpr int shift = 23 - T.fraction_bits;
    constexpr int least = (128 - T.bias) << 23;
    constexpr auto largest = std::bit_cast<std::int32_t>(static_cast<float>(minifloat<T>::max_finite));
    auto const y = min(simd::as<std::int32_t>(q) & integers::broadcast(0x7FFF'FFFF), integers::broadcast(largest));
    auto const binade = max(y & integers::broadcast(0x7F80'0000), integers::broadcast(least));
    auto const summand = (binade + (binade >> shift)) + integers::broadcast((shift << 23) - (least >> shift));
    return lane_type::of(simd::as<std::uint32_t>(simd::as<float>(y) + simd::as<float>(summand)), x);
  }
  [[gnu::always_inline]] static void store(lane_type const (&w)[4], bit_order order, std::byte* to) noexcept {
    simd::store_signed_codes<8, Arch>(w, order, to);
  }
};

}  // namespace skive::detail
