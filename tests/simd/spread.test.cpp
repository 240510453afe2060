// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/spread.hpp: all codes of a group at every place, numbers of 1, 2 and 4 bytes, codes that are none, masks of every count.
#include "skive/simd/spread.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

constexpr std::array<std::array<int, 2>, 6> sets{{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}}};

template <class Number>
std::vector<Number> numbers(std::size_t count, std::mt19937& random) {
  std::vector<Number> v(count);
  for (auto& x : v) x = static_cast<Number>(random() | 1);  // none is 0
  return v;
}

template <class Number, class Arch>
void check_groups(std::mt19937& random) {
  for (unsigned round = 0; round < 60; ++round) {
    std::array<unsigned, 16> code{};
    std::uint64_t bits = round % 2 == 0 ? 0 : 0xABCDULL << 48;  // what follows the 48 bits does not count
    for (std::size_t g = 0; g < 16; ++g) {
      code[g] = (round + static_cast<unsigned>(g) + static_cast<unsigned>(random() % 2)) % 6;
      bits |= std::uint64_t{code[g]} << (3 * g);
    }
    std::byte bytes[8];
    for (unsigned b = 0; b < 8; ++b) bytes[b] = static_cast<std::byte>(static_cast<std::uint8_t>(bits >> (8 * b)));
    auto const values = numbers<Number>(32, random);
    std::vector<Number> expected(64, 0);
    for (std::size_t g = 0; g < 16; ++g)
      for (std::size_t k = 0; k < 2; ++k) expected[4 * g + static_cast<std::size_t>(sets[code[g]][k])] = values[2 * g + k];
    std::vector<Number> to(64, 77);
    simd::spreader_2_of_4<Arch> spreader;
    spreader.template spread<sizeof(Number)>(reinterpret_cast<std::byte const*>(values.data()), bytes,
                                             reinterpret_cast<std::byte*>(to.data()));
    REQUIRE(to == expected);
    REQUIRE_FALSE(spreader.met_wrong_code());
    for (unsigned wrong = 6; wrong < 8; ++wrong) {  // one of them in any group is seen, also after good ones
      auto const g = random() % 16;
      auto const bad = (bits & ~(std::uint64_t{7} << (3 * g))) | std::uint64_t{wrong} << (3 * g);
      for (unsigned b = 0; b < 8; ++b) bytes[b] = static_cast<std::byte>(static_cast<std::uint8_t>(bad >> (8 * b)));
      auto again = spreader;
      again.template spread<sizeof(Number)>(reinterpret_cast<std::byte const*>(values.data()), bytes,
                                            reinterpret_cast<std::byte*>(to.data()));
      REQUIRE(again.met_wrong_code());
    }
  }
}

template <class Number, std::size_t N, class Arch>
void check_masked(std::mt19937& random) {
  constexpr auto places = 64 / sizeof(Number);
  for (unsigned round = 0; round < 100; ++round) {
    std::uint64_t mask = 0;
    for (std::size_t set = 0; set < N;) {
      auto const bit = std::uint64_t{1} << (random() % places);
      if ((mask & bit) == 0) mask |= bit, ++set;
    }
    auto const values = numbers<Number>(N, random);  // what is read past them the sanitizers see
    std::vector<Number> expected(places, 0);
    for (std::size_t i = 0, next = 0; i < places; ++i)
      if ((mask >> i & 1) != 0) expected[i] = values[next++];
    std::vector<Number> to(places, 77);
    simd::spread_masked<sizeof(Number), N, Arch>(reinterpret_cast<std::byte const*>(values.data()), mask,
                                                 reinterpret_cast<std::byte*>(to.data()));
    REQUIRE(to == expected);
  }
}

}  // namespace

TEST_CASE("two of each four numbers come back to their places", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    [[maybe_unused]] std::mt19937 random{1};
    if constexpr (simd::has_spreader<Arch>) {
      check_groups<std::uint8_t, Arch>(random);
      check_groups<std::uint16_t, Arch>(random);
      check_groups<std::uint32_t, Arch>(random);
    }
    if constexpr (simd::has_masked_spread<Arch>) {
      check_masked<std::uint8_t, 1, Arch>(random);
      check_masked<std::uint8_t, 24, Arch>(random);
      check_masked<std::uint8_t, 32, Arch>(random);
      check_masked<std::uint8_t, 64, Arch>(random);
      check_masked<std::uint16_t, 8, Arch>(random);
      check_masked<std::uint16_t, 16, Arch>(random);
      check_masked<std::uint16_t, 32, Arch>(random);
    }
  });
  SUCCEED("machines without VBMI have nothing to check");
}
