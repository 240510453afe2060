// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/row_predictor.hpp - rows of one cache out of rows of another: keys from the layer before, values from keys (AQUA-KV).
///
///   y ~ W^T x + c;   stored is the rest  r = y - W^T x' - c  in pages of any quantizer, x' what the other cache gives back
///   y' = W^T x' + c + r';   q y' = (W q) x' + q c + q r'
///
/// So attention needs no decoded rows: logits of the mapped query with pages of x, and of the query with pages of r; q c is the
/// same for all tokens and drops out of softmax. Sums of values: W^T (sum_t w_t x'_t) + (sum_t w_t) c + sum_t w_t r'_t, which is
/// predict() on a sum of weights 1.
///
/// Model of : -
/// Cost     : inputs outputs multiply-adds a row; fitting tokens inputs (inputs + outputs) / 2 and inputs^3 / 3, once for a head.
///            Weights are the caller's: (inputs + 1) outputs floats.
/// Accuracy : sums in double, rounded once. A fit solves the normal equations in double.
/// Promise  : sizes are checked before the first write; weights that are not finite are refused.
/// Source   : A. Shutova et al., "Cache Me If You Must: Adaptive Key-Value Quantization for Large Language Models" (AQUA-KV),
///            ICML 2025.

#include "skive/core/matrix_view.hpp"
#include "skive/core/planes.hpp"
#include "skive/linalg/cholesky.hpp"

#include <span>

namespace skive {

class row_predictor {
 public:
  constexpr row_predictor() noexcept = default;
  /// Numbers of W, input after input, and of c behind it.
  static constexpr std::size_t numbers(std::size_t inputs, std::size_t outputs) noexcept {
    return saturating_multiply(saturating_add(inputs, 1), outputs);
  }
  /// Fails with invalid_argument (nothing to predict, or from), size_mismatch, not_finite.
  static constexpr result<row_predictor> make(std::size_t inputs, std::size_t outputs, std::span<float const> weights) noexcept {
    if (inputs == 0 || outputs == 0) return errc::invalid_argument;
    if (weights.size() != numbers(inputs, outputs)) return errc::size_mismatch;
    for (auto const w : weights)
      if (!is_finite(w)) return errc::not_finite;
    row_predictor p;
    p.inputs_ = inputs;
    p.outputs_ = outputs;
    p.weights_ = weights;
    return p;
  }
  constexpr std::size_t inputs() const noexcept { return inputs_; }
  constexpr std::size_t outputs() const noexcept { return outputs_; }
  constexpr std::span<float const> center() const noexcept { return weights_.subspan(inputs_ * outputs_); }

  /// y = W^T x + c, row by row. Fails with size_mismatch.
  constexpr status predict(matrix_view<float const> x, matrix_view<float> y) const noexcept {
    return each(x, y, [](float& to, double p) noexcept { to = static_cast<float>(p); });
  }
  /// y -= W^T x + c: the rest. Fails with size_mismatch.
  constexpr status subtract(matrix_view<float const> x, matrix_view<float> y) const noexcept {
    return each(x, y, [](float& to, double p) noexcept { to = static_cast<float>(static_cast<double>(to) - p); });
  }
  /// y += W^T x + c. Fails with size_mismatch.
  constexpr status add(matrix_view<float const> x, matrix_view<float> y) const noexcept {
    return each(x, y, [](float& to, double p) noexcept { to = static_cast<float>(static_cast<double>(to) + p); });
  }
  /// mapped = W q, for products with rows x. Fails with size_mismatch.
  constexpr status map_queries(matrix_view<float const> q, matrix_view<float> mapped) const noexcept {
    if (!q.valid() || !mapped.valid() || q.rows != mapped.rows || q.cols != outputs_ || mapped.cols != inputs_)
      return errc::size_mismatch;
    for (std::size_t h = 0; h < q.rows; ++h)
      for (std::size_t i = 0; i < inputs_; ++i) {
        double sum = 0;
        for (std::size_t d = 0; d < outputs_; ++d)
          sum += static_cast<double>(weights_[i * outputs_ + d]) * static_cast<double>(q(h, d));
        mapped(h, i) = static_cast<float>(sum);
      }
    return errc::ok;
  }

 private:
  template <class Use>
  constexpr status each(matrix_view<float const> x, matrix_view<float> y, Use use) const noexcept {
    if (!x.valid() || !y.valid() || x.rows != y.rows || x.cols != inputs_ || y.cols != outputs_) return errc::size_mismatch;
    for (std::size_t t = 0; t < x.rows; ++t)
      for (std::size_t first = 0; first < outputs_; first += at_once) {
        double sum[at_once];
        auto const count = outputs_ - first < at_once ? outputs_ - first : at_once;
        for (std::size_t d = 0; d < count; ++d) sum[d] = static_cast<double>(center()[first + d]);
        for (std::size_t i = 0; i < inputs_; ++i)
          for (std::size_t d = 0; d < count; ++d)
            sum[d] += static_cast<double>(weights_[i * outputs_ + first + d]) * static_cast<double>(x(t, i));
        for (std::size_t d = 0; d < count; ++d) use(y(t, first + d), sum[d]);
      }
    return errc::ok;
  }
  static constexpr std::size_t at_once = 64;

  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  std::span<float const> weights_;
};

/// Scratch of fit_predictor().
template <class Arch = native_arch>
constexpr std::size_t fit_predictor_scratch_bytes(std::size_t inputs, std::size_t outputs) noexcept {
  auto const moments = workspace::bytes<double>(saturating_multiply(inputs, inputs));
  auto const solution = workspace::bytes<double>(saturating_multiply(inputs, outputs));
  auto const means = workspace::bytes<double>(saturating_add(inputs, outputs));
  auto const factor = cholesky_scratch_bytes<double, Arch>(inputs);
  auto const solve = solve_scratch_bytes<double, Arch>(inputs, outputs);
  return saturating_add(saturating_add(moments, solution), saturating_add(means, factor > solve ? factor : solve));
}

/// The W and c of least squares over rows of x and y, with damping relative to the mean of the diagonal of x's moments: W is for
/// x as pages give it back, so fit on that. Fails with size_mismatch, invalid_argument (no rows, a negative damping),
/// not_finite, workspace_too_small.
template <class Arch = native_arch>
status fit_predictor(matrix_view<float const> x, matrix_view<float const> y, double damping, std::span<float> weights,
                     workspace scratch) noexcept {
  auto const n = x.cols;
  auto const m = y.cols;
  if (!x.valid() || !y.valid() || x.rows != y.rows || weights.size() != row_predictor::numbers(n, m)) return errc::size_mismatch;
  if (x.rows == 0 || n == 0 || m == 0 || !(damping >= 0)) return errc::invalid_argument;
  for (std::size_t t = 0; t < x.rows; ++t) {
    for (auto const v : x.row(t))
      if (!is_finite(v)) return errc::not_finite;
    for (auto const v : y.row(t))
      if (!is_finite(v)) return errc::not_finite;
  }
  if (scratch.size() < fit_predictor_scratch_bytes<Arch>(n, m)) return errc::workspace_too_small;
  matrix_view<double> const moments{scratch.take<double>(n * n).data(), n, n};
  matrix_view<double> const solution{scratch.take<double>(n * m).data(), n, m};
  auto const mean = scratch.take<double>(n + m);
  for (auto& v : mean) v = 0;
  for (std::size_t i = 0; i < n * n; ++i) moments.data[i] = 0;
  for (std::size_t i = 0; i < n * m; ++i) solution.data[i] = 0;
  auto const rows = static_cast<double>(x.rows);
  for (std::size_t t = 0; t < x.rows; ++t) {
    for (std::size_t i = 0; i < n; ++i) mean[i] += static_cast<double>(x(t, i)) / rows;
    for (std::size_t d = 0; d < m; ++d) mean[n + d] += static_cast<double>(y(t, d)) / rows;
  }
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t i = 0; i < n; ++i) {
      auto const v = static_cast<double>(x(t, i)) - mean[i];
      for (std::size_t j = 0; j <= i; ++j) moments(i, j) += v * (static_cast<double>(x(t, j)) - mean[j]);
      for (std::size_t d = 0; d < m; ++d) solution(i, d) += v * (static_cast<double>(y(t, d)) - mean[n + d]);
    }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) moments(j, i) = moments(i, j);
  cholesky_report<double> report;
  if (auto const s = cholesky<Arch>(moments, report, scratch, {damping}); !s) return s;
  if (auto const s = solve_left<Arch>(lower(moments), solution, scratch); !s) return s;
  if (auto const s = solve_left<Arch>(transposed(lower(moments)), solution, scratch); !s) return s;
  for (std::size_t d = 0; d < m; ++d) {
    auto c = mean[n + d];
    for (std::size_t i = 0; i < n; ++i) {
      weights[i * m + d] = static_cast<float>(solution(i, d));
      c -= solution(i, d) * mean[i];
    }
    weights[n * m + d] = static_cast<float>(c);
  }
  return errc::ok;
}

}  // namespace skive
