// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/sphere_code.hpp: numbering without gaps, nearest points against all points, the known error in 24 dimensions.
#include "skive/codebook/sphere_code.hpp"

#include "skive/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Code>
std::vector<std::vector<float>> all_points() {
  std::vector<std::vector<float>> all(static_cast<std::size_t>(Code::size()), std::vector<float>(Code::dimension()));
  for (std::uint64_t i = 0; i < Code::size(); ++i) Code{}.codeword(i, std::span{all[static_cast<std::size_t>(i)]});
  return all;
}

template <std::size_t N, std::size_t R, sphere_points Points>
void check_code(std::uint64_t size) {
  using code = sphere_code<N, R, Points>;
  REQUIRE(code::size() == size);
  auto const points = all_points<code>();
  REQUIRE(std::set<std::vector<float>>(points.begin(), points.end()).size() == points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::int16_t y[N];
    float square = 0;
    for (std::size_t j = 0; j < N; ++j) y[j] = static_cast<std::int16_t>(points[i][j]), square += points[i][j] * points[i][j];
    REQUIRE((Points == sphere_points::shell ? square == R : square <= R));
    REQUIRE(code::index(y) == i);
    REQUIRE(code{}.nearest(points[i]) == i);
  }
  std::vector<float> x(N);
  for (std::uint64_t t = 0; t < 200; ++t) {
    counter_random{3, t}.fill_gaussian(x);
    if (t % 4 == 0)
      for (auto& v : x) v = std::floor(v);
    auto const distance = [&x](std::vector<float> const& p) {
      double sum = 0;
      for (std::size_t j = 0; j < N; ++j) sum += std::pow(static_cast<double>(x[j]) - static_cast<double>(p[j]), 2);
      return sum;
    };
    double least = 1e30;
    for (auto const& p : points) least = std::min(least, distance(p));
    REQUIRE(std::fabs(distance(points[static_cast<std::size_t>(code{}.nearest(x))]) - least) < 1e-9);
  }
  std::vector<float> a(N);
  code{}.codeword(code::size() + 1, std::span{a});  // any index is a point
  REQUIRE((a == points[1]));
}

TEST_CASE("Shells and balls against all points", "[codebook]") {
  check_code<2, 25, sphere_points::shell>(12);
  check_code<3, 9, sphere_points::shell>(30);
  check_code<8, 4, sphere_points::shell>(1136);  // 16 + 70 x 16
  check_code<4, 6, sphere_points::ball>(1 + 8 + 24 + 32 + 24 + 48 + 96);
  check_code<6, 5, sphere_points::ball>(1 + 12 + 60 + 160 + 252 + 312);
}

TEST_CASE("The shell of squared length 28 in 24 dimensions", "[codebook]") {
  using code = sphere_code<24, 28>;
  REQUIRE(code::index_bits() == 48);
  std::vector<float> x(24);
  std::vector<float> y(24);
  double lost = 0;
  double power = 0;
  for (std::uint64_t t = 0; t < 2000; ++t) {
    counter_random{4, t}.fill_gaussian(x);
    code{}.codeword(code{}.nearest(x), std::span{y});
    double xx = 0;
    double xy = 0;
    for (std::size_t j = 0; j < 24; ++j) {
      xx += static_cast<double>(x[j]) * static_cast<double>(x[j]);
      xy += static_cast<double>(x[j]) * static_cast<double>(y[j]);
    }
    lost += xx - xy * xy / 28;
    power += xx;
  }
  CAPTURE(lost / power);
  REQUIRE(std::fabs(lost / power - 0.0764) < 0.0015);
}

}  // namespace
}  // namespace skive
