// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/pivoted_qr.hpp: residuals, falling diagonals, the order of an exact elimination, rank, refusals.
#include "skive/linalg/pivoted_qr.hpp"

#include "support/simd_arches.hpp"
#include "support/wide_residuals.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

template <class T>
struct factors {
  matrix<T> a;
  std::vector<T> tau;
  std::vector<std::size_t> order;
};
template <class Arch, class T>
factors<T> factored(matrix<T> a) {
  factors<T> f{a, std::vector<T>(std::min(a.rows(), a.cols())), std::vector<std::size_t>(a.cols())};
  std::vector<std::byte> memory(skive::pivoted_qr_scratch_bytes<T, Arch>(a.rows(), a.cols()));
  REQUIRE(skive::pivoted_qr<Arch>(f.a.view(), std::span<T>{f.tau}, std::span{f.order}, workspace{memory}));
  return f;
}

template <class Wide, class Arch, class T>
void factors_are_right(matrix<T> const& a, std::size_t rank) {
  auto const f = factored<Arch>(a);
  auto const k = f.tau.size();
  matrix<T> q(a.rows(), k);
  std::vector<std::byte> memory(skive::apply_q_scratch_bytes<T, Arch>(a.rows(), a.cols(), k));
  REQUIRE(skive::form_q<Arch>(f.a.view(), f.tau, q.view(), workspace{memory}));
  auto const u = Wide(std::numeric_limits<T>::epsilon()) / 2;
  auto const bound = Wide(4 * (std::max(a.rows(), a.cols()) + 4)) * u;
  REQUIRE(skive::test::orthogonality_error<Wide>(q) <= bound);
  REQUIRE(skive::test::product_error<Wide>(a, q, skive::test::upper_part(f.a, k), f.order) <= bound);
  auto sorted = f.order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) REQUIRE(sorted[i] == i);
  for (std::size_t i = 1; i < k; ++i)
    REQUIRE(abs(Wide(f.a(i, i))) <= abs(Wide(f.a(i - 1, i - 1))) * Wide(1.001) + bound * abs(Wide(f.a(0, 0))));
  for (std::size_t i = rank; i < k; ++i) REQUIRE(abs(Wide(f.a(i, i))) <= bound * abs(Wide(f.a(0, 0))));
}

template <class T, class Wide, class Arch>
void shapes() {
  std::mt19937 random{51};
  constexpr std::size_t all[][2] = {{1, 1}, {5, 1}, {1, 6}, {33, 32}, {100, 40}, {40, 100}, {60, 60}};
  for (auto const& [m, n] : all) {
    factors_are_right<Wide, Arch>(skive::test::random_matrix<T>(m, n, random, random() % 3), std::min(m, n));
    auto const left = skive::test::random_matrix<T>(m, 3, random);
    auto const right = skive::test::random_matrix<T>(3, n, random);
    auto const low_rank = skive::test::product_by_definition<T>(left.view(), false, right.view(), false);
    factors_are_right<Wide, Arch>(low_rank, std::min<std::size_t>({m, n, 3}));
  }
  factors_are_right<Wide, Arch>(matrix<T>(20, 10), 0);
}

// Modified Gram-Schmidt that takes the longest column that is left.
std::vector<std::size_t> exact_order(matrix<digits50> a) {
  std::vector<std::size_t> order;
  std::vector<bool> used(a.cols(), false);
  auto const dot = [&a](std::size_t p, std::size_t q) {
    digits50 sum(0);
    for (std::size_t i = 0; i < a.rows(); ++i) sum += a(i, p) * a(i, q);
    return sum;
  };
  for (std::size_t step = 0; step < a.cols(); ++step) {
    auto best = a.cols();
    for (std::size_t j = 0; j < a.cols(); ++j)
      if (!used[j] && (best == a.cols() || dot(best, best) < dot(j, j))) best = j;
    used[best] = true;
    order.push_back(best);
    for (std::size_t j = 0; j < a.cols(); ++j) {
      if (used[j]) continue;
      auto const share = dot(j, best) / dot(best, best);
      for (std::size_t i = 0; i < a.rows(); ++i) a(i, j) -= share * a(i, best);
    }
  }
  return order;
}

}  // namespace

TEST_CASE("pivoted QR: residual, orthogonality, a falling diagonal that shows the rank", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() { shapes<float, double, Arch>(); });
  shapes<double, long double, skive::native_arch>();
}

TEST_CASE("pivots are those of an exact elimination, graded columns included", "[linalg]") {
  std::mt19937 random{52};
  for (int const decay : {0, 1, 3}) {
    matrix<double> a(24, 20);
    a.fill([&](std::size_t, std::size_t j) {
      return std::ldexp(skive::test::uniform<double>(random), -decay * static_cast<int>((j * 7) % 20));
    });
    matrix<digits50> wide(24, 20);
    wide.fill([&](std::size_t i, std::size_t j) { return digits50(a(i, j)); });
    auto const expected = exact_order(wide);
    REQUIRE(factored<skive::native_arch>(a).order == expected);
    REQUIRE(factored<skive::native_arch>(wide).order == expected);
  }
}

// Nearly parallel columns: norms that were only taken down would lose all digits, and the order with them.
TEST_CASE("norms are computed anew where cancellation takes their digits", "[linalg]") {
  std::mt19937 random{53};
  matrix<double> a(30, 12);
  std::vector<double> common(30);
  for (auto& x : common) x = skive::test::uniform<double>(random);
  a.fill([&](std::size_t i, std::size_t j) {
    return common[i] + std::ldexp(skive::test::uniform<double>(random), -20 - static_cast<int>((5 * j) % 12) * 2);
  });
  matrix<digits50> wide(30, 12);
  wide.fill([&](std::size_t i, std::size_t j) { return digits50(a(i, j)); });
  REQUIRE(factored<skive::native_arch>(a).order == exact_order(wide));
}

TEST_CASE("what pivoted QR refuses stays as it is", "[linalg]") {
  matrix<float> a(5, 3, 0, 0, 2.0f);
  std::vector<float> tau(3, 9.0f);
  std::vector<std::size_t> order(3, 7);
  std::vector<std::byte> memory(skive::pivoted_qr_scratch_bytes<float>(5, 3));
  workspace const w{memory};
  auto const untouched = a.memory();
  REQUIRE(skive::pivoted_qr(a.view(), tau, std::span{order}.first(2), w).error() == errc::size_mismatch);
  REQUIRE(skive::pivoted_qr(a.view(), std::span{tau}.first(2), order, w).error() == errc::size_mismatch);
  REQUIRE(skive::pivoted_qr(a.view(), tau, order, workspace{}).error() == errc::workspace_too_small);
  REQUIRE(skive::pivoted_qr(skive::matrix_view<float>{a.view().data, 5, 3, 2}, tau, order, w).error() == errc::invalid_argument);
  REQUIRE((a.memory() == untouched && order[0] == 7 && tau[0] == 9.0f));
  a(4, 2) = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(skive::pivoted_qr(a.view(), tau, order, w).error() == errc::not_finite);
  REQUIRE((a(0, 0) == 2.0f && order[0] == 7));
  REQUIRE(skive::pivoted_qr(skive::matrix_view<float>{nullptr, 0, 3}, std::span<float>{}, order, workspace{memory}));
  REQUIRE(order[2] == 2);
}
