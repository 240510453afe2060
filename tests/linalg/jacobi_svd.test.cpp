// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/jacobi_svd.hpp: factors and values against an oracle in more digits, the digits of small values, hard matrices, splits.
#include "skive/linalg/jacobi_svd.hpp"

#include "support/simd_arches.hpp"
#include "support/svd_checks.hpp"

#include <array>

namespace {

using skive::matrix_view;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

struct accurate {
  template <class Arch, class T>
  static std::size_t scratch_bytes(std::size_t m, std::size_t n, bool vectors) {
    return skive::svd_accurate_scratch_bytes<T, Arch>(m, n, vectors);
  }
  template <class Arch, class T>
  static skive::status run(matrix_view<T const> a, matrix_view<T> u, std::span<T> sigma, matrix_view<T> vt, workspace scratch) {
    return skive::svd_accurate<Arch, T>(a, u, sigma, vt, scratch);
  }
};

template <class Wide, class T, class Arch = skive::native_arch>
void check(matrix<T> const& a, double rounding) {
  skive::test::check_svd<Wide, Arch>(accurate{}, a, rounding);
}

constexpr double float_rounding = 0x1p-24;
constexpr double double_rounding = 0x1p-53;

// Random columns times 10^(-decades j / (n - 1)).
template <class T>
matrix<T> graded(std::size_t m, std::size_t n, double decades, bool columns, std::mt19937& random) {
  auto a = skive::test::random_matrix<T>(m, n, random);
  a.fill([&](std::size_t i, std::size_t j) {
    auto const place =
        columns ? static_cast<double>(j) / static_cast<double>(n - 1) : static_cast<double>(i) / static_cast<double>(m - 1);
    return static_cast<T>(static_cast<double>(a(i, j)) * std::pow(10.0, -decades * place));
  });
  return a;
}

template <class Wide, class Arch, class T>
Wide worst_relative_error(matrix<T> const& a) {
  std::vector<T> sigma(std::min(a.rows(), a.cols()));
  std::vector<std::byte> memory(skive::svd_accurate_scratch_bytes<T, Arch>(a.rows(), a.cols(), false));
  REQUIRE(skive::singular_values_accurate<Arch, T>(a.view(), sigma, workspace{memory}));
  auto const values = skive::test::singular_values_by_rotation<Wide>(a);
  Wide worst(0);
  for (std::size_t i = 0; i < sigma.size(); ++i) {
    using std::abs;
    Wide const error = abs(Wide(Wide(sigma[i]) / values[i] - Wide(1)));
    worst = worst < error ? error : worst;
  }
  return worst;
}

}  // namespace

TEST_CASE("svd_accurate: factors of every shape, on every instruction set", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    std::mt19937 random{1};
    std::array<std::array<std::size_t, 2>, 11> const shapes{
        {{1, 1}, {1, 7}, {9, 1}, {2, 2}, {5, 3}, {16, 16}, {17, 31}, {33, 32}, {20, 90}, {70, 66}, {100, 64}}};
    for (auto const& [m, n] : shapes)
      check<double, float, Arch>(skive::test::random_matrix<float>(m, n, random, 3), float_rounding);
    check<long double, double, Arch>(skive::test::random_matrix<double>(37, 45, random), double_rounding);
  });
}

TEST_CASE("svd_accurate: fifty digits by the same template, judged by another algorithm", "[linalg]") {
  std::mt19937 random{2};
  using wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<70>, boost::multiprecision::et_off>;
  check<wide, digits50>(skive::test::random_matrix<digits50>(7, 10, random), 1e-50);
}

TEST_CASE("svd_accurate: matrices of zeros, of low rank, with repeated and with graded values", "[linalg]") {
  skive::test::for_each_hard_matrix([](matrix<float> const& a) { check<double, float>(a, float_rounding); });
  skive::test::for_each_small_hard_matrix([](matrix<double> const& a) { check<digits50, double>(a, double_rounding); });
}

TEST_CASE("svd_accurate: small values keep their digits", "[linalg]") {
  std::mt19937 random{4};
  skive::test::for_each(skive::test::few_arches{}, [&]<class Arch>() {
    for (bool const columns : {true, false}) {
      auto const a = graded<float>(64, 64, 8, columns, random);
      CHECK(worst_relative_error<long double, Arch>(a) <= 1e-5L);
      check<double, float, Arch>(a, float_rounding);
    }
    CHECK(worst_relative_error<long double, Arch>(graded<float>(50, 20, 25, true, random)) <= 1e-5L);
    CHECK(worst_relative_error<long double, Arch>(graded<float>(20, 50, 25, false, random)) <= 1e-5L);
  });
  CHECK(worst_relative_error<digits50, skive::native_arch>(graded<double>(14, 12, 120, true, random)) <= digits50(1e-14));
}

TEST_CASE("svd_accurate: thousands of small rotations do not make rows longer", "[linalg]") {
  std::mt19937 random{7};
  auto const a = skive::test::random_matrix<float>(200, 200, random);
  skive::test::svd_results<float> r(200, 200, 200);
  std::vector<std::byte> memory(skive::svd_accurate_scratch_bytes<float>(200, 200));
  REQUIRE(skive::svd_accurate<skive::native_arch, float>(a.view(), r.u.view(), r.sigma, r.vt.view(), workspace{memory}));
  CHECK(skive::test::distance_from_product<double>(a, r.u, r.sigma, r.vt) <=
        80 * float_rounding * skive::test::frobenius_norm<double>(a));
  double squares = 0;
  for (float const x : r.sigma) squares += static_cast<double>(x) * static_cast<double>(x);
  auto const size = skive::test::frobenius_norm<double>(a);
  CHECK(std::abs(squares / (size * size) - 1) <= 24 * float_rounding);
}

TEST_CASE("svd_accurate: the range of float", "[linalg]") {
  std::mt19937 random{5};
  for (double const scale : {1e38, 1e-20, 1e-37}) {
    auto a = skive::test::random_matrix<float>(20, 24, random);
    a.fill([&](std::size_t i, std::size_t j) { return static_cast<float>(scale * static_cast<double>(a(i, j))) / 8; });
    check<double, float>(a, float_rounding);
  }
}

TEST_CASE("svd_accurate: rounds give the same bits however their pairs are split", "[linalg]") {
  constexpr std::size_t n = 96;
  std::mt19937 random{6};
  auto const start = skive::test::random_matrix<float>(n, n, random);
  auto together = start;
  auto apart = start;
  std::vector<float> products(16 * n);
  std::vector<float> other_products(16 * n);
  skive::detail::row_jacobi<float> const one{together.view(), products, 1e-6f};
  skive::detail::row_jacobi<float> const other{apart.view(), other_products, 1e-6f};
  for (std::size_t round = 0; round < 2 * one.rounds(); ++round)
    for (std::size_t pair = 0; pair < one.pairs(); ++pair) {
      one.rotate(round % one.rounds(), pair);
      other.rotate(round % one.rounds(), one.pairs() - 1 - pair);
    }
  CHECK(together.memory() == apart.memory());
  CHECK(one.run(40) != 0);
  CHECK(skive::detail::row_jacobi<float>{apart.view(), other_products, 0.0f}.run(3) == 0);  // never good enough
}

TEST_CASE("svd_accurate: refusals come before the first write", "[linalg]") { skive::test::check_svd_refusals(accurate{}); }
