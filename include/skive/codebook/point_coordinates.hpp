// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/point_coordinates.hpp - numbers as coordinates of points: integers in 2^-16, point l in lane l.
///
///   point_coordinate(x, inverse) = RNE(fl32(x inverse) 2^16), at most 2^22 in magnitude
///
/// Model of : -
/// Cost     : six operations for sixteen numbers and a transposition (simd/row_lanes.hpp).
/// Promise  : the same bits everywhere. x and inverse are finite.
/// Source   : -

#include "skive/codebook/single_lane.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/row_lanes.hpp"

#include <bit>

namespace skive::detail {

constexpr std::int32_t point_coordinate(float x, float inverse) noexcept {
  auto const p = x * inverse;  // nothing to contract: what is added below is an exact product with 2^16
  auto const bounded = p > 64.0f ? 64.0f : p < -64.0f ? -64.0f : p;
  return static_cast<std::int32_t>((bounded * 65536.0f + 0x1.8p23f) - 0x1.8p23f);
}

template <class Arch>
[[gnu::always_inline]] inline simd::integers<Arch> point_coordinates(simd::floats<Arch> const& x,
                                                                     simd::floats<Arch> const& inverse) noexcept {
  using floats = simd::floats<Arch>;
  auto const p = simd::product(x, inverse);
  auto const bounded = max(min(p, floats::broadcast(64.0f)), floats::broadcast(-64.0f));
  auto const shifted = simd::product(bounded, floats::broadcast(65536.0f)) + floats::broadcast(0x1.8p23f);
  return simd::as<std::int32_t>(shifted) - simd::integers<Arch>::broadcast(std::bit_cast<std::int32_t>(0x1.8p23f));
}

/// y[j] lane l = coordinate j of point l, of sixteen points of N numbers one after another; an inverse for each point.
template <class Arch, std::size_t N>
[[gnu::always_inline]] inline void load_points(float const* x, simd::floats<Arch> const& inverse,
                                               simd::integers<Arch> (&y)[N]) noexcept {
  simd::floats<Arch> turned[N];
  simd::rows_to_lanes(x, N, turned);
#pragma GCC unroll 8
  for (std::size_t j = 0; j < N; ++j) y[j] = point_coordinates<Arch>(turned[j], inverse);
}

}  // namespace skive::detail
