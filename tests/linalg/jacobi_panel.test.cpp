// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/jacobi_panel.hpp: a pass turns g into J^T g J with an orthogonal J, and sees which pairs are left.
#include "skive/linalg/jacobi_panel.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::panel_order;
using skive::detail::panel_square;
using skive::test::matrix;

template <panel_order Order, class Arch>
void pass_is_a_similarity() {
  std::mt19937 random{14};
  auto const x = skive::test::random_matrix<float>(32, 40, random);
  auto const g = skive::test::product_by_definition<double>(x.view(), false, x.view(), true);
  alignas(64) panel_square<float> turned;
  alignas(64) panel_square<float> change;
  for (std::size_t i = 0; i < 32; ++i)
    for (std::size_t k = 0; k < 32; ++k) turned[32 * i + k] = static_cast<float>(g(i, k));
  skive::detail::jacobi_pass<Order, float, Arch>(turned, change, 1e-6f);
  matrix<double> j(32, 32);
  j.fill([&](std::size_t i, std::size_t k) { return static_cast<double>(change[32 * i + k]) + (i == k ? 1.0 : 0.0); });
  auto const one = skive::test::product_by_definition<double>(std::as_const(j).view(), true, std::as_const(j).view(), false);
  CHECK(skive::test::largest_difference(one, skive::test::identity<double>(32, 32)) <= 2e-5);
  auto const half = skive::test::product_by_definition<double>(std::as_const(j).view(), true, g.view(), false);
  auto const expected = skive::test::product_by_definition<double>(half.view(), false, std::as_const(j).view(), false);
  double off = 0;
  double was = 0;
  for (std::size_t i = 0; i < 32; ++i)
    for (std::size_t k = 0; k < 32; ++k) {
      CHECK(std::abs(expected(i, k) - static_cast<double>(turned[32 * i + k])) <= 1e-3);
      if (i == k || (Order == panel_order::between_blocks && (i < 16) == (k < 16))) continue;
      off += expected(i, k) * expected(i, k);
      was += g(i, k) * g(i, k);
    }
  CHECK(off < 0.5 * was);  // what is met is smaller after one pass
}

}  // namespace

TEST_CASE("jacobi_pass: J^T g J, J orthogonal", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    pass_is_a_similarity<panel_order::every_pair, Arch>();
    pass_is_a_similarity<panel_order::between_blocks, Arch>();
  });
}

TEST_CASE("needs_rotation: any pair, or one of both blocks", "[linalg]") {
  using arch = skive::native_arch;
  for (std::size_t const i : {0U, 5U, 20U})
    for (std::size_t const k : {1U, 15U, 16U, 31U}) {
      if (i == k) continue;
      alignas(64) panel_square<float> g{};
      for (std::size_t d = 0; d < 32; ++d) g[33 * d] = 4.0f;
      g[32 * i + k] = g[32 * k + i] = 4e-3f;
      CHECK(skive::detail::needs_rotation<float, arch>(g, 1e-4f, true));
      CHECK_FALSE(skive::detail::needs_rotation<float, arch>(g, 2e-3f, true));
      CHECK(skive::detail::needs_rotation<float, arch>(g, 1e-4f, false) == ((i < 16) != (k < 16)));
      g[33 * i] = 1e-37f;  // has no digits to judge by
      CHECK_FALSE(skive::detail::needs_rotation<float, arch>(g, 1e-4f, true));
    }
}
