// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/qr.hpp, linalg/householder.hpp: residuals, orthogonality, fifty digits, special matrices, splits, refusals.
#include "skive/linalg/qr.hpp"

#include "support/simd_arches.hpp"
#include "support/wide_residuals.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::q_side;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

std::vector<std::size_t> identity_order(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

template <class T>
struct factors {
  matrix<T> a;
  std::vector<T> tau;
};
template <class Arch, class T>
factors<T> factored(matrix<T> a) {
  factors<T> f{a, std::vector<T>(std::min(a.rows(), a.cols()))};
  std::vector<std::byte> memory(skive::qr_scratch_bytes<T, Arch>(a.rows(), a.cols()));
  REQUIRE(skive::qr<Arch>(f.a.view(), std::span<T>{f.tau}, workspace{memory}));
  return f;
}
template <class Arch, class T>
matrix<T> formed(factors<T> const& f, std::size_t cols) {
  matrix<T> q(f.a.rows(), cols, 1, 0, T(7));
  std::vector<std::byte> memory(skive::apply_q_scratch_bytes<T, Arch>(f.a.rows(), f.a.cols(), cols));
  REQUIRE(skive::form_q<Arch>(f.a.view(), f.tau, q.view(), workspace{memory}));
  return q;
}

// Q R = A and Q^T Q = I to a few u times the larger side.
template <class Wide, class Arch, class T>
void factors_are_right(matrix<T> const& a) {
  auto const f = factored<Arch>(a);
  auto const k = f.tau.size();
  auto const q = formed<Arch>(f, k);
  auto const bound = Wide(4 * (std::max(a.rows(), a.cols()) + 4)) * Wide(std::numeric_limits<T>::epsilon()) / 2;
  REQUIRE(skive::test::orthogonality_error<Wide>(q) <= bound);
  REQUIRE(skive::test::product_error<Wide>(a, q, skive::test::upper_part(f.a, k), identity_order(a.cols())) <= bound);
  auto const square = formed<Arch>(f, a.rows());
  REQUIRE(skive::test::orthogonality_error<Wide>(square) <= bound);
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < k; ++j) REQUIRE(abs(Wide(square(i, j)) - Wide(q(i, j))) <= bound);
  // Q^T A is R with zeros below, by apply_q on A itself.
  auto c = a;
  std::vector<std::byte> memory(skive::apply_q_scratch_bytes<T, Arch>(a.rows(), a.cols(), a.cols()));
  REQUIRE(skive::apply_q<Arch>(f.a.view(), f.tau, c.view(), q_side::transposed, workspace{memory}));
  Wide length(0);
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < a.cols(); ++j) length += Wide(a(i, j)) * Wide(a(i, j));
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < a.cols(); ++j)
      REQUIRE(abs(Wide(c(i, j)) - (j < i ? Wide(0) : Wide(f.a(i, j)))) <= bound * sqrt(length));
  REQUIRE(skive::apply_q<Arch>(f.a.view(), f.tau, c.view(), q_side::plain, workspace{memory}));
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < a.cols(); ++j) REQUIRE(abs(Wide(c(i, j)) - Wide(a(i, j))) <= bound * sqrt(length));
}

template <class T, class Wide, class Arch>
void random_shapes() {
  std::mt19937 random{41};
  constexpr std::size_t shapes[][2] = {{1, 1}, {5, 1}, {1, 6}, {7, 7}, {33, 32}, {100, 40}, {40, 100}, {130, 65}, {70, 70}};
  for (auto const& [m, n] : shapes)
    factors_are_right<Wide, Arch>(skive::test::random_matrix<T>(m, n, random, random() % 3, random() % 4));
}

template <class T, class Wide>
void special_matrices() {
  using arch = skive::native_arch;
  factors_are_right<Wide, arch>(matrix<T>(9, 5));                // zero
  factors_are_right<Wide, arch>(matrix<T>(50, 40, 0, 0, T(1)));  // rank 1
  auto const m = std::numeric_limits<T>::max() / 64;
  factors_are_right<Wide, arch>(matrix<T>(40, 3, 0, 0, T(1)).fill([&](std::size_t i, std::size_t j) {
    return j == i ? m : j == 1 ? T(1) : m / 128;
  }));
  matrix<T> graded(60, 40);
  std::mt19937 random{42};
  graded.fill([&](std::size_t, std::size_t j) { return std::ldexp(skive::test::uniform<T>(random), -2 * static_cast<int>(j)); });
  factors_are_right<Wide, arch>(graded);
}

}  // namespace

TEST_CASE("QR of every shape: residual, orthogonality, products with Q", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() { random_shapes<float, double, Arch>(); });
  random_shapes<double, long double, skive::native_arch>();
  special_matrices<float, double>();
  special_matrices<double, long double>();
}

TEST_CASE("fifty digits judge the factors of doubles", "[linalg]") {
  std::mt19937 random{43};
  auto const a = skive::test::random_matrix<double>(40, 35, random);
  matrix<digits50> wide(40, 35);
  wide.fill([&](std::size_t i, std::size_t j) { return digits50(a(i, j)); });
  auto const w = factored<skive::native_arch>(wide);
  auto const q = formed<skive::native_arch>(w, 35);
  REQUIRE(skive::test::orthogonality_error<digits50>(q) < digits50("1e-46"));
  REQUIRE(skive::test::product_error<digits50>(wide, q, skive::test::upper_part(w.a, 35), identity_order(35)) <
          digits50("1e-46"));
  auto const f = factored<skive::native_arch>(a);
  for (std::size_t i = 0; i < 35; ++i)
    for (std::size_t j = i; j < 35; ++j) REQUIRE(abs(digits50(f.a(i, j)) - w.a(i, j)) < digits50("1e-12"));
}

TEST_CASE("columns that Q is applied to are independent", "[linalg]") {
  std::mt19937 random{44};
  auto const f = factored<skive::native_arch>(skive::test::random_matrix<float>(90, 70, random));
  auto const c = skive::test::random_matrix<float>(90, 50, random);
  std::vector<std::byte> memory(skive::apply_q_scratch_bytes<float>(90, 70, 50));
  for (auto const side : {q_side::plain, q_side::transposed}) {
    auto whole = c;
    auto parts = c;
    REQUIRE(skive::apply_q(f.a.view(), f.tau, whole.view(), side, workspace{memory}));
    for (std::size_t j = 0; j < 50;) {
      auto const count = std::min<std::size_t>(50 - j, 1 + random() % 13);
      REQUIRE(skive::apply_q(f.a.view(), f.tau, submatrix(parts.view(), 0, j, 90, count), side, workspace{memory}));
      j += count;
    }
    REQUIRE(std::memcmp(whole.memory().data(), parts.memory().data(), 90 * 50 * sizeof(float)) == 0);
  }
}

TEST_CASE("what QR refuses stays as it is", "[linalg]") {
  matrix<float> a(5, 3, 0, 0, 2.0f);
  std::vector<float> tau(3, 9.0f);
  std::vector<std::byte> memory(skive::apply_q_scratch_bytes<float>(5, 3, 5) + skive::qr_scratch_bytes<float>(5, 3));
  workspace const w{memory};
  auto const untouched = a.memory();
  REQUIRE(skive::qr(a.view(), std::span{tau}.first(2), w).error() == errc::size_mismatch);
  REQUIRE(skive::qr(a.view(), tau, workspace{}).error() == errc::workspace_too_small);
  REQUIRE(skive::qr(skive::matrix_view<float>{a.view().data, 5, 3, 2}, tau, w).error() == errc::invalid_argument);
  matrix<float> q(5, 5, 0, 0, 1.0f);
  skive::matrix_view<float> const crossed{q.view().data, 5, 3, 2};
  REQUIRE(skive::form_q(a.view(), tau, crossed, w).error() == errc::invalid_argument);
  REQUIRE(skive::apply_q(a.view(), tau, crossed, q_side::plain, w).error() == errc::invalid_argument);
  REQUIRE(skive::form_q(a.view(), tau, submatrix(q.view(), 0, 0, 4, 3), w).error() == errc::size_mismatch);
  REQUIRE(skive::form_q(a.view(), std::span{tau}.first(1), q.view(), w).error() == errc::size_mismatch);
  REQUIRE(skive::apply_q(a.view(), tau, a.view(), q_side::plain, w).error() == errc::overlap);
  REQUIRE((a.memory() == untouched && tau == std::vector<float>(3, 9.0f) && q(4, 4) == 1.0f));
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto b = a;
    b(4, 2) = bad;
    REQUIRE(skive::qr(b.view(), tau, w).error() == errc::not_finite);
    REQUIRE((b(0, 0) == 2.0f && tau[0] == 9.0f));
  }
  auto huge = a;
  huge.fill([](std::size_t, std::size_t) { return std::numeric_limits<float>::max(); });
  REQUIRE(skive::qr(huge.view(), tau, w).error() == errc::not_finite);
  REQUIRE(skive::qr(skive::matrix_view<float>{nullptr, 0, 4}, std::span<float>{}, w));
}
