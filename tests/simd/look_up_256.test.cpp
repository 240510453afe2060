// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/look_up_256.hpp: entries of tables, one by one; two tables at once, one of constants.
#include "skive/simd/look_up_256.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstring>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct bytes_64 {
  alignas(64) std::uint8_t at[64];
};

struct two_tables {
  alignas(64) std::uint8_t at[2][256];
};
constexpr two_tables constants = [] {
  two_tables t{};
  for (std::size_t i = 0; i < 256; ++i) {
    t.at[0][i] = static_cast<std::uint8_t>(i * i + 3);
    t.at[1][i] = static_cast<std::uint8_t>(255 - i);
  }
  return t;
}();

template <class Arch>
void check(two_tables const& t, simd::byte_tables_256<2, Arch> const& tables, bytes_64 const& index) {
  bytes_64 found[2];
  simd::look_up_256(tables, simd::load_words<Arch>(reinterpret_cast<std::byte const*>(index.at)),
                    [&](std::size_t k, simd::words<Arch> const& w) {
                      alignas(64) std::uint32_t lane[16];
                      w.store(lane);
                      std::memcpy(found[k].at, lane, 64);
                    });
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t j = 0; j < 64; ++j) REQUIRE(found[k].at[j] == t.at[k][index.at[j]]);
}

template <class Arch>
void check_all(std::mt19937& random) {
  static constexpr simd::byte_tables_256<2, Arch> of_constants{constants.at};
  for (int round = 0; round < 40; ++round) {
    two_tables t;
    for (auto& one : t.at)
      for (auto& x : one) x = static_cast<std::uint8_t>(random());
    bytes_64 index;
    for (std::size_t j = 0; j < 64; ++j)  // every index first
      index.at[j] = static_cast<std::uint8_t>(round < 4 ? 64 * static_cast<std::size_t>(round) + j : random());
    check<Arch>(t, simd::byte_tables_256<2, Arch>{t.at}, index);
    check<Arch>(constants, of_constants, index);
  }
}

}  // namespace

TEST_CASE("tables of 256 bytes", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    [[maybe_unused]] std::mt19937 random{1};
    if constexpr (simd::has_look_up_256<Arch>) check_all<Arch>(random);
  });
  SUCCEED("machines without byte shuffles have nothing to check");
}
