// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/channel_statistics.hpp - one number for each row or column of a matrix: norms, fluctuation, entropy, sums of
/// groups.
///
///   l1 = sum |x|,   l2 = sqrt(sum x^2),   largest = max |x|,   variance = sum (x - mean)^2 / (n - 1)
///   entropy = -sum p log2 p over `bins` equal steps from the column's smallest number to its largest
///
/// Columns of an activation matrix [tokens, channels] are what Wanda, RIA, FLAP and E-Sparse ask for; rows and columns of weights
/// are what structured pruning compares; group_sums joins the channels of a head.
///
/// Model of : -
/// Cost     : one pass (variance, entropy two), 64 columns at a time; 4 KiB of stack. No allocation.
/// Accuracy : sums in double, rounded to float once. Subnormal numbers count as 0, results below 2^-125 are 0.
/// Promise  : the same bits everywhere but for variance and entropy (contraction, std::log2). NaN and infinity spread.
/// Source   : Sun et al. (Wanda), arXiv:2306.11695; An et al. (FLAP), arXiv:2312.11983; Li et al. (E-Sparse), arXiv:2310.15929.

#include "skive/block/group_error.hpp"
#include "skive/sparse/score_order.hpp"

#include <cmath>

namespace skive {

enum class channel_norm : std::uint8_t { l1, l2, largest };

namespace detail {

// As a double in every processor mode: subnormals are 0, what is not finite stays.
constexpr double score_term(float x) noexcept { return magnitude_bits(x) < float_min_normal_bits ? 0.0 : static_cast<double>(x); }
constexpr double score_size(float x) noexcept { return score_term(magnitude(x)); }
constexpr float score_result(double x) noexcept { return x < 0x1p-125 && x > -0x1p-125 ? 0.0f : static_cast<float>(x); }

inline constexpr std::size_t columns_at_once = 64;

/// For columns 64 at a time: each(first column, their count).
template <class Each>
constexpr void by_columns(std::size_t cols, Each each) noexcept {
  for (std::size_t c = 0; c < cols; c += columns_at_once) each(c, cols - c < columns_at_once ? cols - c : columns_at_once);
}

constexpr double norm_step(channel_norm kind, double sum, float x) noexcept {
  auto const size = score_size(x);
  if (kind == channel_norm::largest) return size > sum || size != size ? size : sum;  // NaN stays
  return sum + (kind == channel_norm::l1 ? size : size * size);                       // a square of 24 bits is exact
}
inline float norm_result(channel_norm kind, double sum) noexcept {
  return score_result(kind == channel_norm::l2 ? std::sqrt(sum) : sum);
}

}  // namespace detail

/// One norm a column. Fails with size_mismatch.
inline status column_norms(matrix_view<float const> x, channel_norm kind, std::span<float> norms) noexcept {
  if (!x.valid() || norms.size() != x.cols) return errc::size_mismatch;
  detail::by_columns(x.cols, [&](std::size_t first, std::size_t count) noexcept {
    std::array<double, detail::columns_at_once> sum{};
    for (std::size_t r = 0; r < x.rows; ++r)
      for (std::size_t c = 0; c < count; ++c) sum[c] = detail::norm_step(kind, sum[c], x(r, first + c));
    for (std::size_t c = 0; c < count; ++c) norms[first + c] = detail::norm_result(kind, sum[c]);
  });
  return errc::ok;
}

/// One norm a row. Fails with size_mismatch.
inline status row_norms(matrix_view<float const> x, channel_norm kind, std::span<float> norms) noexcept {
  if (!x.valid() || norms.size() != x.rows) return errc::size_mismatch;
  for (std::size_t r = 0; r < x.rows; ++r) {
    double sum = 0;
    for (auto const v : x.row(r)) sum = detail::norm_step(kind, sum, v);
    norms[r] = detail::norm_result(kind, sum);
  }
  return errc::ok;
}

/// Sample variance of each column, 0 for a single row. Fails with size_mismatch.
inline status column_variances(matrix_view<float const> x, std::span<float> variances) noexcept {
  if (!x.valid() || variances.size() != x.cols) return errc::size_mismatch;
  detail::by_columns(x.cols, [&](std::size_t first, std::size_t count) noexcept {
    std::array<double, detail::columns_at_once> mean{};
    std::array<double, detail::columns_at_once> sum{};
    for (std::size_t r = 0; r < x.rows; ++r)
      for (std::size_t c = 0; c < count; ++c) mean[c] += detail::score_term(x(r, first + c));
    for (std::size_t c = 0; c < count; ++c) mean[c] /= static_cast<double>(x.rows);
    for (std::size_t r = 0; r < x.rows; ++r)
      for (std::size_t c = 0; c < count; ++c) {
        auto const d = detail::score_term(x(r, first + c)) - mean[c];
        sum[c] += d * d;
      }
    for (std::size_t c = 0; c < count; ++c)
      variances[first + c] = x.rows < 2 ? 0.0f : detail::score_result(sum[c] / static_cast<double>(x.rows - 1));
  });
  return errc::ok;
}

/// Entropy in bits of each column's histogram, 0 for a constant one. Fails with size_mismatch, with invalid_argument unless
/// 1 <= bins <= 256, and with not_finite.
inline status column_entropies(matrix_view<float const> x, std::size_t bins, std::span<float> entropies) noexcept {
  if (!x.valid() || entropies.size() != x.cols) return errc::size_mismatch;
  if (bins == 0 || bins > 256) return errc::invalid_argument;
  if (!detail::all_finite(x)) return errc::not_finite;
  for (std::size_t c = 0; c < x.cols && x.rows != 0; ++c) {
    std::array<std::size_t, 256> count{};
    double low = detail::score_term(x(0, c));
    double high = low;
    for (std::size_t r = 0; r < x.rows; ++r) {
      auto const v = detail::score_term(x(r, c));
      low = v < low ? v : low;
      high = v > high ? v : high;
    }
    for (std::size_t r = 0; r < x.rows && high > low; ++r) {
      auto const place = static_cast<std::size_t>((detail::score_term(x(r, c)) - low) / (high - low) * static_cast<double>(bins));
      ++count[place < bins ? place : bins - 1];
    }
    double entropy = 0;
    for (auto const n : count) {
      auto const p = static_cast<double>(n) / static_cast<double>(x.rows);
      if (n != 0) entropy -= p * std::log2(p);
    }
    entropies[c] = detail::score_result(entropy);
  }
  return errc::ok;
}

/// sums[g] = sum of scores g * group ... : channels of a head, neurons of an expert. Fails with size_mismatch.
inline status group_sums(std::span<float const> scores, std::size_t group, std::span<float> sums) noexcept {
  if (group == 0 || scores.size() % group != 0 || sums.size() != scores.size() / group) return errc::size_mismatch;
  for (std::size_t g = 0; g < sums.size(); ++g) {
    double sum = 0;
    for (std::size_t i = 0; i < group; ++i) sum += detail::score_term(scores[g * group + i]);
    sums[g] = detail::score_result(sum);
  }
  return errc::ok;
}

}  // namespace skive
