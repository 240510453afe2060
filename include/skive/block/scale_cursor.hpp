// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/scale_cursor.hpp - scales of groups as those of lanes, sixteen lanes a step.
///
///   lane i of step k has the scale of group (16 k + i) / lanes, where `lanes` are those of a group
///
/// Model of : -
/// Cost     : a broadcast where a group is whole registers, a look-up where a step is 2, 4 or 8 groups, else a loop.
/// Promise  : reads 16 groups past the first at most, which group_parameters has.
/// Source   : -

#include "skive/block/group_parameters.hpp"
#include "skive/simd/lookup.hpp"

#include <bit>
#include <cstdint>

namespace skive::detail {

/// How scales of groups become those of lanes: a group is whole steps; 8 lanes of several registers; 2, 4 or 8 lanes; or any.
enum class spread : std::uint8_t { broadcast, halves, shift, any };

/// `halves` wherever it can be: it is shorter than `shift`, but one more loop to compile.
template <class Arch>
constexpr spread spread_of(std::size_t lanes, bool halves) noexcept {
  if (lanes % 16 == 0) return spread::broadcast;
  if (lanes == 8 && halves && simd::floats<Arch>::registers > 1) return spread::halves;
  return lanes == 8 || lanes == 4 || lanes == 2 ? spread::shift : spread::any;
}

/// Scales and zero points of the lanes of each row, step after step.
template <spread Spread, class Arch>
class scale_cursor {
 public:
  using floats = simd::floats<Arch>;

  /// `p`: one for each row; `lanes`: of a group.
  [[gnu::always_inline]] scale_cursor(group_parameters<Arch> const* p, std::size_t lanes) noexcept
      : p_{p}, lanes_{lanes}, steps_{lanes < 16 ? 1 : lanes / 16}, left_{steps_}, upper_{lanes < 16 ? std::size_t{1} : 0} {
    if constexpr (Spread == spread::shift) {
      auto const shift = std::countr_zero(static_cast<unsigned>(lanes));
      index_ = simd::generate<std::uint32_t, Arch>([](std::size_t i) noexcept { return static_cast<std::uint32_t>(i); }) >> shift;
      steps_ = std::size_t{16} >> shift;
      upper_ = lanes == 2 ? 4 : 0;
    }
  }
  [[gnu::always_inline]] floats scale(std::size_t row) const noexcept { return spread_out(p_[row].scale); }
  [[gnu::always_inline]] floats minus_zero_point(std::size_t row) const noexcept { return spread_out(p_[row].minus_zero_point); }
  [[gnu::always_inline]] void advance() noexcept {
    if constexpr (Spread == spread::halves) {
      at_ += 2;
    } else if constexpr (Spread == spread::shift) {
      at_ += steps_;
      if constexpr (whole) index_ = index_ + simd::words<Arch>::broadcast(static_cast<std::uint32_t>(steps_));
    } else if constexpr (Spread == spread::broadcast) {
      auto const over = std::size_t{0} - static_cast<std::size_t>(--left_ == 0);  // no jump: it would be a guess more a step
      at_ += over & (1 + upper_);
      left_ += over & steps_;
    } else {
      at_ += 16;
    }
  }
  /// To where a copy is after so many steps: without it where that is plain, so that loops over steps keep no count of groups.
  [[gnu::always_inline]] void advance(std::size_t steps, scale_cursor const& after) noexcept {
    if constexpr (Spread == spread::halves)
      at_ += 2 * steps;
    else if constexpr (Spread == spread::shift && !whole)
      at_ += steps_ * steps;
    else
      *this = after;
  }

 private:
  static constexpr bool quarters = simd::has_avx2<Arch>;
  static constexpr bool whole = simd::has_avx512<Arch>;  // what was stored is loaded; only the low four bits of an index count

  [[gnu::always_inline]] floats spread_out(float const* of_groups) const noexcept {
    if constexpr (Spread == spread::broadcast || Spread == spread::halves) {
      auto r = floats::broadcast(of_groups[at_]);
      auto const upper = floats::broadcast(of_groups[at_ + (Spread == spread::halves ? 1 : upper_)]);
#pragma GCC unroll 4
      for (std::size_t i = floats::registers / 2; i < floats::registers; ++i) r.part[i] = upper.part[i];
      return r;
    }
    // Scales were stored a register at a time just before: a load that needs two such stores waits for both to reach the cache.
    if constexpr (Spread == spread::shift && quarters)
      return simd::look_up_quarters<Arch>(of_groups + at_, of_groups + at_ + upper_, index_);
    if constexpr (Spread == spread::shift && whole)
      return simd::look_up(simd::float_table<Arch>{of_groups + at_ / 16 * 16}, index_);
    if constexpr (Spread == spread::shift && !quarters && !whole) return simd::look_up_8<Arch>(of_groups + at_, index_);
    if constexpr (Spread == spread::any)
      return simd::generate<float, Arch>([&](std::size_t i) noexcept { return of_groups[(at_ + i) / lanes_]; });
  }

  group_parameters<Arch> const* p_;
  std::size_t lanes_;
  std::size_t steps_;  // of a group; shift: groups of a step
  std::size_t left_;
  std::size_t upper_;   // from the group of lane 0 to that of lane 8, or to the four groups it is one of
  std::size_t at_ = 0;  // group, or lane
  simd::words<Arch> index_{};
};

}  // namespace skive::detail
