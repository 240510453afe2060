// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/reflections.hpp: products of reflections are orthogonal, undo each other, and have the rows that they say.
#include "skive/linalg/reflections.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::workspace;
using skive::test::matrix;

template <class Arch>
void reflections_are_orthogonal(std::size_t count, std::size_t length, std::size_t offset) {
  CAPTURE(count, length, offset);
  std::mt19937 random{10};
  matrix<float> v(count, length);
  std::vector<float> factors(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i + offset >= length) continue;  // no reflection
    for (std::size_t k = i + offset; k < length; ++k) v(i, k) = skive::test::uniform<float>(random);
    factors[i] = skive::detail::make_reflection<Arch>(&v(i, i + offset), length - i - offset).factor;
  }
  skive::detail::row_reflections<float, Arch> const q{v.view(), factors, offset};
  auto const rows = count < length ? count : length;
  std::vector<std::byte> memory(skive::detail::row_reflections<float, Arch>::scratch_bytes(40 + rows, length));
  matrix<float> first(rows, length);
  q.as_rows(first.view(), workspace{memory});
  auto by_application = skive::test::identity<float>(rows, length);
  q.apply_all(by_application.view(), workspace{memory});
  CHECK(skive::test::largest_difference(first, by_application) <= 4e-6f);
  auto const g =
      skive::test::product_by_definition<double>(std::as_const(first).view(), false, std::as_const(first).view(), true);
  CHECK(skive::test::largest_difference(g, skive::test::identity<double>(rows, rows)) <= 1e-5);
  auto const z = skive::test::random_matrix<float>(9, length - offset, random);
  auto turned = z;
  auto const some = count < 32 ? count : 32;
  q.apply(0, some, turned.view(), false, workspace{memory});
  q.apply(0, some, turned.view(), true, workspace{memory});
  CHECK(skive::test::largest_difference(z, turned) <= 1e-5f);
}

}  // namespace

TEST_CASE("row_reflections: orthogonal, there and back, their first rows", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    for (std::size_t const offset : {0U, 1U})
      for (std::size_t const count : {1U, 5U, 32U, 48U, 64U}) reflections_are_orthogonal<Arch>(count, 64, offset);
  });
}
