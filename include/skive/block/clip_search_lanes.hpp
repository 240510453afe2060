// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/clip_search_lanes.hpp - the grid of shrunken scales (block/clip_search.hpp), each tried on sixteen numbers at a time.
///
///   clip_search_in_lanes<Format, Scale, Arch>(values, limit, grid) = clip_search<Format, Scale>(values, limit, grid)
///
/// Sixteen candidates become kept scales at once; then each that differs from the one before it takes a pass over the group.
///
/// Model of : -
/// Cost     : a pass of block/group_error_lanes.hpp per different kept scale; no memory.
/// Accuracy : the bits of the scalar rule. Groups that are not finite or whose scales are extreme take it.
/// Promise  : the same bits on every instruction set.
/// Source   : see block/clip_search.hpp.

#include "skive/block/clip_search.hpp"
#include "skive/block/group_error_lanes.hpp"
#include "skive/simd/reduce.hpp"

namespace skive::detail {

/// `limit` is a normal number of moderate size, as in clip_search().
template <class Format, class Scale, class Arch, class T>
  requires has_rounded_lanes<Format, nearest_even, Arch>
scale_state clip_search_in_lanes(std::span<T const> values, float limit, clip_grid grid = {}) noexcept {
  using floats = simd::floats<Arch>;
  using integers = simd::integers<Arch>;
  constexpr int bits = scale_bits<Scale>;
  auto const largest = simd::largest(largest_in_lanes<Arch>(values));
  if (largest > magnitude_bits(0x1p60f) || largest < magnitude_bits(0x1p-30f))
    return clip_search<Format, Scale>(values, limit, grid);
  auto const full = floats::broadcast(ieee_divide(std::bit_cast<float>(largest), limit));
  auto const tried = grid.candidates < grid.steps ? grid.candidates : grid.steps;
  auto const lane = simd::generate<std::int32_t, Arch>([](std::size_t l) { return static_cast<std::int32_t>(l); });
  scale_state best;
  std::uint32_t last = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int first = 0; first == 0 || first < tried; first += 16) {
    auto const left = simd::to_float(integers::broadcast(grid.steps - first) - lane);
    auto const part = select(simd::as<float>(lane + integers::broadcast(first) == integers::broadcast(0)),
                             floats::broadcast(1.0f), left / floats::broadcast(static_cast<float>(grid.steps)));
    auto const codes = format_lanes<Scale, Arch>::encode(simd::product<Arch>(full, part));
    alignas(64) std::uint32_t code[16];
    alignas(64) float scale[16];
    codes.store(code);
    format_lanes<Scale, Arch>::decode(codes).store(scale);
    for (int i = first; i < first + 16 && (i == 0 || i < tried); ++i) {
      auto const l = static_cast<std::size_t>(i - first);
      if (i != 0 && code[l] == last) continue;
      last = code[l];
      if (!has_lane_error<bits>(scale[l])) return clip_search<Format, Scale>(values, limit, grid);
      auto const e = error_in_lanes<Format, bits, Arch>(values, scale[l]);
      if (e < least) {
        least = e;
        best = {code[l], scale[l]};
      }
    }
  }
  return best;
}

}  // namespace skive::detail
