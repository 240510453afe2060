// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/planes.hpp: where the planes of a toy codec lie in either layout, what is refused, sizes that overflow.
#include "skive/core/planes.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::planes;
constexpr auto largest = std::numeric_limits<std::size_t>::max();

// Blocks of `block` numbers: a byte each, two bytes a block, one byte for every two numbers. block 0: the row.
struct toy {
  static constexpr std::size_t plane_count = 3;
  std::size_t block = 6;
  constexpr std::size_t block_size() const noexcept { return block; }
  constexpr std::array<std::size_t, 3> plane_bytes(std::size_t n) const noexcept {
    auto const blocks = block == 0 ? (n != 0 ? 1 : 0) : n / block + (n % block != 0 ? 1 : 0);
    return {n, 2 * blocks, n / 2 + n % 2};
  }
};
struct huge {
  static constexpr std::size_t plane_count = 2;
  constexpr std::size_t block_size() const noexcept { return 4; }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept { return {n, n < 100 ? n : largest}; }
};

static_assert(skive::saturating_add(largest, 1) == largest && skive::saturating_add(largest - 3, 3) == largest);
static_assert(skive::saturating_add(2, 3) == 5 && skive::saturating_add(largest - 4, 3) == largest - 1);
static_assert(skive::total_bytes(std::array<std::size_t, 3>{1, 2, 4}) == 7 &&
              skive::total_bytes(std::array<std::size_t, 0>{}) == 0);
static_assert(skive::total_bytes(std::array<std::size_t, 3>{largest - 1, 2, 4}) == largest);
static_assert(std::is_convertible_v<planes<std::byte, 2>, planes<std::byte const, 2>>);
static_assert(!std::is_convertible_v<planes<std::byte const, 2>, planes<std::byte, 2>>);
static_assert(planes<std::byte, 3>::count == 3);

}  // namespace

TEST_CASE("planar: the planes one after another", "[core]") {
  std::array<std::byte, 40> memory{};
  planes<std::byte, 3> p;
  REQUIRE(skive::planar(toy{}, 14, std::span{memory}, p));  // 14 + 6 + 7 bytes
  CHECK((p[0].data == memory.data() && p[0].size == 14 && p[0].block_stride == 6));
  CHECK((p[1].data == memory.data() + 14 && p[1].size == 6 && p[1].block_stride == 2));
  CHECK((p[2].data == memory.data() + 20 && p[2].size == 7 && p[2].block_stride == 3));
  REQUIRE(skive::planar(toy{0}, 9, std::span{memory}, p));  // one block: strides are the sizes
  CHECK((p[0].size == 9 && p[1].size == 2 && p[2].size == 5));
  CHECK((p[1].data == memory.data() + 9 && p[2].data == memory.data() + 11));

  std::array<std::byte const, 40> const source{};
  planes<std::byte const, 3> read;
  REQUIRE(skive::planar(toy{}, 14, std::span<std::byte const>{source}, read));
  CHECK(read[2].data == source.data() + 20);
}

TEST_CASE("interleaved: the planes of a block next to each other, in the order asked for", "[core]") {
  std::array<std::byte, 40> memory{};
  planes<std::byte, 3> p;
  CHECK(skive::interleaved_bytes(toy{}, 14) == 33);
  CHECK(skive::interleaved_bytes(toy{}, 12) == 22);
  CHECK(skive::interleaved_bytes(toy{}, 0) == 0);
  CHECK(skive::interleaved_bytes(toy{0}, 9) == 16);
  REQUIRE(skive::interleaved(toy{}, 14, std::span{memory}, {0, 1, 2}, p));
  for (std::size_t i = 0; i < 3; ++i) CHECK(p[i].block_stride == 11);
  CHECK((p[0].data == memory.data() && p[1].data == memory.data() + 6 && p[2].data == memory.data() + 8));
  CHECK((p[0].size == 33 && p[1].size == 27 && p[2].size == 25));
  REQUIRE(skive::interleaved(toy{}, 14, std::span{memory}, {1, 2, 0}, p));  // scales first, as GGUF has it
  CHECK((p[1].data == memory.data() && p[2].data == memory.data() + 2 && p[0].data == memory.data() + 5));
  CHECK((p[1].size == 33 && p[2].size == 31 && p[0].size == 28));
  REQUIRE(skive::interleaved(toy{0}, 9, std::span{memory}, {2, 1, 0}, p));
  CHECK((p[2].data == memory.data() && p[1].data == memory.data() + 5 && p[0].data == memory.data() + 7 && p[0].size == 9));
}

TEST_CASE("layouts refuse what does not fit", "[core]") {
  std::array<std::byte, 40> memory{};
  planes<std::byte, 3> p;
  CHECK(skive::planar(toy{}, 14, std::span{memory}.first(27), p));
  CHECK(skive::planar(toy{}, 14, std::span{memory}.first(26), p).error() == errc::size_mismatch);
  CHECK(skive::interleaved(toy{}, 14, std::span{memory}.first(33), {0, 1, 2}, p));
  CHECK(skive::interleaved(toy{}, 14, std::span{memory}.first(32), {0, 1, 2}, p).error() == errc::size_mismatch);
  CHECK(skive::interleaved(toy{}, 14, std::span{memory}, {0, 1, 1}, p).error() == errc::invalid_argument);
  CHECK(skive::interleaved(toy{}, 14, std::span{memory}, {0, 1, 3}, p).error() == errc::invalid_argument);
  CHECK(skive::planar(toy{}, 0, std::span<std::byte>{}, p));
  CHECK(skive::interleaved(toy{}, 0, std::span<std::byte>{}, {0, 1, 2}, p));
  CHECK((p[0].size == 0 && p[1].size == 0 && p[2].size == 0));
}

TEST_CASE("a size that overflows is larger than any memory", "[core]") {
  std::array<std::byte, 64> memory{};
  planes<std::byte, 2> p;
  planes<std::byte, 3> q;
  CHECK(skive::planar(huge{}, 200, std::span{memory}, p).error() == errc::size_mismatch);
  CHECK(skive::interleaved_bytes(toy{}, largest) == largest);
  CHECK(skive::interleaved(toy{}, largest, std::span{memory}, {0, 1, 2}, q).error() == errc::size_mismatch);
}

TEST_CASE("a part of the planes is what a composer hands down", "[core]") {
  std::array<std::byte, 40> memory{};
  planes<std::byte, 3> p;
  REQUIRE(skive::planar(toy{}, 14, std::span{memory}, p));
  auto const tail = p.part<1, 2>();
  static_assert(std::is_same_v<decltype(tail), planes<std::byte, 2> const>);
  CHECK((tail[0].data == p[1].data && tail[0].size == p[1].size && tail[0].block_stride == p[1].block_stride));
  CHECK((tail[1].data == p[2].data && tail[1].size == p[2].size && tail[1].block_stride == p[2].block_stride));
  planes<std::byte const, 3> const read = p;
  for (std::size_t i = 0; i < 3; ++i) CHECK((read[i].data == p[i].data && read[i].size == p[i].size));
}
