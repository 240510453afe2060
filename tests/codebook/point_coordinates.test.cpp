// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/point_coordinates.hpp and single_lane.hpp: rounding and bounds by the definition, the same in every lane.
#include "skive/codebook/point_coordinates.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Ties, both bounds, zeros, tiny and huge numbers; 128 of them.
std::vector<float> numbers() {
  std::vector<float> x{0.0f,   -0.0f, 0x1p-149f, 63.999996f, 64.0f,      64.1f,     -64.0f,
                       -1e30f, 3e38f, 0x1p-17f,  -0x1p-17f,  0x1.8p-16f, 0x1.4p-15f};
  for (int i = 0; x.size() < 128; ++i) x.push_back(static_cast<float>(i * i - 900) * (0x1p-17f + static_cast<float>(i) * 0.003f));
  return x;
}

TEST_CASE("Coordinates are multiples of 2^-16, ties to even, at most 64", "[codebook]") {
  REQUIRE(detail::point_coordinate(0x1p-17f, 1.0f) == 0);
  REQUIRE(detail::point_coordinate(0x1.8p-16f, 1.0f) == 2);
  REQUIRE(detail::point_coordinate(0x1.4p-15f, 1.0f) == 2);
  REQUIRE(detail::point_coordinate(-1e30f, 1.0f) == -(1 << 22));
  REQUIRE(detail::point_coordinate(3e38f, 8.0f) == 1 << 22);
  for (float const inverse : {1.0f, 0.37f, 1e-3f, 900.0f})
    for (auto const x : numbers()) {
      auto const p = static_cast<float>(static_cast<double>(x) * static_cast<double>(inverse));
      auto const exact = std::nearbyint(std::fmax(-64.0, std::fmin(64.0, static_cast<double>(p))) * 65536);
      REQUIRE(static_cast<double>(detail::point_coordinate(x, inverse)) == exact);
    }
}

template <std::size_t N>
void check_lanes() {
  auto const x = numbers();
  for (float const first : {1.0f, 0.37f, 900.0f}) {
    float inverse[16];
    for (std::size_t l = 0; l < 16; ++l) inverse[l] = l < 4 ? first : first * static_cast<float>(l);
    test::for_each(test::few_arches{}, [&]<class Arch>() {
      simd::integers<Arch> y[N];
      detail::load_points<Arch, N>(x.data(), simd::floats<Arch>::load(inverse), y);
      for (std::size_t j = 0; j < N; ++j) {
        std::int32_t lane[16];
        y[j].store(lane);
        for (std::size_t l = 0; l < 16; ++l) REQUIRE(lane[l] == detail::point_coordinate(x[N * l + j], inverse[l]));
      }
    });
  }
}

TEST_CASE("Point l stands in lane l", "[codebook]") {
  check_lanes<8>();
  check_lanes<4>();
}

}  // namespace
}  // namespace skive
