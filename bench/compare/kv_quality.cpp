// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kv_quality.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace skive::compare {
namespace {

constexpr std::size_t most_positions = 512;

double product(std::span<float const> x, std::span<float const> y) {
  float sum[8]{};
  for (std::size_t d = 0; d < x.size(); d += 8)
    for (std::size_t i = 0; i < 8; ++i) sum[i] += x[d + i] * y[d + i];
  double all = 0;
  for (auto const s : sum) all += static_cast<double>(s);
  return all;
}

// Logits minus the logarithm of their sum: logarithms of probabilities.
void log_softmax(std::span<float const> query, matrix_view<float const> keys, std::span<double> out) {
  auto const scale = 1.0 / std::sqrt(static_cast<double>(query.size()));
  double top = -1e300;
  for (std::size_t t = 0; t < out.size(); ++t) {
    out[t] = scale * product(query, keys.row(t));
    top = std::max(top, out[t]);
  }
  double sum = 0;
  for (auto const l : out) sum += std::exp(l - top);
  auto const shift = top + std::log(sum);
  for (auto& l : out) l -= shift;
}

}  // namespace

attention_sums& attention_sums::operator+=(attention_sums const& o) noexcept {
  kl += o.kl;
  queries += o.queries;
  error_squares += o.error_squares;
  output_squares += o.output_squares;
  return *this;
}
std::optional<double> attention_sums::mean_kl() const noexcept {
  return queries > 0 ? std::optional{std::max(0.0, kl / queries)} : std::nullopt;
}
std::optional<double> attention_sums::output_error() const noexcept {
  return output_squares > 0 ? std::optional{std::sqrt(error_squares / output_squares)} : std::nullopt;
}

attention_sums measure_attention(cache_layer const& layer, std::size_t h, matrix_view<float const> keys,
                                 matrix_view<float const> values) {
  auto const tokens = layer.keys.tokens;
  auto const share = layer.queries.heads / layer.keys.heads;
  auto const count = std::min(tokens, most_positions);
  auto const exact_keys = layer.keys.head(h);
  std::vector<double> exact(tokens);
  std::vector<double> other(tokens);
  std::vector<double> right(values.cols);
  std::vector<double> got(values.cols);
  attention_sums sums;
  for (std::size_t i = 0; i < count; ++i) {
    auto const seen = (i + 1) * tokens / count;
    for (std::size_t r = 0; r < share; ++r) {
      auto const query = layer.queries.head(h * share + r).row(seen - 1);
      log_softmax(query, exact_keys, std::span{exact}.first(seen));
      log_softmax(query, keys, std::span{other}.first(seen));
      std::fill(right.begin(), right.end(), 0.0);
      std::fill(got.begin(), got.end(), 0.0);
      for (std::size_t t = 0; t < seen; ++t) {
        auto const p = std::exp(exact[t]);
        sums.kl += p * (exact[t] - other[t]);
        auto const changed = std::exp(other[t]);
        for (std::size_t d = 0; d < values.cols; ++d) {
          right[d] += p * static_cast<double>(layer.values.head(h)(t, d));
          got[d] += changed * static_cast<double>(values(t, d));
        }
      }
      sums.queries += 1;
      for (std::size_t d = 0; d < values.cols; ++d) {
        sums.error_squares += (got[d] - right[d]) * (got[d] - right[d]);
        sums.output_squares += right[d] * right[d];
      }
    }
  }
  return sums;
}

}  // namespace skive::compare
