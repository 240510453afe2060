// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Gram matrices of known rank, and how near Cholesky factors come to the matrix they were made of.

#include "support/matrices.hpp"

#include <cmath>
#include <limits>
#include <numeric>

namespace skive::test {

template <class T>
matrix<T> gram(matrix<T> const& x) {
  auto const wide = product_by_definition<T>(x.view(), true, x.view(), false);
  matrix<T> g(x.cols(), x.cols(), 2, 1);
  return g.fill([&](std::size_t i, std::size_t j) { return wide(i, j); });
}
// X has `rank` rows of small integers, so that its Gram matrix is exact and of that rank.
template <class T>
matrix<T> integer_gram(std::size_t n, std::size_t rank, std::mt19937& random) {
  matrix<T> x(rank, n);
  x.fill([&](std::size_t, std::size_t) { return static_cast<T>(static_cast<int>(random() % 9) - 4); });
  return gram(x);
}

// |A(order, order) + damping - L L^T| <= (n + 1) u |L| |L^T| (+ allowance on everything).
template <class Wide, class T>
bool reproduces(matrix<T> const& l, matrix<T> const& a, std::vector<std::size_t> const& order, T damping, Wide allowance) {
  auto const n = a.rows();
  auto const u = Wide(std::numeric_limits<T>::epsilon()) / 2;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      Wide sum(0);
      Wide size(0);
      for (std::size_t k = 0; k <= j; ++k) {
        sum += Wide(l(i, k)) * Wide(l(j, k));
        size += std::fabs(Wide(l(i, k)) * Wide(l(j, k)));
      }
      auto const target = Wide(a(order[i], order[j])) + (i == j ? Wide(damping) : Wide(0));
      if (!(std::fabs(sum - target) <= Wide(n + 2) * u * (size + std::fabs(target)) + allowance)) return false;
    }
  return true;
}
inline std::vector<std::size_t> identity_order(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}
template <class T>
bool upper_is_that_of(matrix<T> const& a, matrix<T> const& b) {
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = i + 1; j < a.rows(); ++j)
      if (a(i, j) != b(i, j)) return false;
  return true;
}
template <class T>
bool lower_is_finite(matrix<T> const& a) {
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j <= i; ++j)
      if (!std::isfinite(a(i, j))) return false;
  return true;
}

}  // namespace skive::test
