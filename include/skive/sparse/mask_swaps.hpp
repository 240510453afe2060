// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/mask_swaps.hpp - masks made better without training: pruned weights grow back in exchange for kept ones.
///
///   d_i = sum over pruned j of w_ij m_j,   what output i lacks on average;   m_j, v_j: mean and variance of input j
///   grow   the pruned j with the largest sign(d_i) w_ij m_j / v_j
///   prune  of those kept j with sign(d_i) w_ij m_j < 0, whose loss d_i gains nothing by, the one with the smallest score
///
/// A swap is made if it lessens |d_i|, both entries in one group of `group` columns (0: the whole row); of several groups the one
/// whose entry to grow is first. A row ends at |d_i| <= threshold, after `most` swaps, or where no swap lessens |d_i|.
///
/// Model of : -
/// Cost     : a pass over the row for each swap. No allocation.
/// Accuracy : in double; d_i is followed from swap to swap.
/// Promise  : as many are kept in every group as before, |d_i| never grows; ties to the lower index, the same bits everywhere. Sizes
///            and numbers are checked before the first write.
/// Source   : Y. Zhang et al., "Dynamic Sparse No Training", ICLR 2024, arXiv:2310.08915.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"
#include "skive/sparse/channel_statistics.hpp"
#include "skive/sparse/mask.hpp"
#include "skive/sparse/score_order.hpp"

namespace skive {

/// What inputs are on average, one number a column.
struct input_moments {
  std::span<float const> mean;
  std::span<float const> variance;
};

struct swap_rule {
  std::size_t group = 0;   ///< columns of a group; 4 for masks of 2:4
  std::size_t most = 50;   ///< swaps of a row
  float threshold = 0.1f;  ///< of |d_i|
};

namespace detail {

class row_swaps {
 public:
  constexpr row_swaps(std::span<float const> w, std::span<float const> scores, input_moments const& x,
                      std::span<std::byte> mask) noexcept
      : w_{w}, scores_{scores}, x_{x}, mask_{mask} {
    for (std::size_t j = 0; j < w.size(); ++j)
      if (!is_kept(mask, j)) lack_ += share(j);
  }
  constexpr double lack() const noexcept { return lack_ < 0 ? -lack_ : lack_; }
  /// Was there a swap that lessens the lack?
  constexpr bool swap(std::size_t group) noexcept {
    pair best;
    for (std::size_t first = 0; first < w_.size(); first += group) {
      auto const p = best_of(first, first + group < w_.size() ? first + group : w_.size());
      if (p.found && (!best.found || p.gain > best.gain)) best = p;
    }
    if (!best.found) return false;
    set_kept(mask_, best.grown, true);
    set_kept(mask_, best.pruned, false);
    lack_ = after(best);
    return true;
  }

 private:
  struct pair {
    std::size_t grown = 0;
    std::size_t pruned = 0;
    double gain = 0;
    bool found = false;
  };
  // Exact: a product of two floats.
  constexpr double share(std::size_t j) const noexcept { return score_term(w_[j]) * score_term(x_.mean[j]); }
  constexpr double after(pair const& p) const noexcept {
    auto const grown = lack_ - share(p.grown);
    return grown + share(p.pruned);
  }
  constexpr pair best_of(std::size_t first, std::size_t end) const noexcept {
    bool grows = false;
    bool prunes = false;
    pair p;
    for (auto j = first; j < end; ++j) {
      auto const own = lack_ < 0 ? -share(j) : share(j);
      if (is_kept(mask_, j)) {
        if (own < 0 && (!prunes || scores_[j] < scores_[p.pruned])) p.pruned = j, prunes = true;
      } else {
        auto const variance = score_term(x_.variance[j]);
        auto const gain = own / (variance > least_variance ? variance : least_variance);
        if (own > 0 && (!grows || gain > p.gain)) p.grown = j, p.gain = gain, grows = true;
      }
    }
    auto const then = grows && prunes ? after(p) : lack_;
    p.found = (then < 0 ? -then : then) < lack();
    return p;
  }

  static constexpr double least_variance = 0x1p-100;
  std::span<float const> w_;
  std::span<float const> scores_;
  input_moments x_;
  std::span<std::byte> mask_;
  double lack_ = 0;
};

}  // namespace detail

/// `scores` say which kept weights matter least, |w| |x_j| in the paper. Returns how many swaps were made. Fails with size_mismatch,
/// invalid_argument for a group that does not divide the columns, a negative variance or threshold, not_finite.
constexpr result<std::size_t> swap_in_masks(matrix_view<float const> weights, matrix_view<float const> scores,
                                            input_moments const& x, matrix_view<std::byte> masks,
                                            swap_rule const& rule = {}) noexcept {
  if (!weights.valid() || !scores.valid() || !masks.valid() || scores.rows != weights.rows || scores.cols != weights.cols)
    return errc::size_mismatch;
  if (masks.rows != weights.rows || masks.cols != mask_bytes(weights.cols)) return errc::size_mismatch;
  if (x.mean.size() != weights.cols || x.variance.size() != weights.cols) return errc::size_mismatch;
  if (rule.group != 0 && weights.cols % rule.group != 0) return errc::invalid_argument;
  if (!(rule.threshold >= 0)) return errc::invalid_argument;
  for (auto const v : x.variance)
    if (detail::score_term(v) < 0) return errc::invalid_argument;
  if (!detail::all_finite(weights) || !detail::all_finite(scores) || !detail::all_finite({x.mean.data(), 1, x.mean.size()}) ||
      !detail::all_finite({x.variance.data(), 1, x.variance.size()}))
    return errc::not_finite;
  std::size_t swaps = 0;
  for (std::size_t r = 0; r < weights.rows; ++r) {
    detail::row_swaps row{weights.row(r), scores.row(r), x, masks.row(r)};
    for (std::size_t k = 0; k < rule.most && row.lack() > static_cast<double>(rule.threshold); ++k, ++swaps)
      if (!row.swap(rule.group == 0 ? weights.cols : rule.group)) break;
  }
  return swaps;
}

}  // namespace skive
