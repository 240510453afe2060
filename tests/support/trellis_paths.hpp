// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Paths through trellises by the definition of codebook/trellis.hpp, and levels of a code of pairs for tests.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace skive::test {

inline constexpr std::int8_t pair_levels[32] = {1,  -9, 30, -40, 5,   77, -60, 12, 8,  -3, 20,  -25, 90, 2,  -17, 33,
                                                -1, 50, -8, 19,  -70, 4,  28,  -5, 61, 13, -35, 47,  0,  66, -22, 11};

template <class Code>
double path_cost(Code const& code, std::vector<std::uint32_t> const& states, std::vector<double> const& x,
                 std::vector<double> const& w, double scale) {
  double sum = 0;
  for (std::size_t n = 0; n < x.size(); ++n) {
    auto const v = n % static_cast<std::size_t>(Code::values);
    auto const d = x[n] - scale * code.level(states[n / static_cast<std::size_t>(Code::values)], static_cast<int>(v));
    sum += (w.empty() ? 1.0 : w[n]) * d * d;
  }
  return sum;
}

template <class Code>
bool is_cyclic_path(std::span<std::uint32_t const> s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto const& next = s[(i + 1) % s.size()];
    auto const symbol = s[i] & ((1U << Code::step_bits) - 1);
    if (((next << Code::step_bits | symbol) & ((1U << Code::state_bits) - 1)) != s[i]) return false;
  }
  return true;
}

}  // namespace skive::test
