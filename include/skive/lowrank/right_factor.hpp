// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/right_factor.hpp - what weights are multiplied with before their singular values are cut, and divided by after.
///
///   identity_factor       S = 1                       plain SVD
///   diagonal_factor       S = diag(scale)             ASVD: mean |x_i|^alpha; QERA-approx, "imatrix": root mean square of x_i
///   triangular_factor     S = L, lower triangular     SVD-LLM, QERA-exact, EoRA, CALDERA: L L^T = X X^T of the inputs X
///
///   w <- w S (multiply),   r <- r S^-1 (divide)
///
/// L comes from linalg/cholesky.hpp, whose damping makes a factor of Gram matrices of any rank; L is used for both directions, so
/// that S S^-1 = 1 whatever was added.
///
/// Model of : right_factor
/// Cost     : a product with each number, or with a triangle: m n^2 operations.
/// Accuracy : multiply and divide round as products and triangular solves do.
/// Promise  : divide(multiply(w)) is w up to rounding; check() refuses what cannot be divided by, in O(n).
/// Source   : ASVD: Yuan et al., 2023; SVD-LLM: Wang et al., 2024; QERA: Zhang et al., 2024.

#include "skive/core/primitive.hpp"
#include "skive/linalg/triangular.hpp"

#include <span>

namespace skive {

/// columns(): of the matrices it fits; 0: any.
template <class S>
concept right_factor = primitive<S> && requires(S const s, std::size_t n, matrix_view<float> m, workspace scratch) {
  { s.columns() } noexcept -> std::same_as<std::size_t>;
  { s.scratch_bytes(n, n) } noexcept -> std::same_as<std::size_t>;
  { s.check() } noexcept -> std::same_as<status>;
  { s.multiply(m, scratch) } noexcept -> std::same_as<status>;
  { s.divide(m, scratch) } noexcept -> std::same_as<status>;
};

struct identity_factor {
  constexpr std::size_t columns() const noexcept { return 0; }
  template <class Arch = native_arch>
  constexpr std::size_t scratch_bytes(std::size_t, std::size_t) const noexcept {
    return 0;
  }
  constexpr status check() const noexcept { return errc::ok; }
  template <class Arch = native_arch>
  constexpr status multiply(matrix_view<float>, workspace) const noexcept {
    return errc::ok;
  }
  template <class Arch = native_arch>
  constexpr status divide(matrix_view<float>, workspace) const noexcept {
    return errc::ok;
  }
};

struct diagonal_factor {
  std::span<float const> scale;  ///< positive and finite

  std::size_t columns() const noexcept { return scale.size(); }
  template <class Arch = native_arch>
  constexpr std::size_t scratch_bytes(std::size_t, std::size_t) const noexcept {
    return 0;
  }
  status check() const noexcept {
    if (scale.empty()) return errc::size_mismatch;
    for (float const x : scale)
      if (!(x > 0.0f) || !detail::finite(x)) return errc::invalid_argument;
    return errc::ok;
  }
  template <class Arch = native_arch>
  status multiply(matrix_view<float> m, workspace) const noexcept {
    for (std::size_t i = 0; i < m.rows; ++i)
      for (std::size_t k = 0; k < m.cols; ++k) m(i, k) *= scale[k];
    return errc::ok;
  }
  template <class Arch = native_arch>
  status divide(matrix_view<float> m, workspace) const noexcept {
    for (std::size_t i = 0; i < m.rows; ++i)
      for (std::size_t k = 0; k < m.cols; ++k) m(i, k) /= scale[k];
    return errc::ok;
  }
};

struct triangular_factor {
  matrix_view<float const> lower;  ///< what stands above the diagonal is not read

  std::size_t columns() const noexcept { return lower.cols; }
  template <class Arch = native_arch>
  std::size_t scratch_bytes(std::size_t rows, std::size_t cols) const noexcept {
    return workspace::bytes<float>(cols * cols) + workspace::bytes<float>(rows * cols) +
        solve_scratch_bytes<float, Arch>(rows, cols) + product_scratch_bytes<float, Arch>(rows, cols, cols);
  }
  status check() const noexcept {
    if (lower.rows != lower.cols || lower.rows == 0 || !lower.valid()) return errc::size_mismatch;
    for (std::size_t i = 0; i < lower.rows; ++i)
      if (!(lower(i, i) > 0.0f) || !detail::finite(lower(i, i))) return errc::invalid_argument;
    return errc::ok;
  }
  template <class Arch = native_arch>
  status multiply(matrix_view<float> m, workspace scratch) const noexcept {
    auto const n = lower.cols;
    matrix_view<float> const triangle{take_reals<float>(scratch, n * n).data(), n, n};
    matrix_view<float> const copy{take_reals<float>(scratch, m.rows * n).data(), m.rows, n};
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k) triangle(i, k) = k <= i ? lower(i, k) : 0.0f;
    for (std::size_t i = 0; i < m.rows; ++i)
      for (std::size_t k = 0; k < n; ++k) copy(i, k) = m(i, k);
    return product<Arch, float>(copy, triangle, m, scratch);
  }
  template <class Arch = native_arch>
  status divide(matrix_view<float> m, workspace scratch) const noexcept {
    return solve_right<Arch>(skive::lower(lower), m, scratch);
  }
};

static_assert(right_factor<identity_factor> && right_factor<diagonal_factor> && right_factor<triangular_factor>);

}  // namespace skive
