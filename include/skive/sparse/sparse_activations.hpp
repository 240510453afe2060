// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/sparse_activations.hpp - products with vectors of few numbers that matter: columns of the others are not read.
///
///   y = sum of x_j W_j over the active j;   W_j: column j, kept as row j of a matrix [inputs, outputs]
///   active by threshold: |x_j| > t (TEAL, CATS; t from select_threshold on samples), or the k largest by top_k
///   (sparse/top_k.hpp)
///
/// Model of : -
/// Cost     : of memory the active columns, four of them at a time, so that y is read and written once for four. No allocation.
/// Accuracy : each y_i in the order of the list: |y - exact| <= active 2^-23 sum |x_j w_ij|.
/// Promise  : the list is checked before the first write. NaN is active.
/// Source   : Liu et al., "TEAL", arXiv:2408.14690; Lee et al., "CATS", arXiv:2404.08763.

#include "skive/core/matrix_view.hpp"
#include "skive/format/rows.hpp"
#include "skive/sparse/top_k.hpp"

namespace skive {

/// The places of |x_j| > threshold, ascending; returns their count. Fails with size_mismatch unless `active` has room for all of
/// x, or with unsupported from 2^32 numbers on.
inline result<std::size_t> select_active(std::span<float const> x, float threshold, std::span<std::uint32_t> active) noexcept {
  if (active.size() < x.size()) return errc::size_mismatch;
  if (x.size() > std::numeric_limits<std::uint32_t>::max()) return errc::unsupported;
  auto const limit = magnitude_bits(threshold);
  std::size_t n = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    active[n] = static_cast<std::uint32_t>(j);
    n += magnitude_bits(x[j]) > limit ? 1U : 0U;
  }
  return n;
}

/// The threshold above which `fraction` of the samples lie, but for ties. Fails with not_finite where a sample is NaN, with
/// invalid_argument if there is none.
inline result<float> select_threshold(std::span<float const> samples, float fraction) noexcept {
  if (samples.empty()) return errc::invalid_argument;
  for (auto const s : samples)
    if (is_nan(s)) return errc::not_finite;
  auto const above = top_fraction{fraction}.count(samples.size());
  if (above == samples.size()) return 0.0f;
  auto const limit = detail::limit_of_row<by_magnitude, scalar_arch>(samples, above + 1);
  return std::bit_cast<float>(limit.key);
}

namespace detail {

/// y += sum over Count columns; vectors of 16, the rest by the same operations one by one.
template <class Arch, std::size_t Count, class Weight>
void add_columns(matrix_view<Weight const> columns, std::uint32_t const* active, std::span<float const> x, float* y) noexcept {
  Weight const* w[Count];
  float factor[Count];
  for (std::size_t k = 0; k < Count; ++k) {
    w[k] = columns.data + active[k] * columns.row_stride;
    factor[k] = x[active[k]];
  }
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>) {
    simd::floats<Arch> f[Count];
    for (std::size_t k = 0; k < Count; ++k) f[k] = simd::floats<Arch>::broadcast(factor[k]);
    for (; i + 16 <= columns.cols; i += 16) {
      auto sum = simd::floats<Arch>::load(y + i);
      for (std::size_t k = 0; k < Count; ++k) sum = simd::fused(f[k], load_numbers<Arch>(w[k] + i), sum);
      sum.store(y + i);
    }
  }
  for (; i < columns.cols; ++i)
    for (std::size_t k = 0; k < Count; ++k) y[i] += factor[k] * widen(w[k][i]);
}

}  // namespace detail

/// columns: row j holds column j of W, numbers of type float, float16 or bfloat16. Fails with size_mismatch, or invalid_argument
/// where a place is past the last column.
template <class Arch = native_arch, class Weight>
status multiply_active(matrix_view<Weight const> columns, std::span<float const> x, std::span<std::uint32_t const> active,
                       std::span<float> y) noexcept {
  if (!columns.valid() || x.size() != columns.rows || y.size() != columns.cols) return errc::size_mismatch;
  for (auto const j : active)
    if (j >= columns.rows) return errc::invalid_argument;
  for (auto& v : y) v = 0.0f;
  constexpr std::size_t block = 4096;  // outputs that stay in the first cache
  for (std::size_t first = 0; first < columns.cols; first += block) {
    auto const size = columns.cols - first < block ? columns.cols - first : block;
    matrix_view<Weight const> const part{columns.data + first, columns.rows, size, columns.row_stride};
    std::size_t k = 0;
    for (; k + 4 <= active.size(); k += 4) detail::add_columns<Arch, 4>(part, active.data() + k, x, y.data() + first);
    for (; k < active.size(); ++k) detail::add_columns<Arch, 1>(part, active.data() + k, x, y.data() + first);
  }
  return errc::ok;
}

}  // namespace skive
