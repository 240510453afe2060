// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/row_panel.hpp: inner products and combinations of two blocks against their definition.
#include "skive/linalg/row_panel.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::test::matrix;

template <class T, class Arch>
void products_and_combinations_are_right(std::size_t length) {
  std::mt19937 random{2};
  auto rows = skive::test::random_matrix<T>(32, length, random, 16);
  auto const before = rows;
  skive::detail::row_panel<T> const p{&rows(0, 0), &rows(16, 0), rows.view().row_stride, length};
  auto const exact = skive::test::product_by_definition<double>(before.view(), false, before.view(), true);
  auto const bound = 4 * static_cast<double>(length) * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (bool const all : {false, true}) {
    alignas(64) skive::detail::panel_square<T> g{};
    skive::detail::inner_products<T, Arch>(p, g, all);
    for (std::size_t i = 0; i < 32; ++i)
      for (std::size_t j = 0; j < 32; ++j)
        if (all || (i < 16) != (j < 16)) CHECK(std::abs(static_cast<double>(g[32 * i + j]) - exact(i, j)) <= bound);
  }
  alignas(64) skive::detail::panel_square<T> c;
  for (T& x : c) x = skive::test::uniform<T>(random);
  skive::detail::combine<T, Arch>(p, c);
  for (std::size_t j = 0; j < 32; ++j)
    for (std::size_t k = 0; k < length; ++k) {
      auto sum = static_cast<double>(before(j, k));
      for (std::size_t i = 0; i < 32; ++i) sum += static_cast<double>(c[32 * i + j]) * static_cast<double>(before(i, k));
      CHECK(std::abs(static_cast<double>(rows(j, k)) - sum) <= 64 * static_cast<double>(std::numeric_limits<T>::epsilon()));
    }
}

}  // namespace

TEST_CASE("row_panel: inner products, and rows replaced by combinations of all 32", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    for (std::size_t const length : {16U, 48U}) {
      products_and_combinations_are_right<float, Arch>(length);
      products_and_combinations_are_right<double, Arch>(length);
    }
  });
}
