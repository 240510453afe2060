// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/nested_e8.hpp: its errors, every code a point and the first code of its point, sixteen points in lanes.
#include "skive/codebook/nested_e8.hpp"

#include "laws/stepwise_codec.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Code>
double error_of(std::size_t count) {
  lattice_codec<Code, float32> const codec;
  std::vector<float> x(4096);
  double error = 0;
  double power = 0;
  for (std::uint64_t r = 0; r < count; ++r) {
    counter_random{77, r}.fill_gaussian(x);
    auto const y = test::through(codec, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
      power += std::pow(static_cast<double>(x[i]), 2);
    }
  }
  return error / power;
}

TEST_CASE("Nested E8", "[codebook]") {
  auto const near = [](double error, double known) {
    CAPTURE(error, known);
    REQUIRE(std::fabs(error / known - 1) < 0.015);
  };
  near(error_of<nest14>(12), 0.00624);
  near(error_of<nested_e8<14, 73, 101, 128, 329>>(12), 0.00691);
  static_assert(nest14::code_bits == 33);
  std::mt19937_64 random{2};
  for (int t = 0; t < 2000; ++t) {  // every code is a point, and the first code of its point
    std::int16_t level[8];
    std::int16_t again[8];
    nest14::levels(t < 1000 ? random() % nest14::size : random(), level);
    detail::single_lane y[8];
    for (std::size_t i = 0; i < 8; ++i) y[i] = {level[i] * 128};
    std::uint64_t code = 0;
    nest14::encode(y, &code);
    nest14::levels(code, again);
    for (std::size_t i = 0; i < 8; ++i) REQUIRE(level[i] == again[i]);
  }
  test::check_block_codec(*lattice_codec<nest14>::make(32), {0, 1, 64, 140});
  test::check_stepwise_codec(lattice_codec<nest14>{}, {0, 40});
}

// Sixteen points in lanes against one at a time, far out too, and codes past the last one.
template <class Code>
void check_lanes() {
  std::mt19937_64 random{7};
  for (int t = 0; t < 200; ++t) {
    alignas(64) std::int32_t x[8][16];
    std::uint64_t known[16];
    std::uint64_t any[16];
    std::int32_t levels[8][16];
    for (std::size_t l = 0; l < 16; ++l) {
      detail::single_lane y[8];
      for (std::size_t i = 0; i < 8; ++i) {
        auto const far = t % 4 == 0 ? 22 : 17;
        x[i][l] = static_cast<std::int32_t>(random() % (2ULL << far)) - (1 << far);
        y[i] = {x[i][l]};
      }
      Code::encode(y, &known[l]);
      any[l] = random() >> (t % 2 == 0 ? 64 - static_cast<int>(Code::code_bits) : 0);
      std::int16_t level[8];
      Code::levels(any[l], level);
      for (std::size_t i = 0; i < 8; ++i) levels[i][l] = level[i];
    }
    test::for_each(test::few_arches{}, [&]<class Arch>() {
      simd::integers<Arch> y[8];
      for (std::size_t i = 0; i < 8; ++i) y[i] = simd::integers<Arch>::load(x[i]);
      std::uint64_t codes[16];
      Code::encode(y, codes);
      simd::integers<Arch> level[8];
      Code::decode(any, level);
      for (std::size_t l = 0; l < 16; ++l) REQUIRE(codes[l] == known[l]);
      for (std::size_t i = 0; i < 8; ++i) {
        alignas(64) std::int32_t lane[16];
        level[i].store(lane);
        for (std::size_t l = 0; l < 16; ++l) REQUIRE(lane[l] == levels[i][l]);
      }
    });
  }
}

TEST_CASE("Nested E8 in lanes", "[codebook]") {
  check_lanes<nest14>();
  check_lanes<nested_e8<16, 73, 329>>();
}

}  // namespace
}  // namespace skive
