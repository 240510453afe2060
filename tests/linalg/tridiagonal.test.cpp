// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/tridiagonal.hpp: Q^T A Q is tridiagonal, then diagonal; eigenvalues keep the trace.
#include "skive/linalg/tridiagonal.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::workspace;
using skive::detail::tridiagonal_qr;
using skive::detail::tridiagonal_reduction;
using skive::test::matrix;

// rows m rows^T, in double.
template <class T>
matrix<double> turned(matrix<T> const& rows, matrix<T> const& m, std::size_t n) {
  auto const q = skive::submatrix(rows.view(), 0, 0, n, n);
  auto const half = skive::test::product_by_definition<double>(q, false, skive::submatrix(m.view(), 0, 0, n, n), false);
  matrix<double> wide(n, n);
  wide.fill([&](std::size_t i, std::size_t k) { return static_cast<double>(q(i, k)); });
  return skive::test::product_by_definition<double>(half.view(), false, std::as_const(wide).view(), true);
}

template <class T, class Arch>
void forms_are_right(std::size_t n) {
  CAPTURE(n);
  std::mt19937 random{7};
  auto a = skive::test::random_padded<T>(n, n, random);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < i; ++k) a(k, i) = a(i, k);
  auto const before = a;
  auto const wide = a.cols();
  matrix<T> vectors(n, wide), rows(n, wide);
  std::vector<T> factors(n), d(n), e(n - 1);
  std::vector<std::byte> memory(tridiagonal_reduction<T, Arch>::scratch_bytes(n) +
                                skive::detail::row_reflections<T, Arch>::scratch_bytes(n, wide));
  tridiagonal_reduction<T, Arch>::run(a.view(), vectors.view(), factors, d, e, workspace{memory});
  skive::detail::row_reflections<T, Arch>{vectors.view(), factors, 1}.as_rows(rows.view(), workspace{memory});
  auto const bound = 60 * static_cast<double>(n) * static_cast<double>(std::numeric_limits<T>::epsilon());
  matrix<double> expected(n, n);
  expected.fill([&](std::size_t i, std::size_t k) {
    return i == k ? static_cast<double>(d[i]) : i + 1 == k || k + 1 == i ? static_cast<double>(e[i < k ? i : k]) : 0.0;
  });
  CHECK(skive::test::largest_difference(turned(rows, before, n), expected) <= bound);
  std::vector<skive::detail::plane_rotation<T>> rotations(tridiagonal_qr<T, Arch>::scratch_elements(n));
  REQUIRE(tridiagonal_qr<T, Arch>{d, e, rows.view(), rotations}.run());
  expected.fill([&](std::size_t i, std::size_t k) { return i == k ? static_cast<double>(d[i]) : 0.0; });
  CHECK(skive::test::largest_difference(turned(rows, before, n), expected) <= bound);
}

}  // namespace

TEST_CASE("tridiagonal: reduction, and what QR steps make of it", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {1U, 2U, 3U, 20U, 70U}) forms_are_right<float, Arch>(n);
  });
  forms_are_right<double, skive::native_arch>(33);
}
