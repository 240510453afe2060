// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/lanes.hpp - a scalar format on sixteen numbers at once: the same codes as its scalar rule.
///
///   format_lanes<Format, Arch>::encode(x)         -> codes      nearest even, the overflow policy as template argument
///   format_lanes<Format, Arch>::encode_finite(x, sign) -> codes  saturating; x is finite, and where it is zero `sign` has its
///   sign format_lanes<Format, Arch>::decode(codes)     -> x
///
/// This is the general form, lane by lane through the scalar rule; format/minifloat_lanes.hpp, integer_lanes.hpp and
/// lookup_lanes.hpp specialise it.
///
/// Model of : -
/// Cost     : that of 16 scalar conversions.
/// Accuracy : the format's.
/// Promise  : equal to the scalar rule on every input.
/// Source   : -

#include "skive/core/rounding.hpp"
#include "skive/simd/sixteen.hpp"

namespace skive {

template <class Format, class Arch>
struct format_lanes {
  using code_type = typename Format::code_type;

  template <overflow_policy Overflow = saturating>
  [[gnu::always_inline]] static simd::words<Arch> encode(simd::floats<Arch> const& x) noexcept {
    alignas(64) float lane[16];
    x.store(lane);
    return simd::generate<std::uint32_t, Arch>(
        [&](std::size_t i) { return static_cast<std::uint32_t>(Format::encode(lane[i], nearest_even{}, Overflow)); });
  }
  [[gnu::always_inline]] static simd::words<Arch> encode_finite(simd::floats<Arch> const& x,
                                                                simd::floats<Arch> const& sign) noexcept {
    auto const minus = simd::words<Arch>::broadcast(0x8000'0000);
    auto const size = simd::as<std::uint32_t>(x) & simd::words<Arch>::broadcast(0x7FFF'FFFF);
    return encode(simd::as<float>(size | (simd::as<std::uint32_t>(sign) & minus)));
  }

  [[gnu::always_inline]] static simd::floats<Arch> decode(simd::words<Arch> const& codes) noexcept {
    alignas(64) std::uint32_t lane[16];
    codes.store(lane);
    return simd::generate<float, Arch>(
        [&](std::size_t i) { return static_cast<float>(Format::decode(static_cast<code_type>(lane[i]))); });
  }
};

}  // namespace skive
