// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Oracles of singular value decompositions: a textbook Jacobi iteration in any type, and how far factors are from what they
// claim.

#include "skive/core/workspace.hpp"

#include "support/matrices.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace skive::test {

/// Singular values of m, falling: columns are turned pair by pair until all are orthogonal. T: of more digits than what is
/// judged.
template <class Wide, class T>
std::vector<Wide> singular_values_by_rotation(matrix<T> const& m) {
  using std::abs;
  using std::sqrt;
  bool const wide = m.cols() > m.rows();
  auto const n = wide ? m.rows() : m.cols();
  auto const length = wide ? m.cols() : m.rows();
  std::vector<std::vector<Wide>> column(n, std::vector<Wide>(length));
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t i = 0; i < length; ++i) column[j][i] = Wide(wide ? m(j, i) : m(i, j));
  auto const inner = [&](std::size_t p, std::size_t q) {
    Wide s(0);
    for (std::size_t i = 0; i < length; ++i) s += column[p][i] * column[q][i];
    return s;
  };
  Wide const small = std::numeric_limits<Wide>::epsilon() * Wide(16);
  bool moved = true;
  for (int sweep = 0; sweep < 60 && moved; ++sweep) {
    moved = false;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        Wide const a = inner(p, p);
        Wide const b = inner(q, q);
        Wide const c = inner(p, q);
        if (abs(c) <= small * sqrt(a) * sqrt(b)) continue;
        moved = true;
        Wide const z = (b - a) / (Wide(2) * c);
        Wide const t = (z < Wide(0) ? Wide(-1) : Wide(1)) / (abs(z) + sqrt(Wide(1) + z * z));
        Wide const cosine = Wide(1) / sqrt(Wide(1) + t * t);
        for (std::size_t i = 0; i < length; ++i) {
          Wide const x = column[p][i];
          column[p][i] = cosine * (x - t * column[q][i]);
          column[q][i] = cosine * (t * x + column[q][i]);
        }
      }
  }
  std::vector<Wide> values(n);
  for (std::size_t j = 0; j < n; ++j) values[j] = sqrt(inner(j, j));
  std::sort(values.begin(), values.end(), [](Wide const& x, Wide const& y) { return x > y; });
  return values;
}

/// The largest |v_i . v_j - (i == j)| of the columns (rows) of v.
template <class Wide, class T>
Wide distance_from_orthonormal(matrix<T> const& v, bool columns) {
  auto const product = product_by_definition<Wide, T>(v.view(), columns, v.view(), !columns);
  Wide worst(0);
  for (std::size_t i = 0; i < product.rows(); ++i)
    for (std::size_t j = 0; j < product.cols(); ++j) {
      using std::abs;
      Wide const d = abs(Wide(product(i, j) - Wide(i == j ? 1 : 0)));
      worst = worst < d ? d : worst;
    }
  return worst;
}

/// |A - U diag(sigma) V^T| in the Frobenius norm, of as many triplets as u has columns.
template <class Wide, class T>
Wide distance_from_product(matrix<T> const& a, matrix<T> const& u, std::vector<T> const& sigma, matrix<T> const& vt) {
  using std::sqrt;
  Wide sum(0);
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < a.cols(); ++j) {
      Wide x(a(i, j));
      for (std::size_t k = 0; k < u.cols(); ++k) x -= Wide(u(i, k)) * Wide(sigma[k]) * Wide(vt(k, j));
      sum += x * x;
    }
  return sqrt(sum);
}

template <class Wide, class T>
Wide frobenius_norm(matrix<T> const& a) {
  using std::sqrt;
  Wide sum(0);
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < a.cols(); ++j) sum += Wide(a(i, j)) * Wide(a(i, j));
  return sqrt(sum);
}

/// Orthogonal in all the digits of double: reflections of the identity.
inline matrix<double> random_orthogonal(std::size_t n, std::mt19937& random) {
  matrix<double> q(n, n);
  q.fill([](std::size_t i, std::size_t j) { return i == j ? 1.0 : 0.0; });
  std::vector<double> v(n);
  for (std::size_t step = 0; step < n; ++step) {
    double square = 0;
    for (double& x : v) {
      x = uniform<double>(random);
      square += x * x;
    }
    for (std::size_t i = 0; i < n; ++i) {
      double dot = 0;
      for (std::size_t j = 0; j < n; ++j) dot += q(i, j) * v[j];
      for (std::size_t j = 0; j < n; ++j) q(i, j) -= 2 * dot / square * v[j];
    }
  }
  return q;
}

/// Q diag(values) Z^T for random orthogonal Q and Z.
template <class T>
matrix<T> with_singular_values(std::vector<double> const& values, std::mt19937& random) {
  auto const n = values.size();
  auto const q = random_orthogonal(n, random);
  auto const z = random_orthogonal(n, random);
  matrix<T> a(n, n);
  return a.fill([&](std::size_t i, std::size_t j) {
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += q(i, k) * values[k] * z(j, k);
    return static_cast<T>(sum);
  });
}

/// Memory of just the size that is asked for, and the results of a decomposition with r vectors on each side.
template <class T>
struct svd_results {
  matrix<T> u;
  std::vector<T> sigma;
  matrix<T> vt;

  svd_results(std::size_t m, std::size_t n, std::size_t r) : u(m, r), sigma(m < n ? m : n), vt(r, n) {}
};

}  // namespace skive::test
