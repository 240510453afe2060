// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/double_sum.hpp - sums of floats in sixteen lanes of double.
///
///   add(x)     lane i += x_i, exactly converted;   total(): i + (i + 8), then 4, 2, 1, as detail::lane_sums of
///   block/group_error.hpp
///
/// Subnormal x count as zero in every processor mode.
///
/// Model of : -
/// Cost     : 16 numbers: AVX-512 7 instructions, AVX2 14, SSE2 28; total() about 30.
/// Accuracy : each addition rounds to double.
/// Promise  : the same bits on every instruction set.
/// Source   : -

#include "skive/simd/widen.hpp"

namespace skive::simd {

template <class Arch>
class double_sum {
  using batch = xsimd::batch<double, Arch>;
  static constexpr std::size_t registers = 16 / batch::size;

 public:
  [[gnu::always_inline]] double_sum() noexcept {
#pragma GCC unroll 8
    for (auto& p : part_) p = batch(0.0);
  }
  [[gnu::always_inline]] void add(floats<Arch> const& x) noexcept {
    auto const magnitude = as<std::int32_t>(x) & integers<Arch>::broadcast(0x7FFF'FFFF);
    auto const subnormal = as<float>(magnitude < integers<Arch>::broadcast(0x0080'0000));
    auto const y = select(subnormal, floats<Arch>::broadcast(0.0f), x);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < y.registers; ++i) {
      auto const wide = widen<Arch>(y.part[i]);
      part_[2 * i] += wide.low;
      part_[2 * i + 1] += wide.high;
    }
  }
  /// Squares are exact. No lane is subnormal.
  [[gnu::always_inline]] void add_squares(floats<Arch> const& x) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < x.registers; ++i) {
      auto const wide = widen<Arch>(x.part[i]);
      part_[2 * i] += wide.low * wide.low;
      part_[2 * i + 1] += wide.high * wide.high;
    }
  }
  [[gnu::always_inline]] double total() const noexcept {
    auto lower = *this;
#pragma GCC unroll 4
    for (std::size_t half = registers / 2; half > 0; half /= 2)
#pragma GCC unroll 8
      for (std::size_t i = 0; i < half; ++i) lower.part_[i] += lower.part_[i + half];
    alignas(64) double lanes[batch::size];
    lower.part_[0].store_aligned(lanes);
    for (std::size_t half = batch::size / 2; half > 0; half /= 2)
      for (std::size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    return lanes[0];
  }

 private:
  batch part_[registers];
};

}  // namespace skive::simd
