// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/product.hpp: against the definition, the same bits for every split, untouched memory, refusals, no allocation.
#include "skive/linalg/product.hpp"

#include "support/allocations.hpp"
#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::matrix_view;
using skive::operand;
using skive::submatrix;
using skive::transposed;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

struct scratch {
  std::vector<std::byte> memory;
  explicit scratch(std::size_t bytes) : memory(bytes) {}
  operator workspace() { return workspace{memory}; }
};

template <class T>
operand<T> as_operand(matrix<T> const& m, bool transposed) {
  return {m.view(), transposed};
}

// Every shape from nothing to a few tiles, and depths around those of a block.
struct shape {
  std::size_t m, n, k;
};
std::vector<shape> shapes(std::mt19937& random) {
  std::vector<shape> all{{0, 3, 4},    {3, 0, 4},     {1, 1, 1},   {29, 65, 256}, {14, 32, 257},
                         {6, 16, 600}, {15, 33, 512}, {7, 1, 193}, {3, 1030, 5}};
  for (int i = 0; i < 24; ++i) all.push_back({1 + random() % 45, 1 + random() % 70, 1 + random() % (i % 4 == 0 ? 500 : 40)});
  return all;
}

template <class T, class Arch>
void products_of_integers_are_exact() {
  std::mt19937 random{7};
  for (auto const& [m, n, k] : shapes(random))
    for (int form = 0; form < 4; ++form) {
      bool const ta = (form & 1) != 0;
      bool const tb = (form & 2) != 0;
      auto const integer = [&](std::size_t, std::size_t) { return static_cast<T>(static_cast<int>(random() % 17) - 8); };
      auto a = matrix<T>(ta ? k : m, ta ? m : k, random() % 3, random() % 5).fill(integer);
      auto b = matrix<T>(tb ? n : k, tb ? k : n, random() % 3, random() % 5).fill(integer);
      auto c = matrix<T>(m, n, 3, random() % 5, T(-99)).fill(integer);
      auto const old = c;
      scratch w(skive::product_scratch_bytes<T, Arch>(m, n, k));
      REQUIRE(skive::product<Arch>(as_operand(a, ta), as_operand(b, tb), c.view(), w, T(2), T(3)));
      auto expected = old;
      auto const p = skive::test::product_by_definition<T>(std::as_const(a).view(), ta, std::as_const(b).view(), tb);
      expected.fill([&](std::size_t i, std::size_t j) { return 2 * p(i, j) + 3 * old(i, j); });
      REQUIRE(c.memory() == expected.memory());
    }
}

// |error| within the header's bound; Wide is at least 11 bits wider than T.
template <class T, class Wide, class Arch>
void products_are_accurate() {
  std::mt19937 random{8};
  for (shape const s : {shape{30, 40, 700}, {5, 9, 2000}}) {
    auto const a = skive::test::random_matrix<T>(s.m, s.k, random);
    auto const b = skive::test::random_matrix<T>(s.k, s.n, random);
    matrix<T> c(s.m, s.n);
    scratch w(skive::product_scratch_bytes<T, Arch>(s.m, s.n, s.k));
    REQUIRE(skive::product<Arch>(a.view(), b.view(), c.view(), w));
    auto const exact = skive::test::product_by_definition<Wide>(a.view(), false, b.view(), false);
    auto pa = a;
    auto pb = b;
    pa.fill([&](std::size_t i, std::size_t j) { return std::abs(a(i, j)); });
    pb.fill([&](std::size_t i, std::size_t j) { return std::abs(b(i, j)); });
    auto const size = skive::test::product_by_definition<Wide>(std::as_const(pa).view(), false, std::as_const(pb).view(), false);
    auto const factor = Wide(256 + s.k / 256 + 3) * Wide(std::numeric_limits<T>::epsilon()) / 2;
    for (std::size_t i = 0; i < s.m; ++i)
      for (std::size_t j = 0; j < s.n; ++j) REQUIRE(std::abs(Wide(c(i, j)) - exact(i, j)) <= factor * size(i, j));
  }
}

template <class T, class Arch>
void splits_change_no_bit() {
  std::mt19937 random{9};
  std::size_t const m = 61, n = 83, k = 530;
  for (int form = 0; form < 4; ++form) {
    bool const ta = (form & 1) != 0;
    bool const tb = (form & 2) != 0;
    auto const a = skive::test::random_matrix<T>(ta ? k : m, ta ? m : k, random);
    auto const b = skive::test::random_matrix<T>(tb ? n : k, tb ? k : n, random);
    auto const start = skive::test::random_matrix<T>(m, n, random);
    scratch w(skive::product_scratch_bytes<T, Arch>(m, n, k));
    auto whole = start;
    REQUIRE(skive::product<Arch>(as_operand(a, ta), as_operand(b, tb), whole.view(), w, T(0.7), T(1.3)));
    for (int round = 0; round < 6; ++round) {
      auto parts = start;
      for (std::size_t i = 0; i < m;) {
        auto const rows = std::min<std::size_t>(m - i, 1 + random() % 20);
        for (std::size_t j = 0; j < n;) {
          auto const cols = std::min<std::size_t>(n - j, 1 + random() % 50);
          REQUIRE(skive::product<Arch>(submatrix(as_operand(a, ta), i, 0, rows, k), submatrix(as_operand(b, tb), 0, j, k, cols),
                                       submatrix(parts.view(), i, j, rows, cols), w, T(0.7), T(1.3)));
          j += cols;
        }
        i += rows;
      }
      REQUIRE(std::memcmp(parts.memory().data(), whole.memory().data(), whole.memory().size() * sizeof(T)) == 0);
    }
  }
}

template <class T, class Arch>
void symmetric_products_are_lower_triangles_of_products() {
  std::mt19937 random{10};
  for (shape const s : {shape{1, 1, 3}, {70, 70, 300}, {45, 45, 1}, {29, 29, 40}})
    for (bool const ta : {false, true}) {
      auto const a = skive::test::random_matrix<T>(ta ? s.k : s.m, ta ? s.m : s.k, random, 1);
      auto const start = skive::test::random_matrix<T>(s.m, s.m, random);
      scratch w(skive::product_scratch_bytes<T, Arch>(s.m, s.m, s.k));
      auto full = start;
      REQUIRE(skive::product<Arch>(as_operand(a, ta), transposed(as_operand(a, ta)), full.view(), w, T(0.5), T(1)));
      auto expected = start;
      expected.fill([&](std::size_t i, std::size_t j) { return j <= i ? full(i, j) : start(i, j); });
      auto lower = start;
      REQUIRE(skive::symmetric_product<Arch>(as_operand(a, ta), lower.view(), w, T(0.5), T(1)));
      REQUIRE(lower.memory() == expected.memory());
      auto parts = start;
      for (std::size_t i = 0; i < s.m;) {
        auto const count = std::min<std::size_t>(s.m - i, 1 + random() % 23);
        REQUIRE(skive::symmetric_product<Arch>(as_operand(a, ta), parts.view(), i, count, w, T(0.5), T(1)));
        i += count;
      }
      REQUIRE(parts.memory() == expected.memory());
      REQUIRE(skive::mirror_lower(lower.view()));
      for (std::size_t i = 0; i < s.m; ++i)
        for (std::size_t j = 0; j < s.m; ++j) REQUIRE(lower(i, j) == full(j <= i ? i : j, j <= i ? j : i));
    }
}

}  // namespace

TEST_CASE("products of integers are exact, for every form, shape, stride and instruction set", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    products_of_integers_are_exact<float, Arch>();
    products_of_integers_are_exact<double, Arch>();
  });
  products_of_integers_are_exact<float, skive::scalar_arch>();
}

TEST_CASE("products stay within the stated bound", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    products_are_accurate<float, double, Arch>();
    products_are_accurate<double, long double, Arch>();
  });
}

TEST_CASE("no split of rows and columns changes a bit of a product", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    splits_change_no_bit<float, Arch>();
    splits_change_no_bit<double, Arch>();
  });
}

TEST_CASE("symmetric products are the lower triangles of products, whatever the ranges", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    symmetric_products_are_lower_triangles_of_products<float, Arch>();
    symmetric_products_are_lower_triangles_of_products<double, Arch>();
  });
}

TEST_CASE("fifty digits take the plain path, and nothing is allocated", "[linalg]") {
  matrix<digits50> a(5, 4), b(6, 4), c(5, 6);
  a.fill([](std::size_t i, std::size_t j) { return digits50(static_cast<int>(i + 3 * j)) / 7; });
  b.fill([](std::size_t i, std::size_t j) { return digits50(static_cast<int>(2 * i + j) - 5) / 3; });
  matrix<float> x(40, 300), y(300, 50), z(40, 50);
  scratch w(skive::product_scratch_bytes<float>(40, 50, 300));
  auto const before = skive::test::allocations();
  bool const good = static_cast<bool>(skive::product(a.view(), transposed(b.view()), c.view(), workspace{})) &&
      static_cast<bool>(skive::product(x.view(), y.view(), z.view(), w));
  REQUIRE(skive::test::allocations() == before);
  REQUIRE(good);
  auto const expected =
      skive::test::product_by_definition<digits50>(std::as_const(a).view(), false, std::as_const(b).view(), true);
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 6; ++j) REQUIRE(abs(c(i, j) - expected(i, j)) <= digits50("1e-48"));
}

TEST_CASE("beta = 0 does not read C, and a product of nothing scales it", "[linalg]") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  auto const one = [](std::size_t, std::size_t) { return 1.0f; };
  auto const a = matrix<float>(9, 3).fill(one);
  matrix<float> c(9, 9, 0, 0, nan);
  scratch w(skive::product_scratch_bytes<float>(9, 9, 3));
  REQUIRE(skive::product(a.view(), transposed(a.view()), c.view(), w));
  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t j = 0; j < 9; ++j) REQUIRE(c(i, j) == 3.0f);
  REQUIRE(
      skive::product(matrix_view<float>{nullptr, 9, 0}, matrix_view<float>{nullptr, 0, 9}, c.view(), workspace{}, 1.0f, 0.5f));
  REQUIRE(c(8, 8) == 1.5f);
  auto const nans = matrix<float>(9, 3).fill([](std::size_t, std::size_t) { return nan; });
  REQUIRE(skive::product(nans.view(), transposed(nans.view()), c.view(), w));
  REQUIRE(std::isnan(c(8, 8)));
}

TEST_CASE("refused products leave C alone", "[linalg]") {
  matrix<float> a(4, 5), b(5, 6), c(4, 6, 0, 0, 7.0f);
  auto const untouched = c.memory();
  scratch w(skive::product_scratch_bytes<float>(4, 6, 5));
  REQUIRE(skive::product(a.view(), a.view(), c.view(), w).error() == errc::size_mismatch);
  REQUIRE(skive::product(transposed(a.view()), b.view(), c.view(), w).error() == errc::size_mismatch);
  matrix_view<float> const bad{c.view().data, 4, 6, 5};
  REQUIRE(skive::product(a.view(), b.view(), bad, w).error() == errc::invalid_argument);
  REQUIRE(skive::product(a.view(), b.view(), c.view(), workspace{std::span{w.memory}.first(w.memory.size() / 2)}).error() ==
          errc::workspace_too_small);
  REQUIRE(c.memory() == untouched);
  matrix<float> square(8, 8);
  auto const part = [&](std::size_t row, std::size_t col) { return submatrix(square.view(), row, col, 4, 4); };
  scratch v(skive::product_scratch_bytes<float>(4, 4, 4));
  REQUIRE(skive::product(part(0, 0), part(4, 4), part(1, 1), v).error() == errc::overlap);
  REQUIRE(skive::product(part(0, 0), part(4, 4), part(3, 4), v).error() == errc::overlap);
  REQUIRE(skive::product(part(0, 0), part(4, 0), part(0, 4), v));
  REQUIRE(skive::symmetric_product(a.view(), submatrix(square.view(), 0, 0, 4, 4), 3, 2, w).error() == errc::size_mismatch);
  REQUIRE(skive::mirror_lower(c.view()).error() == errc::size_mismatch);
}
