// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/interleaved_rows.hpp refuses before it writes; what it writes: interleaved_product.test.cpp.
#include "skive/kernel/interleaved_rows.hpp"

#include "skive/block/absmax.hpp"
#include "support/packed_rows.hpp"

#include <array>
#include <cstddef>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace test = skive::test;
using skive::absmax;
using skive::errc;
using skive::int4;

TEST_CASE("interleaved rows: groups that are no whole words, and sizes past what can be counted", "[kernel]") {
  using layout = skive::interleaved_rows<absmax<int4>>;
  REQUIRE(layout::make(absmax<int4>{24}, 4, 96).error() == errc::invalid_argument);
  REQUIRE(layout::make(absmax<int4>{96}, 4, 24));  // the group is the whole row
  REQUIRE(layout::make(absmax<int4>{32}, ~std::size_t{0}, 64).error() == errc::overflow);
  REQUIRE(layout::make(absmax<int4>{32}, 4, ~std::size_t{0}).error() == errc::overflow);
  REQUIRE(layout::make(absmax<int4>{32}, ~std::size_t{0} >> 4, 1U << 20).error() == errc::overflow);
}

TEST_CASE("interleaved rows: planes and rows that do not fit leave memory as it was", "[kernel]") {
  constexpr std::size_t n = 64;
  test::packed_rows<absmax<int4>> const rows{absmax<int4>{32}, 3, n,
                                             [](std::size_t r) { return std::vector<float>(n, static_cast<float>(r + 1)); }};
  auto const layout = *skive::interleaved_rows<absmax<int4>>::make(rows.codec, 3, n);
  auto const need = layout.plane_bytes();
  std::array<std::vector<std::byte>, 2> memory{std::vector<std::byte>(need[0], std::byte{0xA5}),
                                               std::vector<std::byte>(need[1], std::byte{0xA5})};
  auto const planes = [&](std::size_t less0, std::size_t less1) {
    return skive::planes<std::byte, 2>{{{{memory[0].data(), need[0] - less0, 0}, {memory[1].data(), need[1] - less1, 0}}}};
  };
  auto const before = memory;
  REQUIRE(layout.pack(rows.matrix(), planes(1, 0)).error() == errc::size_mismatch);
  REQUIRE(layout.pack(rows.matrix(), planes(0, 1)).error() == errc::size_mismatch);
  REQUIRE(skive::interleaved_rows<absmax<int4>>::make(rows.codec, 4, n)->pack(rows.matrix(), planes(0, 0)).error() ==
          errc::size_mismatch);
  REQUIRE(memory == before);

  REQUIRE(layout.pack(rows.matrix(), planes(0, 0)));
  test::packed_row<absmax<int4>> plain{rows.codec, n, test::layout::planar, 1};
  REQUIRE(layout.unpack(planes(0, 0), 3, plain.to()).error() == errc::size_mismatch);
  REQUIRE(layout.unpack(planes(1, 0), 0, plain.to()).error() == errc::size_mismatch);
  REQUIRE(layout.unpack(planes(0, 0), 2, plain.to()));
}
