// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/hexacode.hpp: linear over F4, of least weight 4, its own dual.
#include "skive/codebook/hexacode.hpp"

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// F4 as polynomials over two elements modulo z^2 + z + 1; 2 is z, 3 is z + 1.
unsigned times(unsigned a, unsigned b) {
  unsigned const p = (b & 1 ? a : 0) ^ (b & 2 ? a << 1 : 0);
  return p & 4 ? p ^ 7 : p;
}
unsigned symbol(unsigned word, unsigned i) { return word >> (2 * i) & 3; }

TEST_CASE("The hexacode", "[codebook]") {
  auto const& words = detail::hexacode;
  for (unsigned a = 0; a < 64; ++a) {
    int weight = 0;
    for (unsigned i = 0; i < 6; ++i) weight += symbol(words[a], i) != 0 ? 1 : 0;
    REQUIRE((a == 0 ? weight == 0 : weight >= 4));
    REQUIRE((words[a] & 63U) == a);
    unsigned scaled = 0;
    for (unsigned i = 0; i < 6; ++i) scaled |= times(2, symbol(words[a], i)) << (2 * i);
    REQUIRE(words[scaled & 63] == scaled);
    for (unsigned b = 0; b < 64; ++b) {
      REQUIRE(words[(words[a] ^ words[b]) & 63] == (words[a] ^ words[b]));
      unsigned product = 0;  // with the conjugate, which is the square
      for (unsigned i = 0; i < 6; ++i) product ^= times(symbol(words[a], i), times(symbol(words[b], i), symbol(words[b], i)));
      REQUIRE(product == 0);
    }
  }
}

}  // namespace
}  // namespace skive
