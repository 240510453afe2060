// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/best_three.hpp - the three largest gains a walk has met, and what the fourth one is, lane by lane.
///
///   consider(gain, D, t)     D = sum of squares of the levels, t = 1 / s;   gain = 0: nothing to consider
///
/// Squares of levels never fall while t grows: equal ones are the same levels, and count once.
///
/// Model of : -
/// Cost     : about 25 instructions a register.
/// Accuracy : -
/// Promise  : written in the operations of block/walk_lanes.hpp: the same for one group as for sixteen.
/// Source   : -

#include "skive/block/walk_lanes.hpp"

namespace skive::detail {

template <class Lanes>
struct best_three {
  using numbers = typename Lanes::numbers;
  using mask = typename Lanes::mask;

  struct candidate {
    numbers gain = Lanes::of(0.0f);
    numbers squares = Lanes::of(0.0f);
    numbers t = Lanes::of(0.0f);
    [[gnu::always_inline]] void replace(mask const& m, candidate const& other) noexcept {
      gain = Lanes::pick(m, other.gain, gain);
      squares = Lanes::pick(m, other.squares, squares);
      t = Lanes::pick(m, other.t, t);
    }
  };

  candidate best[3];  ///< the largest gain first; gain 0: none
  numbers fourth = Lanes::of(0.0f);

  [[gnu::always_inline]] void consider(candidate now) noexcept {
    for (auto const& known : best) now.gain = Lanes::pick(now.squares == known.squares, Lanes::of(0.0f), now.gain);
    fourth = Lanes::most(fourth, Lanes::least(now.gain, best[2].gain));
    auto const third = best[2].gain < now.gain;
    auto const second = best[1].gain < now.gain;
    auto const first = best[0].gain < now.gain;
    best[2].replace(third, now);
    best[2].replace(second, best[1]);
    best[1].replace(second, now);
    best[1].replace(first, best[0]);
    best[0].replace(first, now);
  }
};

}  // namespace skive::detail
