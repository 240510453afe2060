// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/{symmetric_eigen,jacobi_svd,svd_fast,batch_svd}.hpp: each iteration stops, and says no_convergence, where no step is enough.
// Of floats and doubles no matrix is known that needs so many; a kind of number for which nothing is small brings it about.
#include "skive/linalg/batch_svd.hpp"
#include "skive/linalg/jacobi_svd.hpp"
#include "skive/linalg/svd_fast.hpp"
#include "skive/linalg/symmetric_eigen.hpp"

#include "support/matrices.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

// A double whose epsilon and least number are `Smallest`: below them nothing is. NaN stands above all numbers, so that it is not
// taken for small either.
template <int Smallest>
struct restless {
  double v = 0;
  restless() = default;
  constexpr explicit restless(int x) noexcept : v{static_cast<double>(x)} {}
  constexpr explicit restless(double x) noexcept : v{x} {}
  friend restless operator+(restless a, restless b) noexcept { return restless{a.v + b.v}; }
  friend restless operator-(restless a, restless b) noexcept { return restless{a.v - b.v}; }
  friend restless operator*(restless a, restless b) noexcept { return restless{a.v * b.v}; }
  friend restless operator/(restless a, restless b) noexcept { return restless{a.v / b.v}; }
  friend restless operator-(restless a) noexcept { return restless{-a.v}; }
  restless& operator+=(restless b) noexcept { return *this = *this + b; }
  restless& operator-=(restless b) noexcept { return *this = *this - b; }
  restless& operator*=(restless b) noexcept { return *this = *this * b; }
  restless& operator/=(restless b) noexcept { return *this = *this / b; }
  friend bool operator<(restless a, restless b) noexcept { return a.v < b.v || (std::isnan(b.v) && !std::isnan(a.v)); }
  friend bool operator>(restless a, restless b) noexcept { return b < a; }
  friend bool operator<=(restless a, restless b) noexcept { return !(b < a); }
  friend bool operator>=(restless a, restless b) noexcept { return !(a < b); }
  friend bool operator==(restless a, restless b) noexcept { return !(a < b) && !(b < a); }
  friend restless sqrt(restless a) noexcept { return restless{std::sqrt(a.v)}; }
  friend restless frexp(restless a, int* exponent) noexcept { return restless{std::frexp(a.v, exponent)}; }
  friend restless ldexp(restless a, int exponent) noexcept { return restless{std::ldexp(a.v, exponent)}; }
};

}  // namespace

template <int Smallest>
struct std::numeric_limits<restless<Smallest>> : std::numeric_limits<double> {
  static constexpr restless<Smallest> epsilon() noexcept { return restless<Smallest>{Smallest}; }
  static constexpr restless<Smallest> min() noexcept { return restless<Smallest>{Smallest}; }
  static constexpr restless<Smallest> max() noexcept { return restless<Smallest>{std::numeric_limits<double>::max()}; }
};

namespace {

using skive::errc;
using skive::scalar_arch;
using skive::workspace;
using skive::test::matrix;

template <class T>
matrix<T> numbers(std::size_t rows, std::size_t cols) {
  std::mt19937 random{5};
  matrix<T> m(rows, cols);
  return m.fill([&](std::size_t, std::size_t) { return T(skive::test::uniform<double>(random)); });
}

}  // namespace

TEST_CASE("eigenvalues and singular values of numbers that never get small", "[linalg]") {
  using T = restless<-1>;
  auto const a = numbers<T>(20, 20);
  auto symmetric = a;
  symmetric.fill([&](std::size_t i, std::size_t j) { return a(i, j) + a(j, i); });
  matrix<T> u(20, 20, 0, 0, T(7)), vt(20, 20, 0, 0, T(7));
  std::vector<T> values(20, T(7));
  auto const untouched = [&] { return u(3, 4) == T(7) && vt(3, 4) == T(7) && values[5] == T(7); };
  for (bool const vectors : {true, false}) {
    CAPTURE(vectors);
    auto const left = vectors ? u.view() : skive::matrix_view<T>{};
    auto const right = vectors ? vt.view() : skive::matrix_view<T>{};
    std::vector<std::byte> memory(skive::symmetric_eigen_scratch_bytes<T, scalar_arch>(20) +
                                  skive::symmetric_eigen_jacobi_scratch_bytes<T, scalar_arch>(20) +
                                  skive::svd_fast_scratch_bytes<T, scalar_arch>(20, 20) +
                                  skive::svd_accurate_scratch_bytes<T, scalar_arch>(20, 20));
    workspace const w{memory};
    CHECK(skive::symmetric_eigen<scalar_arch, T>(symmetric.view(), values, left, w).error() == errc::no_convergence);
    CHECK(skive::symmetric_eigen_jacobi<scalar_arch, T>(symmetric.view(), values, left, w).error() == errc::no_convergence);
    CHECK(skive::svd_fast<scalar_arch, T>(a.view(), left, values, right, w).error() == errc::no_convergence);
    CHECK(skive::svd_accurate<scalar_arch, T>(a.view(), left, values, right, w).error() == errc::no_convergence);
    CHECK(untouched());
  }
}

TEST_CASE("singular values of many matrices of numbers that never get small", "[linalg]") {
  using T = restless<0>;
  auto const a = numbers<T>(3 * 8, 8);
  matrix<T> u(3 * 8, 8), sigma(3, 8), vt(3 * 8, 8);
  std::vector<std::byte> memory(skive::batch_svd_scratch_bytes<T, scalar_arch>(8, 8));
  CHECK(skive::batch_svd<scalar_arch, T>(a.view(), 3, u.view(), sigma.view(), vt.view(), workspace{memory}).error() ==
        errc::no_convergence);
}
