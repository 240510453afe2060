// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/transposable.hpp - masks that are 2:4 along rows and along columns: W and its transpose multiply as sparse
/// matrices.
///
///   of each 4 x 4 block the best of all 90 patterns with two kept in every row and every column, by the sum of kept scores
///
/// Model of : - (a mask of a matrix)
/// Cost     : 24 + 270 additions a block; a table of 90 patterns; no allocation.
/// Accuracy : sums in double, in a fixed order; equal sums go to the first pattern, rows compared by their places.
/// Promise  : exactly two of each four both ways; the same bits everywhere. Scores that are not finite are refused before the first
///            write.
/// Source   : I. Hubara et al., "Accelerated Sparse Neural Training", arXiv:2102.08124.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"
#include "skive/sparse/mask.hpp"
#include "skive/sparse/score_order.hpp"

#include <array>

namespace skive {

namespace detail {

/// Sets of two out of four places, those with the lower places first.
inline constexpr std::array<std::uint8_t, 6> pairs_of_four{0b0011, 0b0101, 0b1001, 0b0110, 0b1010, 0b1100};

/// Rows of each pattern as indices into pairs_of_four. A row's places are counted in a nibble each, so that a sum of rows is checked
/// at once: compilers evaluate this wherever the header is read.
inline constexpr auto transposable_patterns = [] {
  constexpr std::array<unsigned, 6> places{0x0011, 0x0101, 0x1001, 0x0110, 0x1010, 0x1100};
  std::array<std::array<std::uint8_t, 4>, 90> patterns{};
  std::size_t found = 0;
  for (std::uint8_t a = 0; a < 6; ++a)
    for (std::uint8_t b = 0; b < 6; ++b)
      for (std::uint8_t c = 0; c < 6; ++c) {
        unsigned const last = 0x2222 - (places[a] + places[b] + places[c]);  // no place where three rows have one
        for (std::uint8_t d = 0; d < 6; ++d)
          if (places[d] == last) patterns[found++] = {a, b, c, d};
      }
  return patterns;
}();

/// The best pattern of 4 x 4 scores.
constexpr std::array<std::uint8_t, 4> best_transposable(float const (&score)[4][4]) noexcept {
  double sum[4][6] = {};
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t s = 0; s < 6; ++s)
      for (std::size_t c = 0; c < 4; ++c)
        if ((pairs_of_four[s] >> c & 1) != 0) sum[r][s] += exact_double(score[r][c]);
  std::size_t best = 0;
  double most = 0;
  for (std::size_t p = 0; p < transposable_patterns.size(); ++p) {
    auto const& rows = transposable_patterns[p];
    auto const total = (sum[0][rows[0]] + sum[1][rows[1]]) + (sum[2][rows[2]] + sum[3][rows[3]]);
    if (p == 0 || total > most) best = p, most = total;
  }
  return transposable_patterns[best];
}

}  // namespace detail

/// Row r of `masks` is the mask of row r of the scores. Fails with size_mismatch unless rows and columns are multiples of 4, with
/// not_finite.
constexpr status select_transposable_2_of_4(matrix_view<float const> scores, matrix_view<std::byte> masks) noexcept {
  if (!scores.valid() || !masks.valid() || scores.rows % 4 != 0 || scores.cols % 4 != 0) return errc::size_mismatch;
  if (masks.rows != scores.rows || masks.cols != mask_bytes(scores.cols)) return errc::size_mismatch;
  if (!detail::all_finite(scores)) return errc::not_finite;
  for (std::size_t r = 0; r < scores.rows; r += 4) {
    for (std::size_t k = 0; k < 4; ++k)
      for (auto& m : masks.row(r + k)) m = std::byte{0};
    for (std::size_t c = 0; c < scores.cols; c += 4) {
      float block[4][4];
      for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < 4; ++j) block[i][j] = scores(r + i, c + j);
      auto const rows = detail::best_transposable(block);
      for (std::size_t i = 0; i < 4; ++i)
        masks(r + i, c / 8) |= static_cast<std::byte>(detail::pairs_of_four[rows[i]]) << static_cast<int>(c % 8);
    }
  }
  return errc::ok;
}

}  // namespace skive
