// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/random_table.hpp: each polynomial is the quantile that its row says, by the error function.
#include "skive/core/random_table.hpp"

#include <cmath>
#include <cstddef>
#include <cstdlib>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::normal_quantile_rows;

constexpr double stated = 0x1p-28;  // 2^-28.9, and the oracle's own error

double polynomial(std::size_t row, double t) {
  double sum = 0;
  for (auto j = normal_quantile_rows[row].size(); j-- > 0;)
    sum = sum * t + 0x1p-32 * static_cast<double>(normal_quantile_rows[row][j]);
  return sum;
}

double density(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * 3.14159265358979323846); }

}  // namespace

TEST_CASE("random table: tails of the normal distribution, row by row", "[core]") {
  for (std::size_t row = 1; row < normal_quantile_rows.size(); ++row)
    for (double t = -1; t <= 1; t += 0x1p-7) {
      CAPTURE(row, t);
      double const x = polynomial(row, t);
      double const p = std::ldexp(1.5 + 0.5 * t, -static_cast<int>(row + 2));
      double const error = (0.5 * std::erfc(x / std::sqrt(2.0)) - p) / density(x);  // of x, to first order
      CHECK(std::abs(error) < stated * x);
    }
}

TEST_CASE("random table: the middle of the normal distribution", "[core]") {
  for (double d = 0x1p-10; d <= 0.25; d += 0x1p-10) {
    CAPTURE(d);
    double const x = d * polynomial(0, 32 * d * d - 1);
    double const error = (0.5 * std::erf(x / std::sqrt(2.0)) - d) / density(x);
    CHECK(std::abs(error) < stated * x);
  }
}

TEST_CASE("random table: what varies in a row stays below one half", "[core]") {
  for (auto const& row : normal_quantile_rows) {
    std::int64_t sum = 0;
    for (std::size_t j = 1; j < row.size(); ++j) sum += std::abs(row[j]);
    CHECK(sum < std::int64_t{1} << 31);
  }
}
