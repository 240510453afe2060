// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/half_lanes.hpp - bfloat16 and TF32, sixteen numbers at a time: the upper bits of a float32.
///
///   encode: (bits + 7FFF + bit 16) >> 16 (TF32: FFF, 13), the carry going where it belongs;   decode: code << 16
///
/// Model of : -
/// Cost     : encode about 7 instructions per register, decode 4; any other rounding 5 and those of format/increment_lanes.hpp.
/// Accuracy : exact nearest, ties to even.
/// Promise  : equal to the scalar rule on all 2^32 floats and all codes; integers only, so that FTZ and DAZ change nothing.
/// Source   : -

#include "skive/format/half.hpp"
#include "skive/format/increment_lanes.hpp"
#include "skive/format/lanes.hpp"

namespace skive {
namespace detail {

// The exponents of float32, and fewer fraction bits.
template <minifloat_traits T>
inline constexpr bool is_upper_part =
    T.is_signed && T.exponent_bits == 8 && T.bias == 127 && T.fraction_bits >= 1 && T.fraction_bits <= 22 && T.subnormals &&
    T.infinities && T.nan == nan_placement::top_exponent && minifloat<T>::has_negative_zero;

}  // namespace detail

template <minifloat_traits T, class Arch>
  requires detail::is_upper_part<T>
struct format_lanes<minifloat<T>, Arch> {
  using format = minifloat<T>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

  template <overflow_policy Overflow = saturating>
  [[gnu::always_inline]] static words encode(floats const& x) noexcept {
    auto const bits = simd::as<std::uint32_t>(x);
    auto const magnitude = bits & words::broadcast(0x7FFF'FFFF);
    auto const odd = (magnitude >> dropped) & words::broadcast(1);
    auto code = (magnitude + words::broadcast((1U << (dropped - 1)) - 1) + odd) >> dropped;
    if constexpr (Overflow.finite == overflow_action::saturate && Overflow.infinite == overflow_action::saturate) {
      code = min_of(code, largest);
    } else if constexpr (Overflow.finite == overflow_action::saturate) {
      code = select(is_above(magnitude, 0x7F7F'FFFF), words::broadcast(largest + 1), min_of(code, largest));
    } else if constexpr (Overflow.infinite == overflow_action::saturate) {
      code = select(is_above(magnitude, 0x7F7F'FFFF), words::broadcast(largest), code);
    }
    return complete(code, bits);
  }
  [[gnu::always_inline]] static words encode_finite(floats const& x, floats const& sign) noexcept {
    auto const size = simd::as<std::uint32_t>(x) & words::broadcast(0x7FFF'FFFF);
    return encode(simd::as<float>(size | (simd::as<std::uint32_t>(sign) & words::broadcast(0x8000'0000))));
  }
  static constexpr int bits_in_ulps = 1;  // bit fields: any number of random bits will do
  /// Any other rounding (format/rounding_lanes.hpp), saturating; x stands at positions i .. i + 15.
  template <class Rounding>
  [[gnu::always_inline]] static words encode_rounded(floats const& x, Rounding const& rounding, std::uint64_t i) noexcept {
    auto const bits = simd::as<std::uint32_t>(x);
    auto const keep = (bits & words::broadcast(0x7FFF'FFFF)) >> dropped;
    auto const negative = simd::as<std::uint32_t>(simd::as<std::int32_t>(bits) < integers::broadcast(0));
    auto const away = detail::increments<Arch>(rounding, keep, bits << (32 - dropped), negative, i);
    return complete(min_of(select(away, keep + words::broadcast(1), keep), largest), bits);
  }
  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    auto const bits = codes << dropped;
    auto const nan = is_above(bits & words::broadcast(0x7FFF'FFFF), 0x7F80'0000);
    auto const quiet = (bits & words::broadcast(0x8000'0000)) | words::broadcast(0x7FC0'0000);
    return simd::as<float>(select(nan, quiet, bits));
  }

 private:
  static constexpr int dropped = 23 - T.fraction_bits;
  static constexpr int largest = 0x7F7F'FFFF >> dropped;

  // The sign, and NaN.
  [[gnu::always_inline]] static words complete(words const& code, words const& bits) noexcept {
    auto const sign = (bits >> dropped) & words::broadcast(0x8000'0000U >> dropped);
    auto const nan = is_above(bits & words::broadcast(0x7FFF'FFFF), 0x7F80'0000);
    return select(nan, words::broadcast(0x7FC0'0000U >> dropped), code) | sign;
  }
  [[gnu::always_inline]] static typename words::mask is_above(words const& magnitude, int bound) noexcept {
    return simd::as<std::uint32_t>(simd::as<std::int32_t>(magnitude) > integers::broadcast(bound));
  }
  [[gnu::always_inline]] static words min_of(words const& code, int most) noexcept {
    return simd::as<std::uint32_t>(min(simd::as<std::int32_t>(code), integers::broadcast(most)));
  }
};

}  // namespace skive
