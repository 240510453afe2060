// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/channel_clusters.hpp - channels of like range beside each other: RPTQ's permutation.
///
///   cluster_channels(points, k, labels)   k-means of channels, a point of some coordinates each: (min, max) for RPTQ
///   order_by_label(labels, order)         channels of label 0, then of label 1, ...; inside a label they keep their order
///   column_ranges(X, points)              (min, max) of every column
///
/// order_by_label takes labels from anywhere; permutation (transform/permutation.hpp) applies the order, and fold() of
/// transform/rows.hpp hands it to the matrices before and after, so that nothing moves at run time.
///
/// Model of : -
/// Cost     : at most 100 steps of k distances a channel; order_by_label a pass over the labels for each that there is.
/// Accuracy : a local minimum of the sum of squared distances, in double: no channel lies nearer to another centre.
/// Promise  : deterministic and the same everywhere: centres begin at quantiles of the order by last coordinate less first one,
///            ties go to the lower label, sums run over rising channels. Labels ascend with that difference of their centres.
/// Source   : Z. Yuan et al., "RPTQ: reorder-based post-training quantization for large language models", 2023; S. Lloyd, 1982.

#include "skive/transform/inverse_root.hpp"
#include "skive/transform/permutation.hpp"

namespace skive {

/// points(c, 0), points(c, 1): the least and the largest number of column c. Fails with size_mismatch, overlap or not_finite.
constexpr status column_ranges(matrix_view<float const> x, matrix_view<float> points) noexcept {
  if (!x.valid() || !points.valid() || points.rows != x.cols || points.cols != 2 || x.rows == 0) return errc::size_mismatch;
  for (std::size_t r = 0; r < x.rows; ++r) {
    if (overlaps(x.row(r), points)) return errc::overlap;
    for (auto const v : x.row(r))
      if (!is_finite(v)) return errc::not_finite;
  }
  for (std::size_t c = 0; c < x.cols; ++c) {
    points(c, 0) = points(c, 1) = x(0, c);
    for (std::size_t r = 1; r < x.rows; ++r) {
      if (less(x(r, c), points(c, 0))) points(c, 0) = x(r, c);
      if (less(points(c, 1), x(r, c))) points(c, 1) = x(r, c);
    }
  }
  return errc::ok;
}

constexpr std::size_t cluster_channels_bytes(std::size_t channels, std::size_t coordinates, std::size_t k) noexcept {
  auto const centres = workspace::bytes<double>(saturating_multiply(k, coordinates + 1));
  return saturating_add(centres, saturating_add(workspace::bytes<float>(channels), workspace::bytes<std::uint32_t>(channels)));
}

namespace detail {

struct channel_kmeans {
  matrix_view<float const> points;
  matrix_view<double> centre;  // the last column counts
  std::span<std::uint32_t> labels;

  constexpr double spread(std::size_t c) const noexcept { return centre(c, points.cols - 1) - centre(c, 0); }

  constexpr std::uint32_t nearest(std::size_t channel) const noexcept {
    using real = exact_order<scalar_arch>;
    std::uint32_t best = 0;
    double least = 0;
    for (std::size_t c = 0; c < centre.rows; ++c) {
      real sum{0.0};
      for (std::size_t j = 0; j < points.cols; ++j) {
        real const d{exact_double(points(channel, j)) - centre(c, j)};
        sum = sum + d * d;
      }
      if (c == 0 || sum.value < least) {
        least = sum.value;
        best = static_cast<std::uint32_t>(c);
      }
    }
    return best;
  }
  // Whether a label changed.
  constexpr bool assign() const noexcept {
    bool changed = false;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      auto const label = nearest(i);
      changed = changed || label != labels[i];
      labels[i] = label;
    }
    return changed;
  }
  // A centre without channels stays where it is.
  constexpr void recentre() const noexcept {
    auto const d = points.cols;
    for (std::size_t c = 0; c < centre.rows; ++c) centre(c, d) = 0;
    for (auto const label : labels) centre(label, d) += 1;
    for (std::size_t c = 0; c < centre.rows; ++c) {
      if (centre(c, d) == 0) continue;
      for (std::size_t j = 0; j < d; ++j) centre(c, j) = 0;
      for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] == c)
          for (std::size_t j = 0; j < d; ++j) centre(c, j) += exact_double(points(i, j));
      for (std::size_t j = 0; j < d; ++j) centre(c, j) /= centre(c, d);
    }
  }
  constexpr void sort_centres() const noexcept {
    for (std::size_t c = 1; c < centre.rows; ++c)
      for (auto i = c; i > 0 && spread(i) < spread(i - 1); --i)
        for (std::size_t j = 0; j <= points.cols; ++j) {
          auto const kept = centre(i, j);
          centre(i, j) = centre(i - 1, j);
          centre(i - 1, j) = kept;
        }
  }
};

}  // namespace detail

/// points: channels x coordinates, at least one; 1 <= k <= channels. Fails with size_mismatch, invalid_argument, not_finite
/// unless all |points| < 2^100, overlap or workspace_too_small.
constexpr status cluster_channels(matrix_view<float const> points, std::size_t k, std::span<std::uint32_t> labels,
                                  workspace w) noexcept {
  auto const n = points.rows;
  auto const d = points.cols;
  if (!points.valid() || labels.size() != n || d == 0 || n > 0xFFFF'FFFFU) return errc::size_mismatch;
  if (k == 0 || k > n) return errc::invalid_argument;
  if (overlaps(labels, points)) return errc::overlap;
  if (w.size() < cluster_channels_bytes(n, d, k)) return errc::workspace_too_small;
  for (std::size_t i = 0; i < n; ++i)
    for (auto const v : points.row(i))
      if (magnitude_bits(v) >= magnitude_bits(0x1p100f)) return errc::not_finite;
  matrix_view<double> const centre{w.take<double>(k * (d + 1)).data(), k, d + 1};
  auto const keys = w.take<float>(n);
  auto const order = w.take<std::uint32_t>(n);
  for (std::size_t i = 0; i < n; ++i) keys[i] = d == 1 ? points(i, 0) : ieee_add(points(i, d - 1), -points(i, 0));
  static_cast<void>(order_by(keys, order));  // falling
  for (std::size_t c = 0; c < k; ++c) {
    auto const at = order[n - 1 - (2 * c + 1) * n / (2 * k)];
    for (std::size_t j = 0; j < d; ++j) centre(c, j) = detail::exact_double(points(at, j));
  }
  detail::channel_kmeans const means{points, centre, labels};
  for (auto& label : labels) label = 0;
  for (int step = 0; step < 100 && (means.assign() || step == 0); ++step) means.recentre();
  means.sort_centres();
  static_cast<void>(means.assign());
  return errc::ok;
}

/// Fails with size_mismatch or overlap; `order` may not be the labels.
constexpr status order_by_label(std::span<std::uint32_t const> labels, std::span<std::uint32_t> order) noexcept {
  if (labels.size() != order.size() || labels.size() > 0xFFFF'FFFFU) return errc::size_mismatch;
  if (overlaps(labels, order)) return errc::overlap;
  std::size_t placed = 0;
  for (std::uint64_t label = 0; placed < order.size();) {
    std::uint64_t next = ~std::uint64_t{0};  // the least label above this one: labels may have gaps
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == label) order[placed++] = static_cast<std::uint32_t>(i);
      if (labels[i] > label && labels[i] < next) next = labels[i];
    }
    label = next;
  }
  return errc::ok;
}

}  // namespace skive
