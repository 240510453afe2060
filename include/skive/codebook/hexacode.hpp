// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/hexacode.hpp - the 64 words of the hexacode, of which K12 and the Leech lattice are made.
///
/// Words over F4 = {0, 1, w, w^2} of six symbols, two bits a symbol, symbol 0 lowest: (a, b, c, f(1), f(w), f(w^2)) with
/// f(x) = a x^2 + b x + c; word number a + 4 b + 16 c. Sums of words are their exclusive or; the least weight is 4.
///
/// Model of : -
/// Cost     : 128 bytes.
/// Promise  : integers, constexpr.
/// Source   : J. H. Conway, N. J. A. Sloane, "Sphere Packings, Lattices and Groups", chapter 3.

#include <array>
#include <cstddef>
#include <cstdint>

namespace skive::detail {

inline constexpr std::array<std::uint16_t, 64> hexacode = [] {
  constexpr auto times = [](unsigned a, unsigned b) { return a == 0 || b == 0 ? 0U : (a - 1 + b - 1) % 3 + 1; };
  std::array<std::uint16_t, 64> words{};
  for (unsigned w = 0; w < 64; ++w) {
    unsigned const a = w & 3;
    unsigned const b = w >> 2 & 3;
    unsigned const c = w >> 4;
    unsigned word = w;
    for (unsigned x = 1; x < 4; ++x) word |= (times(times(x, x), a) ^ times(x, b) ^ c) << (6 + 2 * (x - 1));
    words[w] = static_cast<std::uint16_t>(word);
  }
  return words;
}();

}  // namespace skive::detail
