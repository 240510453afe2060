// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/channel_fit.hpp - maps of channels (kv/channel_map.hpp) from rows of a head.
///
///   separable_scales    sqrt(max_t |x(t, d) - c_d|), 1 for channels of zeros               ZipCache
///   range_order         channels by max_t - min_t, ascending: groups of like channels      SKVQ, RotateKV
///   principal_rows      the leading eigenvectors of sum_t (x - c)(x - c)^T, as rows        Eigen Attention, Palu
///
/// Model of : -
/// Cost     : a pass over the rows; range_order: n^2 comparisons besides; principal_rows: n^2 multiply-adds a row, then
///            linalg/symmetric_eigen.hpp.
/// Accuracy : principal_rows: moments in double.
/// Promise  : sizes are checked before the first write. NaN and infinity are refused.
/// Source   : Y. He et al., "ZipCache", NeurIPS 2024; H. Duanmu et al., "SKVQ", COLM 2024; Z. Su et al., "RotateKV", IJCAI 2025;
///            U. Saxena et al., "Eigen Attention", EMNLP Findings 2024; C.-C. Chang et al., "Palu", ICLR 2025.

#include "skive/kv/channel_map.hpp"
#include "skive/linalg/symmetric_eigen.hpp"

#include <cmath>

namespace skive {
namespace detail {

/// Rows, and a center of their width or none.
constexpr status check_rows(matrix_view<float const> rows, std::span<float const> center) noexcept {
  if (!rows.valid() || rows.rows == 0 || (!center.empty() && center.size() != rows.cols)) return errc::size_mismatch;
  for (std::size_t t = 0; t < rows.rows; ++t)
    for (auto const x : rows.row(t))
      if (!is_finite(x)) return errc::not_finite;
  return errc::ok;
}
constexpr float centred(matrix_view<float const> rows, std::span<float const> center, std::size_t t, std::size_t d) noexcept {
  return center.empty() ? rows(t, d) : rows(t, d) - center[d];
}

}  // namespace detail

/// Fails with size_mismatch, not_finite.
inline status separable_scales(matrix_view<float const> rows, std::span<float const> center, std::span<float> scales) noexcept {
  if (auto const s = detail::check_rows(rows, center); !s) return s;
  if (scales.size() != rows.cols) return errc::size_mismatch;
  for (std::size_t d = 0; d < rows.cols; ++d) {
    float most = 0.0f;
    for (std::size_t t = 0; t < rows.rows; ++t) {
      auto const x = detail::centred(rows, center, t, d);
      most = x > most ? x : -x > most ? -x : most;
    }
    scales[d] = most > 0.0f ? std::sqrt(most) : 1.0f;
  }
  return errc::ok;
}

/// `ranges`: scratch of a row's length, then the ranges. Ties keep the order of channels. Fails with size_mismatch, not_finite.
inline status range_order(matrix_view<float const> rows, std::span<float> ranges, std::span<std::uint16_t> order) noexcept {
  if (auto const s = detail::check_rows(rows, {}); !s) return s;
  if (ranges.size() != rows.cols || order.size() != rows.cols || rows.cols > largest_head_size) return errc::size_mismatch;
  for (std::size_t d = 0; d < rows.cols; ++d) {
    auto low = rows(0, d);
    auto high = low;
    for (std::size_t t = 1; t < rows.rows; ++t) {
      low = rows(t, d) < low ? rows(t, d) : low;
      high = rows(t, d) > high ? rows(t, d) : high;
    }
    ranges[d] = high - low;
  }
  for (std::size_t d = 0; d < rows.cols; ++d) {
    std::size_t before = 0;
    for (std::size_t e = 0; e < rows.cols; ++e) before += ranges[e] < ranges[d] || (ranges[e] == ranges[d] && e < d) ? 1U : 0U;
    order[before] = static_cast<std::uint16_t>(d);
  }
  return errc::ok;
}

template <class Arch = native_arch>
std::size_t principal_rows_scratch_bytes(std::size_t n, std::size_t rank) noexcept {
  return 3 * workspace::bytes<double>(saturating_multiply(n, n)) + workspace::bytes<double>(n) +
      symmetric_eigen_scratch_bytes<double, Arch>(n, rank != 0);
}

/// out: rank x n. Fails with size_mismatch (also a rank above n), not_finite, workspace_too_small, no_convergence.
template <class Arch = native_arch>
status principal_rows(matrix_view<float const> rows, std::span<float const> center, matrix_view<float> out,
                      workspace scratch) noexcept {
  if (auto const s = detail::check_rows(rows, center); !s) return s;
  auto const n = rows.cols;
  if (!out.valid() || out.cols != n || out.rows > n) return errc::size_mismatch;
  if (scratch.size() < principal_rows_scratch_bytes<Arch>(n, out.rows)) return errc::workspace_too_small;
  matrix_view<double> const moments{scratch.take<double>(n * n).data(), n, n};
  matrix_view<double> const vectors{scratch.take<double>(n * out.rows).data(), n, out.rows};
  auto const values = scratch.take<double>(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k <= i; ++k) {
      double sum = 0;
      for (std::size_t t = 0; t < rows.rows; ++t)
        sum +=
            static_cast<double>(detail::centred(rows, center, t, i)) * static_cast<double>(detail::centred(rows, center, t, k));
      moments(i, k) = moments(k, i) = sum;
    }
  if (auto const s = symmetric_eigen<Arch, double>(moments, values, vectors, scratch); !s) return s;
  for (std::size_t r = 0; r < out.rows; ++r)
    for (std::size_t d = 0; d < n; ++d) out(r, d) = static_cast<float>(vectors(d, r));
  return errc::ok;
}

}  // namespace skive
