// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/svd_fast.hpp: factors and values against an oracle in more digits, hard matrices, refusals, no allocation.
#include "skive/linalg/svd_fast.hpp"

#include "support/simd_arches.hpp"
#include "support/svd_checks.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::matrix_view;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

struct fast {
  template <class Arch, class T>
  static std::size_t scratch_bytes(std::size_t m, std::size_t n, bool vectors) {
    return skive::svd_fast_scratch_bytes<T, Arch>(m, n, vectors);
  }
  template <class Arch, class T>
  static skive::status run(matrix_view<T const> a, matrix_view<T> u, std::span<T> sigma, matrix_view<T> vt, workspace scratch) {
    return skive::svd_fast<Arch, T>(a, u, sigma, vt, scratch);
  }
};

template <class Wide, class T, class Arch = skive::native_arch>
void check(matrix<T> const& a, double rounding) {
  skive::test::check_svd<Wide, Arch>(fast{}, a, rounding);
}

constexpr double float_rounding = 0x1p-24;
constexpr double double_rounding = 0x1p-53;

}  // namespace

TEST_CASE("svd_fast: factors of every shape, on every instruction set", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    std::mt19937 random{1};
    std::array<std::array<std::size_t, 2>, 12> const shapes{
        {{1, 1}, {1, 7}, {9, 1}, {2, 2}, {5, 3}, {16, 16}, {17, 31}, {33, 32}, {40, 35}, {20, 90}, {70, 66}, {100, 64}}};
    for (auto const& [m, n] : shapes)
      check<double, float, Arch>(skive::test::random_matrix<float>(m, n, random, 3), float_rounding);
    check<long double, double, Arch>(skive::test::random_matrix<double>(37, 45, random), double_rounding);
  });
}

TEST_CASE("svd_fast: fifty digits by the same template, judged by another algorithm", "[linalg]") {
  std::mt19937 random{2};
  using wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<70>, boost::multiprecision::et_off>;
  check<wide, digits50>(skive::test::random_matrix<digits50>(7, 10, random), 1e-50);
}

TEST_CASE("svd_fast: matrices of zeros, of low rank, with repeated and with graded values", "[linalg]") {
  skive::test::for_each_hard_matrix([](matrix<float> const& a) { check<double, float>(a, float_rounding); });
  skive::test::for_each_small_hard_matrix([](matrix<double> const& a) { check<digits50, double>(a, double_rounding); });
}

TEST_CASE("svd_fast: the range of float", "[linalg]") {
  std::mt19937 random{4};
  for (double const scale : {1e38, 1e-20, 1e-37}) {
    auto a = skive::test::random_matrix<float>(20, 24, random);
    a.fill([&](std::size_t i, std::size_t j) { return static_cast<float>(scale * static_cast<double>(a(i, j))) / 8; });
    check<double, float>(a, float_rounding);
  }
}

TEST_CASE("svd_fast: a bidiagonal matrix keeps the digits of its small values", "[linalg]") {
  std::mt19937 random{5};
  for (bool const rising : {false, true}) {
    constexpr std::size_t n = 40;
    std::vector<float> d(n);
    std::vector<float> e(n - 1);
    matrix<float> b(n, n);
    for (std::size_t i = 0; i < n; ++i) {
      auto const scale = std::pow(10.0, -0.4 * static_cast<double>(rising ? n - 1 - i : i));
      d[i] = b(i, i) = static_cast<float>(scale * (1.5 + skive::test::uniform<double>(random)));
      if (i + 1 < n) e[i] = b(i, i + 1) = static_cast<float>(scale * skive::test::uniform<double>(random));
    }
    REQUIRE(skive::detail::bidiagonal_qr<float, skive::native_arch>{d, e, {}, {}, {}}.run());
    for (float& x : d) x = std::abs(x);
    std::sort(d.begin(), d.end(), std::greater<>{});
    auto const values = skive::test::singular_values_by_rotation<long double>(b);
    for (std::size_t i = 0; i < n; ++i)
      CHECK(std::abs(static_cast<long double>(d[i]) / values[i] - 1) < static_cast<long double>(64 * float_rounding));
  }
}

TEST_CASE("svd_fast: refusals come before the first write", "[linalg]") { skive::test::check_svd_refusals(fast{}); }
