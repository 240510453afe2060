// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/half_lanes.hpp - bfloat16, sixteen numbers at a time: the upper half of a float32.
///
///   encode: (bits + 7FFF + bit 16) >> 16, the carry going where it belongs;   decode: code << 16
///
/// Model of : -
/// Cost     : encode about 7 instructions per register, decode 4.
/// Accuracy : exact nearest, ties to even.
/// Promise  : equal to the scalar rule on all 2^32 floats and all codes; integers only, so that FTZ and DAZ change nothing.
/// Source   : -

#include "skive/format/half.hpp"
#include "skive/format/lanes.hpp"

namespace skive {

template <class Arch>
struct format_lanes<bfloat16, Arch> {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

  template <overflow_policy Overflow = saturating>
  [[gnu::always_inline]] static words encode(floats const& x) noexcept {
    auto const bits = simd::as<std::uint32_t>(x);
    auto const sign = (bits >> 16) & words::broadcast(0x8000);
    auto const magnitude = bits & words::broadcast(0x7FFF'FFFF);
    auto const odd = (magnitude >> 16) & words::broadcast(1);
    auto code = (magnitude + words::broadcast(0x7FFF) + odd) >> 16;
    if constexpr (Overflow.finite == overflow_action::saturate && Overflow.infinite == overflow_action::saturate) {
      code = min_of(code, 0x7F7F);
    } else if constexpr (Overflow.finite == overflow_action::saturate) {
      code = select(is_above(magnitude, 0x7F7F'FFFF), words::broadcast(0x7F80), min_of(code, 0x7F7F));
    } else if constexpr (Overflow.infinite == overflow_action::saturate) {
      code = select(is_above(magnitude, 0x7F7F'FFFF), words::broadcast(0x7F7F), code);
    }
    return select(is_above(magnitude, 0x7F80'0000), words::broadcast(0x7FC0), code) | sign;
  }
  [[gnu::always_inline]] static words encode_finite(floats const& x, floats const& sign) noexcept {
    auto const size = simd::as<std::uint32_t>(x) & words::broadcast(0x7FFF'FFFF);
    return encode(simd::as<float>(size | (simd::as<std::uint32_t>(sign) & words::broadcast(0x8000'0000))));
  }
  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    auto const bits = codes << 16;
    auto const nan = is_above(bits & words::broadcast(0x7FFF'FFFF), 0x7F80'0000);
    auto const quiet = (bits & words::broadcast(0x8000'0000)) | words::broadcast(0x7FC0'0000);
    return simd::as<float>(select(nan, quiet, bits));
  }

 private:
  [[gnu::always_inline]] static typename words::mask is_above(words const& magnitude, int bound) noexcept {
    return simd::as<std::uint32_t>(simd::as<std::int32_t>(magnitude) > integers::broadcast(bound));
  }
  [[gnu::always_inline]] static words min_of(words const& code, int most) noexcept {
    return simd::as<std::uint32_t>(min(simd::as<std::int32_t>(code), integers::broadcast(most)));
  }
};

}  // namespace skive
