// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/svd_common.hpp: the largest magnitude, the power of two, a task's refusals, its tall form and where results go, order.
#include "skive/linalg/svd_common.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::detail::svd_task;
using skive::test::matrix;

template <class Arch>
void largest_magnitudes() {
  for (std::size_t n = 0; n < 40; ++n)
    for (std::size_t at = 0; at < n; ++at) {
      std::vector<float> x(n, -1.0f);
      x[at] = -3.0f;
      float largest = 2;
      REQUIRE(skive::detail::find_largest<Arch, float>(x, largest));
      REQUIRE(largest == 3.0f);
      REQUIRE(skive::detail::find_largest<Arch, float>(std::span{x}.first(at), largest));
      REQUIRE(largest == 3.0f);  // what was larger before stays
      for (float const bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        x[at] = bad;
        REQUIRE(!skive::detail::find_largest<Arch, float>(x, largest));
      }
    }
}

svd_task<float> task_of(matrix<float>& a, matrix<float>& u, std::vector<float>& sigma, matrix<float>& vt) {
  return {a.view(), u.view(), sigma, vt.view()};
}

}  // namespace

TEST_CASE("find_largest: every length and place, not a number or infinite", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() { largest_magnitudes<Arch>(); });
}

TEST_CASE("power_of_two_for: squares of all numbers add up to less than the largest float", "[linalg]") {
  CHECK(skive::detail::power_of_two_for(0.0f, 5) == 1.0f);
  for (std::size_t const n : {1U, 64U, 4096U})
    for (int e = -149; e < 128; ++e) {
      auto const largest = std::ldexp(1.0f, e);
      auto const power = skive::detail::power_of_two_for(largest, n);
      int exponent = 0;
      REQUIRE(std::frexp(power, &exponent) == 0.5f);
      auto const brought = static_cast<double>(largest) * static_cast<double>(power);
      auto const numbers = static_cast<double>(n) * static_cast<double>(n);
      REQUIRE(numbers * brought * brought < static_cast<double>(std::numeric_limits<float>::max()));
      if (e > -60) REQUIRE(brought > 1e6 / numbers);  // and squares of numbers 2^-40 of it do not vanish
    }
}

TEST_CASE("svd_task: wide matrices are worked on lying down, and results go where they belong", "[linalg]") {
  for (auto const& [m, n] : {std::array<std::size_t, 2>{5, 3}, {3, 5}, {20, 33}}) {
    auto const wide = std::min(m, n);
    auto const tall = std::max(m, n);
    matrix<float> a(m, n, 2), u(m, wide, 1), vt(wide, n, 3);
    std::vector<float> sigma(wide);
    a.fill([&, cols = n](std::size_t i, std::size_t j) { return static_cast<float>(i * cols + j); });
    auto const task = task_of(a, u, sigma, vt);
    REQUIRE(task.check());
    REQUIRE((task.flipped() == (m < n) && task.tall() == tall && task.wide() == wide && task.wants_vectors()));
    matrix<float> standing(tall, wide), lying(wide, tall);
    task.load(2.0f, standing.view());
    task.load_transposed(2.0f, lying.view());
    for (std::size_t i = 0; i < tall; ++i)
      for (std::size_t k = 0; k < wide; ++k) {
        REQUIRE(standing(i, k) == 2 * (m < n ? a(k, i) : a(i, k)));
        REQUIRE(lying(k, i) == standing(i, k));
      }
    std::vector<std::size_t> order(wide);
    std::iota(order.rbegin(), order.rend(), std::size_t{0});
    matrix<float> square(wide, wide);
    square.fill([](std::size_t i, std::size_t j) { return static_cast<float>(100 * i + j); });
    task.store(lying.view(), square.view(), order);
    for (std::size_t k = 0; k < wide; ++k) {
      for (std::size_t i = 0; i < m; ++i) REQUIRE(u(i, k) == (m < n ? square(order[k], i) : lying(order[k], i)));
      for (std::size_t j = 0; j < n; ++j) REQUIRE(vt(k, j) == (m < n ? lying(order[k], j) : square(order[k], j)));
    }
  }
}

TEST_CASE("svd_task: what it refuses", "[linalg]") {
  matrix<float> a(4, 3), u(4, 3), vt(3, 3);
  std::vector<float> sigma(3);
  auto const fine = task_of(a, u, sigma, vt);
  auto const error = [&](auto change) {
    auto task = fine;
    change(task);
    return task.check().error();
  };
  CHECK(error([](auto&) {}) == errc::ok);
  CHECK(error([](auto& t) { t.u = {}; }) == errc::ok);
  CHECK(error([](auto& t) { t.a.row_stride = 2; }) == errc::invalid_argument);
  CHECK(error([](auto& t) { t.vt.row_stride = 2; }) == errc::invalid_argument);
  CHECK(error([](auto& t) { t.sigma = t.sigma.first(2); }) == errc::size_mismatch);
  CHECK(error([](auto& t) { t.u.rows = 3; }) == errc::size_mismatch);
  CHECK(error([&](auto& t) { t.vt = {a.view().data, 2, 3}; }) == errc::overlap);
  CHECK(error([&](auto& t) { t.u = {vt.view().data, 4, 2}; }) == errc::overlap);
  CHECK(error([&](auto& t) { t.sigma = {u.view().data, 3}; }) == errc::overlap);
  float factor = 0;
  CHECK(fine.choose_scale<skive::native_arch>(factor));
  CHECK(factor == 1.0f);
  a(3, 2) = std::numeric_limits<float>::infinity();
  CHECK(fine.choose_scale<skive::native_arch>(factor).error() == errc::not_finite);
}

TEST_CASE("falling_order: as a stable sort has it", "[linalg]") {
  std::mt19937 random{61};
  for (std::size_t n = 0; n < 70; ++n) {
    std::vector<double> value(n);
    for (double& v : value) v = static_cast<double>(random() % (n + 1));  // many are equal
    std::vector<std::size_t> order(n), expected(n);
    std::iota(expected.begin(), expected.end(), std::size_t{0});
    std::sort(expected.begin(), expected.end(),
              [&](std::size_t x, std::size_t y) { return value[x] > value[y] || (value[x] == value[y] && x < y); });
    skive::detail::falling_order<double>(value, order);
    REQUIRE(order == expected);
  }
}
