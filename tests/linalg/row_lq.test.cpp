// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/row_lq.hpp: P C = R^T Q^T with and without pivots, ranges at which fourth powers of lengths leave float.
#include "skive/linalg/row_lq.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::workspace;
using skive::test::matrix;

template <class Arch>
struct factored {
  matrix<float> c, r;
  std::vector<float> factors;
  std::vector<std::size_t> order;

  factored(matrix<float> const& rows, std::size_t m, bool pivots) : c{rows}, r(rows.rows(), (rows.rows() + 15) / 16 * 16) {
    auto const n = rows.rows();
    factors.resize(n);
    order.resize(pivots ? n : 0);
    std::vector<std::byte> memory(skive::detail::row_lq<float, Arch>::scratch_bytes(m, n));
    skive::detail::row_lq<float, Arch>::run(c.view(), m, r.view(), factors, order, workspace{memory});
    if (!pivots)
      for (std::size_t i = 0; i < n; ++i) order.push_back(i);
  }
};

template <class Arch>
void factors_are_right(matrix<float> const& rows, std::size_t m, bool pivots) {
  CAPTURE(rows.rows(), m, pivots);
  factored<Arch> const f{rows, m, pivots};
  auto const n = rows.rows();
  matrix<float> ordered(n, rows.cols());
  ordered.fill([&](std::size_t i, std::size_t k) { return rows(f.order[i], k); });
  auto const g =
      skive::test::product_by_definition<double>(std::as_const(ordered).view(), false, std::as_const(ordered).view(), true);
  auto const own = skive::submatrix(f.r.view(), 0, 0, n, n);
  auto const of_r = skive::test::product_by_definition<double>(own, true, own, false);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k) {
      CHECK(std::abs(g(i, k) - of_r(i, k)) <= 1e-5 * std::sqrt(g(i, i) * g(k, k)));
      CHECK((k >= i || f.r(i, k) == 0.0f));
    }
  for (std::size_t k = 0; pivots && k + 1 < n; ++k)
    for (std::size_t i = k + 1; i < n; ++i) {
      double rest = 0;
      for (std::size_t j = k; j <= i; ++j) rest += static_cast<double>(f.r(j, i)) * static_cast<double>(f.r(j, i));
      CHECK(rest <= (1 + 1e-4) * static_cast<double>(f.r(k, k)) * static_cast<double>(f.r(k, k)));
    }
}

}  // namespace

TEST_CASE("row_lq: R^T R is the Gram matrix of the rows, pivots fall", "[linalg]") {
  std::mt19937 random{8};
  skive::test::for_each(skive::test::few_arches{}, [&]<class Arch>() {
    for (auto const& [n, m] : {std::pair<std::size_t, std::size_t>{1, 1}, {3, 7}, {33, 33}, {50, 70}})
      for (bool const pivots : {false, true}) {
        auto rows = skive::test::random_padded<float>(n, m, random);
        factors_are_right<Arch>(rows, m, pivots);
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t k = 0; k < m; ++k) rows(i, k) *= std::pow(0.5f, static_cast<float>((7 * i) % n));
        factors_are_right<Arch>(rows, m, pivots);
      }
  });
}

TEST_CASE("row_lq: a power of two changes neither pivots nor digits", "[linalg]") {
  std::mt19937 random{9};
  using arch = skive::native_arch;
  auto const rows = skive::test::random_padded<float>(40, 48, random);
  factored<arch> const plain{rows, 48, true};
  for (float const power : {0x1p+45f, 0x1p-45f}) {
    auto scaled = rows;
    scaled.fill([&](std::size_t i, std::size_t k) { return rows(i, k) * power; });
    factored<arch> const f{scaled, 48, true};
    CHECK(f.order == plain.order);
    bool same = true;
    for (std::size_t i = 0; i < 40; ++i)
      for (std::size_t k = 0; k < 40; ++k) same &= f.r(i, k) == plain.r(i, k) * power;
    CHECK(same);
  }
}
