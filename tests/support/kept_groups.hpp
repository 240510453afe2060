// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Rows with N of each M entries kept, drawn at random: masks of groups, the mask of the row, and positions, bit after bit.

#include "skive/sparse/mask.hpp"
#include "skive/sparse/position_code.hpp"

#include <algorithm>
#include <random>
#include <vector>

namespace skive::test {

/// None of them 0, as what stands between kept numbers is.
template <class T>
std::vector<T> drawn_numbers(std::size_t n, std::mt19937& random) {
  std::vector<T> x(n);
  for (auto& v : x) v = static_cast<T>(random() % 250 + 1);
  return x;
}

template <int N, int M, position_layout Layout = position_layout::combinadic>
struct kept_groups {
  using code = detail::position_code<N, M, Layout>;
  std::vector<std::uint32_t> groups;
  std::vector<std::byte> mask;
  std::vector<std::byte> positions;

  kept_groups(std::size_t count, std::mt19937& random)
      : groups(count), mask((count * M + 7) / 8), positions((count * code::bits + 7) / 8) {
    std::vector<std::uint32_t> places(M);
    for (std::uint32_t i = 0; i < M; ++i) places[i] = i;
    for (std::size_t g = 0; g < count; ++g) {
      std::shuffle(places.begin(), places.end(), random);
      for (std::size_t k = 0; k < N; ++k) {
        groups[g] |= 1U << places[k];
        set_kept(mask, g * M + places[k], true);
      }
      for (int b = 0; b < code::bits; ++b) set_bit(g, b, (code::code(groups[g]) >> b & 1) != 0);
    }
  }
  std::size_t size() const { return groups.size() * M; }
  bool kept(std::size_t i) const { return (groups[i / M] >> (i % M) & 1) != 0; }
  // All bits of a code set: no set of places has that one.
  void spoil(std::size_t g) {
    for (int b = 0; b < code::bits; ++b) set_bit(g, b, true);
    groups[g] = 0;
  }

 private:
  void set_bit(std::size_t g, int b, bool on) {
    auto const at = g * code::bits + static_cast<std::size_t>(b);
    auto const bit = std::byte{1} << static_cast<int>(at % 8);
    positions[at / 8] = on ? positions[at / 8] | bit : positions[at / 8] & ~bit;
  }
};

}  // namespace skive::test
