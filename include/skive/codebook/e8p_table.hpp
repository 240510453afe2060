// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/e8p_table.hpp - the 256 absolute rows of E8P by their rule, and the way back from a vector to its row.
///
///   rows 0..226: the vectors over {1/2, 3/2, 5/2}^8 of squared norm <= 10, in lexicographic order; 227..255: 29 chosen ones of
///   squared norm 12, with five 3/2 and three 1/2. Digits are twice the entries: 1, 3, 5. Coordinates are in their natural order;
///   entry k of a code's sign byte is coordinate 0 2 4 6 1 3 5 7 [k].
///
/// Model of : -
/// Cost     : built at compile time; 512 bytes of rows and 328 of indices.
/// Promise  : constexpr.
/// Source   : A. Tseng et al., "QuIP#", ICML 2024, and the code that its authors published.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace skive::detail {

inline constexpr std::size_t e8p_norm_10 = 227;  ///< rows below the chosen ones
inline constexpr std::size_t e8p_extra = 29;
/// Coordinate of entry k of the sign byte, and entry of coordinate i.
inline constexpr std::array<std::uint8_t, 8> e8p_coordinate{0, 2, 4, 6, 1, 3, 5, 7};
inline constexpr std::array<std::uint8_t, 8> e8p_entry{0, 4, 1, 5, 2, 6, 3, 7};

/// The chosen rows of squared norm 12: bit i is set where coordinate i is 3/2.
inline constexpr std::array<std::uint8_t, e8p_extra> e8p_norm_12 = [] {
  constexpr std::array<std::uint32_t, e8p_extra> digits{
      31113333, 13113333, 11313333, 11133333, 33313311, 33313131, 33311331, 33313113, 33311313, 33311133,
      33133311, 33133131, 33131331, 33133113, 33131313, 33131133, 31333311, 31333131, 31331331, 31333113,
      31331313, 13331133, 13333311, 13333131, 13331331, 13333113, 13331313, 11331333, 33113331};
  std::array<std::uint8_t, e8p_extra> masks{};
  for (std::size_t r = 0; r < e8p_extra; ++r) {
    auto rest = digits[r];
    for (unsigned i = 8; i-- > 0; rest /= 10)
      if (rest % 10 == 3) masks[r] = static_cast<std::uint8_t>(masks[r] | (1U << i));
  }
  return masks;
}();

/// Bits 2 i of row r: what its digit at coordinate i has above 1, halved: 0, 1, 2.
struct e8p_row_list {
  std::uint16_t row[256]{};
};
inline constexpr e8p_row_list e8p_fields = [] {
  e8p_row_list out;
  std::uint32_t row = 0;
  std::uint32_t norm = 8;  // four times the squared norm
  std::size_t count = 0;
  for (unsigned i = 8; i > 0;) {
    out.row[count++] = static_cast<std::uint16_t>(row);
    // To the next row: the last coordinate that can grow does, and those after it begin again.
    for (i = 8; i > 0; --i) {
      auto const f = row >> (2 * i - 2) & 3;
      if (f < 2 && norm + 8 * (f + 1) <= 40) {
        norm += 8 * (f + 1);
        row += 1U << (2 * i - 2);
        break;
      }
      norm -= 4 * f * (f + 1);
      row -= f << (2 * i - 2);
    }
  }
  for (auto const threes : e8p_norm_12) {
    std::uint32_t fields = 0;
    for (unsigned i = 0; i < 8; ++i) fields |= (threes >> i & 1U) << (2 * i);
    out.row[count++] = static_cast<std::uint16_t>(fields);
  }
  return out;
}();

/// Twice entry i of a row.
constexpr int e8p_digit(std::size_t row, std::size_t i) noexcept { return 2 * (e8p_fields.row[row] >> (2 * i) & 3) + 1; }
/// Whether the sum of a row's coordinates is odd: the number of 3/2 is.
constexpr bool e8p_row_odd(std::size_t row) noexcept { return std::popcount(e8p_fields.row[row] & 0x5555U) % 2 != 0; }
/// Bits 0, 2, 4, ... 14 of x.
constexpr std::uint32_t e8p_even_bits(std::uint32_t x) noexcept {
  x &= 0x5555;
  x = (x | x >> 1) & 0x3333;
  x = (x | x >> 2) & 0x0F0F;
  return (x | x >> 4) & 0x00FF;
}

/// Rows of squared norm <= 10 by where their entries are above 1/2: at(threes, fives), masks of coordinates.
struct e8p_row_index {
  std::array<std::uint8_t, 256 + 72> row{};
  constexpr std::uint8_t at(std::uint32_t threes, std::uint32_t fives) const noexcept { return row[place(threes, fives)]; }
  static constexpr std::uint32_t place(std::uint32_t threes, std::uint32_t fives) noexcept {
    return fives == 0 ? threes : 256 + 9 * first(fives) + (threes == 0 ? 0 : 1 + first(threes));
  }
  static constexpr std::uint32_t first(std::uint32_t mask) noexcept { return static_cast<std::uint32_t>(std::countr_zero(mask)); }
};
inline constexpr e8p_row_index e8p_row_of = [] {
  e8p_row_index index;
  for (std::size_t r = 0; r < e8p_norm_10; ++r) {
    auto const threes = e8p_even_bits(e8p_fields.row[r]);
    auto const fives = e8p_even_bits(e8p_fields.row[r] >> 1U);
    index.row[e8p_row_index::place(threes, fives)] = static_cast<std::uint8_t>(r);
  }
  return index;
}();

/// Bits of coordinates as bits of entries: those of even coordinates first.
constexpr std::uint32_t e8p_entries_of(std::uint32_t mask) noexcept {
  return e8p_even_bits(mask) | e8p_even_bits(mask >> 1) << 4;
}

}  // namespace skive::detail
