// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/hybrid_code.hpp - trellis codes of pairs: HYB, and rates between whole bits; hyb2, tcq_pair<3, 8> = 1.5 bits.
///
///   hybrid_code    h = s s + s;   entry: bits 15 - Q ... 14 of h, of 2^Q pairs;   bit 15: the first number changes sign
///   trained_pair   one pair for each of 2^L states
///   B bits a pair, B / 2 a number
///
/// The tables are this library's. QTIP fills its own with k-means of Gaussian pairs; ours are trained on paths from there on, one
/// at 2 bits a number for rates to 2.5, one at 4 bits for the others. Mean square error relative to the power of N(0, 1), rows of
/// 4096 numbers with a scale each (standard error 0.3 %, of hybrids 1 %):
///
///   bits                  1        1.5      2        2.5      3        3.5      4
///   hybrid_code, L = 16   0.2678   0.1370   0.0699   0.0359   0.0186   0.0098   0.0054
///   trained_pair, L = 8   -        0.1519   -        0.0428   -        0.0131   -
///
/// Model of : trellis_code of two values
/// Cost     : hybrid_code: a multiplication and a load of 4 bytes of 2 KiB a state; trained_pair a load of 2 bytes of 512.
/// Accuracy : levels in 16 bits (hybrid_code) or bytes.
/// Promise  : integers only, constexpr, the same everywhere.
/// Source   : A. Tseng et al. (codebook/trellis.hpp), HYB; tables: bench/codebook/train_pairs.cpp.

#include "skive/codebook/hybrid_table.hpp"
#include "skive/codebook/trellis_codec.hpp"

namespace skive {

/// L: bits of a state; B: bits of a step, two numbers; Q: bits of an entry's index. The table may be the caller's.
template <int L = 16, int B = 4, int Q = 9>
class hybrid_code {
 public:
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = 2;
  static_assert(1 <= Q && Q <= 15);
  static constexpr std::size_t entries = std::size_t{1} << Q;

  constexpr hybrid_code() noexcept
    requires(Q == 9)
      : levels_{B <= 5 ? detail::hybrid_levels_low : detail::hybrid_levels_high} {}
  /// 2^Q pairs of levels of at most 32767 in magnitude; `sigma`: root mean square, in levels, of the source they were made for.
  constexpr hybrid_code(std::int16_t const* levels, float sigma) noexcept : levels_{levels}, sigma_{sigma} {}

  static constexpr std::uint32_t hash(std::uint32_t state) noexcept { return state * state + state; }
  static constexpr std::uint32_t entry(std::uint32_t state) noexcept {
    return hash(state) >> (15 - Q) & static_cast<std::uint32_t>(entries - 1);
  }
  static constexpr bool turned(std::uint32_t state) noexcept { return (hash(state) >> 15 & 1) != 0; }

  constexpr std::int16_t level(std::uint32_t state, int v) const noexcept {
    auto const l = levels_[2 * entry(state) + static_cast<std::uint32_t>(v)];
    return v == 0 && turned(state) ? static_cast<std::int16_t>(-l) : l;
  }
  constexpr float sigma() const noexcept { return sigma_; }

 private:
  std::int16_t const* levels_ = nullptr;
  float sigma_ = detail::hybrid_sigma<B>;
};

/// B bits for two numbers, L bits of state: 3, 5 or 7 bits with 8.
template <int B, int L>
struct trained_pair {
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = 2;
  constexpr std::int16_t level(std::uint32_t state, int v) const noexcept {
    return static_cast<std::int16_t>(256 * detail::pair_table<B, L>::level[2 * state + static_cast<std::uint32_t>(v)]);
  }
  constexpr float sigma() const noexcept { return 256 * detail::pair_table<B, L>::sigma; }
};

/// Bits of two numbers: hyb<4> has 2 bits a number, hyb<5> 2.5.
template <int B, class Scale = float32>
using hyb = trellis_codec<hybrid_code<16, B>, Scale>;
using hyb2 = hyb<4>;
template <int B, int L, class Scale = float32>
using tcq_pair = trellis_codec<trained_pair<B, L>, Scale>;

static_assert(trellis_code<hybrid_code<>> && dot_codec<hyb2> && stepwise_codec<tcq_pair<3, 8>>);

}  // namespace skive
