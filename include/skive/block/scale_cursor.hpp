// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/scale_cursor.hpp - scales of groups as those of lanes, sixteen lanes a step.
///
///   lane i of step k has the scale of group (16 k + i) / lanes, where `lanes` are those of a group
///
/// Model of : -
/// Cost     : a broadcast where a group is whole steps, a look-up where a step is 2, 4 or 8 groups, else a loop.
/// Promise  : reads 16 groups past the first at most, which group_parameters has.
/// Source   : -

#include "skive/block/group_parameters.hpp"
#include "skive/simd/lookup.hpp"

#include <bit>
#include <cstdint>

namespace skive::detail {

/// How scales of groups become those of lanes.
enum class spread : std::uint8_t { shift, broadcast, any };

constexpr spread spread_of(std::size_t lanes) noexcept {
  if (lanes % 16 == 0) return spread::broadcast;
  return lanes > 1 && lanes < 16 && (lanes & (lanes - 1)) == 0 ? spread::shift : spread::any;
}

/// Scales and zero points of the lanes of each row, step after step.
template <spread Spread, class Arch>
class scale_cursor {
 public:
  using floats = simd::floats<Arch>;

  /// `p`: one for each row; `lanes`: of a group.
  [[gnu::always_inline]] scale_cursor(group_parameters<Arch> const* p, std::size_t lanes) noexcept
      : p_{p}, lanes_{lanes}, left_{lanes / 16} {
    if constexpr (Spread == spread::shift) {
      auto const shift = std::countr_zero(static_cast<unsigned>(lanes));
      index_ = simd::generate<std::uint32_t, Arch>([](std::size_t i) noexcept { return static_cast<std::uint32_t>(i); }) >> shift;
      left_ = std::size_t{16} >> shift;
    }
  }
  [[gnu::always_inline]] floats scale(std::size_t row) const noexcept { return spread_out(p_[row].scale); }
  [[gnu::always_inline]] floats minus_zero_point(std::size_t row) const noexcept { return spread_out(p_[row].minus_zero_point); }
  [[gnu::always_inline]] void advance() noexcept {
    if constexpr (Spread == spread::shift) {
      at_ += left_;
    } else if constexpr (Spread == spread::broadcast) {
      if (--left_ == 0) ++at_, left_ = lanes_ / 16;
    } else {
      at_ += 16;
    }
  }

 private:
  [[gnu::always_inline]] floats spread_out(float const* of_groups) const noexcept {
    if constexpr (Spread == spread::shift) return simd::look_up_8<Arch>(of_groups + at_, index_);
    if constexpr (Spread == spread::broadcast) return floats::broadcast(of_groups[at_]);
    if constexpr (Spread == spread::any)
      return simd::generate<float, Arch>([&](std::size_t i) noexcept { return of_groups[(at_ + i) / lanes_]; });
  }

  group_parameters<Arch> const* p_;
  std::size_t lanes_;
  std::size_t left_;
  std::size_t at_ = 0;  // group, or lane
  simd::words<Arch> index_{};
};

}  // namespace skive::detail
