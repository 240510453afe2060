// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/migration.hpp - outliers of activations moved into the weights, where thin factors take them up (SVDQuant).
///
///   lambda_j = max |x_j|^alpha / max_i |w_ij|^(1 - alpha),   w_ij' = w_ij lambda_j,   x_j' = x_j / lambda_j:   W' x' = W x
///
/// Model of : -
/// Cost     : two passes over W.
/// Accuracy : each number rounds twice.
/// Promise  : a channel without activations or without weights has lambda = 1; every lambda is a positive normal number.
/// Source   : G. Xiao et al., "SmoothQuant", 2023; M. Li et al., arXiv:2411.05007.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"
#include "skive/linalg/real.hpp"

#include <cmath>
#include <span>

namespace skive {

/// largest: max |x_j| of each input channel. Fails with size_mismatch, invalid_argument (alpha outside [0, 1]) or not_finite
/// (also a negative maximum), before the first write.
[[nodiscard]] inline status migration_scales(std::span<float const> largest, matrix_view<float const> w, float alpha,
                                             std::span<float> lambda) noexcept {
  if (largest.size() != w.cols || lambda.size() != w.cols) return errc::size_mismatch;
  if (!w.valid() || !(alpha >= 0.0f && alpha <= 1.0f)) return errc::invalid_argument;
  for (float const x : largest)
    if (!is_finite(x) || x < 0.0f) return errc::not_finite;
  for (std::size_t i = 0; i < w.rows; ++i)
    for (float const x : w.row(i))
      if (!is_finite(x)) return errc::not_finite;
  for (std::size_t j = 0; j < w.cols; ++j) {
    float most = 0;
    for (std::size_t i = 0; i < w.rows; ++i) most = detail::absolute(w(i, j)) > most ? detail::absolute(w(i, j)) : most;
    float const scale = std::pow(largest[j], alpha) / std::pow(most, 1.0f - alpha);
    bool const usable = largest[j] > 0.0f && most > 0.0f && scale >= 0x1p-60f && scale <= 0x1p60f;
    lambda[j] = usable ? scale : 1.0f;
  }
  return errc::ok;
}

/// W <- W diag(lambda). Fails with size_mismatch.
[[nodiscard]] inline status migrate(std::span<float const> lambda, matrix_view<float> w) noexcept {
  if (lambda.size() != w.cols) return errc::size_mismatch;
  for (std::size_t i = 0; i < w.rows; ++i)
    for (std::size_t j = 0; j < w.cols; ++j) w(i, j) *= lambda[j];
  return errc::ok;
}

}  // namespace skive
