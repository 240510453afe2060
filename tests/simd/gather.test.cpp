// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/gather.hpp: each lane has its own word of the table, from its first to its last.
#include "skive/simd/gather.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Arch>
void check() {
  std::array<std::uint32_t, 301> values{};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i) * 0x9E37'79B1U;
  for (std::uint32_t first = 0; first < 301; ++first) {
    auto const place = [&](std::size_t i) noexcept { return (first + 97 * static_cast<std::uint32_t>(i)) % 301; };
    alignas(64) std::uint32_t lane[16];
    simd::gather<Arch>(values.data(), simd::generate<std::uint32_t, Arch>(place)).store(lane);
    for (std::size_t i = 0; i < 16; ++i) REQUIRE(lane[i] == values[place(i)]);
  }
}

template <class... Arch>
void check_each(test::arches<Arch...>) {
  (check<Arch>(), ...);
}

}  // namespace

TEST_CASE("words of a table for each lane", "[simd]") { check_each(test::all_arches{}); }
