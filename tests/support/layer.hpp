// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A linear layer for tests of low-rank methods: weights, inputs, and what methods make of the inputs.

#include "skive/linalg/cholesky.hpp"

#include "support/svd_checks.hpp"

namespace skive::test {

/// |(W - left right) X| in the Frobenius norm; X: columns are tokens.
inline double output_error(matrix<float> const& w, matrix<float> const& left, matrix<float> const& right,
                           matrix<double> const& x) {
  matrix<double> e(w.rows(), w.cols());
  e.fill([&](std::size_t i, std::size_t j) {
    auto sum = static_cast<double>(w(i, j));
    for (std::size_t k = 0; k < left.cols(); ++k) sum -= static_cast<double>(left(i, k)) * static_cast<double>(right(k, j));
    return sum;
  });
  return frobenius_norm<double>(product_by_definition<double, double>(e.view(), false, x.view(), false));
}

// Inputs whose channels have falling variances and hang together, and everything that methods make of them.
struct layer {
  static constexpr std::size_t m = 40, n = 56, tokens = 200;
  matrix<float> w{m, n};
  matrix<double> x{n, tokens};
  matrix<double> unit{n, n};
  matrix<float> lower{n, n};
  std::vector<float> rms, mean;

  /// `seen`: tokens that are not zero.
  explicit layer(unsigned seed, std::size_t seen = tokens) : rms(n), mean(n) {
    std::mt19937 random{seed};
    w = random_matrix<float>(m, n, random);
    auto const mix = random_orthogonal(n, random);
    auto const source = random_matrix<double>(n, tokens, random);
    x.fill([&](std::size_t i, std::size_t t) {
      double sum = 0;
      for (std::size_t k = 0; k < n && t < seen; ++k)
        sum += (mix(i, k) * 0.8 + (i == k ? 1.0 : 0.0)) * source(k, t) / static_cast<double>(k + 1);
      return sum;
    });
    unit.fill([](std::size_t i, std::size_t j) { return i == j ? 1.0 : 0.0; });
    auto const gram = product_by_definition<double, double>(x.view(), false, x.view(), true);
    lower.fill([&](std::size_t i, std::size_t j) { return static_cast<float>(gram(i, j)); });
    std::vector<std::byte> memory(skive::cholesky_scratch_bytes<float>(n));
    skive::cholesky_report<float> report;
    REQUIRE(skive::cholesky<skive::native_arch>(lower.view(), report, workspace{memory}));
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t t = 0; t < tokens; ++t) sum += std::abs(x(i, t));
      mean[i] = static_cast<float>(std::sqrt(sum / static_cast<double>(tokens)));  // ASVD, alpha = 1/2
      rms[i] = static_cast<float>(std::sqrt(gram(i, i)));
    }
  }
};

}  // namespace skive::test
