// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/structured_masks.hpp - masks of whole blocks, V:N:M masks, and how sparse each layer should be.
///
///   select_blocks(scores, R, C, k)   the k blocks of R x C entries with the largest sums
///   select_v_n_m(scores, V, N, M)    of each V rows x M columns the 4 columns with the largest sums, then N:4 of those in
///                                    each row
///   outlier_ratio(scores, m)         part of the scores above m times their mean
///   allocate_keep_ratios(d, keep, l) OWL: keep_i = keep + 2 l (d'_i - mean d'),  d' = (d - min d) / (max d - min d)
///
/// Model of : - (masks of a matrix, numbers of layers)
/// Cost     : passes over the scores; scratch for one number a block. No allocation.
/// Accuracy : sums in double in a fixed order; ties to the lower index.
/// Promise  : exactly as many as stated; the same bits everywhere but for allocate_keep_ratios. Scores that are not finite are
///            refused before the first write.
/// Source   : Castro et al., "VENOM", SC 2023; Yin et al., "OWL", arXiv:2310.05175.

#include "skive/core/workspace.hpp"
#include "skive/sparse/top_k.hpp"

namespace skive {

namespace detail {

constexpr bool masks_fit(matrix_view<float const> scores, matrix_view<std::byte> masks) noexcept {
  return scores.valid() && masks.valid() && masks.rows == scores.rows && masks.cols == mask_bytes(scores.cols);
}
/// Sum of the scores of rows x cols entries, as a float.
constexpr float block_sum(matrix_view<float const> scores, std::size_t r, std::size_t c, std::size_t rows,
                          std::size_t cols) noexcept {
  double sum = 0;
  for (std::size_t i = r; i < r + rows; ++i)
    for (std::size_t j = c; j < c + cols; ++j) sum += exact_double(scores(i, j));
  auto const limit = 0x1.fffffep127;
  return static_cast<float>(sum > limit ? limit : sum < -limit ? -limit : sum < 0x1p-125 && sum > -0x1p-125 ? 0.0 : sum);
}

}  // namespace detail

constexpr std::size_t select_blocks_scratch(std::size_t rows, std::size_t cols, std::size_t block_rows,
                                            std::size_t block_cols) noexcept {
  if (block_rows == 0 || block_cols == 0) return 0;
  return workspace::bytes<float>(saturating_multiply(rows / block_rows, cols / block_cols));
}

/// Fails with size_mismatch unless blocks tile the matrix, invalid_argument if there are fewer than k, workspace_too_small,
/// not_finite.
inline status select_blocks(matrix_view<float const> scores, std::size_t block_rows, std::size_t block_cols, std::size_t k,
                            matrix_view<std::byte> masks, workspace w) noexcept {
  if (!detail::masks_fit(scores, masks) || block_rows == 0 || block_cols == 0) return errc::size_mismatch;
  if (scores.rows % block_rows != 0 || scores.cols % block_cols != 0) return errc::size_mismatch;
  auto const across = scores.cols / block_cols;
  auto const blocks = scores.rows / block_rows * across;
  if (k > blocks) return errc::invalid_argument;
  if (w.size() < select_blocks_scratch(scores.rows, scores.cols, block_rows, block_cols)) return errc::workspace_too_small;
  if (!detail::all_finite(scores)) return errc::not_finite;
  auto const sums = w.take<float>(blocks);
  for (std::size_t b = 0; b < blocks; ++b)
    sums[b] = detail::block_sum(scores, b / across * block_rows, b % across * block_cols, block_rows, block_cols);
  for (std::size_t r = 0; r < masks.rows; ++r)
    for (auto& m : masks.row(r)) m = std::byte{0};
  auto limit = detail::limit_of_row<by_score, scalar_arch>(sums, k);
  detail::take_largest<by_score, scalar_arch>(sums, limit, [&](std::size_t b, std::uint32_t chosen) noexcept {
    for (std::size_t i = 0; i < block_rows && chosen != 0; ++i)
      for (std::size_t j = 0; j < block_cols; ++j)
        set_kept(masks.row(b / across * block_rows + i), b % across * block_cols + j, true);
  });
  return errc::ok;
}

/// Fails with size_mismatch unless V x M blocks tile the matrix, invalid_argument unless 1 <= N <= 4 <= M <= 64, not_finite.
inline status select_v_n_m(matrix_view<float const> scores, std::size_t v, std::size_t n, std::size_t m,
                           matrix_view<std::byte> masks) noexcept {
  if (v == 0 || n == 0 || n > 4 || m < 4 || m > 64) return errc::invalid_argument;
  if (!detail::masks_fit(scores, masks) || scores.rows % v != 0 || scores.cols % m != 0) return errc::size_mismatch;
  if (!detail::all_finite(scores)) return errc::not_finite;
  for (std::size_t r = 0; r < masks.rows; ++r)
    for (auto& b : masks.row(r)) b = std::byte{0};
  auto const largest = [](std::span<float const> of, std::size_t k, std::span<std::uint32_t> places) noexcept {
    auto limit = detail::limit_of_row<by_score, scalar_arch>(of, k);
    std::size_t found = 0;
    detail::take_largest<by_score, scalar_arch>(of, limit, [&](std::size_t at, std::uint32_t chosen) noexcept {
      if (chosen != 0) places[found++] = static_cast<std::uint32_t>(at);
    });
  };
  for (std::size_t r = 0; r < scores.rows; r += v)
    for (std::size_t c = 0; c < scores.cols; c += m) {
      std::array<float, 64> sums{};
      for (std::size_t j = 0; j < m; ++j) sums[j] = detail::block_sum(scores, r, c + j, v, 1);
      std::array<std::uint32_t, 4> columns{};
      largest(std::span{sums}.first(m), 4, columns);
      for (std::size_t i = r; i < r + v; ++i) {
        std::array<float, 4> four{};
        for (std::size_t j = 0; j < 4; ++j) four[j] = scores(i, c + columns[j]);
        std::array<std::uint32_t, 4> kept{};
        largest(four, n, kept);
        for (std::size_t j = 0; j < n; ++j) set_kept(masks.row(i), c + columns[kept[j]], true);
      }
    }
  return errc::ok;
}

/// Fails with not_finite, or invalid_argument for a matrix of nothing.
inline result<double> outlier_ratio(matrix_view<float const> scores, double times) noexcept {
  if (scores.rows == 0 || scores.cols == 0) return errc::invalid_argument;
  if (!detail::all_finite(scores)) return errc::not_finite;
  double sum = 0;
  for (std::size_t r = 0; r < scores.rows; ++r)
    for (auto const s : scores.row(r)) sum += detail::exact_double(s);
  auto const count = static_cast<double>(scores.rows) * static_cast<double>(scores.cols);
  auto const limit = times * (sum / count);
  std::size_t above = 0;
  for (std::size_t r = 0; r < scores.rows; ++r)
    for (auto const s : scores.row(r)) above += detail::exact_double(s) > limit ? 1U : 0U;
  return static_cast<double>(above) / count;
}

/// The part of its weights that each layer keeps: `keep` on average unless one is cut off at 0 or 1, over an interval of 2
/// `range`. Fails with size_mismatch, or invalid_argument unless 0 < keep < 1, 0 <= range and every part of outliers lies in [0,
/// 1].
inline status allocate_keep_ratios(std::span<double const> outliers, double keep, double range,
                                   std::span<double> ratios) noexcept {
  if (outliers.empty() || ratios.size() != outliers.size()) return errc::size_mismatch;
  bool const good = keep > 0 && keep < 1 && range >= 0;
  if (!good) return errc::invalid_argument;
  double low = outliers[0];
  double high = outliers[0];
  double mean = 0;
  for (auto const d : outliers) {
    bool const is_part = d >= 0 && d <= 1;
    if (!is_part) return errc::invalid_argument;
    low = d < low ? d : low;
    high = d > high ? d : high;
  }
  auto const spread = [&](double d) noexcept { return high > low ? (d - low) / (high - low) * 2 * range : 0.0; };
  for (auto const d : outliers) mean += spread(d) / static_cast<double>(outliers.size());
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    auto const kept = keep + (spread(outliers[i]) - mean);
    ratios[i] = kept < 0 ? 0 : kept > 1 ? 1 : kept;
  }
  return errc::ok;
}

}  // namespace skive
