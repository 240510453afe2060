// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/split_queries.hpp - queries centred and rotated, then split into bytes, once for all tokens that have own steps.
///
///   q c and H q;   H q of channel group g = step (128 high + low) + error (kv/coefficients.hpp), and its sum
///
/// Model of : -
/// Cost     : a rotation and a pass for each query.
/// Accuracy : kv/coefficients.hpp, for each channel group by itself.
/// Promise  : NaN, infinity and numbers beyond 2^100 are refused.
/// Source   : -

#include "skive/core/concepts.hpp"
#include "skive/kv/coefficients.hpp"
#include "skive/kv/page.hpp"

namespace skive {

/// The transform that changes nothing.
struct no_rotation {
  static constexpr bool is_orthogonal = true;
  std::size_t n = 0;
  constexpr std::size_t size() const noexcept { return n; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  constexpr status forward(std::span<float>, workspace = {}) const noexcept { return errc::ok; }
  constexpr status inverse(std::span<float>, workspace = {}) const noexcept { return errc::ok; }
};
static_assert(orthogonal_transform<no_rotation>);

/// What prepare() made of some queries, in memory of the caller.
struct split_queries {
  std::size_t rows = 0;
  std::byte const* high = nullptr;  ///< [row][channel], as kv/coefficients.hpp
  std::byte const* low = nullptr;
  float const* steps = nullptr;   ///< [row][channel group]
  float const* sums = nullptr;    ///< [row][channel group]: sum of the rotated query
  float const* shifts = nullptr;  ///< [row]: q c
};

namespace detail {

constexpr std::size_t split_rows_bytes(std::size_t rows, std::size_t n, std::size_t group, std::size_t rotation) noexcept {
  auto const pitch = round_up_to(n, 16);
  return 2 * workspace::bytes<std::byte>(saturating_multiply(rows, pitch)) +
      2 * workspace::bytes<float>(saturating_multiply(rows, (n + group - 1) / group)) + workspace::bytes<float>(rows) +
      workspace::bytes<float>(pitch) + rotation;
}

/// `center`: n numbers or none; `group`: a multiple of 16, or n. Fails with not_finite, workspace_too_small.
template <class Arch, class Rotation>
inline result<split_queries> split_rows(matrix_view<float const> rows, std::size_t group, std::span<float const> center,
                                        Rotation const& rotation, workspace memory) noexcept {
  auto const n = rows.cols;
  auto const pitch = round_up_to(n, 16);
  auto const groups = (n + group - 1) / group;
  if (memory.size() < split_rows_bytes(rows.rows, n, group, rotation.scratch_bytes())) return errc::workspace_too_small;
  auto const high = memory.take<std::byte>(rows.rows * pitch);
  auto const low = memory.take<std::byte>(rows.rows * pitch);
  auto const steps = memory.take<float>(rows.rows * groups);
  auto const sums = memory.take<float>(rows.rows * groups);
  auto const shifts = memory.take<float>(rows.rows);
  auto const y = memory.take<float>(pitch);
  for (std::size_t h = 0; h < rows.rows; ++h) {
    if (!within<Arch>(rows.row(h), 0x1p100f)) return errc::not_finite;
    shifts[h] = 0.0f;
    for (std::size_t d = 0; d < pitch; ++d) y[d] = d < n ? rows(h, d) : 0.0f;
    for (std::size_t d = 0; d < center.size(); ++d) shifts[h] += y[d] * center[d];
    if (auto const s = rotation.forward(y.first(n), memory); !s) return s.error();
    for (std::size_t g = 0; g < groups; ++g) {
      auto const first = g * group;
      auto const count = smaller(group, pitch - first);
      auto const at = h * pitch + first;
      auto const step = split<Arch>(y.data() + first, count, count, high.data() + at, low.data() + at);
      steps[h * groups + g] = step;
      float sum = 0.0f;
      for (std::size_t d = first; d < first + count; ++d) sum += y[d];
      sums[h * groups + g] = sum;
      if (!is_finite(step) || !is_finite(sum)) return errc::not_finite;
    }
  }
  return split_queries{rows.rows, high.data(), low.data(), steps.data(), sums.data(), shifts.data()};
}

}  // namespace detail
}  // namespace skive
