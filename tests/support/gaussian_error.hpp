// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The mean square error of a codec on N(0, 1), relative to the power of the numbers drawn: rows of one seed, so that figures compare.

#include "skive/core/random.hpp"
#include "support/packed_row.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

template <class Codec>
double gaussian_error(Codec const& codec, std::size_t rows) {
  constexpr std::size_t length = 4096;
  packed_row<Codec> packed{codec, length};
  scratch_memory scratch{codec.scratch_bytes(length)};
  std::vector<float> x(length);
  std::vector<float> y(length);
  double error = 0;
  double power = 0;
  for (std::uint64_t r = 0; r < rows; ++r) {
    counter_random{77, r}.fill_gaussian(x);
    REQUIRE(codec.encode(std::span<float const>{x}, packed.to(), scratch.get()));
    REQUIRE(codec.decode(packed.from(), std::span{y}, scratch.get()));
    for (std::size_t i = 0; i < length; ++i) {
      auto const d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
      error += d * d;
      power += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
  }
  return error / power;
}

}  // namespace skive::test
