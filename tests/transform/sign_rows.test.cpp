// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/sign_rows.hpp: strings of bits, and rows with the entries of their matrix, for every construction.
#include "skive/transform/sign_rows.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::hadamard_matrix;

}  // namespace

TEST_CASE("bit_string: windows of what was appended", "[transform]") {
  skive::detail::bit_string<12, int> bits;
  std::vector<bool> plain;
  std::uint64_t state = 1;
  for (std::size_t count = 1; plain.size() + count <= 600; count = count % 64 + 1) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    auto const value = state >> (64 - count);
    bits.append(value, count);
    for (std::size_t b = 0; b < count; ++b) plain.push_back((value >> b & 1) != 0);
  }
  REQUIRE(bits.size == plain.size());
  for (std::size_t first = 0; first < plain.size(); ++first)
    for (std::size_t count = 1; count <= 64 && first + count <= plain.size(); ++count) {
      std::uint64_t expected = 0;
      for (std::size_t b = 0; b < count; ++b) expected |= std::uint64_t{plain[first + b]} << b;
      REQUIRE(bits.window(first, count) == expected);
    }
  skive::detail::bit_string<12, int> part;
  part.append(bits, 37, 201);
  REQUIRE(part.size == 201);
  for (std::size_t b = 0; b < 201; ++b) REQUIRE((part.window(b, 1) != 0) == plain[37 + b]);
}

TEST_CASE("sign_rows: the entries of the matrix", "[transform]") {
  for (std::uint32_t m = 4; m <= 1024; m += 4) {
    if (!hadamard_matrix::has_core(m)) {
      REQUIRE(!hadamard_matrix::make_core(m));
      continue;
    }
    CAPTURE(m);
    auto const h = *hadamard_matrix::make_core(m);
    skive::detail::sign_rows<int> const rows{h};
    bool same = true;
    for (std::uint32_t i = 0; i < m; ++i) {
      auto const row = rows.row(i);
      for (std::uint32_t j = m < 200 ? 0 : i % 7; j < m; j += m < 200 ? 1 : 7)
        same = same && (row.window(j, 1) != 0) == h.negative(i, j);
    }
    REQUIRE(same);
  }
}
