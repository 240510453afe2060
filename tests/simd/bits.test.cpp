// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/bits.hpp: 16 fields against a string of bits, every width and order, reads and writes nothing outside.
#include "skive/simd/bits.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::bit_order;
using lanes = std::array<std::uint32_t, 16>;
constexpr std::byte guard{0xA5};

// By definition: bit by bit.
template <std::size_t Width>
std::array<std::byte, 2 * Width> by_definition(lanes const& codes, bit_order order) {
  std::array<std::byte, 2 * Width> out{};
  for (std::size_t n = 0; n < 16 * Width; ++n) {
    auto const in_field = n % Width;
    auto const bit = codes[n / Width] >> (order == bit_order::low_first ? in_field : Width - 1 - in_field) & 1;
    out[n / 8] |= static_cast<std::byte>(bit << (order == bit_order::low_first ? n % 8 : 7 - n % 8));
  }
  return out;
}

template <int Width, class Arch>
void check(lanes const& codes, bit_order order) {
  auto const packed = by_definition<Width>(codes, order);
  // The exact size on the heap: a memory checker sees every byte outside.
  auto const row = std::make_unique<std::byte[]>(2 * Width);
  for (std::size_t i = 0; i < 2 * Width; ++i) row[i] = packed[i];
  std::array<std::byte, 17> padded;
  padded.fill(guard);
  for (std::size_t i = 0; i < 2 * Width; ++i) padded[i + 1] = packed[i];

  lanes read;
  skive::simd::load_fields<Width, Arch>(row.get(), order).store(read.data());
  REQUIRE(read == codes);
  skive::simd::load_fields_padded<Width, Arch>(padded.data() + 1, order).store(read.data());
  REQUIRE(read == codes);

  std::array<std::byte, 2 * std::size_t{Width} + 2> written;
  written.fill(guard);
  skive::simd::store_fields<Width, Arch>(skive::simd::words<Arch>::load(codes.data()), order, written.data() + 1);
  REQUIRE(written.front() == guard);
  REQUIRE(written.back() == guard);
  for (std::size_t i = 0; i < 2 * Width; ++i) REQUIRE(written[i + 1] == packed[i]);
}

template <int Width>
void check_width() {
  for (auto const order : {bit_order::low_first, bit_order::high_first})
    skive::test::for_each_arch([order]<class Arch>() {
      // Each bit of each field alone, all others zero or one: any bit that goes astray shows.
      for (std::size_t i = 0; i < 16; ++i)
        for (int b = 0; b < Width; ++b) {
          lanes codes{};
          codes[i] = 1U << b;
          check<Width, Arch>(codes, order);
          for (auto& c : codes) c ^= (1U << Width) - 1;
          check<Width, Arch>(codes, order);
        }
      std::mt19937 random{Width};
      for (int round = 0; round < 200; ++round) {
        lanes codes;
        for (auto& c : codes) c = static_cast<std::uint32_t>(random() % (1U << Width));
        check<Width, Arch>(codes, order);
      }
    });
}

}  // namespace

TEST_CASE("fields of every width", "[simd]") {
  []<int... Less>(std::integer_sequence<int, Less...>) { (check_width<Less + 1>(), ...); }(std::make_integer_sequence<int, 8>{});
}
