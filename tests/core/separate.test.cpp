// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/separate.hpp: a product and a sum round twice, whatever the compiler may contract (-O2 with FMA is where g++ does); the value is
// the product's. Also where it is used one number at a time and the test of that header is compiled without FMA.
#include "skive/core/separate.hpp"

#include "skive/codebook/exl3_product.hpp"
#include "skive/kernel/gather.hpp"
#include "skive/transform/haar_wavelet.hpp"
#include "skive/transform/reflections.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// (1 + e)(1 - e) = 1 - e^2 rounds to 1, and a sum that rounds once keeps e^2.
template <class T>
void check_rounds_twice(T e) {
  T volatile a = 1 + e;
  T volatile b = 1 - e;
  T volatile c = -1;
  T const x = a;
  T const y = b;
  T const z = c;
  REQUIRE(std::fma(x, y, z) == -e * e);
  REQUIRE(detail::separate(x * y) + z == 0);
  REQUIRE(z + detail::separate(x * y) == 0);
}

TEST_CASE("A separate product is rounded before it is added", "[core]") {
  check_rounds_twice<float>(0x1p-13f);
  check_rounds_twice<double>(0x1p-27);
}

TEST_CASE("A separate product is the product", "[core]") {
  STATIC_REQUIRE(detail::separate(1.5 * 3.0) == 4.5);
  STATIC_REQUIRE(detail::separate(0.5f * 0.5f) == 0.25f);
  REQUIRE(std::isnan(detail::separate(std::numeric_limits<double>::quiet_NaN())));
  REQUIRE(std::signbit(detail::separate(-0.0f)));
  REQUIRE(detail::separate(std::numeric_limits<float>::denorm_min()) == std::numeric_limits<float>::denorm_min());
}

std::vector<float> gaussian(std::size_t n) {
  std::mt19937 random{7};
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (auto& v : x) v = normal(random);
  return x;
}

TEST_CASE("Weighted rows are rounded before they are added to a bag", "[core]") {
  auto const x = gaussian(200);
  std::span<float const> const row{x.data(), 96};
  std::vector<float> sum(x.begin() + 100, x.begin() + 196);
  auto const before = sum;
  detail::add_weighted<scalar_arch>(row, 0.3f, sum);
  for (std::size_t i = 0; i < row.size(); ++i) {
    float const volatile p = row[i] * 0.3f;
    REQUIRE(sum[i] == before[i] + p);
  }
}

// One column of tiles by the definition: output c is the sum of rows times h, by lanes of two rows (exl3_row), then by halves.
TEST_CASE("Products with tiles of exllamav3 are rounded before they are added", "[core]") {
  constexpr std::size_t in = 128;
  constexpr std::size_t out = 128;
  std::vector<std::byte> trellis(in / 16 * (out / 16) * 32 * 2);
  std::mt19937 random{3};
  for (auto& b : trellis) b = static_cast<std::byte>(random() & 255);
  std::vector<std::byte> scales(2 * in);
  for (std::size_t i = 1; i < scales.size(); i += 2) scales[i] = std::byte{0x3C};  // 1 as a half
  auto const t = exl3_tensor::make(in, out, trellis, scales, scales, exl3_codebook::mcg);
  REQUIRE(t);
  auto const h = gaussian(2 * in);
  std::array<float, 16> by_lanes{};
  std::array<float, 16> one_by_one{};
  exl3_query const q{h.data(), in};
  detail::exl3_column<native_arch>{*t, 3}.outputs(q, by_lanes.data());
  detail::exl3_column<scalar_arch>{*t, 3}.outputs(q, one_by_one.data());
  REQUIRE(one_by_one == by_lanes);
}

// What the compiler evaluates is never contracted.
template <std::size_t N>
constexpr std::array<double, N> rows_of(unsigned seed) {
  std::array<double, N> x{};
  for (auto& v : x) v = static_cast<double>((seed = seed * 1103515245 + 12345) >> 8) / 3e6 - 2.5;
  return x;
}
template <std::size_t N, class F>
void check_evaluated(F f, std::array<double, N> const& evaluated) {
  auto x = rows_of<N>(1);
  for (auto& v : x) {
    double const volatile known_late = v;
    v = known_late;
  }
  f(x.data());
  CHECK(x == evaluated);
}

TEST_CASE("Rotations of doubles have the same bits under contraction", "[core]") {
  static constexpr float v[]{0.3f, -1.7f, 2.9f, 0.01f, 5.3f, -0.77f, 1.1f, 3.3f};
  static constexpr givens_step steps[]{{0, 3, 0.6f, 0.8f}, {2, 1, 0.28f, -0.96f}, {3, 1, 0.8f, -0.6f}};
  constexpr auto reflected = [](double* x) { detail::reflect<scalar_arch>(x, v, 51.3, 8); };
  constexpr auto turned = [](double* x) {
    (*givens_sequence::make(8, steps)).template apply<scalar_arch, direction::forward>(x, workspace{});
  };
  constexpr auto evaluated = [](auto f) {
    auto x = rows_of<8>(1);
    f(x.data());
    return x;
  };
  constexpr auto one = evaluated(reflected);
  constexpr auto other = evaluated(turned);
  check_evaluated(reflected, one);
  check_evaluated(turned, other);
}

TEST_CASE("A wavelet's differences are rounded before they are added", "[core]") {
  auto x = rows_of<8>(5);
  auto const before = x;
  std::vector<std::byte> memory(1024);
  haar_wavelet::make(8, 1)->apply<scalar_arch, direction::inverse>(x.data(), workspace{memory});
  double const scale = detail::inverse_root_double<scalar_arch>(2);
  for (std::size_t i = 0; i < 4; ++i) {
    double const volatile s = before[i] * scale;
    double const volatile d = before[4 + i] * scale;
    REQUIRE(x[2 * i] == s + d);
    REQUIRE(x[2 * i + 1] == s - d);
  }
}

}  // namespace
}  // namespace skive
