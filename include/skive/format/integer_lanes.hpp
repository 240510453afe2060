// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/integer_lanes.hpp - integers and fixed point, sixteen at a time.
///
///   encode: n = low bits of (clamp(x 2^f, low, high) + 1.5 2^23);   the sum rounds to an integer, ties to even
///   decode: (2^23 + code) - (2^23 + zero), times 2^-f
///
/// Model of : -
/// Cost     : encode 4 instructions per register and 2 for NaN, decode 4.
/// Accuracy : exact nearest, ties to even.
/// Promise  : equal to the scalar rule on all 2^32 floats and all codes.
/// Source   : -

#include "skive/format/integer.hpp"
#include "skive/format/lanes.hpp"
#include "skive/format/rounding_lanes.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/bytes.hpp"

namespace skive {
namespace detail {

// Clamped and rounded to nearest, ties to even; low and high are integers of at most 2^21. The low 22 bits are those of the
// result.
template <class Arch>
[[gnu::always_inline]] inline simd::words<Arch> round_between(simd::floats<Arch> const& x, simd::floats<Arch> const& low,
                                                              simd::floats<Arch> const& high) noexcept {
  return simd::as<std::uint32_t>(min(max(x, low), high) + simd::floats<Arch>::broadcast(0x1.8p23f));
}

// (the low Bits bits of each lane) - zero, where both are integers of at most 2^21: they are the last places of 2^23 + code.
template <int Bits, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> integer_value(simd::words<Arch> const& codes,
                                                               simd::floats<Arch> const& zero) noexcept {
  using words = simd::words<Arch>;
  auto const low = codes & words::broadcast((1U << Bits) - 1);
  auto const base = simd::floats<Arch>::broadcast(0x1p23f);
  return simd::as<float>(low | simd::as<std::uint32_t>(base)) - (base + zero);
}

// x 2^FractionBits, no further out than low and high.
template <int FractionBits, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> between(simd::floats<Arch> x, simd::floats<Arch> const& low,
                                                         simd::floats<Arch> const& high) noexcept {
  using floats = simd::floats<Arch>;
  if constexpr (FractionBits != 0) x = simd::product<Arch>(x, floats::broadcast(static_cast<float>(1 << FractionBits)));
  return min(max(x, low), high);
}

// x 2^FractionBits rounded as a policy says (format/rounding_lanes.hpp), then clamped; low <= 0 <= high, integers less than
// 2^Bits apart, Bits <= 21. NaN becomes 0; there is none among `Numbers`.
template <int Bits, int FractionBits, class Arch, bool Numbers = false, class Rounding>
[[gnu::always_inline]] inline simd::integers<Arch> round_by_policy(simd::floats<Arch> const& x, simd::floats<Arch> const& low,
                                                                   simd::floats<Arch> const& high, Rounding& rounding,
                                                                   std::uint64_t i) noexcept {
  using floats = simd::floats<Arch>;
  using integers = simd::integers<Arch>;
  auto const bits = simd::as<std::int32_t>(x);
  auto const magnitude = bits & integers::broadcast(0x7FFF'FFFF);
  auto const nan = magnitude > integers::broadcast(0x7F80'0000);
  if constexpr (requires { rounding.rounds_signed(); })
    if (Bits <= 13 && rounding.rounds_signed()) {
      auto const number = Numbers ? x : select(simd::as<float>(nan), floats::broadcast(0.0f), x);
      return rounding.round_signed(between<FractionBits, Arch>(number, low, high), i);
    }
  auto const below = bits < integers::broadcast(0);
  auto const negative = simd::as<float>(below);
  auto number = lift_tiny<Rounding::sees_tiny, Arch>(magnitude);
  if constexpr (!Numbers) number = select(nan, integers::broadcast(0), number);
  auto const limit = select(negative, floats::broadcast(0.0f) - low, high);
  auto scaled = simd::as<float>(number);
  if constexpr (FractionBits != 0) scaled = simd::product<Arch>(scaled, floats::broadcast(static_cast<float>(1 << FractionBits)));
  auto const n = rounding.round(min(scaled, limit), negative, i);
  return select(below, integers::broadcast(0) - n, n);
}

// NaN, the only class that integers have no neighbour for, becomes 0.
template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> nan_to_zero(simd::floats<Arch> const& x) noexcept {
  using integers = simd::integers<Arch>;
  auto const magnitude = simd::as<std::int32_t>(x) & integers::broadcast(0x7FFF'FFFF);
  auto const nan = simd::as<float>(magnitude > integers::broadcast(0x7F80'0000));
  return select(nan, simd::floats<Arch>::broadcast(0.0f), x);
}

}  // namespace detail

template <int Bits, int FractionBits, integer_range Range, class Arch>
struct format_lanes<fixed_point<Bits, FractionBits, Range>, Arch> {
  using format = fixed_point<Bits, FractionBits, Range>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

  template <overflow_policy = saturating>
  [[gnu::always_inline]] static words encode(floats const& x) noexcept {
    return encode_finite(detail::nan_to_zero<Arch>(x), x);
  }
  [[gnu::always_inline]] static words encode_finite(floats const& x, floats const& /*zero has one code*/) noexcept {
    auto const low = floats::broadcast(static_cast<float>(format::min_integer));
    auto const high = floats::broadcast(static_cast<float>(format::max_integer));
    auto scaled = x;
    if constexpr (FractionBits != 0) scaled = simd::product<Arch>(x, floats::broadcast(static_cast<float>(1 << FractionBits)));
    return detail::round_between<Arch>(scaled, low, high) & words::broadcast((1U << Bits) - 1);
  }
  static constexpr int bits_in_ulps = Bits - 1;
  /// Any other rounding (format/rounding_lanes.hpp); x stands at positions i .. i + 15.
  template <class Rounding>
  [[gnu::always_inline]] static words encode_rounded(floats const& x, Rounding& rounding, std::uint64_t i) noexcept {
    auto const low = floats::broadcast(static_cast<float>(format::min_integer));
    auto const high = floats::broadcast(static_cast<float>(format::max_integer));
    auto const n = detail::round_by_policy<Bits, FractionBits, Arch>(x, low, high, rounding, i);
    return simd::as<std::uint32_t>(n) & words::broadcast((1U << Bits) - 1);
  }
  /// The same for numbers that are not NaN and a policy to which tiny ones are zeros.
  template <class Rounding>
    requires(!Rounding::sees_tiny)
  [[gnu::always_inline]] static words encode_rounded_number(floats const& x, Rounding& rounding, std::uint64_t i) noexcept {
    constexpr auto high = static_cast<float>(format::max_integer);
    constexpr auto low = static_cast<float>(format::min_integer);
    if constexpr (requires { rounding.rounds_signed(); } && Bits <= 13)
      if (rounding.rounds_signed()) {
        auto const bounded = detail::between<FractionBits, Arch>(x, floats::broadcast(low), floats::broadcast(high));
        auto const n = rounding.round_signed(bounded, i);
        return simd::as<std::uint32_t>(n) & words::broadcast((1U << Bits) - 1);
      }
    auto const bits = simd::as<std::int32_t>(x);
    auto const below = bits < integers::broadcast(0);
    auto const negative = simd::as<float>(below);
    auto limit = floats::broadcast(high);
    if constexpr (low != -high) limit = select(negative, floats::broadcast(-low), limit);
    auto scaled = simd::as<float>(bits & integers::broadcast(0x7FFF'FFFF));
    if constexpr (FractionBits != 0)
      scaled = simd::product<Arch>(scaled, floats::broadcast(static_cast<float>(1 << FractionBits)));
    auto const n = rounding.round(min(scaled, limit), negative, i);
    return simd::as<std::uint32_t>(select(below, integers::broadcast(0) - n, n)) & words::broadcast((1U << Bits) - 1);
  }
  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    auto const n =
        detail::integer_value<Bits, Arch>(codes ^ words::broadcast(1U << (Bits - 1)), floats::broadcast(1 << (Bits - 1)));
    if constexpr (FractionBits == 0) return n;
    return simd::product<Arch>(n, floats::broadcast(format::resolution));
  }
  /// decode() of 16 codes in memory.
  [[gnu::always_inline]] static floats load(std::byte const* codes) noexcept
    requires(Bits == 8 && (simd::has_avx2<Arch> || simd::has_avx512<Arch>))
  {
    auto const n = simd::to_float<Arch>(simd::load_signed_bytes<Arch>(codes));
    if constexpr (FractionBits == 0) return n;
    return simd::product<Arch>(n, floats::broadcast(format::resolution));
  }
};

template <int Bits, class Arch>
struct format_lanes<uint_format<Bits>, Arch> {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;

  template <overflow_policy = saturating>
  [[gnu::always_inline]] static words encode(floats const& x) noexcept {
    return encode_finite(detail::nan_to_zero<Arch>(x), x);
  }
  [[gnu::always_inline]] static words encode_finite(floats const& x, floats const& /*zero has one code*/) noexcept {
    auto const high = floats::broadcast(uint_format<Bits>::max_finite);
    return detail::round_between<Arch>(x, floats::broadcast(0.0f), high) & words::broadcast(uint_format<Bits>::max_integer);
  }
  static constexpr int bits_in_ulps = Bits;
  template <class Rounding>
  [[gnu::always_inline]] static words encode_rounded(floats const& x, Rounding& rounding, std::uint64_t i) noexcept {
    auto const high = floats::broadcast(uint_format<Bits>::max_finite);
    return simd::as<std::uint32_t>(detail::round_by_policy<Bits, 0, Arch>(x, floats::broadcast(0.0f), high, rounding, i));
  }
  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    return detail::integer_value<Bits, Arch>(codes, floats::broadcast(0.0f));
  }
};

}  // namespace skive
