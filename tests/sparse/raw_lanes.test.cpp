// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/raw_lanes.hpp: every pattern of bits comes back, exactly sixteen numbers are touched, lanes are the numbers in order.
#include "skive/sparse/raw_lanes.hpp"

#include "support/simd_arches.hpp"

#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct pair_of_bytes {
  std::uint8_t low, high;
};

template <class Arch, class T>
void moves(std::mt19937& random) {
  static_assert(detail::has_lanes<T>);
  for (std::size_t shift = 0; shift < 5; ++shift) {
    std::vector<std::byte> from((16 + shift) * sizeof(T));  // ends with the last number: sanitizers see what is read past it
    for (auto& b : from) b = static_cast<std::byte>(random() % 3 == 0 ? 0xFF : random());
    std::vector<T> numbers(16 + shift), to(18 + shift), before(18 + shift);
    std::memcpy(static_cast<void*>(numbers.data()), from.data(), from.size());
    std::memset(static_cast<void*>(to.data()), 0x5A, to.size() * sizeof(T));
    before = to;
    auto const lanes = detail::load_raw<Arch>(numbers.data() + shift);
    detail::store_raw<Arch>(lanes, to.data() + shift + 1);
    std::memcpy(static_cast<void*>(before.data() + shift + 1), numbers.data() + shift, 16 * sizeof(T));
    REQUIRE(std::memcmp(to.data(), before.data(), to.size() * sizeof(T)) == 0);
    alignas(64) std::uint32_t word[16];
    simd::as<std::uint32_t>(lanes).store(word);
    for (std::size_t i = 0; i < 16; ++i) {
      std::uint32_t own = 0;
      for (std::size_t b = 0; b < sizeof(T); ++b)
        own |= std::to_integer<std::uint32_t>(from[(shift + i) * sizeof(T) + b]) << (8 * b);
      REQUIRE(word[i] == own);
    }
  }
}

static_assert(!detail::has_lanes<double> && !detail::has_lanes<std::uint8_t[3]>);

}  // namespace

TEST_CASE("raw_lanes: bits of sixteen numbers of any type", "[sparse]") {
  test::for_each_arch([]<class Arch>() {
    std::mt19937 random{1};
    moves<Arch, float>(random);
    moves<Arch, std::int32_t>(random);
    moves<Arch, std::uint16_t>(random);
    moves<Arch, pair_of_bytes>(random);
    moves<Arch, std::int8_t>(random);
    moves<Arch, std::byte>(random);
  });
}
