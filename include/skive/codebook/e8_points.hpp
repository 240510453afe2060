// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/e8_points.hpp - nearest points of E8, many at once, in integer arithmetic.
///
///   e8_nearest<S>(y, twice)      y in 2^-S; twice: the point's coordinates times 2
///   nearest_e8(x, out)           a row of points, eight numbers each
///
/// With r = round(y), e = y - r, the distances to D8 and to D8 + 1/2 differ by sum |e| - 2, plus 1 - 2 max |e| where the sum of r
/// is odd, less 2 min |e| where that of floor(y) is: no square is needed.
///
/// Model of : -
/// Cost     : about 30 operations a coordinate on sixteen points at once.
/// Promise  : the nearest point to x as a multiple of 2^-16, |x| <= 64 (what is beyond counts as 64); of equals D8 before D8 + 1/2,
///            and a change of parity at the first place. The same bits everywhere. nearest_e8 refuses NaN and infinity with
///            not_finite, other lengths with size_mismatch.
/// Source   : J. H. Conway, N. J. A. Sloane, "Fast quantizing and decoding algorithms for lattice quantizers and codes", 1982.

#include "skive/block/scheme.hpp"
#include "skive/codebook/point_coordinates.hpp"
#include "skive/core/status.hpp"

#include <span>

namespace skive {

namespace detail {

/// |y| < 2^27, 1 <= S <= 24.
template <int S, class V>
[[gnu::always_inline]] constexpr void e8_nearest(V const (&y)[8], V (&twice)[8]) noexcept {
  constexpr std::int32_t half = 1 << (S - 1);
  V below[8];
  V rest[8];  // of the integer, in -half .. half - 1
  V size[8];
  V most{};
  V least{};
  V total{};
  V odd{};
  V odd_below{};
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    auto const r = (y[i] + V::broadcast(half)) >> S;
    below[i] = y[i] >> S;
    rest[i] = y[i] - (r << S);
    twice[i] = r << 1;
    auto const sign = rest[i] >> 31;
    size[i] = (rest[i] ^ sign) - sign;
    auto const high = (size[i] << 3) | V::broadcast(7 - i);
    auto const low = (size[i] << 3) | V::broadcast(i);
    most = i == 0 ? high : max(most, high);
    least = i == 0 ? low : min(least, low);
    total = i == 0 ? size[i] : total + size[i];
    odd = i == 0 ? r : odd ^ r;
    odd_below = i == 0 ? below[i] : odd_below ^ below[i];
  }
  auto const zero = V::broadcast(0);
  auto const fix = zero - (odd & V::broadcast(1));
  auto const fix_half = zero - (odd_below & V::broadcast(1));
  auto const to_whole = (total - V::broadcast(4 * half)) + (fix & (V::broadcast(2 * half) - ((most >> 3) << 1)));
  auto const to_half = fix_half & ((least >> 3) << 1);
  auto const halves = to_half < to_whole;
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    auto const away = ((rest[i] >> 31) & V::broadcast(-4)) + V::broadcast(2);  // where a changed parity sends the integer: +-2
    auto const high = (size[i] << 3) | V::broadcast(7 - i);
    auto const low = (size[i] << 3) | V::broadcast(i);
    auto const whole = twice[i] + select(high == most, fix & away, zero);
    auto const point = (below[i] << 1) + V::broadcast(1) - select(low == least, fix_half & away, zero);
    twice[i] = select(halves, point, whole);
  }
}

}  // namespace detail

template <class Arch = native_arch>
status nearest_e8(std::span<float const> x, std::span<float> out) noexcept {
  if (x.size() != out.size() || x.size() % 8 != 0) return errc::size_mismatch;
  if (detail::largest_magnitude(x) >= float_infinity_bits) return errc::not_finite;
  std::size_t done = 0;
  if constexpr (simd::vector_arch<Arch>) {
    using integers = simd::integers<Arch>;
    for (; done + 128 <= x.size(); done += 128) {
      integers y[8];
      detail::load_points<Arch, 8>(x.data() + done, simd::floats<Arch>::broadcast(1.0f), y);
      integers twice[8];
      detail::e8_nearest<16>(y, twice);
      simd::floats<Arch> lanes[8];
#pragma GCC unroll 8
      for (std::size_t j = 0; j < 8; ++j) lanes[j] = simd::product(simd::to_float(twice[j]), simd::floats<Arch>::broadcast(0.5f));
      simd::lanes_to_rows(lanes, out.data() + done, 8);
    }
  }
  for (; done < x.size(); done += 8) {
    detail::single_lane y[8]{};
    detail::single_lane twice[8]{};
    for (std::size_t j = 0; j < 8; ++j) y[j] = {detail::point_coordinate(x[done + j], 1.0f)};
    detail::e8_nearest<16>(y, twice);
    for (std::size_t j = 0; j < 8; ++j) out[done + j] = static_cast<float>(twice[j].lane) * 0.5f;
  }
  return errc::ok;
}

}  // namespace skive
