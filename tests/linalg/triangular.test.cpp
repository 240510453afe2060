// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/triangular.hpp: residuals of every form in wider numbers, what is never read, splits, refusals, fifty digits.
#include "skive/linalg/triangular.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::submatrix;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

// Bit 0: lower, bit 1: unit, bit 2: transposed, bit 3: from the right.
struct form {
  bool lower, unit, transposed, right;
  explicit form(int bits) : lower{(bits & 1) != 0}, unit{(bits & 2) != 0}, transposed{(bits & 4) != 0}, right{(bits & 8) != 0} {}

  template <class T>
  skive::triangle<T> of(matrix<T> const& m) const {
    return {m.view(), lower, unit, transposed};
  }
  /// op(T) as it is meant.
  template <class Wide, class T>
  matrix<Wide> meant(matrix<T> const& m) const {
    matrix<Wide> t(m.rows(), m.rows());
    return t.fill([&](std::size_t i, std::size_t j) {
      auto const r = transposed ? j : i;
      auto const c = transposed ? i : j;
      if (i == j) return unit ? Wide(1) : Wide(m(i, i));
      return (c < r) == lower ? Wide(m(r, c)) : Wide(0);
    });
  }
};

// Well-conditioned; what must not be read is NaN.
template <class T>
matrix<T> triangular_matrix(std::size_t n, form f, std::mt19937& random) {
  matrix<T> m(n, n, random() % 3, random() % 4);
  return m.fill([&](std::size_t i, std::size_t j) {
    if (i == j)
      return f.unit ? std::numeric_limits<T>::quiet_NaN()
                    : (random() % 2 == 0 ? T(1) : T(-1)) * (T(2) + skive::test::uniform<T>(random));
    if ((j < i) != f.lower) return std::numeric_limits<T>::quiet_NaN();
    return skive::test::uniform<T>(random) * T(2) / static_cast<T>(n + 1);
  });
}

template <class Arch, class T>
skive::status solve(form f, matrix<T> const& t, skive::matrix_view<T> b, workspace w) {
  return f.right ? skive::solve_right<Arch>(f.of(t), b, w) : skive::solve_left<Arch>(f.of(t), b, w);
}

template <class T, class Wide, class Arch>
void residuals_are_small() {
  std::mt19937 random{21};
  for (std::size_t const n : {1U, 3U, 63U, 65U, 140U})
    for (int bits = 0; bits < 16; ++bits) {
      form const f{bits};
      auto const t = triangular_matrix<T>(n, f, random);
      std::size_t const others = 1 + random() % 37;
      auto const b =
          skive::test::random_matrix<T>(f.right ? others : n, f.right ? n : others, random, random() % 3, random() % 4);
      auto x = b;
      std::vector<std::byte> memory(skive::solve_scratch_bytes<T, Arch>(b.rows(), b.cols()));
      REQUIRE(solve<Arch>(f, t, x.view(), workspace{memory}));
      auto const op = f.meant<Wide>(t);
      auto const u = Wide(std::numeric_limits<T>::epsilon()) / 2;
      for (std::size_t i = 0; i < b.rows(); ++i)
        for (std::size_t j = 0; j < b.cols(); ++j) {
          Wide sum = -Wide(b(i, j));
          Wide size(0);
          for (std::size_t k = 0; k < n; ++k) {
            auto const product = f.right ? Wide(x(i, k)) * op(k, j) : op(i, k) * Wide(x(k, j));
            sum += product;
            size += std::fabs(product);
          }
          if (!(std::fabs(sum) <= Wide(n + 1) * u * size)) REQUIRE(std::fabs(sum) <= Wide(n + 1) * u * size);
        }
    }
}

template <class T, class Arch>
void splits_change_no_bit() {
  std::mt19937 random{22};
  for (int bits = 0; bits < 16; ++bits) {
    form const f{bits};
    std::size_t const n = 100;
    std::size_t const others = 47;
    auto const t = triangular_matrix<T>(n, f, random);
    auto const b = skive::test::random_matrix<T>(f.right ? others : n, f.right ? n : others, random);
    std::vector<std::byte> memory(skive::solve_scratch_bytes<T, Arch>(b.rows(), b.cols()));
    auto whole = b;
    auto parts = b;
    REQUIRE(solve<Arch>(f, t, whole.view(), workspace{memory}));
    for (std::size_t i = 0; i < others;) {
      auto const count = std::min<std::size_t>(others - i, 1 + random() % 19);
      auto const part = f.right ? submatrix(parts.view(), i, 0, count, n) : submatrix(parts.view(), 0, i, n, count);
      REQUIRE(solve<Arch>(f, t, part, workspace{memory}));
      i += count;
    }
    REQUIRE(std::memcmp(whole.memory().data(), parts.memory().data(), whole.memory().size() * sizeof(T)) == 0);
  }
}

}  // namespace

TEST_CASE("triangular systems of every form have small residuals, and the other triangle is not read", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    residuals_are_small<float, double, Arch>();
    residuals_are_small<double, long double, Arch>();
  });
  residuals_are_small<float, double, skive::scalar_arch>();
}

TEST_CASE("no split of right-hand sides changes a bit of the solution", "[linalg]") {
  splits_change_no_bit<float, skive::native_arch>();
  splits_change_no_bit<double, skive::native_arch>();
}

TEST_CASE("fifty digits solve what they multiplied", "[linalg]") {
  matrix<digits50> t(70, 70), x(70, 2);
  t.fill([](std::size_t i, std::size_t j) {
    return i == j ? digits50(3) : digits50(static_cast<int>((i * 7 + j * 5) % 11) - 5) / 70;
  });
  x.fill([](std::size_t i, std::size_t j) { return digits50(static_cast<int>(i) - 30 + static_cast<int>(j)) / 9; });
  auto const op = form{4}.meant<digits50>(t);  // upper, transposed
  auto b = skive::test::product_by_definition<digits50>(op.view(), false, std::as_const(x).view(), false);
  std::vector<std::byte> memory(skive::solve_scratch_bytes<digits50>(70, 2));
  REQUIRE(skive::solve_left(transposed(upper(t.view())), b.view(), workspace{memory}));
  for (std::size_t i = 0; i < 70; ++i) REQUIRE(abs(b(i, 1) - x(i, 1)) < digits50("1e-46"));
}

TEST_CASE("triangular systems that are refused stay as they are", "[linalg]") {
  matrix<float> t(3, 3, 0, 0, 1.0f), b(3, 2, 0, 0, 5.0f);
  auto const untouched = b.memory();
  std::vector<std::byte> memory(skive::solve_scratch_bytes<float>(3, 2));
  workspace const w{memory};
  REQUIRE(skive::solve_right(lower(t.view()), b.view(), w).error() == errc::size_mismatch);
  REQUIRE(skive::solve_left(lower(b.view()), b.view(), w).error() == errc::size_mismatch);
  REQUIRE(skive::solve_left(lower(t.view()), b.view(), workspace{}).error() == errc::workspace_too_small);
  REQUIRE(skive::solve_left(lower(t.view()), t.view(), w).error() == errc::overlap);
  t(2, 2) = 0.0f;
  REQUIRE(skive::solve_left(lower(t.view()), b.view(), w).error() == errc::invalid_argument);
  REQUIRE(b.memory() == untouched);
  REQUIRE(skive::solve_left(unit(lower(t.view())), b.view(), w));
  REQUIRE(b(2, 1) == -0.0f + 5.0f - 5.0f - 0.0f);
  t(1, 0) = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(skive::solve_left(unit(lower(t.view())), b.view(), w));
  REQUIRE(std::isnan(b(1, 0)));
  REQUIRE(skive::solve_left(lower(skive::matrix_view<float>{}), skive::matrix_view<float>{}, w));
}
