// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/sawtooth_points.hpp - scales that block/sawtooth_search.hpp has tried, and whether a better one may lie between two.
///
///   point     t = 1 / s, g(t) from below, mark: what tells scales apart, ascending with t
///             for cells also sqrt(E_cell) from below, and D
///
/// Marks are ranks of cells or codes of kept scales with a minus: between marks that differ by one there is nothing.
///
/// Model of : -
/// Cost     : done() 12 instructions a register, for cells 15 more.
/// Accuracy : bounds have margins for their own rounding.
/// Promise  : written in the operations of block/walk_lanes.hpp.
/// Source   : see block/sawtooth_search.hpp.

#include "skive/block/walk_lanes.hpp"

namespace skive::detail {

/// Points in registers.
template <class Lanes>
struct sawtooth_points {
  typename Lanes::numbers t, g, mark, low, squares;
};

/// Count points in memory; `Cells`: with all fields.
template <bool Cells, std::size_t Count>
struct sawtooth_rows {
  alignas(64) float t[Count];
  alignas(64) float g[Count];
  alignas(64) float mark[Count];
  alignas(64) float low[Cells ? Count : 1];
  alignas(64) float squares[Cells ? Count : 1];

  template <class Lanes>
  [[gnu::always_inline]] sawtooth_points<Lanes> load(std::size_t k) const noexcept {
    sawtooth_points<Lanes> p{Lanes::load(t + k), Lanes::load(g + k), Lanes::load(mark + k), {}, {}};
    if constexpr (Cells) p.low = Lanes::load(low + k), p.squares = Lanes::load(squares + k);
    return p;
  }
  template <class Lanes>
  [[gnu::always_inline]] void store(sawtooth_points<Lanes> const& p, std::size_t k) noexcept {
    Lanes::store(p.t, t + k);
    Lanes::store(p.g, g + k);
    Lanes::store(p.mark, mark + k);
    if constexpr (Cells) Lanes::store(p.low, low + k), Lanes::store(p.squares, squares + k);
  }
  /// Point `from` of others becomes point k.
  template <std::size_t Others>
  [[gnu::always_inline]] void copy(std::size_t k, sawtooth_rows<Cells, Others> const& others, std::size_t from) noexcept {
    t[k] = others.t[from];
    g[k] = others.g[from];
    mark[k] = others.mark[from];
    if constexpr (Cells) low[k] = others.low[from], squares[k] = others.squares[from];
  }
};

/// What the bounds need to know of a group; `least`: no less than the root of the least known error, at most `norm`.
struct sawtooth_bounds {
  float norm;         ///< the slope X
  float least_climb;  ///< what D grows by at least where a number climbs
  float least;
};

/// The scale between a and b at which the bound is lowest, times two.
template <class Lanes>
[[gnu::always_inline]] inline typename Lanes::numbers lowest_twice(sawtooth_points<Lanes> const& a,
                                                                   sawtooth_points<Lanes> const& b, float norm) noexcept {
  return (a.t + b.t) + Lanes::times(a.g - b.g, Lanes::of(1.0f / norm));
}

/// Can no scale between a and b be the best one?
template <bool Cells, class Lanes>
[[gnu::always_inline]] inline typename Lanes::mask done(sawtooth_points<Lanes> const& a, sawtooth_points<Lanes> const& b,
                                                        sawtooth_bounds const& known) noexcept {
  auto const width = b.t - a.t;
  auto const tooth = (a.g + b.g) - Lanes::times(width, Lanes::of(known.norm));
  auto const bound = Lanes::times(lowest_twice(a, b, known.norm), Lanes::of(known.least * 1.00001f)) +
      Lanes::times(b.t, Lanes::of(known.norm * 0x1p-20f));
  auto nothing = (bound < tooth) | (b.mark - a.mark < Lanes::of(1.5f));
  if constexpr (Cells) {
    auto const narrow = Lanes::times(b.squares + b.squares, width) < Lanes::times(a.t, Lanes::of(known.least_climb));
    auto const hidden = Lanes::times(b.squares - a.squares, Lanes::times(width, Lanes::of(1.0001f))) /
        Lanes::times(Lanes::times(a.t, a.t), Lanes::times(b.t, Lanes::of(4.0f)));
    auto const low = Lanes::least(a.low, b.low);
    auto const least = Lanes::of(known.least * 1.00001f);
    nothing = nothing | narrow | (Lanes::times(least, least) + hidden < Lanes::times(low, low));
  }
  return nothing;
}

}  // namespace skive::detail
