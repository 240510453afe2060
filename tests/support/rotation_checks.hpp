// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What tests of fitted and learned rotations share: orthogonality, traces, random rotations of any real type.

#include "skive/transform/orthogonal_group.hpp"
#include "skive/transform/reflections.hpp"
#include "support/matrices.hpp"
#include "support/packed_row.hpp"

#include <algorithm>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

template <class T>
constexpr double unit = static_cast<double>(std::numeric_limits<T>::epsilon()) / 2;

// max |Q Q^T - 1|, in double.
template <class T>
double defect(matrix<T> const& q) {
  auto const gram = product_by_definition<double, T>(q.view(), false, q.view(), true);
  double most = 0;
  for (std::size_t i = 0; i < q.rows(); ++i)
    for (std::size_t j = 0; j < q.rows(); ++j) most = std::max(most, std::fabs(gram(i, j) - (i == j ? 1.0 : 0.0)));
  return most;
}
template <class T>
double trace_of_product(matrix<T> const& q, matrix<T> const& m) {  // trace(Q^T M)
  double sum = 0;
  for (std::size_t i = 0; i < q.rows(); ++i)
    for (std::size_t j = 0; j < q.cols(); ++j) sum += static_cast<double>(q(i, j)) * static_cast<double>(m(i, j));
  return sum;
}
template <class T>
matrix<T> random_rotation(std::size_t n, std::uint64_t seed) {
  matrix<float> q(n, n);
  scratch_memory scratch{random_orthogonal_bytes(n)};
  REQUIRE(random_orthogonal(seed, q.view(), scratch.get()));
  auto wide = matrix<T>(n, n).fill([&](std::size_t i, std::size_t j) { return static_cast<T>(q(i, j)); });
  scratch_memory room{orthonormalise_bytes<T>(n)};  // as orthogonal as T can be
  REQUIRE(orthonormalise(wide.view(), room.get()));
  return wide;
}
template <class T>
double largest_difference(matrix<T> const& a, matrix<T> const& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < a.cols(); ++j)
      most = std::max(most, std::fabs(static_cast<double>(a(i, j)) - static_cast<double>(b(i, j))));
  return most;
}

}  // namespace skive::test
