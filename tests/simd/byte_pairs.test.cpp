// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/byte_pairs.hpp: bytes taken apart and chosen, one by one.
#include "skive/simd/byte_pairs.hpp"

#include "support/simd_arches.hpp"

#include <cstring>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct bytes_64 {
  alignas(64) std::uint8_t at[64];
};

bytes_64 drawn(std::mt19937& random) {
  bytes_64 b;
  for (auto& x : b.at) x = static_cast<std::uint8_t>(random());
  return b;
}
template <class Arch>
simd::words<Arch> loaded(bytes_64 const& b) {
  return simd::load_words<Arch>(reinterpret_cast<std::byte const*>(b.at));
}
template <class Arch>
bytes_64 stored(simd::words<Arch> const& w) {
  alignas(64) std::uint32_t lane[16];
  w.store(lane);
  bytes_64 b;
  std::memcpy(b.at, lane, 64);
  return b;
}

template <class Arch>
void check(std::mt19937& random) {
  for (int round = 0; round < 50; ++round) {
    auto const a = drawn(random);
    auto const b = drawn(random);
    simd::words<Arch> low;
    simd::words<Arch> high;
    simd::unzip_bytes<Arch>(loaded<Arch>(a), loaded<Arch>(b), low, high);
    auto const lows = stored<Arch>(low);
    auto const highs = stored<Arch>(high);
    std::byte triples[192];
    for (auto& x : triples) x = static_cast<std::byte>(random());
    simd::words<Arch> of_triple[3];
    simd::unzip_3_bytes<Arch>(triples, of_triple);
    for (std::size_t k = 0; k < 3; ++k) {
      auto const bytes = stored<Arch>(of_triple[k]);
      for (std::size_t j = 0; j < 64; ++j) REQUIRE(bytes.at[j] == std::to_integer<unsigned>(triples[3 * j + k]));
    }
    auto const index = drawn(random);
    auto const by_0 = stored<Arch>(simd::choose_bytes<0, Arch>(loaded<Arch>(index), loaded<Arch>(a), loaded<Arch>(b)));
    auto const by_7 = stored<Arch>(simd::choose_bytes<7, Arch>(loaded<Arch>(index), loaded<Arch>(a), loaded<Arch>(b)));
    for (std::size_t j = 0; j < 64; ++j) {
      auto const& from = j < 32 ? a : b;
      REQUIRE(lows.at[j] == from.at[2 * (j % 32)]);
      REQUIRE(highs.at[j] == from.at[2 * (j % 32) + 1]);
      REQUIRE(by_0.at[j] == ((index.at[j] & 1) != 0 ? b : a).at[j]);
      REQUIRE(by_7.at[j] == ((index.at[j] & 128) != 0 ? b : a).at[j]);
    }
  }
}

}  // namespace

TEST_CASE("numbers of 16 bits as two strings of bytes", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    [[maybe_unused]] std::mt19937 random{1};
    if constexpr (simd::has_byte_pairs<Arch>) check<Arch>(random);
  });
  SUCCEED("machines without byte shuffles have nothing to check");
}
