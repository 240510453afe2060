// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/sign_lanes.hpp - signs, and -1, 0 and 1, sixteen or sixty-four at a time.
///
///   sign: the sign bit, but not that of zero or NaN;   ternary: those of int2, one more
///
/// Model of : -
/// Cost     : a sign 3 instructions a register, sixty-four where that is one register's mask a sixteen; ternary as int2.
/// Accuracy : exact.
/// Promise  : equal to the scalar rule on all floats and codes, under every policy.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/format/integer_lanes.hpp"
#include "skive/format/sign.hpp"
#include "skive/format/sixty_four_lanes.hpp"

#include <cstring>
#include <limits>

namespace skive {

template <class Arch>
struct format_lanes<sign_format, Arch> {
  template <overflow_policy = saturating>
  [[gnu::always_inline]] static simd::words<Arch> encode(simd::floats<Arch> const& x) noexcept {
    auto const bits = simd::as<std::uint32_t>(x);  // below zero: from that of -2^-149 to that of -infinity
    auto const last = simd::words<Arch>::broadcast(0x7F80'0000);
    return select(bits - simd::words<Arch>::broadcast(0x8000'0001) < last, simd::words<Arch>::broadcast(1),
                  simd::words<Arch>::broadcast(0));
  }
  static constexpr int bits_in_ulps = 1;
  /// Signs are not rounded.
  template <class Rounding>
  [[gnu::always_inline]] static simd::words<Arch> encode_rounded(simd::floats<Arch> const& x, Rounding const&,
                                                                 std::uint64_t) noexcept {
    return encode(x);
  }
  [[gnu::always_inline]] static simd::words<Arch> encode_finite(simd::floats<Arch> const&,
                                                                simd::floats<Arch> const& sign) noexcept {
    auto const zero = simd::as<std::uint32_t>(sign) == simd::words<Arch>::broadcast(0x8000'0000);
    return select(zero, simd::words<Arch>::broadcast(0), simd::as<std::uint32_t>(sign) >> 31);
  }
  [[gnu::always_inline]] static simd::floats<Arch> decode(simd::words<Arch> const& codes) noexcept {
    return simd::as<float>((codes << 31) | simd::as<std::uint32_t>(simd::floats<Arch>::broadcast(1.0f)));
  }
};

template <class Arch>
struct format_lanes<ternary_format, Arch> {
  template <overflow_policy = saturating>
  [[gnu::always_inline]] static simd::words<Arch> encode(simd::floats<Arch> const& x) noexcept {
    return encode_finite(detail::nan_to_zero<Arch>(x), x);
  }
  static constexpr int bits_in_ulps = format_lanes<int2, Arch>::bits_in_ulps;
  /// Any other rounding (format/rounding_lanes.hpp); x stands at positions i .. i + 15.
  template <class Rounding>
  [[gnu::always_inline]] static simd::words<Arch> encode_rounded(simd::floats<Arch> const& x, Rounding& rounding,
                                                                 std::uint64_t i) noexcept {
    auto const n = format_lanes<int2, Arch>::encode_rounded(x, rounding, i);
    return (n + simd::words<Arch>::broadcast(1)) & simd::words<Arch>::broadcast(3);
  }
  [[gnu::always_inline]] static simd::words<Arch> encode_finite(simd::floats<Arch> const& x, simd::floats<Arch> const&) noexcept {
    auto const one = simd::floats<Arch>::broadcast(1.0f);
    auto const n = detail::round_between<Arch>(x, simd::floats<Arch>::broadcast(-1.0f), one);
    return (n + simd::words<Arch>::broadcast(1)) & simd::words<Arch>::broadcast(3);
  }
  [[gnu::always_inline]] static simd::floats<Arch> decode(simd::words<Arch> const& codes) noexcept {
    auto const n = min(simd::as<std::int32_t>(codes & simd::words<Arch>::broadcast(3)), simd::integers<Arch>::broadcast(2));
    return simd::to_float<Arch>(n - simd::integers<Arch>::broadcast(1));
  }
};

namespace detail {

// Sixty-four signs: what a register says of its lanes is their codes already.
template <class Arch>
  requires simd::has_avx2<Arch>
struct sixty_four<sign_format, Arch> {
  static constexpr bool available = true;
  using lane_type = simd::integers<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const&, simd::floats<Arch> const& x) noexcept {
    return simd::as<std::int32_t>(x);
  }
  [[gnu::always_inline]] static void store(lane_type const (&x)[4], bit_order order, std::byte* to) noexcept {
    std::uint64_t signs = 0;
    auto const minus_zero = lane_type::broadcast(std::numeric_limits<std::int32_t>::min());
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      signs |= std::uint64_t{((x[i] < lane_type::broadcast(0)) & (x[i] > minus_zero)).bits()} << (16 * i);
    if (order == bit_order::high_first) {  // the bits of each byte the other way round
      signs = (signs >> 1 & 0x5555'5555'5555'5555) | (signs & 0x5555'5555'5555'5555) << 1;
      signs = (signs >> 2 & 0x3333'3333'3333'3333) | (signs & 0x3333'3333'3333'3333) << 2;
      signs = (signs >> 4 & 0x0F0F'0F0F'0F0F'0F0F) | (signs & 0x0F0F'0F0F'0F0F'0F0F) << 4;
    }
    std::memcpy(to, &signs, sizeof signs);
  }
};

template <class Arch>
  requires simd::has_avx2<Arch>
struct sixty_four<ternary_format, Arch> {
  static constexpr bool available = true;
  using lane_type = simd::integers<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const& q, simd::floats<Arch> const&) noexcept {
    return bounded_integers<Arch>(q) + lane_type::broadcast(1);
  }
  [[gnu::always_inline]] static void store(lane_type const (&n)[4], bit_order order, std::byte* to) noexcept {
    simd::store_to_two<Arch>(n, order, to);
  }
};

}  // namespace detail

}  // namespace skive
