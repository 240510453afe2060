// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/e8p.hpp - E8P, 65536 points of E8 + 1/4 in 16 bits for 8 numbers, and its exact nearest point.
///
///   code c: row = c >> 8 of codebook/e8p_table.hpp, s = c & 255, p = parity of s;  s' = s ^ p;   entry 7 of odd rows is negative
///   entry k changes its sign where bit k of s' is set;   then 1/4 is added to every coordinate (p = 0) or taken away (p = 1)
///
/// The nearest point: for either p, y = x -+ 1/4 has to have signs of a given parity. Of the rows that are permutations of each
/// other the best one has the order of |y|; where the parity is wrong, the smallest |y| changes its sign, since it meets a 1/2. So
/// seven sorted leaders stand for 227 rows; the 29 of norm 12 are tried one by one.
///
/// Model of : point_code (codebook/lattice_codec.hpp)
/// Cost     : about 1000 operations for a point, on sixteen points at once where there are registers.
/// Accuracy : mean square error of N(0, 1) at source_scale: 0.0914.
/// Promise  : the nearest of the 65536 points to x as a multiple of 2^-16, |x| <= 64; integer arithmetic: the same code everywhere.
/// Source   : A. Tseng et al., "QuIP#", ICML 2024.

#include "skive/codebook/e8p_table.hpp"
#include "skive/codebook/single_lane.hpp"

#include <utility>

namespace skive {

namespace detail {

/// The nearest point for one sign of the shift. `score` is 2 x c - |c|^2 in 2^-16, c without the shift.
template <class V>
class e8p_search {
 public:
  V score;
  V word;  ///< bits 0-7 coordinates above 1/2, 8-15 those of 5/2, 16-23 negative ones, 24-28 chosen row plus 1, 29 one sign is wrong

  /// y: x without the shift, in 2^-16.
  [[gnu::always_inline]] constexpr explicit e8p_search(V const (&y)[8]) noexcept {
    V sign[8];
    V size[8];
    V key[8];
    V sorted[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      sign[i] = y[i] >> 31;
      size[i] = (y[i] ^ sign[i]) - sign[i];
      key[i] = (size[i] << 3) | V::broadcast(7 - i);  // of equals the first is the largest
      sorted[i] = key[i];
    }
    auto const odd = ((sign[0] ^ sign[1]) ^ (sign[2] ^ sign[3])) ^ ((sign[4] ^ sign[5]) ^ (sign[6] ^ sign[7]));
    auto const total = ((size[0] + size[1]) + (size[2] + size[3])) + ((size[4] + size[5]) + (size[6] + size[7]));
    sort_descending(sorted);
    leaders(sorted, odd, total);
    leader_word(sign, key, sorted, odd);
    chosen_rows(sign, size, odd, total, std::make_index_sequence<e8p_extra>{});
  }

 private:
  // Squared norms 2, 4, 6, 8, 10 with none to four 3/2; 8 and 10 with a 5/2 and none or one 3/2.
  [[gnu::always_inline]] constexpr void leaders(V const (&sorted)[8], V const& odd, V const& total) noexcept {
    V top[4];
    for (int k = 0; k < 4; ++k) top[k] = (sorted[k] >> 3) << 1;
    auto const least = (sorted[7] >> 3) << 1;
    auto const if_even = total - (odd & least);  // an even number of 3/2 asks for an even number of minus signs
    auto const if_odd = (total - least) + (odd & least);
    auto const two = top[0] + top[1];
    auto const three = two + top[2];
    score = if_even - norm(2);
    below_ = sorted[0];
    form_ = V::broadcast(0);
    consider(if_odd + top[0] - norm(4), sorted[1], 2);
    consider(if_even + two - norm(6), sorted[2], 0);
    consider(if_odd + three - norm(8), sorted[3], 2);
    consider(if_even + (three + top[3]) - norm(10), sorted[4], 0);
    consider(if_even + (top[0] + top[0]) - norm(8), sorted[1], 1);
    consider(if_odd + (top[0] + two) - norm(10), sorted[2], 3);
  }
  [[gnu::always_inline]] static constexpr V norm(int n) noexcept { return V::broadcast(n * 65536); }
  // form: bit 0 there is a 5/2, bit 1 the number of 3/2 is odd.
  [[gnu::always_inline]] constexpr void consider(V const& s, V const& below, int form) noexcept {
    auto const better = s > score;
    score = max(s, score);
    below_ = select(better, below, below_);
    form_ = select(better, V::broadcast(form), form_);
  }
  [[gnu::always_inline]] constexpr void leader_word(V const (&sign)[8], V const (&key)[8], V const (&sorted)[8],
                                                    V const& odd) noexcept {
    auto const zero = V::broadcast(0);
    auto const wrong = odd ^ (zero - (form_ >> 1));
    auto const five = zero - (form_ & V::broadcast(1));
    word = zero;
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      auto const negative = sign[i] ^ select(key[i] == sorted[7], wrong, zero);
      word = word | (negative & V::broadcast(1 << (16 + i))) | select(key[i] > below_, V::broadcast(1 << i), zero) |
          (select(key[i] == sorted[0], five, zero) & V::broadcast(1 << (8 + i)));
    }
  }
  template <std::size_t... Row>
  [[gnu::always_inline]] constexpr void chosen_rows(V const (&sign)[8], V const (&size)[8], V const& odd, V const& total,
                                                    std::index_sequence<Row...>) noexcept {
    V tripled[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) tripled[i] = (size[i] + size[i]) + size[i];
    auto const even = odd ^ V::broadcast(-1);
    auto const all = ((total + total) + total) - norm(12);
    auto chosen = V::broadcast(0);
    (try_row<Row>(size, tripled, even, all, chosen), ...);
    auto negative = even & V::broadcast(1 << 29);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) negative = negative | (sign[i] & V::broadcast(1 << (16 + i)));
    word = select(chosen > V::broadcast(0), (chosen << 24) | negative, word);
  }
  // The score of a row is 3 sum |y| - 2 (|y| over its three 1/2) - 12, less 4 min |y_i| c_i where one sign is wrong.
  template <std::size_t Row>
  [[gnu::always_inline]] constexpr void try_row(V const (&size)[8], V const (&tripled)[8], V const& even, V const& all,
                                                V& chosen) noexcept {
    V ones = V::broadcast(0);
    V least = V::broadcast(0);
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; ++i) {
      constexpr unsigned threes = e8p_norm_12[Row];
      auto const three = (threes >> i & 1) != 0;
      auto const product = three ? tripled[i] : size[i];
      least = i == 0 ? product : min(least, product);
      if (!three) ones = ones + size[i];
    }
    auto const s = (all - (ones << 1)) - (even & (least << 1));
    chosen = select(s > score, V::broadcast(static_cast<int>(Row) + 1), chosen);
    score = max(s, score);
  }

  V below_;  // coordinates whose keys are above it are above 1/2
  V form_;
};

}  // namespace detail

/// 8 numbers in 16 bits.
struct e8p {
  static constexpr std::size_t dimension = 8;
  static constexpr std::size_t code_bits = 16;
  static constexpr int unit_bits = 2;           ///< levels are multiples of 2^-2
  static constexpr float source_scale = 1.03f;  ///< root mean square that a row is brought to
  static constexpr bool repeatable = true;      ///< every point is its own nearest one

  /// out[j] = coordinate j times 4, -11 .. 11. Every code below 2^16 is a point.
  static constexpr void levels(std::uint64_t code, std::int16_t* out) noexcept {
    auto const row = code >> 8 & 255;
    auto const p = static_cast<std::uint64_t>(std::popcount(code & 255)) & 1;
    auto const signs = (code & 255) ^ p ^ (detail::e8p_row_odd(row) ? 128U : 0U);
    for (std::size_t i = 0; i < 8; ++i) {
      int const size = 2 * detail::e8p_digit(row, i);
      out[i] = static_cast<std::int16_t>(((signs >> detail::e8p_entry[i] & 1) != 0 ? -size : size) + (p == 0 ? 1 : -1));
    }
  }

  /// codes[l] = nearest point to lane l of y, in 2^-16, |y| < 2^25.
  template <class V>
  static constexpr void encode(V const (&y)[8], std::uint64_t* codes) noexcept {
    alignas(64) std::int32_t words[detail::lane_count<V>]{};
    search(y).store(words);
    alignas(64) std::int32_t x[8][detail::lane_count<V>]{};
    for (std::size_t i = 0; i < 8; ++i) y[i].store(x[i]);
    for (std::size_t l = 0; l < detail::lane_count<V>; ++l) {
      auto const word = static_cast<std::uint32_t>(words[l]);
      codes[l] = word >> 24 & 31 ? chosen_code(word, x, l) : leader_code(word);
    }
  }

 private:
  // Bit 30: the shift is -1/4.
  template <class V>
  [[gnu::always_inline]] static constexpr V search(V const (&y)[8]) noexcept {
    V plus[8];
    V minus[8];
    auto sum = y[0];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      plus[i] = y[i] - V::broadcast(16384);
      minus[i] = y[i] + V::broadcast(16384);
      if (i > 0) sum = sum + y[i];
    }
    detail::e8p_search<V> const up{plus};
    detail::e8p_search<V> const down{minus};
    return select(down.score > up.score + sum, down.word | V::broadcast(1 << 30), up.word);
  }
  static constexpr std::uint32_t leader_code(std::uint32_t word) noexcept {
    auto const fives = word >> 8 & 255;
    auto const row = detail::e8p_row_of.at(word & 255 & ~fives, fives);
    return code_of(row, word >> 16 & 255, word >> 30);
  }
  template <std::size_t Width>
  static constexpr std::uint32_t chosen_code(std::uint32_t word, std::int32_t const (&x)[8][Width], std::size_t l) noexcept {
    auto const row = static_cast<std::uint32_t>(detail::e8p_norm_10) + (word >> 24 & 31) - 1;
    auto negative = word >> 16 & 255;
    if ((word >> 29 & 1) != 0) {  // the sign that costs least
      std::int32_t least = 0;
      unsigned at = 0;
      for (unsigned i = 0; i < 8; ++i) {
        auto const y = x[i][l] + ((word >> 30) != 0 ? 16384 : -16384);
        auto const cost = (y < 0 ? -y : y) * detail::e8p_digit(row, i);
        if (i == 0 || cost < least) least = cost, at = i;
      }
      negative ^= 1U << at;
    }
    return code_of(row, negative, word >> 30);
  }
  static constexpr std::uint32_t code_of(std::uint32_t row, std::uint32_t negative, std::uint32_t p) noexcept {
    return row << 8 | (detail::e8p_entries_of(negative) ^ (detail::e8p_row_odd(row) ? 128U : 0U) ^ p);
  }
};

}  // namespace skive
