// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/combinadic.hpp - the sets of n out of m places, numbered from 0 to C(m, n) - 1.
///
///   rank{c_1 < c_2 < ... < c_n} = C(c_1, 1) + C(c_2, 2) + ... + C(c_n, n)      (colexicographic order; m plays no part)
///   a set is a word with bits c_1 ... c_n; index_bits(m, n) = ceil(log2 C(m, n)):   2:4 3, 4:8 7, 8:16 14, 16:32 30
///
/// Model of : -
/// Cost     : rank n additions, unrank m comparisons; one table of 1089 words; no allocation.
/// Accuracy : exact.
/// Promise  : a bijection for every n <= m <= 32; constexpr.
/// Source   : D. E. Knuth, "The Art of Computer Programming" 4A, section 7.2.1.3.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace skive {

namespace detail {
inline constexpr auto binomials = [] {
  std::array<std::array<std::uint32_t, 33>, 33> c{};
  for (std::size_t m = 0; m <= 32; ++m) {
    c[m][0] = 1;
    for (std::size_t n = 1; n <= m; ++n) c[m][n] = c[m - 1][n - 1] + (n < m ? c[m - 1][n] : 0);
  }
  return c;
}();
}  // namespace detail

/// C(m, n); 0 where n > m. Precondition: 0 <= m, n <= 32.
constexpr std::uint32_t binomial(int m, int n) noexcept {
  return detail::binomials[static_cast<std::size_t>(m)][static_cast<std::size_t>(n)];
}

/// Bits that tell all sets of n out of m apart; 0 if there is only one.
constexpr int index_bits(int m, int n) noexcept { return static_cast<int>(std::bit_width(binomial(m, n) - 1)); }

constexpr std::uint32_t combinadic_rank(std::uint32_t set) noexcept {
  std::uint32_t rank = 0;
  for (int i = 1; set != 0; set &= set - 1, ++i) rank += binomial(std::countr_zero(set), i);
  return rank;
}

/// The set of this rank. Precondition: n <= m <= 32 and rank < C(m, n).
constexpr std::uint32_t combinadic_unrank(std::uint32_t rank, int m, int n) noexcept {
  std::uint32_t set = 0;
  for (int c = m - 1; c >= 0 && n > 0; --c) {
    auto const without = binomial(c, n);  // sets of n among the places below c come first
    if (rank < without) continue;
    rank -= without;
    set |= std::uint32_t{1} << c;
    --n;
  }
  return set;
}

}  // namespace skive
