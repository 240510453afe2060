// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/entropy_coded.hpp: uniform and entropy-coded rows take the bits and make the errors that theory says; refusals.
#include "skive/codebook/entropy_coded.hpp"

#include "skive/core/random.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

struct result_of_code {
  double bits;
  double error;
};
result_of_code code_gaussian(float step, float pull, std::size_t rows) {
  constexpr std::size_t n = 4096;
  std::vector<float> x(n);
  std::vector<float> y(n);
  std::vector<std::uint64_t> counts(256);
  for (std::uint64_t r = 0; r < 40; ++r) {
    counter_random{1, r}.fill_gaussian(x);
    REQUIRE(entropy_coded::count(step, x, std::span<std::uint64_t, 256>{counts}));
  }
  auto const table = *rans_table::make(counts);
  auto const codec = *entropy_coded::make(step, pull, table);
  std::vector<std::byte> memory(codec.max_bytes(n));
  std::vector<std::byte> scratch(codec.scratch_bytes(n));
  result_of_code r{0, 0};
  double power = 0;
  for (std::uint64_t k = 0; k < rows; ++k) {
    counter_random{2, k}.fill_gaussian(x);
    auto const size = codec.encode(x, std::span{memory}, workspace{scratch});
    REQUIRE(size);
    REQUIRE(*codec.decode(memory, std::span{y}, workspace{scratch}) == *size);
    r.bits += static_cast<double>(8 * *size) / static_cast<double>(n * rows);
    for (std::size_t i = 0; i < n; ++i) {
      r.error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
      power += std::pow(static_cast<double>(x[i]), 2);
    }
  }
  r.error /= power;
  return r;
}

// Entropy-coded uniform quantization, bits with all that is stored, against fixed-rate Lloyd-Max 0.11748, 0.034548, 0.009501.
TEST_CASE("Uniform and entropy coding on Gaussian rows", "[codebook]") {
  auto const check = [](float step, float pull, double bits, double error) {
    auto const r = code_gaussian(step, pull, 30);
    CAPTURE(step, r.bits, r.error);
    REQUIRE(r.bits < bits + 0.035);  // 96 bits a row and the table's rounding
    REQUIRE(r.bits > bits - 0.01);
    REQUIRE(std::fabs(r.error / error - 1) < 0.015);
  };
  check(1.0750f, 0.105f, 2.0, 0.088941);
  check(0.5193f, 0.022f, 3.0, 0.022239);
  check(0.2587f, 0.006f, 4.0, 0.005560);
}

TEST_CASE("Entropy-coded rows refuse bad input", "[codebook]") {
  std::vector<std::uint64_t> const counts(256, 1);
  auto const table = *rans_table::make(counts);
  auto const codec = *entropy_coded::make(0.5f, 0, table);
  std::vector<float> x(64, 0.0f);
  std::vector<std::byte> memory(codec.max_bytes(64), std::byte{9});
  std::vector<std::byte> scratch(codec.scratch_bytes(64));
  auto const encode = [&](std::size_t bytes, std::size_t lent) {
    return codec.encode(x, std::span{memory}.first(bytes), workspace{std::span{scratch}.first(lent)});
  };
  REQUIRE(encode(memory.size(), scratch.size()));
  std::vector<float> y(64, 1.0f);
  REQUIRE(codec.decode(memory, std::span{y}, workspace{scratch}));
  for (auto const v : y) REQUIRE(v == 0.0f);
  REQUIRE(encode(memory.size() - 1, scratch.size()).error() == errc::size_mismatch);
  REQUIRE(encode(memory.size(), scratch.size() - 1).error() == errc::workspace_too_small);
  x[5] = std::numeric_limits<float>::infinity();
  REQUIRE(encode(memory.size(), scratch.size()).error() == errc::not_finite);
  REQUIRE(entropy_coded{}.encode(x, std::span{memory}, workspace{scratch}).error() == errc::unsupported);
  REQUIRE(codec.decode(std::span{memory}.first(3), std::span{y}, workspace{scratch}).error() == errc::corrupt);
  memory[3] = std::byte{0xFF};  // the scale is no number
  REQUIRE(codec.decode(memory, std::span{y}, workspace{scratch}).error() == errc::corrupt);
  REQUIRE(entropy_coded::make(0, 0, table).error() == errc::invalid_argument);
  REQUIRE(entropy_coded::make(1, 0.6f, table).error() == errc::invalid_argument);
  REQUIRE(*codec.encode({}, {}, {}) == 0);
}

}  // namespace
}  // namespace skive
