// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Oracles of singular value decompositions: a textbook Jacobi iteration in any type, and how far factors are from what they
// claim.

#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"
#include "skive/simd/arch.hpp"

#include "support/allocations.hpp"
#include "support/matrices.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

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
      auto x = static_cast<Wide>(a(i, j));
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

/// Everything that holds for any matrix. Method: scratch_bytes<Arch, T>(m, n, vectors) and run<Arch, T>(a, u, sigma, vt,
/// scratch); Wide has more digits than T, of unit roundoff `rounding`.
template <class Wide, class Arch, class Method, class T>
void check_svd(Method method, matrix<T> const& a, double rounding) {
  using std::abs;
  auto const n = std::min(a.rows(), a.cols());
  CAPTURE(a.rows(), a.cols(), rounding);
  auto const decompose = [&](svd_results<T>& to) {
    std::vector<std::byte> memory(method.template scratch_bytes<Arch, T>(a.rows(), a.cols(), to.u.cols() + to.vt.rows() != 0));
    return method.template run<Arch, T>(a.view(), to.u.view(), to.sigma, to.vt.view(), workspace{memory});
  };
  svd_results<T> r(a.rows(), a.cols(), n);
  REQUIRE(decompose(r));
  auto const values = singular_values_by_rotation<Wide>(a);
  Wide const bound = Wide(rounding) * Wide(16.0 + 12.0 * std::sqrt(static_cast<double>(n)));
  for (std::size_t i = 0; i < n; ++i) {
    CHECK(abs(Wide(Wide(r.sigma[i]) - values[i])) <= bound * values[0]);
    CHECK((i == 0 || !(r.sigma[i - 1] < r.sigma[i])));
  }
  CHECK(distance_from_orthonormal<Wide>(r.u, true) <= bound);
  CHECK(distance_from_orthonormal<Wide>(r.vt, false) <= bound);
  CHECK(distance_from_product<Wide>(a, r.u, r.sigma, r.vt) <= bound * frobenius_norm<Wide>(a));

  svd_results<T> bare(a.rows(), a.cols(), 0);
  REQUIRE(decompose(bare));
  CHECK(bare.sigma == r.sigma);
  svd_results<T> few(a.rows(), a.cols(), (n + 1) / 2);  // the leading vectors are the same
  REQUIRE(decompose(few));
  CHECK(std::equal(few.vt.memory().begin(), few.vt.memory().end() - 1, r.vt.memory().begin()));
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t k = 0; k < few.u.cols(); ++k) CHECK(few.u(i, k) == r.u(i, k));
}

/// Matrices that decompositions have stumbled over: zeros, low rank, repeated values, graded ones either way, a plain diagonal.
template <class F>
void for_each_hard_matrix(F f) {
  std::mt19937 random{3};
  f(matrix<float>(20, 20));
  f(matrix<float>(1, 20));
  auto const column = random_matrix<float>(40, 1, random);
  matrix<float> rank_one(40, 36);
  f(rank_one.fill([&](std::size_t i, std::size_t j) { return column(i, 0) * static_cast<float>(j % 5); }));
  std::vector<double> repeated(48, 1.0);
  std::fill(repeated.begin() + 20, repeated.end(), 0.25);
  f(with_singular_values<float>(repeated, random));
  std::vector<double> falling(50);
  for (std::size_t i = 0; i < 50; ++i) falling[i] = std::pow(10.0, -0.3 * static_cast<double>(i));
  f(with_singular_values<float>(falling, random));
  auto graded = random_matrix<float>(48, 48, random);
  f(graded.fill([&](std::size_t i, std::size_t j) {
    return graded(i, j) * static_cast<float>(std::pow(10.0, -0.1 * static_cast<double>(i + j)));
  }));
  matrix<float> turned(48, 48);
  f(turned.fill([&](std::size_t i, std::size_t j) { return graded(47 - i, 47 - j); }));
  matrix<float> identity(33, 33);
  f(identity.fill([](std::size_t i, std::size_t j) { return i == j ? -2.0f : 0.0f; }));
}

/// The same kinds, small, in double: for oracles of fifty digits.
template <class F>
void for_each_small_hard_matrix(F f) {
  std::mt19937 random{9};
  f(matrix<double>(9, 9));
  f(random_matrix<double>(1, 11, random));
  auto const left = random_matrix<double>(12, 3, random);
  auto const right = random_matrix<double>(3, 10, random);
  f(product_by_definition<double, double>(left.view(), false, right.view(), false));
  f(with_singular_values<double>({3, 3, 3, 3, 0.5, 0.5, 0.5, 1e-9, 1e-9, 0}, random));
  auto graded = random_matrix<double>(12, 12, random);
  f(graded.fill([&](std::size_t i, std::size_t j) { return graded(i, j) * std::pow(10.0, -static_cast<double>(i + j)); }));
  matrix<double> turned(12, 12);
  f(turned.fill([&](std::size_t i, std::size_t j) { return graded(11 - i, 11 - j); }));
}

/// Refusals, all before the first write; no allocation.
template <class Method>
void check_svd_refusals(Method method) {
  std::mt19937 random{6};
  auto a = random_matrix<float>(6, 4, random);
  std::vector<std::byte> memory(method.template scratch_bytes<native_arch, float>(6, 4, true));
  auto const call = [&](matrix_view<float const> from, matrix_view<float> u, std::span<float> sigma, matrix_view<float> vt,
                        std::size_t bytes) {
    return method.template run<native_arch, float>(from, u, sigma, vt, workspace{std::span{memory}.first(bytes)}).error();
  };
  auto const run = [&](matrix<float> const& from, svd_results<float>& to, std::size_t bytes) {
    return call(from.view(), to.u.view(), to.sigma, to.vt.view(), bytes);
  };
  svd_results<float> good(6, 4, 4);
  svd_results<float> other(6, 5, 4);
  other.sigma.resize(4);
  CHECK(run(a, other, memory.size()) == errc::size_mismatch);
  svd_results<float> short_of_values(6, 4, 4);
  short_of_values.sigma.resize(3);
  CHECK(run(a, short_of_values, memory.size()) == errc::size_mismatch);
  CHECK(run(a, good, memory.size() - 1) == errc::workspace_too_small);
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto broken = a;
    broken(5, 3) = bad;
    CHECK(run(broken, good, memory.size()) == errc::not_finite);
  }
  CHECK(std::all_of(good.u.memory().begin(), good.u.memory().end(), [](float x) { return x == 0; }));
  CHECK(good.sigma == std::vector<float>(4, 0.0f));
  matrix_view<float> const part{a.view().data, 6, 2, 4};
  CHECK(call(a.view(), part, good.sigma, {}, memory.size()) == errc::overlap);
  CHECK(call({a.view().data, 6, 4, 3}, {}, good.sigma, {}, memory.size()) == errc::invalid_argument);
  auto const before = allocations();
  auto const fine = call(a.view(), good.u.view(), good.sigma, good.vt.view(), memory.size());
  CHECK(allocations() == before);
  CHECK(fine == errc::ok);
  CHECK(call({}, {}, {}, {}, 0) == errc::ok);
}

}  // namespace skive::test
