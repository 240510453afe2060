// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/walked_scale.hpp - what block/scale_walk.hpp finds, and the kept scale that follows from it.
///
///   q = sum m l / sum l^2;   the kept scale nearest to q is the best one for the levels l
///
/// Of gains that come close the kept scales decide, in double.
///
/// Model of : -
/// Cost     : a division and a conversion a group, three where gains come close.
/// Accuracy : gains are exact but for one rounding each.
/// Promise  : the same scale everywhere.
/// Source   : -

#include "skive/block/scale_lanes.hpp"
#include "skive/block/walk_levels.hpp"

#include <bit>

namespace skive::detail {

/// What a walk leaves for each lane: the sums of the levels of its three largest gains.
struct walk_result {
  struct sums {
    alignas(64) std::int32_t high[16];  ///< sum m l = (high 2^16 + low) 2^-32
    alignas(64) std::int32_t low[16];
    alignas(64) float squares[16];  ///< sum l^2
  };
  sums best[3];
  std::uint32_t decided = 0;  ///< bit g: no other gain comes close to the first, but perhaps the next two
  std::uint32_t clear = 0;    ///< bit g: those do not, either
};

template <class Format, class Scale>
inline constexpr bool has_scale_walk = walk_levels<Format>::top != 0;

// Significant bits of a kept scale as far as a walk tells them apart.
template <class Scale>
inline constexpr int walk_bits = scale_bits<Scale> < 11 ? scale_bits<Scale> : 24;

// All kept scales that matter are normal numbers of the format, and floats.
template <class Format, class Scale>
constexpr bool walks_at(std::uint32_t largest) noexcept {
  auto low = 0x1p-60f;
  auto high = 0x1p60f;
  if constexpr (requires { Scale::min_normal; }) {
    low = 4 * static_cast<float>(walk_levels<Format>::top) * static_cast<float>(Scale::min_normal);
    high = static_cast<float>(Scale::max_finite) / 2;
  }
  return largest >= magnitude_bits(low) && largest <= magnitude_bits(high);
}

// The kept scale nearest to s; rounded once where the format can do it.
template <class Scale>
constexpr scale_state keep_nearest(double s) noexcept {
  if constexpr (requires { Scale::min_normal; }) {
    auto const code = Scale::encode(s);
    return {code, Scale::decode(code)};
  }
  return keep_scale<Scale>(static_cast<float>(s));
}

// The kept scale of lane g. The walk's scale is that of its levels, which are multiples of the format's.
template <class Format, class Scale>
constexpr scale_state walked_scale(walk_result const& r, std::size_t g, std::uint32_t largest) noexcept {
  auto const binade = static_cast<double>(std::bit_cast<float>(largest & 0x7F80'0000U));
  auto const inverse = static_cast<double>(std::bit_cast<float>(0x7F00'0000U - (largest & 0x7F80'0000U)));
  constexpr double unit = walk_levels<Format>::unit;
  scale_state best;
  double most = 0;
  for (auto const& s : r.best) {
    double const xl = (static_cast<double>(s.high[g]) * 0x1p16 + static_cast<double>(s.low[g])) * 0x1p-32;
    auto const ll = static_cast<double>(s.squares[g]);
    auto const kept = keep_nearest<Scale>(xl / ll * binade / unit);
    if (((r.clear >> g) & 1) != 0) return kept;
    auto const scale = static_cast<double>(kept.scale) * inverse * unit;
    auto const gain = scale * (2 * xl - scale * ll);  // scale * ll is exact
    if (gain > most || (gain == most && kept.scale > best.scale)) {
      most = gain;
      best = kept;
    }
  }
  return best;
}

}  // namespace skive::detail
