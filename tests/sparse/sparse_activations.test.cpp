// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/sparse_activations.hpp: products with active columns in long double, thresholds, refusals.
#include "skive/sparse/sparse_activations.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace skive;

TEST_CASE("sparse_activations: active columns only", "[sparse]") {
  std::size_t const inputs = 37, outputs = 5000;
  std::mt19937 random{6};
  std::normal_distribution<float> normal;
  std::vector<float> w(inputs * outputs), x(inputs);
  for (auto* const all : {&w, &x})
    for (auto& v : *all) v = normal(random);
  auto const t = select_threshold(x, 0.5f);
  REQUIRE(t);
  std::vector<std::uint32_t> active(inputs);
  auto const n = select_active(x, *t, active);
  REQUIRE(n);
  CHECK(*n == 19);  // half of 37, rounded up
  for (std::size_t k = 0, j = 0; j < inputs; ++j)
    if (std::fabs(x[j]) > *t) REQUIRE(active[k++] == j);
  test::for_each(test::arches<native_arch, scalar_arch>{}, [&]<class Arch>() {
    std::vector<float> y(outputs, 3.0f);
    matrix_view<float const> const columns{w.data(), inputs, outputs};
    REQUIRE(multiply_active<Arch>(columns, x, std::span{active}.first(*n), y));
    for (std::size_t i = 0; i < outputs; ++i) {
      long double sum = 0, size = 0;
      for (std::size_t j = 0; j < inputs; ++j) {
        auto const p = static_cast<long double>(w[j * outputs + i]) * static_cast<long double>(x[j]);
        if (std::fabs(x[j]) > *t) sum += p, size += std::fabs(p);
      }
      REQUIRE(std::fabs(static_cast<long double>(y[i]) - sum) <= 2 * 19 * 0x1p-24L * size);
    }
    std::vector<float> const untouched(outputs, 3.0f);
    y = untouched;
    active[0] = 37;
    CHECK(multiply_active<Arch>(columns, x, active, y).error() == errc::invalid_argument);
    CHECK(multiply_active<Arch>(columns, std::span{x}.first(36), active, y).error() == errc::size_mismatch);
    CHECK(y == untouched);
    active[0] = static_cast<std::uint32_t>(std::fabs(x[0]) > *t ? 0 : active[1]);
    REQUIRE(select_active(x, *t, active));
  });
  std::vector<float> odd{1.0f, std::numeric_limits<float>::quiet_NaN(), -3.0f, 0.0f};
  CHECK(*select_active(odd, 2.0f, active) == 2);
  CHECK(active[0] == 1);
  CHECK(select_threshold(odd, 0.5f).error() == errc::not_finite);
  CHECK(select_threshold({}, 0.5f).error() == errc::invalid_argument);
  CHECK(select_active(odd, 1.0f, std::span{active}.first(3)).error() == errc::size_mismatch);
}
