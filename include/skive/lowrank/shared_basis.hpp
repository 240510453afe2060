// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/shared_basis.hpp - several matrices on one basis: their singular values are cut together.
///
///   [W_1; W_2; ...] ~ [L_1; L_2; ...] R,   W_i: m_i x n,   L_i: m_i x k,   R: k x n for all
///
/// Basis Sharing has layers' weights, seen from their inputs, one below another; xKV the keys (or values) of several layers,
/// [channels, tokens]: R is the tokens' part. A right_factor S weighs columns as in lowrank/truncated.hpp.
///
/// Model of : -
/// Cost     : one decomposition of the matrices one below another, which stand in the scratch.
/// Accuracy : no L_i and R of rank k leave less of the sum of |(W_i - L_i R) S|^2.
/// Promise  : all checks before the first write; not_finite for NaN or infinity. The rows of L_i are those of the whole matrix'
///            left factor: the order of the matrices changes nothing but rounding.
/// Source   : Basis Sharing: J. Wang et al., arXiv:2410.03765; xKV: C.-C. Chang et al., arXiv:2503.18893.

#include "skive/lowrank/truncated.hpp"

namespace skive {

namespace detail {

[[gnu::always_inline]] inline std::size_t rows_of_all(std::span<matrix_view<float const> const> w) noexcept {
  std::size_t rows = 0;
  for (auto const& m : w) rows += m.rows;
  return rows;
}

}  // namespace detail

template <class Arch = native_arch, right_factor S>
std::size_t shared_basis_scratch_bytes(truncated_svd<S> const& truncation, std::size_t rows_of_all, std::size_t cols) noexcept {
  return workspace::bytes<float>(rows_of_all * cols) + workspace::bytes<float>(rows_of_all * truncation.rank()) +
      truncation.template scratch_bytes<Arch>(rows_of_all, cols);
}

/// left[i]: rows of w[i] x rank; right: rank x columns. Fails with size_mismatch, invalid_argument, workspace_too_small, overlap,
/// not_finite or no_convergence; right is unspecified after the last two.
template <class Arch = native_arch, right_factor S>
status shared_basis(truncated_svd<S> const& truncation, std::span<matrix_view<float const> const> w,
                    std::span<matrix_view<float> const> left, matrix_view<float> right, workspace scratch) noexcept {
  auto const k = truncation.rank();
  if (w.size() != left.size() || w.empty()) return errc::size_mismatch;
  if (!right.valid() || right.rows != k) return !right.valid() ? errc::invalid_argument : errc::size_mismatch;
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (!w[i].valid() || !left[i].valid()) return errc::invalid_argument;
    if (w[i].cols != right.cols || left[i].rows != w[i].rows || left[i].cols != k) return errc::size_mismatch;
    if (detail::shares_elements<float>(left[i], right)) return errc::overlap;
    for (std::size_t j = 0; j < w.size(); ++j) {
      if (detail::shares_elements<float>(w[i], left[j]) || detail::shares_elements<float>(w[i], right)) return errc::overlap;
      if (j < i && detail::shares_elements<float>(left[i], left[j])) return errc::overlap;
    }
  }
  auto const rows = detail::rows_of_all(w);
  if (scratch.size() < shared_basis_scratch_bytes<Arch>(truncation, rows, right.cols)) return errc::workspace_too_small;
  matrix_view<float> const all{take_reals<float>(scratch, rows * right.cols).data(), rows, right.cols};
  matrix_view<float> const factors{take_reals<float>(scratch, rows * k).data(), rows, k};
  std::size_t at = 0;
  for (auto const& m : w)
    for (std::size_t i = 0; i < m.rows; ++i, ++at)
      for (std::size_t j = 0; j < m.cols; ++j) all(at, j) = m(i, j);
  if (auto const s = truncation.template factor<Arch>(all, factors, right, scratch); !s) return s;
  at = 0;
  for (auto const& m : left)
    for (std::size_t i = 0; i < m.rows; ++i, ++at)
      for (std::size_t j = 0; j < k; ++j) m(i, j) = factors(at, j);
  return errc::ok;
}

}  // namespace skive
