// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/transposable_flow.hpp - masks that are N:M along rows and along columns, for any N and M up to 32.
///
///   of each M x M block the N M entries with N in every row and every column whose scores sum to the most
///
/// Such a mask is a flow of N units through every row and column, a unit at most through an entry. Units are added one at a time,
/// each along the path that gains most (Bellman and Ford), on which entries may also be given up for others: the flow is the best
/// of its size at every step. 2:4 has a table (sparse/transposable.hpp), which gives the same sums.
///
/// Model of : - (a mask of a matrix)
/// Cost     : N M searches of a few M^2 steps a block; 16 M^2 bytes of stack at most. No allocation.
/// Accuracy : scores are taken as multiples of 2^-40 of the block's largest magnitude; for these the sum is the optimum.
/// Promise  : exactly N of each M both ways; integers only after that rounding, the same bits everywhere. Scores that are not
///            finite are refused before the first write.
/// Source   : I. Hubara et al., "Accelerated Sparse Neural Training", arXiv:2102.08124 (the flow); R. G. Busacker and
///            P. J. Gowen, 1961 (successive paths).

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"
#include "skive/sparse/mask.hpp"
#include "skive/sparse/score_order.hpp"

#include <array>
#include <limits>

namespace skive {

namespace detail {

template <int N, int M>
class transposable_flow {
  static constexpr auto m = static_cast<std::size_t>(M);
  static constexpr std::int64_t unreached = std::numeric_limits<std::int64_t>::min() / 2;
  using numbers = std::array<std::int64_t, m>;
  using places = std::array<std::size_t, m>;

 public:
  constexpr explicit transposable_flow(std::array<std::array<float, m>, m> const& scores) noexcept {
    double largest = 0;
    for (auto const& row : scores)
      for (auto const s : row) {
        auto const x = exact_double(s);
        largest = x > largest ? x : -x > largest ? -x : largest;
      }
    auto const unit = largest > 0 ? 0x1p40 / largest : 0.0;
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < m; ++j) {
        auto const x = exact_double(scores[i][j]) * unit;
        score_[i][j] = static_cast<std::int64_t>(x < 0 ? x - 0.5 : x + 0.5);
      }
    for (int unit_of_flow = 0; unit_of_flow < N * M; ++unit_of_flow) add_unit();
  }
  /// Bit j: entry j of row i is kept.
  constexpr std::uint32_t row(std::size_t i) const noexcept { return kept_[i]; }

 private:
  constexpr bool kept(std::size_t i, std::size_t j) const noexcept { return (kept_[i] >> j & 1) != 0; }

  // The best path from any row with less than N entries to each column; entries that are kept lead back and cost their score.
  constexpr void find_paths(numbers& of_row, numbers& of_column, places& row_before, places& column_before) const noexcept {
    for (std::size_t i = 0; i < m; ++i) {
      of_row[i] = in_row_[i] < N ? 0 : unreached;
      of_column[i] = unreached;
      column_before[i] = m;
    }
    for (bool better = true; better;) {
      better = false;
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m && of_row[i] != unreached; ++j)
          if (!kept(i, j) && of_row[i] + score_[i][j] > of_column[j]) {
            of_column[j] = of_row[i] + score_[i][j];
            row_before[j] = i;
            better = true;
          }
      for (std::size_t j = 0; j < m; ++j)
        for (std::size_t i = 0; i < m && of_column[j] != unreached; ++i)
          if (kept(i, j) && of_column[j] - score_[i][j] > of_row[i]) {
            of_row[i] = of_column[j] - score_[i][j];
            column_before[i] = j;
            better = true;
          }
    }
  }
  constexpr void add_unit() noexcept {
    numbers of_row{};
    numbers of_column{};
    places row_before{};
    places column_before{};
    find_paths(of_row, of_column, row_before, column_before);
    std::size_t end = m;
    for (std::size_t j = 0; j < m; ++j)
      if (in_column_[j] < N && (end == m || of_column[j] > of_column[end])) end = j;
    ++in_column_[end];
    for (auto j = end;;) {
      auto const i = row_before[j];
      kept_[i] |= std::uint32_t{1} << j;
      if (column_before[i] == m) {
        ++in_row_[i];
        return;
      }
      j = column_before[i];
      kept_[i] &= ~(std::uint32_t{1} << j);
    }
  }

  std::array<numbers, m> score_{};
  std::array<std::uint32_t, m> kept_{};
  std::array<int, m> in_row_{};
  std::array<int, m> in_column_{};
};

}  // namespace detail

/// Row r of `masks` is the mask of row r of the scores. Fails with size_mismatch unless rows and columns are multiples of M, with
/// not_finite.
template <int N, int M>
constexpr status select_transposable(matrix_view<float const> scores, matrix_view<std::byte> masks) noexcept {
  static_assert(0 < N && N <= M && M <= 32, "skive::select_transposable keeps N of M, 1 <= N <= M <= 32");
  constexpr auto m = static_cast<std::size_t>(M);
  if (!scores.valid() || !masks.valid() || scores.rows % m != 0 || scores.cols % m != 0) return errc::size_mismatch;
  if (masks.rows != scores.rows || masks.cols != mask_bytes(scores.cols)) return errc::size_mismatch;
  if (!detail::all_finite(scores)) return errc::not_finite;
  for (std::size_t r = 0; r < scores.rows; ++r)
    for (auto& b : masks.row(r)) b = std::byte{0};
  for (std::size_t r = 0; r < scores.rows; r += m)
    for (std::size_t c = 0; c < scores.cols; c += m) {
      std::array<std::array<float, m>, m> block{};
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j) block[i][j] = scores(r + i, c + j);
      detail::transposable_flow<N, M> const best{block};
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j)
          if ((best.row(i) >> j & 1) != 0) set_kept(masks.row(r + i), c + j, true);
    }
  return errc::ok;
}

}  // namespace skive
