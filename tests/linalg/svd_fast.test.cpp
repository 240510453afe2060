// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/svd_fast.hpp: factors and values against an oracle in more digits, hard matrices, refusals, no allocation.
#include "skive/linalg/svd_fast.hpp"

#include "support/allocations.hpp"
#include "support/simd_arches.hpp"
#include "support/svd_checks.hpp"

#include <array>
#include <cstring>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::matrix_view;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;
using skive::test::svd_results;

template <class T, class Arch = skive::native_arch>
skive::status decompose(matrix<T> const& a, svd_results<T>& to) {
  std::vector<std::byte> memory(skive::svd_fast_scratch_bytes<T, Arch>(a.rows(), a.cols(), to.u.cols() + to.vt.rows() != 0));
  return skive::svd_fast<Arch, T>(a.view(), to.u.view(), to.sigma, to.vt.view(), workspace{memory});
}

// Everything that holds for any matrix; Wide has more digits than T.
template <class Wide, class T, class Arch = skive::native_arch>
void check(matrix<T> const& a, double rounding) {
  auto const n = std::min(a.rows(), a.cols());
  CAPTURE(a.rows(), a.cols(), rounding);
  svd_results<T> r(a.rows(), a.cols(), n);
  REQUIRE(decompose<T, Arch>(a, r));
  auto const values = skive::test::singular_values_by_rotation<Wide>(a);
  Wide const bound = Wide(rounding) * Wide(16.0 + 8.0 * std::sqrt(static_cast<double>(n)));
  for (std::size_t i = 0; i < n; ++i) {
    using std::abs;
    CHECK(abs(Wide(Wide(r.sigma[i]) - values[i])) <= bound * values[0]);
    CHECK((i == 0 || !(r.sigma[i - 1] < r.sigma[i])));
  }
  CHECK(skive::test::distance_from_orthonormal<Wide>(r.u, true) <= bound);
  CHECK(skive::test::distance_from_orthonormal<Wide>(r.vt, false) <= bound);
  CHECK(skive::test::distance_from_product<Wide>(a, r.u, r.sigma, r.vt) <= bound * skive::test::frobenius_norm<Wide>(a));

  svd_results<T> bare(a.rows(), a.cols(), 0);
  REQUIRE(decompose<T, Arch>(a, bare));
  CHECK(bare.sigma == r.sigma);
  svd_results<T> few(a.rows(), a.cols(), (n + 1) / 2);  // the leading vectors are the same
  REQUIRE(decompose<T, Arch>(a, few));
  CHECK(std::equal(few.vt.memory().begin(), few.vt.memory().end() - 1, r.vt.memory().begin()));
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t k = 0; k < few.u.cols(); ++k) CHECK(few.u(i, k) == r.u(i, k));
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
  std::mt19937 random{3};
  check<double, float>(matrix<float>(20, 20), float_rounding);
  check<double, float>(matrix<float>(1, 20), float_rounding);
  auto const column = skive::test::random_matrix<float>(40, 1, random);
  matrix<float> rank_one(40, 36);
  check<double, float>(rank_one.fill([&](std::size_t i, std::size_t j) { return column(i, 0) * static_cast<float>(j % 5); }),
                       float_rounding);
  std::vector<double> repeated(48, 1.0);
  std::fill(repeated.begin() + 20, repeated.end(), 0.25);
  check<double, float>(skive::test::with_singular_values<float>(repeated, random), float_rounding);
  std::vector<double> falling(50);
  for (std::size_t i = 0; i < 50; ++i) falling[i] = std::pow(10.0, -0.3 * static_cast<double>(i));
  check<double, float>(skive::test::with_singular_values<float>(falling, random), float_rounding);
  auto graded = skive::test::random_matrix<float>(48, 48, random);  // from large to small, and from small to large
  check<double, float>(graded.fill([&](std::size_t i, std::size_t j) {
    return graded(i, j) * static_cast<float>(std::pow(10.0, -0.1 * static_cast<double>(i + j)));
  }),
                       float_rounding);
  matrix<float> turned(48, 48);
  check<double, float>(turned.fill([&](std::size_t i, std::size_t j) { return graded(47 - i, 47 - j); }), float_rounding);
  matrix<float> identity(33, 33);
  check<double, float>(identity.fill([](std::size_t i, std::size_t j) { return i == j ? -2.0f : 0.0f; }), float_rounding);
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
    for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(static_cast<long double>(d[i]) / values[i] - 1) < 64 * float_rounding);
  }
}

TEST_CASE("svd_fast: refusals come before the first write", "[linalg]") {
  std::mt19937 random{6};
  auto a = skive::test::random_matrix<float>(6, 4, random);
  std::vector<std::byte> memory(skive::svd_fast_scratch_bytes<float>(6, 4));
  auto const run = [&](matrix<float> const& from, svd_results<float>& to, std::size_t bytes) {
    return skive::svd_fast<skive::native_arch, float>(from.view(), to.u.view(), to.sigma, to.vt.view(),
                                                      workspace{std::span{memory}.first(bytes)})
        .error();
  };
  svd_results<float> good(6, 4, 4);
  svd_results<float> other(6, 5, 4);
  other.sigma.resize(4);
  CHECK(run(a, other, memory.size()) == errc::size_mismatch);
  other.sigma.resize(3);
  CHECK(run(a, other, memory.size()) == errc::size_mismatch);
  CHECK(run(a, good, memory.size() - 1) == errc::workspace_too_small);
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto broken = a;
    broken(5, 3) = bad;
    CHECK(run(broken, good, memory.size()) == errc::not_finite);
  }
  CHECK(std::all_of(good.u.memory().begin(), good.u.memory().end(), [](float x) { return x == 0; }));
  CHECK(good.sigma == std::vector<float>(4, 0.0f));
  CHECK(skive::svd_fast<skive::native_arch, float>(a.view(), submatrix(a.view(), 0, 0, 6, 2), good.sigma, {}, workspace{memory})
            .error() == errc::overlap);
  CHECK(skive::singular_values_fast<skive::native_arch, float>(matrix_view<float const>{a.view().data, 6, 4, 3}, good.sigma,
                                                               workspace{memory})
            .error() == errc::invalid_argument);
  auto const before = skive::test::allocations();
  auto const fine = run(a, good, memory.size());
  CHECK(skive::test::allocations() == before);
  CHECK(fine == errc::ok);
}
