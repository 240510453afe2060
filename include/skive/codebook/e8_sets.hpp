// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/e8_sets.hpp - one bit a number in the shortest points of E8, and pairs of codes: the second one codes the rest.
///
///   e8_1b: 241 points of squared norm <= 2 and 15 of the sixteen points +-2 e_i (not -2 e_7), 8 bits for 8 numbers:
///     0-127    (+-1/2)^8, an even number of minus signs; bit i: coordinate i < 7 is negative
///     128-239  +-e_i +- e_j, i < j: 128 + 4 (j (j - 1) / 2 + i) + (2 if x_j < 0) + (1 if x_i < 0)
///     240      0;   241-248  2 e_i;   249-255  -2 e_i
///   pair: x' = a + b m / 256; a nearest to x, then b nearest to (x - a) k / 64, k / 64 being 256 / m to within 0.5 %
///
/// The pairs that stand here are QuIP#'s for 3 and 4 bits: E8P and e8_1b at the ratio 2.05, E8P twice at 3.6.
///
/// Model of : point_code (codebook/lattice_codec.hpp)
/// Cost     : e8_1b about 100 operations for a point, on sixteen at once where there are registers; pairs: the sum of their parts.
/// Accuracy : mean square errors of N(0, 1): 1 bit 0.318, 3 bits 0.0295, 4 bits 0.0088.
/// Promise  : as codebook/e8p.hpp. A pair is greedy, not the nearest of all sums. The numbering of e8_1b is this library's.
/// Source   : A. Tseng et al., "QuIP#", ICML 2024.

#include "skive/codebook/e8p.hpp"

namespace skive {

struct e8_1b {
  static constexpr std::size_t dimension = 8;
  static constexpr std::size_t code_bits = 8;
  static constexpr int unit_bits = 1;
  static constexpr float source_scale = 0.60f;
  static constexpr bool repeatable = true;

  /// out[j] = twice coordinate j. Every code below 256 is a point.
  static constexpr void levels(std::uint64_t code, std::int16_t* out) noexcept {
    code &= 255;
    for (std::size_t i = 0; i < 8; ++i) out[i] = 0;
    if (code < 128) {
      auto const signs = code | (static_cast<std::uint64_t>(std::popcount(code)) & 1) << 7;
      for (std::size_t i = 0; i < 8; ++i) out[i] = (signs >> i & 1) != 0 ? std::int16_t{-1} : std::int16_t{1};
    } else if (code < 240) {
      auto pair = (code - 128) / 4;
      std::size_t j = 1;
      for (; pair >= j; ++j) pair -= j;
      out[j] = (code & 2) != 0 ? std::int16_t{-2} : std::int16_t{2};
      out[pair] = (code & 1) != 0 ? std::int16_t{-2} : std::int16_t{2};
    } else if (code > 240) {
      out[(code - 241) % 8] = code < 249 ? std::int16_t{4} : std::int16_t{-4};
    }
  }

  template <class V>
  static constexpr void encode(V const (&y)[8], std::uint64_t* codes) noexcept {
    alignas(64) std::int32_t words[detail::lane_count<V>]{};
    search(y).store(words);
    for (std::size_t l = 0; l < detail::lane_count<V>; ++l) codes[l] = code_of(static_cast<std::uint32_t>(words[l]));
  }

 private:
  enum kind : std::uint8_t { halves, two, zero, one };

  // Bits 0-7 signs, 8-10 the largest coordinate, 11-13 the next, 14-16 the smallest, 17 odd, 18-19 kind.
  template <class V>
  [[gnu::always_inline]] static constexpr V search(V const (&y)[8]) noexcept {
    V sorted[8];
    auto negative = V::broadcast(0);
    auto odd = y[0] >> 31;
    auto total = V::broadcast(0);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      auto const sign = y[i] >> 31;
      auto const size = (y[i] ^ sign) - sign;
      if (i > 0) odd = odd ^ sign;
      total = total + size;
      negative = negative | (sign & V::broadcast(1 << i));
      sorted[i] = (size << 3) | V::broadcast(7 - i);
    }
    detail::sort_descending(sorted);
    auto const first = sorted[0] >> 3;
    auto const second = sorted[1] >> 3;
    auto const at = [&sorted](int i, int shift) noexcept { return (V::broadcast(7) - (sorted[i] & V::broadcast(7))) << shift; };
    // Scores 2 x c - |c|^2 in 2^-16.
    auto score = (total - V::broadcast(2 << 16)) - (odd & ((sorted[7] >> 3) << 1));
    auto form = V::broadcast(halves);
    auto const consider = [&](V const& s, int k) noexcept {
      form = select(s > score, V::broadcast(k), form);
      score = max(s, score);
    };
    consider(((first + second) << 1) - V::broadcast(2 << 16), two);
    consider(V::broadcast(0), zero);
    auto const missing = (at(0, 0) == V::broadcast(7)) & (y[7] < V::broadcast(0));
    consider(select(missing, V::broadcast(-1), (first << 2) - V::broadcast(4 << 16)), one);
    return ((negative | at(0, 8)) | (at(1, 11) | at(7, 14))) | ((odd & V::broadcast(1 << 17)) | (form << 18));
  }
  static constexpr std::uint32_t code_of(std::uint32_t word) noexcept {
    auto signs = word & 255;
    auto const first = word >> 8 & 7;
    auto const second = word >> 11 & 7;
    switch (word >> 18 & 3) {
      case halves: return (signs ^ (word >> 17 & 1) << (word >> 14 & 7)) & 127;
      case two: {
        auto const i = first < second ? first : second;
        auto const j = first < second ? second : first;
        return 128 + 4 * (j * (j - 1) / 2 + i) + 2 * (signs >> j & 1) + (signs >> i & 1);
      }
      case zero: return 240;
      default: return 241 + first + 8 * (signs >> first & 1);
    }
  }
};

/// The rest of First times k / 64 in Second, whose levels come back times m / 256.
template <class First, class Second, int M, int K>
struct residual_pair {
  static_assert(First::dimension == Second::dimension && First::code_bits + Second::code_bits <= 56);
  static_assert(M * K > 16384 * 0.995 && M * K < 16384 * 1.005, "skive::residual_pair: k / 64 has to be 256 / m");
  static constexpr std::size_t dimension = First::dimension;
  static constexpr std::size_t code_bits = First::code_bits + Second::code_bits;
  static constexpr int unit_bits = 10;
  static constexpr float source_scale = 0.98f;
  static constexpr bool repeatable = false;  // another first point can be nearer to the sum

  static constexpr void levels(std::uint64_t code, std::int16_t* out) noexcept {
    std::int16_t a[dimension]{};
    std::int16_t b[dimension]{};
    First::levels(code & first_mask, a);
    Second::levels(code >> first_bits, b);
    for (std::size_t i = 0; i < dimension; ++i)
      out[i] = static_cast<std::int16_t>(a[i] * (1 << (10 - First::unit_bits)) + b[i] * M * (1 << (2 - Second::unit_bits)));
  }

  template <class V>
  static constexpr void encode(V const (&y)[dimension], std::uint64_t* codes) noexcept {
    constexpr auto lanes = detail::lane_count<V>;
    First::encode(y, codes);
    alignas(64) std::int32_t x[dimension][lanes]{};
    for (std::size_t i = 0; i < dimension; ++i) y[i].store(x[i]);
    for (std::size_t l = 0; l < lanes; ++l) {
      std::int16_t a[dimension]{};
      First::levels(codes[l], a);
      for (std::size_t i = 0; i < dimension; ++i) x[i][l] = (x[i][l] - a[i] * (1 << (16 - First::unit_bits))) * K >> 6;
    }
    V rest[dimension];
    for (std::size_t i = 0; i < dimension; ++i) rest[i] = V::load(x[i]);
    std::uint64_t second[lanes]{};
    Second::encode(rest, second);
    for (std::size_t l = 0; l < lanes; ++l) codes[l] |= second[l] << first_bits;
  }

 private:
  static constexpr std::size_t first_bits = First::code_bits;
  static constexpr std::uint64_t first_mask = (std::uint64_t{1} << first_bits) - 1;
};

using e8_3b = residual_pair<e8p, e8_1b, 125, 131>;
using e8_4b = residual_pair<e8p, e8p, 71, 231>;

}  // namespace skive
