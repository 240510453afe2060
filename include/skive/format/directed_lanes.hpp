// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/directed_lanes.hpp - the rounding policies that need no random bits, on sixteen numbers at once.
///
/// Directed rounding looks at v - floor(v). The interface is that of format/rounding_lanes.hpp.
///
/// Model of : -
/// Cost     : 6 to 8 instructions a register.
/// Accuracy : exact.
/// Promise  : the integers of the policy's increments(), for |x| below 2^22 ulps.
/// Source   : -

#include "skive/core/rounding.hpp"
#include "skive/simd/arithmetic.hpp"

#include <cstdint>

namespace skive::detail {

template <class T, class... Of>
concept one_of = (std::is_same_v<T, Of> || ...);

template <class Rounding, class Arch>
class rounding_lanes;

/// The policies that need no random bits. sees_tiny: a number, however small, is not zero to them.
template <class Rounding, class Arch>
  requires one_of<Rounding, toward_zero, toward_positive, toward_negative, nearest_away, toward_odd>
class rounding_lanes<Rounding, Arch> {
 public:
  using policy = Rounding;
  using floats = simd::floats<Arch>;
  using integers = simd::integers<Arch>;
  using mask = typename floats::mask;
  static constexpr bool sees_tiny = true;

  static constexpr std::size_t size = ~std::size_t{0};

  rounding_lanes(Rounding const&, int /*bits*/) noexcept {}
  static constexpr bool usable() noexcept { return true; }
  using window = rounding_lanes;
  [[gnu::always_inline]] window from(std::uint64_t, std::uint64_t /*least*/ = 16) const noexcept { return *this; }

  [[gnu::always_inline]] static integers round(floats const& in_ulps, mask const& negative, std::uint64_t) noexcept {
    auto const shift = floats::broadcast(0x1p23f);
    auto const one = floats::broadcast(1.0f);
    auto const near = (in_ulps + shift) - shift;
    auto const whole = select(in_ulps < near, near - one, near);
    auto const away = increments(in_ulps - whole, whole + shift, negative);
    return simd::as<std::int32_t>(select(away, whole + one, whole) + shift) - simd::as<std::int32_t>(shift);
  }

 private:
  // `keep`: the whole part is the low bits.
  [[gnu::always_inline]] static mask increments(floats const& fraction, floats const& keep, mask const& negative) noexcept {
    auto const zero = floats::broadcast(0.0f);
    if constexpr (std::is_same_v<Rounding, toward_zero>) return fraction < zero;
    if constexpr (std::is_same_v<Rounding, toward_positive>) return (fraction > zero) & ~negative;
    if constexpr (std::is_same_v<Rounding, toward_negative>) return (fraction > zero) & negative;
    if constexpr (std::is_same_v<Rounding, nearest_away>) return ~(fraction < floats::broadcast(0.5f));
    if constexpr (std::is_same_v<Rounding, toward_odd>) {
      auto const last = simd::as<std::int32_t>(keep) & integers::broadcast(1);
      return (fraction > zero) & simd::as<float>(last == integers::broadcast(0));
    }
  }
};

}  // namespace skive::detail
