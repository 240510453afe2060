// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/walk_levels.hpp - the levels of a format as integers, for block/scale_walk.hpp.
///
///   integers   0, 1, 2, ... top
///   E2M1       0, 1, 2, 3, 4, 6, 8, 12     in halves: steps of 1 to 4, of 2 to 8, then 4
///
/// A number that climbs from level l to l' adds l' - l to the sum of levels and l'^2 - l^2 to that of squares. Steps of 1 alone
/// add 1 to the former; those of E2M1 that add 2 and 4 add more to the latter than any two climbs of the same sum.
///
/// Model of : -
/// Cost     : near: 3 instructions a register, E2M1 5.
/// Accuracy : exact.
/// Promise  : written in the operations of block/walk_lanes.hpp: the same for one group as for sixteen. near() is monotone.
/// Source   : -

#include "skive/format/fp4.hpp"
#include "skive/format/integer.hpp"

#include <array>

namespace skive::detail {

/// top: the largest level, 0 where there is no walk; unit: what a level of 1 is in the format.
template <class Format>
struct walk_levels {
  static constexpr int top = 0;
};

/// Levels of the largest magnitude at which the walk looks first, so that it knows a good gain; the last one is where it starts.
template <int Top>
inline constexpr std::array<float, 6> first_levels{0.85f * Top, 0.93f * Top, 1.02f * Top,
                                                   1.12f * Top, 1.23f * Top, 0x1.00001p-1f};

template <int Bits>
  requires(Bits >= 2 && Bits <= 4)
struct walk_levels<fixed_point<Bits, 0, integer_range::restricted>> {
  static constexpr int top = (1 << (Bits - 1)) - 1;
  static constexpr double unit = 1.0;
  static constexpr float spacing = 0.7f;  ///< climbs are about this far apart, times t and over the sum of levels

  template <class Lanes>
  struct in {
    using numbers = typename Lanes::numbers;
    using mask = typename Lanes::mask;
    /// The nearest level of v >= 0.
    [[gnu::always_inline]] static numbers near(numbers const& v) noexcept {
      return (Lanes::least(v, Lanes::of(top)) + Lanes::of(0x1.8p23f)) - Lanes::of(0x1.8p23f);
    }
    /// Is it one climb, or none, that adds so much to the sums of levels and of their squares?
    [[gnu::always_inline]] static mask at_most_one(numbers const& level, numbers const&) noexcept {
      return level < Lanes::of(1.5f);
    }
  };
};

template <>
struct walk_levels<e2m1> {
  static constexpr int top = 12;
  static constexpr double unit = 0.5;
  static constexpr float spacing = 1.5f;

  template <class Lanes>
  struct in {
    using numbers = typename Lanes::numbers;
    using mask = typename Lanes::mask;
    [[gnu::always_inline]] static numbers near(numbers const& v) noexcept {
      auto const bounded = Lanes::least(v, Lanes::of(top));
      // Adding 1.5 2^22 times the power of two below leaves two bits of what is 2 or more.
      auto const power = Lanes::most(Lanes::from_bits(Lanes::bits(bounded) & Lanes::whole(0x7F80'0000)), Lanes::of(2.0f));
      return Lanes::plus_exact(power, Lanes::of(-0x1.8p22f), Lanes::plus_exact(power, Lanes::of(0x1.8p22f), bounded));
    }
    [[gnu::always_inline]] static mask at_most_one(numbers const& level, numbers const& squares) noexcept {
      auto const one = level < Lanes::of(1.5f);
      auto const two = level < Lanes::of(2.5f);
      auto const four = level < Lanes::of(4.5f);
      auto const more_than_two_ones = Lanes::of(14.5f) < squares;
      auto const more_than_two_twos = Lanes::of(56.5f) < squares;
      return one | (two & more_than_two_ones) | (four & more_than_two_twos);
    }
  };
};

}  // namespace skive::detail
