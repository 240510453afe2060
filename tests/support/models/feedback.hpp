// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Error feedback over any stepwise codec with steps of one number: the recursion of GPTQ, in double.
//
//   H = R R^T, R upper triangular;  U = R^-1;   column j:  q = round(w_j),  e = (w_j - q) / U_jj,  w_k -= e U_jk for k > j
//
// `every`: columns between two feedbacks; 1 is the recursion itself, a whole group is feedback between groups only.

#include "skive/core/concepts.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace skive::test {

using square = std::vector<double>;  // n x n, row-major

// U with H^-1 = U^T U, upper triangular; empty if H is not positive definite.
inline square inverse_factor(square const& h, std::size_t n) {
  square r(n * n, 0.0);
  for (std::size_t j = n; j-- > 0;) {
    for (std::size_t i = j + 1; i-- > 0;) {
      double sum = h[i * n + j];
      for (std::size_t k = j + 1; k < n; ++k) sum -= r[i * n + k] * r[j * n + k];
      if (i == j && !(sum > 0)) return {};
      r[i * n + j] = i == j ? std::sqrt(sum) : sum / r[j * n + j];
    }
  }
  square u(n * n, 0.0);
  for (std::size_t i = n; i-- > 0;) {
    u[i * n + i] = 1 / r[i * n + i];
    for (std::size_t k = i + 1; k < n; ++k) {
      double const f = -r[i * n + k] / r[i * n + i];
      for (std::size_t j = k; j < n; ++j) u[i * n + j] += f * u[k * n + j];
    }
  }
  return u;
}

// tr((W - Q) H (W - Q)^T)
inline double layer_loss(std::vector<float> const& w, std::vector<float> const& q, square const& h, std::size_t rows,
                         std::size_t n) {
  double loss = 0;
  std::vector<double> d(n);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < n; ++i) d[i] = static_cast<double>(w[r * n + i]) - static_cast<double>(q[r * n + i]);
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += h[i * n + j] * d[j];
      loss += d[i] * sum;
    }
  }
  return loss;
}

template <class Codec>
struct solved {
  std::vector<float> values;                                     // rows x n
  std::vector<std::vector<typename Codec::block_state>> states;  // per row, in the order of its groups
};

// Precondition: codec.step() == 1.
template <stepwise_codec Codec>
solved<Codec> with_feedback(Codec const& codec, std::vector<float> const& weights, square const& h, std::size_t rows,
                            std::size_t n, std::size_t every) {
  auto const u = inverse_factor(h, n);
  std::vector<double> w(weights.begin(), weights.end());
  auto const group = codec.group_size() == 0 ? n : codec.group_size();
  solved<Codec> out{std::vector<float>(rows * n), std::vector<std::vector<typename Codec::block_state>>(rows)};
  std::vector<std::byte> memory(codec.settle_bytes(group));
  std::vector<typename Codec::block_state> column_states(rows);
  std::vector<float> column(rows);
  std::vector<double> errors(rows * n);
  for (std::size_t j = 0; j < n; ++j) {
    if (j % group == 0) {
      for (std::size_t r = 0; r < rows; ++r) {
        auto const* const first = w.data() + r * n + j;
        std::vector<float> const now(first, first + (n - j < group ? n - j : group));
        column_states[r] = codec.settle(now, workspace{memory});
        out.states[r].push_back(column_states[r]);
      }
    }
    for (std::size_t r = 0; r < rows; ++r) column[r] = static_cast<float>(w[r * n + j]);
    codec.round(std::span<typename Codec::block_state const>{column_states}, matrix_view<float const>{column.data(), rows, 1},
                matrix_view<float>{out.values.data() + j, rows, 1, n});
    std::size_t const first = j / every * every;
    bool const feed = (j + 1) % every == 0;
    for (std::size_t r = 0; r < rows; ++r) {
      // Inside a stretch without feedback the errors still stand for all of its columns: e U_bb = w_b - q_b.
      double e = w[r * n + j] - static_cast<double>(out.values[r * n + j]);
      for (std::size_t k = first; k < j; ++k) e -= errors[r * n + k] * u[k * n + j];
      errors[r * n + j] = e / u[j * n + j];
      if (!feed) continue;
      for (std::size_t k = first; k <= j; ++k)
        for (std::size_t i = j + 1; i < n; ++i) w[r * n + i] -= errors[r * n + k] * u[k * n + i];
    }
  }
  return out;
}

}  // namespace skive::test
