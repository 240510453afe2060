// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/relayout.hpp: bytes move between layouts without a change, and nibble orders exchange field by field.
#include "skive/core/relayout.hpp"

#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace {

using skive::bit_order;
using skive::errc;

std::vector<std::byte> random_bytes(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<std::byte> bytes(n);
  for (auto& b : bytes) b = static_cast<std::byte>(random() & 0xFF);
  return bytes;
}

// planar -> interleaved -> planar; the interleaved bytes are compared with a copy made by their definition.
template <class Codec>
void there_and_back(Codec const& codec, std::size_t n, std::array<std::size_t, Codec::plane_count> const& order) {
  CAPTURE(n, codec.block_size());
  auto const sizes = codec.plane_bytes(n);
  auto planar = random_bytes(skive::total_bytes(sizes), 1);
  std::vector<std::byte> mixed(skive::interleaved_bytes(codec, n), std::byte{0xA5});
  std::vector<std::byte> back(planar.size());
  skive::planes<std::byte, Codec::plane_count> a, b, c;
  REQUIRE(skive::planar(codec, n, std::span{planar}, a));
  REQUIRE(skive::interleaved(codec, n, std::span{mixed}, order, b));
  REQUIRE(skive::planar(codec, n, std::span{back}, c));
  REQUIRE(skive::relayout(codec, n, a, b));
  REQUIRE(skive::relayout(codec, n, b, c));
  CHECK(back == planar);

  auto const each = codec.plane_bytes(codec.block_size());
  auto const block_bytes = skive::total_bytes(each);
  std::vector<std::byte> expected(mixed.size(), std::byte{0xA5});
  std::size_t plane_start = 0;
  for (std::size_t p = 0; p < sizes.size(); ++p) {
    std::size_t offset = 0;
    for (auto const before : order) {
      if (before == p) break;
      offset += each[before];
    }
    for (std::size_t i = 0; i < sizes[p]; ++i)
      expected[i / each[p] * block_bytes + offset + i % each[p]] = planar[plane_start + i];
    plane_start += sizes[p];
  }
  CHECK(mixed == expected);
}

}  // namespace

TEST_CASE("relayout moves every byte to its place and back", "[core]") {
  auto const n = GENERATE(as<std::size_t>{}, 1, 31, 32, 33, 64, 100, 640);
  there_and_back(skive::mx<skive::e2m1>{}, n, {0, 1});
  there_and_back(skive::mx<skive::e2m1>{}, n, {1, 0});  // scales first, as GGUF has them
  there_and_back(skive::affine_int<4>{32}, n, {1, 2, 0});
}

TEST_CASE("relayout refuses planes that are too small and writes nothing", "[core]") {
  constexpr skive::mx<skive::e2m1> codec;
  auto from = random_bytes(34, 2);
  std::vector<std::byte> to(34, std::byte{0x5A});
  skive::planes<std::byte, 2> a, b;
  REQUIRE(skive::planar(codec, 64, std::span{from}, a));
  REQUIRE(skive::planar(codec, 64, std::span{to}, b));
  auto const p = GENERATE(0U, 1U);
  auto small = b;
  --small[p].size;
  CHECK(skive::relayout(codec, 64, a, small).error() == errc::size_mismatch);
  small = a;
  --small[p].size;
  CHECK(skive::relayout(codec, 64, small, b).error() == errc::size_mismatch);
  CHECK(std::all_of(to.begin(), to.end(), [](std::byte x) { return x == std::byte{0x5A}; }));
}

TEST_CASE("reorder_fields keeps every field", "[core]") {
  for (int width = 1; width <= 8; ++width)
    for (std::size_t count = 0; count < 200; ++count) {
      CAPTURE(width, count);
      auto const bytes = *skive::packed_bytes(count, width);
      auto row = random_bytes(bytes, static_cast<unsigned>(width));
      auto const before = row;
      REQUIRE(skive::reorder_fields(row, count, width, bit_order::low_first, bit_order::high_first));
      auto const low = skive::packed_fields<std::byte const>::make(before, count, width, bit_order::low_first);
      auto const high = skive::packed_fields<std::byte const>::make(row, count, width, bit_order::high_first);
      bool same = true;
      for (std::size_t i = 0; i < count; ++i) same = same && low->get(i) == high->get(i);
      REQUIRE(same);
    }
  std::vector<std::byte> nibbles{std::byte{0x21}, std::byte{0x43}, std::byte{0x05}};
  REQUIRE(skive::reorder_fields(nibbles, 5, 4, bit_order::low_first, bit_order::high_first));
  CHECK(nibbles == std::vector<std::byte>{std::byte{0x12}, std::byte{0x34}, std::byte{0x50}});
}

TEST_CASE("reorder_fields refuses a wrong width or size", "[core]") {
  std::vector<std::byte> row(4, std::byte{0x12});
  CHECK(skive::reorder_fields(row, 8, 9, bit_order::low_first, bit_order::high_first).error() == errc::invalid_argument);
  CHECK(skive::reorder_fields(row, 7, 3, bit_order::low_first, bit_order::high_first).error() == errc::size_mismatch);
  CHECK(row == std::vector<std::byte>(4, std::byte{0x12}));
}
