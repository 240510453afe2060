// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/block_dot.hpp: sums by lanes and by halves with products that are rounded first, for pieces of every length, however much the
// compiler may contract (-O2 with FMA is where g++ does).
#include "skive/codebook/block_dot.hpp"

#include "support/simd_arches.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Pieces of `piece` numbers; every product and sum passes through memory.
float by_definition(std::vector<float> const& a, std::vector<float> const& b, std::size_t piece) {
  float volatile lane[16]{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    float const volatile p = a[i] * b[i];
    lane[i % piece % 16] = lane[i % piece % 16] + p;
  }
  float volatile pair[4]{};  // lanes l, l + 4, l + 8 and l + 12
  for (int l = 0; l < 4; ++l) {
    float const volatile first = lane[l] + lane[l + 8];
    float const volatile second = lane[l + 4] + lane[l + 12];
    pair[l] = first + second;
  }
  float const volatile even = pair[0] + pair[2];
  float const volatile odd = pair[1] + pair[3];
  return even + odd;
}

template <class Arch>
float by_pieces(std::vector<float> const& a, std::vector<float> const& b, std::size_t piece) {
  detail::block_dot<Arch> sum;
  for (std::size_t i = 0; i < a.size(); i += piece) sum.add(a.data() + i, b.data() + i, std::min(piece, a.size() - i));
  return sum.total();
}

TEST_CASE("Products of rows in pieces are the sums of the definition", "[codebook]") {
  std::mt19937 random{5};
  std::normal_distribution<float> normal;
  auto const numbers = [&](std::size_t n) {
    std::vector<float> x(n);
    for (auto& v : x) v = normal(random);
    return x;
  };
  for (std::size_t n = 0; n < 70; ++n)
    for (std::size_t const piece : {std::size_t{1}, std::size_t{16}, std::size_t{24}, std::size_t{64}}) {
      auto const a = numbers(n);
      auto const b = numbers(n);
      auto const known = std::bit_cast<std::uint32_t>(by_definition(a, b, piece));
      CAPTURE(n, piece);
      REQUIRE(std::bit_cast<std::uint32_t>(by_pieces<scalar_arch>(a, b, piece)) == known);
      test::for_each(test::few_arches{},
                     [&]<class Arch>() { REQUIRE(std::bit_cast<std::uint32_t>(by_pieces<Arch>(a, b, piece)) == known); });
    }
}

TEST_CASE("A NaN reaches the sum from every place", "[codebook]") {
  std::vector<float> a(33, 1.0f);
  std::vector<float> const b(33, 2.0f);
  REQUIRE(by_pieces<native_arch>(a, b, 33) == 66.0f);
  for (std::size_t i = 0; i < 33; ++i) {
    a[i] = std::numeric_limits<float>::quiet_NaN();
    REQUIRE(by_pieces<native_arch>(a, b, 33) != by_pieces<native_arch>(a, b, 33));
    REQUIRE(by_pieces<scalar_arch>(a, b, 33) != by_pieces<scalar_arch>(a, b, 33));
    a[i] = 1.0f;
  }
}

}  // namespace
}  // namespace skive
