// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/symmetric_eigen.hpp: both methods against matrices of known eigenvalues, each other, and fifty digits; refusals.
#include "skive/linalg/symmetric_eigen.hpp"

#include "support/allocations.hpp"
#include "support/simd_arches.hpp"
#include "support/svd_checks.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::matrix_view;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

template <class Arch, class T>
skive::status decompose(bool jacobi, matrix<T> const& a, std::vector<T>& values, matrix<T>& vectors) {
  auto const n = a.rows();
  std::vector<std::byte> memory(jacobi ? skive::symmetric_eigen_jacobi_scratch_bytes<T, Arch>(n)
                                       : skive::symmetric_eigen_scratch_bytes<T, Arch>(n, vectors.cols() != 0));
  return jacobi ? skive::symmetric_eigen_jacobi<Arch, T>(a.view(), values, vectors.view(), workspace{memory})
                : skive::symmetric_eigen<Arch, T>(a.view(), values, vectors.view(), workspace{memory});
}

// Q diag(values) Q^T, and NaN above the diagonal, which nothing may read.
template <class T>
matrix<T> with_eigenvalues(std::vector<double> const& values, std::mt19937& random) {
  auto const n = values.size();
  auto const q = skive::test::random_orthogonal(n, random);
  matrix<T> a(n, n, 2);
  return a.fill([&](std::size_t i, std::size_t j) {
    if (j > i) return std::numeric_limits<T>::quiet_NaN();
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += q(i, k) * values[k] * q(j, k);
    return static_cast<T>(sum);
  });
}

template <class Wide, class T, class Arch = skive::native_arch>
void check(matrix<T> const& a, double rounding) {
  using std::abs;
  auto const n = a.rows();
  for (bool const jacobi : {false, true}) {
    CAPTURE(n, jacobi);
    std::vector<T> values(n);
    matrix<T> vectors(n, n, 1);
    REQUIRE(decompose<Arch>(jacobi, a, values, vectors));
    Wide const bound = Wide(rounding) * Wide(16.0 + 12.0 * std::sqrt(static_cast<double>(n)));
    CHECK(skive::test::distance_from_orthonormal<Wide>(vectors, true) <= bound);
    Wide error(0);
    Wide size(0);
    for (std::size_t i = 0; i < n; ++i) {
      CHECK((i == 0 || !(values[i - 1] < values[i])));
      for (std::size_t j = 0; j <= i; ++j) {
        auto x = static_cast<Wide>(a(i, j));
        size += x * x;
        for (std::size_t k = 0; k < n; ++k) x -= Wide(vectors(i, k)) * Wide(values[k]) * Wide(vectors(j, k));
        error += x * x;
      }
    }
    CHECK(error <= bound * bound * size);
    std::vector<T> bare(n);
    matrix<T> none(0, 0);
    REQUIRE(decompose<Arch>(jacobi, a, bare, none));
    CHECK(bare == values);
    matrix<T> few(n, (n + 1) / 2);
    REQUIRE(decompose<Arch>(jacobi, a, bare, few));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < few.cols(); ++k) CHECK(few(i, k) == vectors(i, k));
  }
}

constexpr double float_rounding = 0x1p-24;

std::vector<double> random_values(std::size_t n, std::mt19937& random) {
  std::vector<double> v(n);
  for (double& x : v) x = skive::test::uniform<double>(random);
  return v;
}

}  // namespace

TEST_CASE("symmetric_eigen: every size, on every instruction set", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    std::mt19937 random{1};
    for (std::size_t const n : {1U, 2U, 3U, 15U, 16U, 31U, 33U, 64U, 70U})
      check<double, float, Arch>(with_eigenvalues<float>(random_values(n, random), random), float_rounding);
    check<long double, double, Arch>(with_eigenvalues<double>(random_values(41, random), random), 0x1p-53);
  });
}

TEST_CASE("symmetric_eigen: zeros, repeated and graded eigenvalues, one of each sign", "[linalg]") {
  std::mt19937 random{2};
  check<double, float>(matrix<float>(20, 20), float_rounding);
  matrix<float> exchange(2, 2);
  check<double, float>(exchange.fill([](std::size_t i, std::size_t j) { return i == j ? 0.0f : 1.0f; }), float_rounding);
  std::vector<double> values(40, 1.0);
  std::fill(values.begin() + 10, values.begin() + 30, -1.0);
  check<double, float>(with_eigenvalues<float>(values, random), float_rounding);
  for (std::size_t i = 0; i < 40; ++i) values[i] = std::pow(10.0, -0.5 * static_cast<double>(i));
  check<double, float>(with_eigenvalues<float>(values, random), float_rounding);
  for (bool const rising : {false, true}) {  // large at one end, small at the other
    auto graded = skive::test::random_matrix<float>(40, 40, random);
    check<double, float>(graded.fill([&](std::size_t i, std::size_t j) {
      auto const place = static_cast<double>(rising ? 78 - i - j : i + j);
      return graded(i, j) * static_cast<float>(std::pow(10.0, -0.1 * place));
    }),
                         float_rounding);
  }
  for (double const scale : {1e37, 1e-36}) {
    auto large = random_values(17, random);
    for (double& x : large) x *= scale;
    check<double, float>(with_eigenvalues<float>(large, random), float_rounding);
  }
}

TEST_CASE("symmetric_eigen: fifty digits", "[linalg]") {
  std::mt19937 random{3};
  using wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<70>, boost::multiprecision::et_off>;
  check<wide, digits50>(skive::test::random_matrix<digits50>(9, 9, random), 1e-50);
}

TEST_CASE("symmetric_eigen_jacobi: small eigenvalues of a graded positive definite matrix keep their digits", "[linalg]") {
  std::mt19937 random{4};
  constexpr std::size_t n = 30;
  auto const factor = skive::test::random_matrix<double>(n, 3 * n, random);
  matrix<float> a(n, n);
  a.fill([&](std::size_t i, std::size_t j) {
    double sum = 0;
    for (std::size_t k = 0; k < 3 * n; ++k) sum += factor(i, k) * factor(j, k);
    return static_cast<float>(sum * std::pow(10.0, -0.25 * static_cast<double>(i + j)));
  });
  std::vector<float> values(n);
  matrix<float> none(0, 0);
  REQUIRE(decompose<skive::native_arch>(true, a, values, none));
  auto const exact = skive::test::singular_values_by_rotation<digits50>(a);  // positive definite: the same
  for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(static_cast<double>(values[i]) / static_cast<double>(exact[i]) - 1) < 1e-5);
}

TEST_CASE("symmetric_eigen: refusals come before the first write", "[linalg]") {
  std::mt19937 random{5};
  auto a = skive::test::random_matrix<float>(5, 5, random);
  std::vector<std::byte> memory(skive::symmetric_eigen_scratch_bytes<float>(5));
  std::vector<std::byte> other(skive::symmetric_eigen_jacobi_scratch_bytes<float>(5));
  std::vector<float> values(5, -7.0f);
  matrix<float> vectors(5, 5);
  auto const run = [&](bool jacobi, matrix_view<float const> from, std::span<float> to, matrix_view<float> v, std::size_t less) {
    return (jacobi ? skive::symmetric_eigen_jacobi<skive::native_arch, float>(
                         from, to, v, workspace{std::span{other}.first(other.size() - less)})
                   : skive::symmetric_eigen<skive::native_arch, float>(from, to, v,
                                                                       workspace{std::span{memory}.first(memory.size() - less)}))
        .error();
  };
  for (bool const jacobi : {false, true}) {
    CHECK(run(jacobi, matrix_view<float const>{a.view().data, 4, 5}, values, {}, 0) == errc::size_mismatch);
    CHECK(run(jacobi, a.view(), std::span{values}.first(4), {}, 0) == errc::size_mismatch);
    CHECK(run(jacobi, a.view(), values, matrix_view<float>{vectors.view().data, 4, 5}, 0) == errc::size_mismatch);
    CHECK(run(jacobi, a.view(), values, a.view(), 0) == errc::overlap);
    CHECK(run(jacobi, a.view(), values, vectors.view(), 1) == errc::workspace_too_small);
    auto broken = a;
    broken(4, 2) = std::numeric_limits<float>::infinity();
    CHECK(run(jacobi, broken.view(), values, vectors.view(), 0) == errc::not_finite);
    CHECK(values == std::vector<float>(5, -7.0f));
    auto const before = skive::test::allocations();
    std::array<float, 5> found{};
    auto const fine = run(jacobi, a.view(), found, vectors.view(), 0);
    CHECK(skive::test::allocations() == before);
    CHECK(fine == errc::ok);
    CHECK(run(jacobi, {}, {}, {}, 0) == errc::ok);
  }
}
