// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// How far factors are from what they should be, in wider numbers.

#include "support/matrices.hpp"

#include <cmath>

namespace skive::test {

using std::abs;

/// Largest element of |Q^T Q - I|.
template <class Wide, class T>
Wide orthogonality_error(matrix<T> const& q) {
  auto const g = product_by_definition<Wide>(q.view(), true, q.view(), false);
  Wide worst(0);
  for (std::size_t i = 0; i < g.rows(); ++i)
    for (std::size_t j = 0; j < g.cols(); ++j) {
      Wide const e = abs(Wide(g(i, j) - Wide(i == j ? 1 : 0)));
      if (!(e <= worst)) worst = e;
    }
  return worst;
}

/// Largest 2-norm of a column of A(:, order) - Q R, relative to that of the column (absolute where it is zero).
template <class Wide, class T>
Wide product_error(matrix<T> const& a, matrix<T> const& q, matrix<T> const& r, std::vector<std::size_t> const& order) {
  auto const p = product_by_definition<Wide>(q.view(), false, r.view(), false);
  Wide worst(0);
  for (std::size_t j = 0; j < a.cols(); ++j) {
    Wide difference(0);
    Wide length(0);
    for (std::size_t i = 0; i < a.rows(); ++i) {
      auto const x = static_cast<Wide>(a(i, order[j]));
      difference += (p(i, j) - x) * (p(i, j) - x);
      length += x * x;
    }
    Wide const e = length == Wide(0) ? Wide(sqrt(difference)) : Wide(sqrt(difference / length));
    if (!(e <= worst)) worst = e;
  }
  return worst;
}

/// The upper triangle of the first `rows` rows.
template <class T>
matrix<T> upper_part(matrix<T> const& a, std::size_t rows) {
  matrix<T> r(rows, a.cols());
  return r.fill([&](std::size_t i, std::size_t j) { return j < i ? T(0) : a(i, j); });
}

}  // namespace skive::test
