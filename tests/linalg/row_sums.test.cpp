// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/row_sums.hpp: both products with a vector against their definition.
#include "skive/linalg/row_sums.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::test::matrix;
using skive::test::uniform;

template <class T, class Arch>
void sums_are_right() {
  std::mt19937 random{1};
  for (std::size_t rows = 0; rows < 20; ++rows)
    for (std::size_t const cols : {16U, 48U, 80U}) {
      CAPTURE(rows, cols);
      auto const a = skive::test::random_matrix<T>(rows, cols, random, 16);
      std::vector<T> x(cols), w(rows), dots(rows + 1, T(7)), sums(cols + 1, T(7));
      for (T& v : x) v = uniform<T>(random);
      for (T& v : w) v = uniform<T>(random);
      skive::detail::row_dots<Arch>(a.view(), x.data(), dots.data());
      skive::detail::weighted_rows<Arch>(a.view(), w.data(), sums.data());
      auto const bound = static_cast<double>(cols + 4) * static_cast<double>(std::numeric_limits<T>::epsilon());
      for (std::size_t i = 0; i < rows; ++i) {
        double exact = 0;
        for (std::size_t k = 0; k < cols; ++k) exact += static_cast<double>(a(i, k)) * static_cast<double>(x[k]);
        CHECK(std::abs(static_cast<double>(dots[i]) - exact) <= bound);
      }
      for (std::size_t k = 0; k < cols; ++k) {
        double exact = 0;
        for (std::size_t i = 0; i < rows; ++i) exact += static_cast<double>(w[i]) * static_cast<double>(a(i, k));
        CHECK(std::abs(static_cast<double>(sums[k]) - exact) <= bound);
      }
      CHECK((dots[rows] == T(7) && sums[cols] == T(7)));  // nothing behind them
    }
}

}  // namespace

TEST_CASE("row_dots, weighted_rows: their definition", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    sums_are_right<float, Arch>();
    sums_are_right<double, Arch>();
  });
}
