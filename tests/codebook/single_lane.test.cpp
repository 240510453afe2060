// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/single_lane.hpp: the bits of each of sixteen lanes for operands at every edge; eight keys in order.
#include "skive/codebook/single_lane.hpp"

#include "skive/simd/sixteen.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
constexpr std::array<std::int32_t, 16> edges{0,        1,           -1,           2,   -2,   most,        least, least + 1,
                                             most - 1, 0x4000'0000, -0x4000'0000, 255, -256, 0x5555'5555, 12345, -54321};

template <class V>
void compute(V const& a, V const& b, std::int32_t* to) {
  std::size_t i = 0;
  auto const keep = [&](V const& v) { v.store(to + detail::lane_count<V> * i++); };
  for (V const& v : {a + b, a - b, a & b, a | b, a ^ b, a >> 3, a >> 31, a << 1, a << 31, min(a, b), max(a, b)}) keep(v);
  auto const less = a < b;
  auto const above = a > b;
  auto const equal = a == b;
  for (auto const& m : {less, above, equal, less | equal, less & above, less ^ equal}) keep(select(m, a, V::broadcast(7)));
}

TEST_CASE("One lane has the bits of sixteen", "[codebook]") {
  constexpr std::size_t operations = 17;
  for (auto const b : edges) {
    std::int32_t one[16][operations];
    for (std::size_t l = 0; l < 16; ++l) compute(detail::single_lane::load(&edges[l]), detail::single_lane::broadcast(b), one[l]);
    test::for_each(test::few_arches{}, [&]<class Arch>() {
      using integers = simd::integers<Arch>;
      std::int32_t all[operations * 16];
      compute(integers::load(edges.data()), integers::broadcast(b), all);
      for (std::size_t i = 0; i < operations; ++i)
        for (std::size_t l = 0; l < 16; ++l) {
          CAPTURE(i, edges[l], b);
          REQUIRE(all[16 * i + l] == one[l][i]);
        }
    });
  }
}

// What sorts every row of zeros and ones sorts every row.
TEST_CASE("Eight keys in descending order", "[codebook]") {
  for (unsigned bits = 0; bits < 256; ++bits) {
    detail::single_lane key[8];
    for (unsigned i = 0; i < 8; ++i) key[i].lane = (bits >> i & 1) != 0 ? most : least;
    detail::sort_descending(key);
    REQUIRE(std::is_sorted(key, key + 8, [](auto a, auto b) { return a.lane > b.lane; }));
    REQUIRE(std::count_if(key, key + 8, [](auto k) { return k.lane == most; }) == std::popcount(bits));
  }
}

}  // namespace
}  // namespace skive
