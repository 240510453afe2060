// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/tiny_quotient_lanes.hpp - quotients of what tells the smallest number from zero: tables and directed rounding.
///
///   |q| < least becomes +-least unless x is zero, q is x then;   sixteen numbers of which one may vanish take the scalar rule
///
/// Model of : - (used by block/scale_lanes.hpp)
/// Cost     : 5 instructions per 16 numbers, a branch that hardly any data take.
/// Accuracy : the codes of the scalar rule, where no code depends on more of such a quotient.
/// Promise  : the same in every processor mode: numbers are compared as integers.
/// Source   : -

#include "skive/block/lane_scheme.hpp"
#include "skive/block/scale.hpp"
#include "skive/simd/bytes.hpp"

#include <array>

namespace skive::detail {

// Is a number other than zero so small that its quotient may round to zero? Below 2^-89: by the scalar rule then.
template <class Arch>
[[gnu::always_inline]] inline bool may_vanish(simd::integers<Arch> const& magnitude) noexcept {
  using integers = simd::integers<Arch>;
  auto const least = integers::broadcast(std::bit_cast<std::int32_t>(0x1p-89f));
  return ((magnitude > integers::broadcast(0)) & (magnitude < least)).bits() != 0;
}
// Is a quotient below 2^-38 whose x is not zero?
template <class Arch>
[[gnu::always_inline]] inline bool may_be_inexact(simd::floats<Arch> const& x, simd::floats<Arch> const& q) noexcept {
  using integers = simd::integers<Arch>;
  auto const size = integers::broadcast(0x7FFF'FFFF);
  auto const there = (simd::as<std::int32_t>(x) & size) > integers::broadcast(0);
  auto const least = integers::broadcast(std::bit_cast<std::int32_t>(0x1p-38f));
  return (there & ((simd::as<std::int32_t>(q) & size) < least)).bits() != 0;
}
// q with the sign of x, of magnitude `least` or more; x where that is zero.
template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> at_least(float least, simd::floats<Arch> const& x,
                                                          simd::floats<Arch> const& q) noexcept {
  using integers = simd::integers<Arch>;
  auto const size = integers::broadcast(0x7FFF'FFFF);
  auto const bits = simd::as<std::int32_t>(x);
  auto const sized = max(simd::as<std::int32_t>(q) & size, integers::broadcast(std::bit_cast<std::int32_t>(least))) |
      (bits & integers::broadcast(std::int32_t{-0x7FFF'FFFF} - 1));
  return simd::as<float>(select((bits & size) > integers::broadcast(0), sized, bits));
}
// Sixteen codes by the scalar rule; rounding(i) is the policy of lane i.
template <class Format, class Arch, class Rounding>
[[gnu::noinline]] simd::words<Arch> codes_by_rule(simd::floats<Arch> const& x, simd::floats<Arch> const& scale,
                                                  Rounding rounding) noexcept {
  alignas(64) float number[16];
  alignas(64) float s[16];
  x.store(number);
  scale.store(s);
  return simd::generate<std::uint32_t, Arch>(
      [&](std::size_t i) { return std::uint32_t{code_at_scale<Format>(s[i], number[i], rounding(i))}; });
}

// Quotients below 2^-38 become +-2^-38 unless x is zero.
template <class Format, class Arch>
[[gnu::always_inline]] inline simd::words<Arch> codes_with_tiny(simd::floats<Arch> const& x, simd::floats<Arch> const& q,
                                                                simd::floats<Arch> const& scale) noexcept {
  if (may_vanish<Arch>(simd::as<std::int32_t>(x) & simd::integers<Arch>::broadcast(0x7FFF'FFFF))) [[unlikely]]
    return codes_by_rule<Format, Arch>(x, scale, [](std::size_t) { return nearest_even{}; });
  return format_lanes<Format, Arch>::encode(at_least<Arch>(0x1p-38f, x, q));
}

}  // namespace skive::detail
