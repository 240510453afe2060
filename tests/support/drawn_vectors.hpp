// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Gaussian numbers and codes below a limit, the same in every run.

#include "skive/core/random.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skive::test {

inline std::vector<float> gaussians(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{6, stream}.fill_gaussian(x);
  return x;
}
inline std::vector<std::uint8_t> codes_below(std::size_t n, std::uint32_t limit) {
  std::vector<std::uint8_t> codes(n);
  for (std::size_t i = 0; i < n; ++i) codes[i] = static_cast<std::uint8_t>(counter_random{8}.bits(i) % limit);
  return codes;
}

}  // namespace skive::test
