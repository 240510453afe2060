// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/batch_svd.hpp, lane_jacobi.hpp: factors against an oracle, hard matrices, any split of a batch, refusals.
#include "skive/linalg/batch_svd.hpp"

#include "support/simd_arches.hpp"
#include "support/svd_checks.hpp"

#include <array>
#include <cstring>

namespace {

using skive::errc;
using skive::matrix_view;
using skive::submatrix;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

// A batch of one.
struct single {
  template <class Arch, class T>
  static std::size_t scratch_bytes(std::size_t m, std::size_t n, bool vectors) {
    return skive::batch_svd_scratch_bytes<T, Arch>(m, n, vectors);
  }
  template <class Arch, class T>
  static skive::status run(matrix_view<T const> a, matrix_view<T> u, std::span<T> sigma, matrix_view<T> vt, workspace scratch) {
    return skive::batch_svd<Arch, T>(a, 1, u, {sigma.data(), 1, sigma.size()}, vt, scratch);
  }
};

template <class Wide, class T, class Arch = skive::native_arch>
void check(matrix<T> const& a, double rounding) {
  skive::test::check_svd<Wide, Arch>(single{}, a, rounding);
}

constexpr double float_rounding = 0x1p-24;

struct batch_results {
  matrix<float> u, sigma, vt;
  batch_results(std::size_t count, std::size_t m, std::size_t n, std::size_t r)
      : u(count * m, r), sigma(count, std::min(m, n)), vt(count * r, n) {}
};

bool same(matrix<float> const& a, matrix<float> const& b) {
  return std::memcmp(a.memory().data(), b.memory().data(), a.memory().size() * sizeof(float)) == 0;
}

template <class Arch>
void splits_do_not_count(std::size_t m, std::size_t n) {
  constexpr std::size_t count = 37;
  std::mt19937 random{static_cast<unsigned>(m + n)};
  auto a = skive::test::random_matrix<float>(count * m, n, random, 3);
  for (std::size_t i = 0; i < m; ++i)  // some that take more or fewer sweeps than their neighbours
    for (std::size_t j = 0; j < n; ++j) {
      a(5 * m + i, j) = 0;
      a(6 * m + i, j) = i == j ? -1.0f : 0.0f;
      a(20 * m + i, j) *= static_cast<float>(std::pow(10.0, -static_cast<double>(j)));
      a(21 * m + i, j) *= 1e-30f;
      a(22 * m + i, j) *= 1e30f;
      a(23 * m + i, j) = static_cast<float>(i * j);
    }
  auto const r = std::min(m, n);
  std::vector<std::byte> memory(skive::batch_svd_scratch_bytes<float, Arch>(m, n));
  batch_results whole(count, m, n, r);
  REQUIRE(skive::batch_svd<Arch, float>(a.view(), count, whole.u.view(), whole.sigma.view(), whole.vt.view(), workspace{memory}));
  batch_results parts(count, m, n, r);
  for (std::size_t first = 0, some = 1; first < count; first += some) {
    some = std::min<std::size_t>(1 + random() % 20, count - first);
    REQUIRE(skive::batch_svd<Arch, float>(submatrix(a.view(), first * m, 0, some * m, n), some,
                                          submatrix(parts.u.view(), first * m, 0, some * m, r),
                                          submatrix(parts.sigma.view(), first, 0, some, r),
                                          submatrix(parts.vt.view(), first * r, 0, some * r, n), workspace{memory}));
  }
  CHECK(same(whole.u, parts.u));
  CHECK(same(whole.sigma, parts.sigma));
  CHECK(same(whole.vt, parts.vt));
}

}  // namespace

TEST_CASE("batch_svd: factors of every shape, on every instruction set", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    std::mt19937 random{1};
    std::array<std::array<std::size_t, 2>, 10> const shapes{
        {{1, 1}, {1, 7}, {9, 1}, {2, 2}, {5, 3}, {16, 16}, {17, 31}, {33, 32}, {20, 70}, {64, 64}}};
    for (auto const& [m, n] : shapes)
      check<double, float, Arch>(skive::test::random_matrix<float>(m, n, random, 3), float_rounding);
    check<long double, double, Arch>(skive::test::random_matrix<double>(19, 23, random), 0x1p-53);
  });
  using wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<70>, boost::multiprecision::et_off>;
  std::mt19937 random{2};
  check<wide, digits50>(skive::test::random_matrix<digits50>(4, 5, random), 1e-50);
}

TEST_CASE("batch_svd: matrices of zeros, of low rank, with repeated and with graded values, at the ends of the range",
          "[linalg]") {
  skive::test::for_each_hard_matrix([](matrix<float> const& a) { check<double, float>(a, float_rounding); });
  skive::test::for_each_small_hard_matrix([](matrix<double> const& a) { check<digits50, double>(a, 0x1p-53); });
  std::mt19937 random{5};
  for (double const scale : {1e38, 1e-20, 1e-37}) {
    auto a = skive::test::random_matrix<float>(20, 24, random);
    a.fill([&](std::size_t i, std::size_t j) { return static_cast<float>(scale * static_cast<double>(a(i, j))) / 8; });
    check<double, float>(a, float_rounding);
  }
}

TEST_CASE("batch_svd: columns and rows far below the others", "[linalg]") {
  std::mt19937 random{6};
  for (int exponent = -45; exponent <= -18; exponent += 3) {
    auto a = skive::test::random_matrix<float>(12, 10, random);
    auto const small = static_cast<float>(std::pow(10.0, exponent));
    for (std::size_t i = 0; i < 12; ++i) a(i, 0) *= small;
    for (std::size_t i = 0; i < 12; ++i) a(i, 7) *= small;
    for (std::size_t j = 0; j < 10; ++j) a(3, j) *= small;
    check<double, float>(a, float_rounding);
  }
}

TEST_CASE("batch_svd: a matrix has the same bits in any batch", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    splits_do_not_count<Arch>(12, 9);
    splits_do_not_count<Arch>(7, 18);
  });
  splits_do_not_count<skive::native_arch>(70, 64);  // so many turns that lanes stop in different sweeps
}

TEST_CASE("batch_svd: refusals", "[linalg]") {
  skive::test::check_svd_refusals(single{});
  std::mt19937 random{8};
  auto a = skive::test::random_matrix<float>(12, 4, random);
  batch_results r(3, 4, 4, 2);
  std::vector<std::byte> memory(skive::batch_svd_scratch_bytes<float>(4, 4));
  auto const run = [&](std::size_t count, matrix_view<float> sigma, matrix_view<float> vt) {
    return skive::batch_svd<skive::native_arch, float>(a.view(), count, r.u.view(), sigma, vt, workspace{memory}).error();
  };
  CHECK(run(5, r.sigma.view(), r.vt.view()) == errc::size_mismatch);
  CHECK(run(0, r.sigma.view(), r.vt.view()) == errc::size_mismatch);
  CHECK(run(3, submatrix(r.sigma.view(), 0, 0, 2, 4), r.vt.view()) == errc::size_mismatch);
  CHECK(run(3, r.sigma.view(), submatrix(r.vt.view(), 0, 0, 5, 4)) == errc::size_mismatch);
  CHECK(run(3, r.sigma.view(), submatrix(a.view(), 0, 0, 6, 4)) == errc::overlap);
  CHECK(run(3, r.sigma.view(), r.vt.view()) == errc::ok);
  a(11, 3) = std::numeric_limits<float>::quiet_NaN();  // in the last one: nothing of the others is written
  r.sigma(0, 0) = -1;
  CHECK(run(3, r.sigma.view(), r.vt.view()) == errc::not_finite);
  CHECK(r.sigma(0, 0) == -1);
  std::vector<float> columns(16 * 6 * 4);
  for (float& x : columns) x = skive::test::uniform<float>(random);
  std::vector<float> squares(24 * 4);
  CHECK(skive::detail::lane_jacobi<float, skive::native_arch>{columns, squares, 6, 0.0f}.run(3) == 0);  // never good enough
}
