// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/row_orthonormal.hpp: nearly orthonormal rows, rows that depend on each other and zeros become orthonormal; good ones stay.
#include "skive/linalg/row_orthonormal.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::workspace;
using skive::test::matrix;

template <class Arch>
double defect(matrix<float> const& z) {
  auto const g = skive::test::product_by_definition<double>(z.view(), false, z.view(), true);
  return skive::test::largest_difference(g, skive::test::identity<double>(z.rows(), z.rows()));
}

template <class Arch>
matrix<float> mended(matrix<float> z, std::size_t length) {
  std::vector<std::byte> memory(skive::detail::row_orthonormal<float, Arch>::scratch_bytes(z.rows(), z.cols()));
  skive::detail::row_orthonormal<float, Arch>::run(z.view(), length, workspace{memory});
  return z;
}

}  // namespace

TEST_CASE("row_orthonormal: whatever the rows were", "[linalg]") {
  std::mt19937 random{11};
  skive::test::for_each(skive::test::few_arches{}, [&]<class Arch>() {
    for (std::size_t const n : {1U, 7U, 33U}) {
      auto const length = n + 5;
      auto rough = skive::test::random_padded<float>(n, length, random);
      auto const exact = mended<Arch>(rough, length);  // far from orthonormal: one row after another
      CHECK(defect<Arch>(exact) <= 4e-6);
      for (std::size_t r = 0; r < n; ++r)
        for (std::size_t k = length; k < rough.cols(); ++k) CHECK(exact(r, k) == 0.0f);
      auto near = exact;
      for (std::size_t r = 0; r < n; ++r)
        for (std::size_t k = 0; k < length; ++k) near(r, k) += 1e-4f * skive::test::uniform<float>(random);
      auto const again = mended<Arch>(near, length);
      CHECK(defect<Arch>(again) <= 4e-6);
      CHECK(skive::test::largest_difference(near, again) <= 2e-3f);
      matrix<float> none(n, exact.cols());
      CHECK(defect<Arch>(mended<Arch>(none, length)) <= 4e-6);
      auto twice = exact;
      for (std::size_t k = 0; k < twice.cols(); ++k) twice(n - 1, k) = twice(0, k);
      auto const apart = mended<Arch>(twice, length);
      CHECK(defect<Arch>(apart) <= 4e-6);
      for (std::size_t k = 0; k < length; ++k) CHECK(std::abs(apart(0, k) - exact(0, k)) <= 1e-6f);
    }
  });
}
