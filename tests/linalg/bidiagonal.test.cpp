// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/bidiagonal.hpp: Q^T A P is the bidiagonal matrix that it says, for shapes of one number to several panels.
#include "skive/linalg/bidiagonal.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::workspace;
using skive::test::matrix;

template <class T, class Arch>
void form_is_right(std::size_t m, std::size_t n) {
  CAPTURE(m, n);
  std::mt19937 random{4};
  auto a = skive::test::random_padded<T>(m, n, random);
  auto const before = a;
  auto const wide = (n + 15) / 16 * 16;
  auto const tall = (m + 15) / 16 * 16;
  matrix<T> left(n, tall), right(n, wide), q(n, tall), p(n, wide);
  std::vector<T> left_factors(n), right_factors(n), d(n), e(n - 1);
  std::vector<std::byte> memory(skive::detail::bidiagonal_reduction<T, Arch>::scratch_bytes(m, n) +
                                skive::detail::row_reflections<T, Arch>::scratch_bytes(n, tall));
  skive::detail::bidiagonal_reduction<T, Arch>::run({a.view(), left.view(), right.view(), left_factors, right_factors, d, e}, n,
                                                    workspace{memory});
  skive::detail::row_reflections<T, Arch>{left.view(), left_factors, 0}.as_rows(q.view(), workspace{memory});
  skive::detail::row_reflections<T, Arch>{right.view(), right_factors, 1}.as_rows(p.view(), workspace{memory});
  auto const bound = 40 * std::sqrt(static_cast<double>(m * n)) * static_cast<double>(std::numeric_limits<T>::epsilon());
  auto const q_m = skive::submatrix(std::as_const(q).view(), 0, 0, n, m);
  auto const p_n = skive::submatrix(std::as_const(p).view(), 0, 0, n, n);
  auto const a_n = skive::submatrix(before.view(), 0, 0, m, n);
  auto const half = skive::test::product_by_definition<double>(q_m, false, a_n, false);
  matrix<double> right_rows(n, n);
  right_rows.fill([&](std::size_t i, std::size_t k) { return static_cast<double>(p_n(i, k)); });
  auto const b = skive::test::product_by_definition<double>(half.view(), false, std::as_const(right_rows).view(), true);
  matrix<double> expected(n, n);
  expected.fill([&](std::size_t i, std::size_t k) {
    return i == k ? static_cast<double>(d[i]) : k == i + 1 ? static_cast<double>(e[i]) : 0.0;
  });
  CHECK(skive::test::largest_difference(b, expected) <= bound);
  auto const one = skive::test::identity<double>(n, n);
  CHECK(skive::test::largest_difference(skive::test::product_by_definition<double>(q_m, false, q_m, true), one) <= bound);
  CHECK(skive::test::largest_difference(skive::test::product_by_definition<double>(p_n, false, p_n, true), one) <= bound);
}

}  // namespace

TEST_CASE("bidiagonal_reduction: A = Q B P^T", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    for (auto const& [m, n] : {std::pair{1, 1}, {5, 3}, {17, 17}, {40, 33}, {70, 66}})
      form_is_right<float, Arch>(static_cast<std::size_t>(m), static_cast<std::size_t>(n));
  });
  form_is_right<double, skive::native_arch>(40, 33);
}
