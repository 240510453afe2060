// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/rounding_lanes.hpp - rounding policies other than nearest even on sixteen numbers at once.
///
///   rounding_lanes<Rounding, Arch> all{policy, bits};    all.usable()     for |x| below 2^bits ulps
///   auto const now = all.from(i)     for now.size numbers from number i on, 16 at least
///   now.round(v, negative, j):   v = |x| / ulp to an integer, for numbers j .. j + 15, where j - i is a multiple of 16
///
/// Model of : -
/// Cost     : see format/directed_lanes.hpp and format/stochastic_lanes.hpp.
/// Accuracy : exact.
/// Promise  : the integers of the policy's increments(), for bits <= 22; usable() says no to counts that are none.
/// Source   : -

#include "skive/format/directed_lanes.hpp"
#include "skive/format/stochastic_lanes.hpp"

namespace skive::detail {

template <class Rounding, class Arch>
concept rounds_in_lanes = simd::vector_arch<Arch> && requires(Rounding const& r) { rounding_lanes<Rounding, Arch>{r, 1}; };

/// f(now), where that has nothing to ask at run time if there is a window of bytes.
template <class Window, class F>
[[gnu::always_inline]] inline void with_window(Window const& now, F f) noexcept {
  if constexpr (requires { now.by_bytes(); })
    if (now.rounds_by_bytes()) return f(now.by_bytes());
  f(now);
}

/// The scalar policies of the numbers from place i on, given their lane.
template <class Arch, class Rounding>
[[gnu::always_inline]] inline auto policy_of_lanes(Rounding const& rounding, std::size_t i) noexcept {
  if constexpr (requires { typename Rounding::policy; }) {
    return [](std::size_t) noexcept { return typename Rounding::policy{}; };
  } else {
    std::array<std::uint32_t, 16> random;
    rounding.bits_at(i).store(random.data());
    return [random, n = rounding.random_bits(), variant = rounding.variant](std::size_t lane) noexcept {
      return stochastic{random[lane] >> (32 - n), n, variant};
    };
  }
}

/// Bits of a magnitude; where `Lift` is set, no number other than zero is below the least normal float, so that no processor mode
/// takes it for zero.
template <bool Lift, class Arch>
[[gnu::always_inline]] inline simd::integers<Arch> lift_tiny(simd::integers<Arch> const& magnitude) noexcept {
  using integers = simd::integers<Arch>;
  if constexpr (!Lift) return magnitude;
  auto const zero = integers::broadcast(0);
  return select(magnitude > zero, max(magnitude, integers::broadcast(0x0080'0000)), zero);
}

}  // namespace skive::detail
