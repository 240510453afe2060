// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/channel_map.hpp - what is done to the channels of a head before they are quantized, and how to choose it.
///
///   channel_map      y_i = (x - c)(order_i) / scale_i          smoothing, channel-separable scales, reordering; each may be empty
///   rotation_map     y = H (x - c)                             after a channel_map: reorder, then rotate (RotateKV)
///   projection_map   y = U (x - c),  x' = U^T y + c            U: r x n with orthonormal rows (Eigen Attention, Palu)
///
/// How to choose them: kv/channel_fit.hpp.
///
/// Model of : head_map (the first three)
/// Cost     : channel_map: one pass; rotation_map: its transform; projection_map: n r multiply-adds a row.
/// Accuracy : channel_map rounds twice; others as their transform, sums of floats.
/// Promise  : sizes are checked before the first write. Spans must outlive the map.
/// Source   : Y. He et al., "ZipCache", NeurIPS 2024; H. Duanmu et al., "SKVQ", COLM 2024; Z. Su et al., "RotateKV", IJCAI 2025;
///            U. Saxena et al., "Eigen Attention", EMNLP Findings 2024; C.-C. Chang et al., "Palu", ICLR 2025.

#include "skive/kv/mapped_pages.hpp"

namespace skive {

class channel_map {
 public:
  constexpr channel_map() noexcept = default;
  /// Each span has n numbers or none. Fails with size_mismatch, not_finite (center), invalid_argument (a scale that is not
  /// positive and finite, an order that is no permutation).
  static constexpr result<channel_map> make(std::size_t n, std::span<float const> center, std::span<float const> scale = {},
                                            std::span<std::uint16_t const> order = {}) noexcept {
    auto const fits = [n](std::size_t size) noexcept { return size == 0 || size == n; };
    if (n == 0 || n > largest_head_size) return errc::invalid_argument;
    if (!fits(center.size()) || !fits(scale.size()) || !fits(order.size())) return errc::size_mismatch;
    for (auto const c : center)
      if (!is_finite(c)) return errc::not_finite;
    for (auto const s : scale)
      if (!(s > 0.0f) || !is_finite(s)) return errc::invalid_argument;
    bool seen[largest_head_size]{};
    for (auto const i : order) {
      if (i >= n || seen[i]) return errc::invalid_argument;
      seen[i] = true;
    }
    return channel_map{n, center, scale, order};
  }
  constexpr std::size_t outer_size() const noexcept { return n_; }
  constexpr std::size_t inner_size() const noexcept { return n_; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  constexpr std::span<float const> center() const noexcept { return center_; }
  constexpr status forward(std::span<float const> x, std::span<float> y, workspace = {}) const noexcept {
    for (std::size_t i = 0; i < n_; ++i) {
      auto const d = from(i);
      auto const moved = center_.empty() ? x[d] : x[d] - center_[d];
      y[i] = scale_.empty() ? moved : moved / scale_[i];
    }
    return errc::ok;
  }
  constexpr status backward(std::span<float const> y, std::span<float> x, workspace = {}) const noexcept {
    for (std::size_t i = 0; i < n_; ++i) x[from(i)] = scale_.empty() ? y[i] : y[i] * scale_[i];
    return errc::ok;
  }
  constexpr status transposed(std::span<float const> q, std::span<float> y, workspace = {}) const noexcept {
    for (std::size_t i = 0; i < n_; ++i) y[i] = scale_.empty() ? q[from(i)] : q[from(i)] * scale_[i];
    return errc::ok;
  }

 private:
  constexpr channel_map(std::size_t n, std::span<float const> center, std::span<float const> scale,
                        std::span<std::uint16_t const> order) noexcept
      : n_{n}, center_{center}, scale_{scale}, order_{order} {}
  constexpr std::size_t from(std::size_t i) const noexcept { return order_.empty() ? i : order_[i]; }

  std::size_t n_ = 0;
  std::span<float const> center_;
  std::span<float const> scale_;
  std::span<std::uint16_t const> order_;
};

template <orthogonal_transform Rotation>
class rotation_map {
 public:
  constexpr rotation_map() noexcept = default;
  /// Fails with size_mismatch, not_finite (center).
  static constexpr result<rotation_map> make(Rotation const& rotation, std::span<float const> center = {}) noexcept {
    if (!center.empty() && center.size() != rotation.size()) return errc::size_mismatch;
    for (auto const c : center)
      if (!is_finite(c)) return errc::not_finite;
    return rotation_map{rotation, center};
  }
  constexpr std::size_t outer_size() const noexcept { return rotation_.size(); }
  constexpr std::size_t inner_size() const noexcept { return rotation_.size(); }
  constexpr std::size_t scratch_bytes() const noexcept { return rotation_.scratch_bytes(); }
  constexpr std::span<float const> center() const noexcept { return center_; }
  constexpr status forward(std::span<float const> x, std::span<float> y, workspace w) const noexcept {
    for (std::size_t d = 0; d < x.size(); ++d) y[d] = center_.empty() ? x[d] : x[d] - center_[d];
    return rotation_.forward(y, w);
  }
  constexpr status backward(std::span<float const> y, std::span<float> x, workspace w) const noexcept {
    for (std::size_t d = 0; d < x.size(); ++d) x[d] = y[d];
    return rotation_.inverse(x, w);
  }
  constexpr status transposed(std::span<float const> q, std::span<float> y, workspace w) const noexcept {
    for (std::size_t d = 0; d < q.size(); ++d) y[d] = q[d];
    return rotation_.forward(y, w);
  }

 private:
  constexpr rotation_map(Rotation const& rotation, std::span<float const> center) noexcept
      : rotation_{rotation}, center_{center} {}

  Rotation rotation_{};
  std::span<float const> center_;
};

class projection_map {
 public:
  constexpr projection_map() noexcept = default;
  /// `rows`: U, r x n. Fails with size_mismatch, invalid_argument (no rows, more rows than columns), not_finite.
  static constexpr result<projection_map> make(matrix_view<float const> rows, std::span<float const> center = {}) noexcept {
    if (!rows.valid() || (!center.empty() && center.size() != rows.cols)) return errc::size_mismatch;
    if (rows.rows == 0 || rows.rows > rows.cols) return errc::invalid_argument;
    for (std::size_t i = 0; i < rows.rows; ++i)
      for (auto const x : rows.row(i))
        if (!is_finite(x)) return errc::not_finite;
    for (auto const c : center)
      if (!is_finite(c)) return errc::not_finite;
    return projection_map{rows, center};
  }
  constexpr std::size_t outer_size() const noexcept { return rows_.cols; }
  constexpr std::size_t inner_size() const noexcept { return rows_.rows; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  constexpr std::span<float const> center() const noexcept { return center_; }
  constexpr status forward(std::span<float const> x, std::span<float> y, workspace = {}) const noexcept {
    for (std::size_t i = 0; i < rows_.rows; ++i) {
      y[i] = 0.0f;
      for (std::size_t d = 0; d < rows_.cols; ++d) y[i] += rows_(i, d) * (center_.empty() ? x[d] : x[d] - center_[d]);
    }
    return errc::ok;
  }
  constexpr status backward(std::span<float const> y, std::span<float> x, workspace = {}) const noexcept {
    for (auto& v : x) v = 0.0f;
    for (std::size_t i = 0; i < rows_.rows; ++i)
      for (std::size_t d = 0; d < rows_.cols; ++d) x[d] += rows_(i, d) * y[i];
    return errc::ok;
  }
  constexpr status transposed(std::span<float const> q, std::span<float> y, workspace = {}) const noexcept {
    for (std::size_t i = 0; i < rows_.rows; ++i) {
      y[i] = 0.0f;
      for (std::size_t d = 0; d < rows_.cols; ++d) y[i] += rows_(i, d) * q[d];
    }
    return errc::ok;
  }

 private:
  constexpr projection_map(matrix_view<float const> rows, std::span<float const> center) noexcept
      : rows_{rows}, center_{center} {}

  matrix_view<float const> rows_;
  std::span<float const> center_;
};

}  // namespace skive
