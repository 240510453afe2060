// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/walk_levels.hpp - the levels of a format as integers, and the steps between them, for block/scale_walk.hpp.
///
///   integers   0, 1, 2, ... top
///   E2M1       0, 1, 2, 3, 4, 6, 8, 12     in halves: steps of 1 to 4, of 2 to 8, then 4
///
/// A number leaves level l for l + d at t = (2 l + d) h, where h = 1 / (2 m): c h with c = 1, 3, 5, ... and for E2M1 1, 3, 5, 7, 10,
/// 14, 20, all of at most 3 significant bits (4 for integers), so that c h is a float where h has 20.
///
/// Model of : -
/// Cost     : integers none; E2M1 about 12 instructions a breakpoint and register.
/// Accuracy : exact.
/// Promise  : written in the operations of block/walk_lanes.hpp: the same for one group as for sixteen.
/// Source   : -

#include "skive/format/fp4.hpp"
#include "skive/format/integer.hpp"

namespace skive::detail {

/// top: the largest level, 0 where there is no walk; unit: what a level of 1 is in the format.
template <class Format>
struct walk_levels {
  static constexpr int top = 0;
};

template <int Bits>
  requires(Bits == 3 || Bits == 4)  // of fewer levels the bounds of the walk say too little
struct walk_levels<fixed_point<Bits, 0, integer_range::restricted>> {
  static constexpr int top = (1 << (Bits - 1)) - 1;
  static constexpr int last = 2 * top - 1;  ///< the last c
  static constexpr double unit = 1.0;

  template <class Lanes>
  struct in {
    using numbers = typename Lanes::numbers;
    using integers = typename Lanes::integers;
    /// A level next to v: a nearest one, or one beside it.
    [[gnu::always_inline]] static numbers near(numbers const& v) noexcept {
      return Lanes::least((v + Lanes::of(0x1.8p23f)) - Lanes::of(0x1.8p23f), Lanes::of(top));
    }
    /// From this level to the next, and to the one before.
    [[gnu::always_inline]] static numbers up(numbers const&) noexcept { return Lanes::of(1.0f); }
    [[gnu::always_inline]] static numbers down(numbers const&) noexcept { return Lanes::of(1.0f); }
    /// The next breakpoint, where t is one and step is 2 h; and x times the levels climbed at t.
    [[gnu::always_inline]] static numbers after(numbers const& t, numbers const& step) noexcept { return t + step; }
    [[gnu::always_inline]] static integers climbed(numbers const&, numbers const&, integers const& x) noexcept { return x; }
  };
};

template <>
struct walk_levels<e2m1> {
  static constexpr int top = 12;
  static constexpr int last = 20;
  static constexpr double unit = 0.5;

  template <class Lanes>
  struct in {
    using numbers = typename Lanes::numbers;
    using integers = typename Lanes::integers;
    // 1, 2 or 4 where x is at most a, at most b, or larger.
    [[gnu::always_inline]] static numbers grow(numbers const& x, numbers const& a, numbers const& b) noexcept {
      return Lanes::pick(b < x, Lanes::of(4.0f), Lanes::pick(a < x, Lanes::of(2.0f), Lanes::of(1.0f)));
    }
    [[gnu::always_inline]] static numbers near(numbers const& v) noexcept {
      auto const bounded = Lanes::least(v, Lanes::of(top));
      auto const shift = Lanes::times(grow(bounded, Lanes::of(4.0f), Lanes::of(8.0f)), Lanes::of(0x1.8p23f));
      return (bounded + shift) - shift;
    }
    [[gnu::always_inline]] static numbers up(numbers const& l) noexcept { return grow(l, Lanes::of(3.5f), Lanes::of(7.5f)); }
    [[gnu::always_inline]] static numbers down(numbers const& l) noexcept { return grow(l, Lanes::of(4.5f), Lanes::of(8.5f)); }
    [[gnu::always_inline]] static numbers after(numbers const& t, numbers const& step) noexcept {
      // Half the steps of this climb and of the next: c is past 8 and 16, and past 6 and 12. Sums of steps are exact.
      auto const half = Lanes::times(step, Lanes::of(0.5f));
      auto const two = step + step;
      auto const three = two + step;
      auto const four = two + two;
      auto const now = Lanes::pick(four + four < t, two, Lanes::pick(four < t, step, half));
      auto const next = Lanes::pick(three + three < t, two, Lanes::pick(three < t, step, half));
      return t + (now + next);
    }
    [[gnu::always_inline]] static integers climbed(numbers const& t, numbers const& step, integers const& x) noexcept {
      auto const two = step + step;
      auto const four = two + two;
      auto const twice = x + x;
      return Lanes::pick(four + four < t, twice + twice, Lanes::pick(four < t, twice, x));
    }
  };
};

}  // namespace skive::detail
