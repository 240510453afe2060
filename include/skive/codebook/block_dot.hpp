// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/block_dot.hpp - products of two rows of floats that come in pieces.
///
///   lane l = sum a_i b_i, i = l mod 16 within its piece;   y = the lanes added in halves: 8, 4, 2, 1
///
/// Model of : -
/// Cost     : two loads, a product and a sum for sixteen numbers; the rest of a piece one by one.
/// Accuracy : |y - exact| <= (n / 16 + 5) 2^-24 sum |a_i b_i| for pieces of multiples of 16: products are rounded before they are added.
/// Promise  : the same bits everywhere, for the same pieces.
/// Source   : -

#include "skive/core/separate.hpp"
#include "skive/simd/arithmetic.hpp"

namespace skive::detail {

/// Sixteen running sums: add() for each piece, then total().
template <class Arch>
class block_dot {
 public:
  void add(float const* a, float const* b, std::size_t n) noexcept {
    std::size_t i = 0;
    if constexpr (simd::vector_arch<Arch>) {
      using floats = simd::floats<Arch>;
      auto sum = floats::load(lanes_);
      for (; i + 16 <= n; i += 16) sum = sum + simd::product(floats::load(a + i), floats::load(b + i));
      sum.store(lanes_);
    }
    for (; i < n; ++i) lanes_[i % 16] += separate(a[i] * b[i]);
  }
  float total() const noexcept {
    float lanes[16];
    for (std::size_t l = 0; l < 16; ++l) lanes[l] = lanes_[l];
    for (std::size_t half = 8; half > 0; half /= 2)
      for (std::size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    return lanes[0];
  }

 private:
  alignas(64) float lanes_[16]{};
};

}  // namespace skive::detail
