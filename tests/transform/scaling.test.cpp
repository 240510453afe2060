// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/scaling.hpp: correctly rounded both ways on every arch and mode, exact powers of two, published factors.
#include "skive/transform/scaling.hpp"

#include "laws/transform.hpp"
#include "skive/transform/algebra.hpp"
#include "skive/transform/hadamard.hpp"
#include "skive/transform/rows.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::channel_scaling;
using skive::channel_shift;
using skive::errc;

std::vector<float> factors_for(std::size_t n, unsigned seed) {
  auto s = test::gaussian_vector(n, seed);
  for (std::size_t i = 0; i < n; ++i) s[i] = std::ldexp(std::fabs(s[i]) + 0.01f, static_cast<int>(i % 9) - 4);
  return s;
}

}  // namespace

TEST_CASE("channel_scaling: one rounding each way, whatever the magnitude", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {1U, 15U, 16U, 33U, 100U}) {
      auto const s = factors_for(n, 1);
      auto const t = *channel_scaling::make(s);
      auto x = test::mixed_row(n, 2);
      if (n > 20) x[3] = 0x1p-149f, x[18] = std::numeric_limits<float>::infinity(), x[19] = 0x1.fp127f, x[20] = -0x1p-126f;
      auto const there = test::transformed<Arch>(t, x);
      auto const back = test::transformed<Arch>(t, x, true);
      for (std::size_t i = 0; i < n; ++i) {
        REQUIRE(there[i] == static_cast<float>(static_cast<double>(x[i]) / static_cast<double>(s[i])));
        REQUIRE(back[i] == static_cast<float>(static_cast<double>(x[i]) * static_cast<double>(s[i])));
      }
      test::check_bits<Arch>(t);
      test::check_refusals<Arch>(t, false);
      auto const y = test::gaussian_vector(n, 5);
      auto const round_trip = test::transformed<Arch>(t, test::transformed<Arch>(t, y), true);
      for (std::size_t i = 0; i < n; ++i) REQUIRE(std::fabs(round_trip[i] - y[i]) <= 0x1.01p-23f * std::fabs(y[i]));
      auto exact = s;
      skive::to_powers_of_two(exact);
      auto const e = *channel_scaling::make(exact);
      REQUIRE(test::same_bits(test::transformed<Arch>(e, test::transformed<Arch>(e, y), true), y));
      for (std::size_t i = 0; i < n; ++i) {
        REQUIRE(std::log2(exact[i]) == std::floor(std::log2(exact[i])));
        REQUIRE(std::fabs(std::log2(exact[i] / s[i])) <= 0.500001f);
      }
    }
  });
  for (float const bad : {0.0f, -1.0f, 0x1p61f, 0x1p-61f, std::numeric_limits<float>::quiet_NaN()})
    CHECK(channel_scaling::make(std::vector<float>{1.0f, bad}).error() == errc::invalid_argument);
  std::vector<float> const s{3.0f, 0.3f};
  CHECK(channel_scaling::make(s)->growth() == 2);
}

TEST_CASE("channel_scaling: weights take the dual, chains fold", "[transform]") {
  constexpr std::size_t n = 40;
  auto const s = factors_for(n, 3);
  auto const weights = test::gaussian_vector(5 * n, 4);
  auto const x = test::gaussian_vector(n, 5);
  skive::chain const t{*channel_scaling::make(s), *skive::hadamard::make(n)};
  static_assert(!skive::orthogonal_transform<decltype(t)> && skive::transform<decltype(t)>);
  auto w = weights;
  test::scratch_memory scratch{skive::column_bytes(t)};
  REQUIRE(skive::fold(t, skive::matrix_view<float>{w.data(), 5, n}, skive::matrix_side::rows, scratch.get()));
  auto const y = test::transformed<skive::native_arch>(t, x);
  for (std::size_t r = 0; r < 5; ++r) {
    double before = 0, after = 0;
    for (std::size_t i = 0; i < n; ++i) {
      before += static_cast<double>(weights[r * n + i]) * static_cast<double>(x[i]);
      after += static_cast<double>(w[r * n + i]) * static_cast<double>(y[i]);
    }
    CHECK(std::fabs(before - after) < 1e-3);
  }
  auto const back = test::transformed<skive::native_arch>(t, y, true);
  CHECK(test::distance(back, x) < 1e-5 * test::norm(x) * 16);
}

TEST_CASE("channel_shift: one rounding each way", "[transform]") {
  auto const z = test::gaussian_vector(20, 1);
  auto const t = *channel_shift::make(z);
  auto const x = test::gaussian_vector(20, 2);
  auto const y = test::transformed<skive::native_arch>(t, x);
  for (std::size_t i = 0; i < 20; ++i) CHECK(y[i] == x[i] - z[i]);
  test::check_bits<skive::native_arch>(t);
  test::check_refusals<skive::native_arch>(t, false);
  CHECK(test::distance(test::transformed<skive::native_arch>(t, y, true), x) < 1e-6);
  CHECK(channel_shift::make(std::vector<float>{1.0f, INFINITY}).error() == errc::not_finite);
}

TEST_CASE("smoothing_scales and activation_scales", "[transform]") {
  std::vector<float> const a{4.0f, 100.0f, 0.5f, 0.0f};
  std::vector<float> const w{1.0f, 0.25f, 2.0f, 1.0f};
  std::vector<float> s(4);
  REQUIRE(skive::smoothing_scales(a, w, 0.5, s));
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::fabs(s[i] / std::sqrt(a[i] / w[i]) - 1) < 1e-6f);
  CHECK(s[3] == 0x1p-60f);  // a dead channel does not divide by zero
  REQUIRE(skive::smoothing_scales(a, w, 0.8, s));
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::fabs(s[i] / (std::pow(a[i], 0.8f) / std::pow(w[i], 0.2f)) - 1) < 1e-6f);
  std::vector<float> r(3);
  REQUIRE(skive::activation_scales(std::span{a}.first(3), 0.5, r));
  auto const middle = std::sqrt(std::sqrt(100.0f) * std::sqrt(0.5f));
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::fabs(r[i] / (std::sqrt(a[i]) / middle) - 1) < 1e-6f);
  CHECK(skive::smoothing_scales(a, w, 1.5, s).error() == errc::invalid_argument);
  CHECK(skive::smoothing_scales(a, std::span{w}.first(3), 0.5, s).error() == errc::size_mismatch);
  std::vector<float> const bad{1, 2, 3, INFINITY};
  CHECK(skive::smoothing_scales(bad, w, 0.5, s).error() == errc::not_finite);
  CHECK(skive::activation_scales(bad, 0.5, s).error() == errc::not_finite);
}
