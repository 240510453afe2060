// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/e8m0_lanes.hpp - powers of two, sixteen at a time.
///
///   encode: the exponent field and its fraction, rounded; float subnormals of at least 2^-127 are doubled first
///   decode: the code is the exponent field of a float; 0 stands for 2^-127, a subnormal, and FF for NaN
///
/// Model of : -
/// Cost     : decode 5 instructions per register, encode about 12.
/// Accuracy : exact nearest, ties to the even code.
/// Promise  : equal to e8m0's scalar rule on all floats and codes; integers only.
/// Source   : -

#include "skive/format/e8m0.hpp"
#include "skive/format/increment_lanes.hpp"
#include "skive/format/lanes.hpp"

namespace skive {

template <class Arch>
struct format_lanes<e8m0, Arch> {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

  template <overflow_policy Overflow = saturating>
  [[gnu::always_inline]] static words encode(floats const& x) noexcept {
    auto const bits = simd::as<std::int32_t>(x);
    auto const y = field(bits);
    auto const odd = (y >> 23) & integers::broadcast(1);
    auto const code = (y + integers::broadcast(0x3F'FFFF) + odd) >> 23;
    auto const magnitude = bits & integers::broadcast(0x7FFF'FFFF);
    auto const infinity = integers::broadcast(0x7F80'0000);
    auto all = complete(code, bits);
    auto const negative = (bits < integers::broadcast(0)) & (magnitude > integers::broadcast(0));
    auto const nan = integers::broadcast(e8m0::nan_code);
    if constexpr (Overflow.finite == overflow_action::to_special)
      all = select((negative | (code == nan)) & (magnitude < infinity), nan, all);
    if constexpr (Overflow.infinite == overflow_action::to_special) all = select(magnitude == infinity, nan, all);
    return simd::as<std::uint32_t>(all);
  }
  [[gnu::always_inline]] static words encode_finite(floats const& x, floats const& /*no number has a sign*/) noexcept {
    return encode(x);
  }
  static constexpr int bits_in_ulps = 1;  // bit fields: any number of random bits will do
  /// Any other rounding (format/rounding_lanes.hpp), saturating; x stands at positions i .. i + 15.
  template <class Rounding>
  [[gnu::always_inline]] static words encode_rounded(floats const& x, Rounding const& rounding, std::uint64_t i) noexcept {
    auto const bits = simd::as<std::int32_t>(x);
    auto const y = simd::as<std::uint32_t>(field(bits));
    auto const none = y < words::broadcast(0);  // negative numbers are out of range
    auto const away = detail::increments<Arch>(rounding, y >> 23, y << 9, none, i);
    auto const keep = simd::as<std::int32_t>(y >> 23);
    return simd::as<std::uint32_t>(complete(select(simd::as<std::int32_t>(away), keep + integers::broadcast(1), keep), bits));
  }
  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    auto const least = select(codes == words::broadcast(0), words::broadcast(0x0040'0000), codes << 23);
    return simd::as<float>(select(codes == words::broadcast(0xFF), words::broadcast(0x7FC0'0000), least));
  }

 private:
  // Of |x| the code, then its fraction in 23 bits; what is below 2^-127 has none.
  [[gnu::always_inline]] static integers field(integers const& bits) noexcept {
    auto const magnitude = bits & integers::broadcast(0x7FFF'FFFF);
    auto const doubled = max(magnitude + magnitude - integers::broadcast(0x80'0000), integers::broadcast(0));
    return select(magnitude < integers::broadcast(0x80'0000), doubled, magnitude);
  }
  // Saturated: no sign; NaN.
  [[gnu::always_inline]] static integers complete(integers const& code, integers const& bits) noexcept {
    auto const zero = integers::broadcast(0);
    auto const nan = (bits & integers::broadcast(0x7FFF'FFFF)) > integers::broadcast(0x7F80'0000);
    auto const within = select(bits < zero, zero, min(code, integers::broadcast(e8m0::max_code)));
    return select(nan, integers::broadcast(e8m0::nan_code), within);
  }
};

}  // namespace skive
