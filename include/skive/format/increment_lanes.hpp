// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/increment_lanes.hpp - does a number whose dropped bits are known become the neighbour away from zero? Sixteen at a
/// time: increments() of core/rounding.hpp for policies of format/rounding_lanes.hpp.
///
///   increments<Arch>(rounding, keep, drop, negative, i)     drop: the dropped part times 2^32, for numbers i .. i + 15
///
/// Stochastic: drop rounded to N bits as the variant says, and R, make a carry out of a word; both stand at its top.
///
/// Model of : -
/// Cost     : directed 1 to 3 instructions a register, stochastic about 8, and random bits.
/// Accuracy : exact.
/// Promise  : integers only, the same under every processor mode.
/// Source   : -

#include "skive/format/rounding_lanes.hpp"

namespace skive::detail {

template <class Arch, class Rounding>
[[gnu::always_inline]] inline typename simd::words<Arch>::mask carries(simd::words<Arch> const& drop, Rounding const& rounding,
                                                                       std::uint64_t i) noexcept {
  using words = simd::words<Arch>;
  auto random = rounding.bits_at(i);
  int const cut = 32 - rounding.random_bits();
  auto t = drop;
  auto wraps = drop < words::broadcast(0);  // none
  if (rounding.variant == stochastic_variant::c && cut != 0) {
    t = drop + words::broadcast((1U << (cut - 1)) - 1) + ((drop >> cut) & words::broadcast(1));
    wraps = t < drop;
  }
  auto const seen = rounding.variant == stochastic_variant::b && cut != 0 ? cut - 1 : cut;  // b sees one bit more, and 2 R + 1
  t = t & words::broadcast(~std::uint32_t{0} << seen);
  if (seen != cut) random = random + words::broadcast(1U << seen);
  return wraps | (t + random < t);
}

/// Of `keep` only the lowest bit counts.
template <class Arch, class Rounding>
[[gnu::always_inline]] inline typename simd::words<Arch>::mask increments(Rounding const& rounding, simd::words<Arch> const& keep,
                                                                          simd::words<Arch> const& drop,
                                                                          typename simd::words<Arch>::mask const& negative,
                                                                          std::uint64_t i) noexcept {
  using words = simd::words<Arch>;
  auto const zero = words::broadcast(0);
  if constexpr (requires { rounding.bits_at(i); }) {
    return carries<Arch>(drop, rounding, i);
  } else {
    using policy = typename Rounding::policy;
    if constexpr (std::is_same_v<policy, toward_positive>) return ~(drop == zero) & ~negative;
    if constexpr (std::is_same_v<policy, toward_negative>) return ~(drop == zero) & negative;
    if constexpr (std::is_same_v<policy, toward_odd>) return ~(drop == zero) & ((keep & words::broadcast(1)) == zero);
    if constexpr (std::is_same_v<policy, nearest_away>)
      return simd::as<std::uint32_t>(simd::as<std::int32_t>(drop) < simd::integers<Arch>::broadcast(0));
    return drop < zero;  // toward_zero: none
  }
}

}  // namespace skive::detail
