// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/outlier_rotation.hpp - DuQuant's rotation of a block of channels, found greedily from activations.
///
///   R: orthogonal, first row 1 / sqrt(n), random otherwise;  repeat: swap the channel with the largest |x| to the front, then
///   X <- X R;  Q^T is the product of the swaps and R up to the step at which max |X| was smallest;  y = Q x for a token x
///
/// dense_rotation applies Q. With zigzag() of transform/permutation.hpp between two of them, block by block, this is DuQuant.
///
/// Model of : -
/// Cost     : (rows + n) n^2 multiply-adds a step.
/// Accuracy : Q is orthogonal to within about 2 (steps + sqrt(n)) u (orthogonality() in transform/dense.hpp).
/// Promise  : the same bits for every Arch; max |X Q^T| as the search saw it is never above max |X|.
/// Source   : H. Lin et al., "DuQuant: distributing outliers via dual transformation", NeurIPS 2024.

#include "skive/transform/inverse_root.hpp"
#include "skive/transform/reflections.hpp"

namespace skive {

struct outlier_search {
  float before = 0.0f;  ///< largest magnitude of the activations
  float after = 0.0f;   ///< of the rotated ones
  int steps = 0;        ///< rotations in Q
};

constexpr std::size_t outlier_rotation_bytes(std::size_t rows, std::size_t n) noexcept {
  auto const square = workspace::bytes<float>(saturating_multiply(n, n));
  return saturating_add(saturating_add(saturating_multiply(square, 2), workspace::bytes<float>(saturating_multiply(rows, n))),
                        saturating_multiply(workspace::bytes<float>(n), 3));
}

namespace detail {

// x <- x R for every row; `rt` is R transposed, row by row.
template <class Arch>
constexpr void times_rotation(matrix_view<float> const& x, matrix_view<float const> const& rt, float* row) noexcept {
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t c = 0; c < x.cols; ++c) row[c] = rounded_sum(exact_dot<Arch>(x.row(r).data(), rt.row(c).data(), x.cols));
    for (std::size_t c = 0; c < x.cols; ++c) x(r, c) = row[c];
  }
}
constexpr void swap_columns(matrix_view<float> const& x, std::size_t a, std::size_t b) noexcept {
  for (std::size_t r = 0; r < x.rows; ++r) {
    auto const kept = x(r, a);
    x(r, a) = x(r, b);
    x(r, b) = kept;
  }
}
struct peak {
  std::uint32_t magnitude = 0;
  std::size_t column = 0;
};
constexpr peak peak_of(matrix_view<float const> const& x) noexcept {
  peak p;
  for (std::size_t r = 0; r < x.rows; ++r)
    for (std::size_t c = 0; c < x.cols; ++c)
      if (magnitude_bits(x(r, c)) > p.magnitude) p = {magnitude_bits(x(r, c)), c};
  return p;
}
// R transposed: columns of H (1 (+) Q'^T), where H swaps the first axis and (1, ..., 1) / sqrt(n).
template <class Arch>
constexpr void spreading_rotation(std::uint64_t seed, matrix_view<float> rt, std::span<float> v, workspace w) noexcept {
  auto const n = rt.rows;
  for (std::size_t c = 0; c < n; ++c) rt(0, c) = rt(c, 0) = c == 0 ? 1.0f : 0.0f;
  static_cast<void>(random_orthogonal<Arch>(seed, {rt.data + rt.row_stride + 1, n - 1, n - 1, rt.row_stride}, w));
  auto const each = inverse_root(n);
  for (std::size_t c = 0; c < n; ++c) v[c] = c == 0 ? 1.0f - each : -each;
  auto const norm = exact_dot<Arch>(v.data(), v.data(), n);
  // (1 (+) Q') H row by row, then transposed.
  for (std::size_t r = 0; r < n; ++r) reflect<Arch>(rt.row(r).data(), v.data(), norm, n);
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t c = 0; c < r; ++c) {
      auto const kept = rt(r, c);
      rt(r, c) = rt(c, r);
      rt(c, r) = kept;
    }
}

}  // namespace detail

/// Fills q (n x n) from activations (rows x n), n >= 2. Fails with size_mismatch, workspace_too_small below
/// outlier_rotation_bytes(), overlap, invalid_argument for steps < 0, or not_finite unless every |x| < 2^60.
template <class Arch = native_arch>
constexpr result<outlier_search> outlier_rotation(matrix_view<float const> activations, int steps, std::uint64_t seed,
                                                  matrix_view<float> q, workspace w) noexcept {
  auto const n = q.rows;
  if (!q.valid() || !activations.valid() || q.cols != n || activations.cols != n || n < 2) return errc::size_mismatch;
  if (steps < 0) return errc::invalid_argument;
  if (overlaps(std::span<float const>{activations.data, activations.rows == 0 ? 0 : n}, matrix_view<float const>{q}) ||
      overlaps(std::span<float>{q.data, n}, activations))
    return errc::overlap;
  if (w.size() < outlier_rotation_bytes(activations.rows, n)) return errc::workspace_too_small;
  auto best = detail::peak_of(activations);
  for (std::size_t r = 0; r < activations.rows; ++r)
    if (detail::magnitude_range_of<Arch>(activations.row(r)).largest >= magnitude_bits(0x1p60f)) return errc::not_finite;
  matrix_view<float> const rt{w.take<float>(n * n).data(), n, n};
  matrix_view<float> const all{w.take<float>(n * n).data(), n, n};  // P R P R ..., whose transpose is Q
  matrix_view<float> const x{w.take<float>(activations.rows * n).data(), activations.rows, n};
  auto const row = w.take<float>(n);
  detail::spreading_rotation<Arch>(seed, rt, row, w);
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t c = 0; c < n; ++c) q(r, c) = all(r, c) = r == c ? 1.0f : 0.0f;
  for (std::size_t r = 0; r < x.rows; ++r)
    for (std::size_t c = 0; c < n; ++c) x(r, c) = activations(r, c);
  outlier_search found{std::bit_cast<float>(best.magnitude), std::bit_cast<float>(best.magnitude), 0};
  auto now = best;
  for (int step = 1; step <= steps; ++step) {
    detail::swap_columns(x, 0, now.column);
    detail::swap_columns(all, 0, now.column);
    detail::times_rotation<Arch>(x, rt, row.data());
    detail::times_rotation<Arch>(all, rt, row.data());
    now = detail::peak_of(x);
    if (now.magnitude >= best.magnitude) continue;
    best = now;
    found.after = std::bit_cast<float>(now.magnitude);
    found.steps = step;
    for (std::size_t r = 0; r < n; ++r)
      for (std::size_t c = 0; c < n; ++c) q(r, c) = all(c, r);
  }
  return found;
}

}  // namespace skive
