// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/group_error_lanes.hpp - the squared error of one group under a candidate scale, sixteen numbers at a time.
///
///   error_in_lanes<Format, ScaleBits, Arch>(values, s) = error_at_scale<Format>(values, s)   (block/group_error.hpp)
///
/// Only for finite numbers of magnitude at most 2^100 and scales that has_lane_error() allows: quotients are then right wherever
/// they are 2^-60 or more, and what is below counts as zero.
///
/// Model of : -
/// Cost     : a quotient, an encode, a decode and 14 instructions for the sum per 16 numbers (AVX2); about 40 a call.
/// Accuracy : the bits of the scalar rule: the sixteen lanes are its sixteen sums.
/// Promise  : the same bits on every instruction set.
/// Source   : -

#include "skive/block/scale_lanes.hpp"
#include "skive/simd/double_sum.hpp"

namespace skive::detail {

// Is the error under this scale found in lanes? Below 2^-40 small quotients need not be exact, but for powers of two.
template <int ScaleBits>
constexpr bool has_lane_error(float scale) noexcept {
  constexpr float least = ScaleBits == 1 ? 0x1p-60f : 0x1p-40f;
  return magnitude_bits(scale) >= magnitude_bits(least) && magnitude_bits(scale) <= magnitude_bits(0x1p60f);
}

/// Precondition: has_lane_error<ScaleBits>(scale), |x| <= 2^100.
template <class Format, int ScaleBits, class Arch, class T>
[[gnu::always_inline]] inline double error_in_lanes(std::span<T const> values, float scale) noexcept {
  using floats = simd::floats<Arch>;
  using integers = simd::integers<Arch>;
  auto const p = scale_parameters<ScaleBits, Arch, true>(floats::broadcast(scale)).value;
  auto const zero = floats::broadcast(0.0f);
  auto const distance = [&](floats const& x) __attribute__((always_inline)) {
    auto const ratio = simd::quotient(x, simd::divisor<ScaleBits, Arch>{p[0], p[1], p[2]});
    auto const tiny = (simd::as<std::int32_t>(ratio) & integers::broadcast(0x7FFF'FFFF)) <
        integers::broadcast(static_cast<std::int32_t>(magnitude_bits(0x1p-60f)));
    return decode_lanes<Format, Arch>(codes_at_scale<Format, ScaleBits, Arch>(x, p)) - select(simd::as<float>(tiny), zero, ratio);
  };
  simd::double_sum<Arch> sum;
  std::size_t i = 0;
  for (; i + 16 <= values.size(); i += 16) sum.add_squares(distance(load_numbers<Arch>(values.data() + i)));
  if (i != values.size()) [[unlikely]] {
    auto const lane = simd::generate<std::int32_t, Arch>([](std::size_t l) { return static_cast<std::int32_t>(l); });
    auto const there = lane < integers::broadcast(static_cast<std::int32_t>(values.size() - i));
    sum.add_squares(select(simd::as<float>(there), distance(load_rest<Arch>(values.subspan(i))), zero));  // zero may be no level
  }
  auto const s = static_cast<double>(scale);
  return sum.total() * s * s;
}

}  // namespace skive::detail
