// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/workspace.hpp: alignment at every start address, enough bytes, exhaustion, nesting by value.
#include "skive/core/workspace.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::workspace;
constexpr auto largest = std::numeric_limits<std::size_t>::max();

struct triple {
  std::byte bytes[3];
};

bool aligned(void const* p) { return reinterpret_cast<std::uintptr_t>(p) % workspace::alignment == 0; }

// bytes<T>(count) at every start address: the array fits, is aligned, and stays inside.
template <class T>
void fits_everywhere(std::span<std::byte> memory) {
  for (std::size_t const count : {1U, 2U, 3U, 15U, 16U, 17U, 63U, 64U, 65U, 100U}) {
    auto const need = workspace::bytes<T>(count);
    for (std::size_t offset = 0; offset < 128; ++offset) {
      auto const lent = memory.subspan(offset, need);
      workspace w{lent};
      auto const taken = w.take<T>(count);
      REQUIRE(taken.size() == count);
      REQUIRE(aligned(taken.data()));
      auto const* const first = reinterpret_cast<std::byte const*>(taken.data());
      REQUIRE(first >= lent.data());
      REQUIRE(first + count * sizeof(T) <= lent.data() + need);
      REQUIRE(w.size() == static_cast<std::size_t>(lent.data() + need - (first + count * sizeof(T))));
    }
  }
}

// A callee takes all it asks for and more; the caller's own workspace does not notice.
std::byte* callee(workspace w) {
  auto const mine = w.take<double>(8);
  w.take<double>(1);
  return reinterpret_cast<std::byte*>(mine.data());
}

}  // namespace

TEST_CASE("bytes<T>(count) suffices at every start address", "[core]") {
  alignas(64) std::array<std::byte, 4096> memory{};
  fits_everywhere<std::byte>(memory);
  fits_everywhere<triple>(memory);
  fits_everywhere<float>(memory);
  fits_everywhere<double>(memory);
  fits_everywhere<std::array<double, 3>>(memory);
}

TEST_CASE("several arrays fit into the sum of their bytes, in any order and at any address", "[core]") {
  alignas(64) std::array<std::byte, 2048> memory{};
  auto const need = workspace::bytes<float>(5) + workspace::bytes<std::uint8_t>(77) + workspace::bytes<double>(9);
  for (std::size_t offset = 0; offset < 128; ++offset) {
    workspace w{std::span{memory}.subspan(offset, need)};
    auto const a = w.take<double>(9);
    auto const b = w.take<std::uint8_t>(77);
    auto const c = w.take<float>(5);
    REQUIRE((a.size() == 9 && b.size() == 77 && c.size() == 5));
    REQUIRE((aligned(a.data()) && aligned(b.data()) && aligned(c.data())));
    REQUIRE(reinterpret_cast<std::byte*>(b.data()) >= reinterpret_cast<std::byte*>(a.data() + 9));
    REQUIRE(reinterpret_cast<std::byte*>(c.data()) >= reinterpret_cast<std::byte*>(b.data() + 77));
    REQUIRE(reinterpret_cast<std::byte*>(c.data() + 5) <= memory.data() + offset + need);
  }
}

TEST_CASE("too little memory gives an empty span and changes nothing", "[core]") {
  alignas(64) std::array<std::byte, 256> memory{};
  workspace w{memory};
  CHECK(w.take<std::byte>(257).empty());
  CHECK(w.take<float>(65).empty());
  CHECK(w.take<float>(largest).empty());
  CHECK(w.take<float>(largest / sizeof(float)).empty());
  CHECK(w.take<float>(0).empty());
  CHECK(w.size() == 256);
  CHECK(w.take<float>(64).size() == 64);
  CHECK(w.size() == 0);
  CHECK(w.take<std::byte>(1).empty());

  workspace odd{std::span{memory}.subspan(1, 62)};  // ends before the next boundary
  CHECK(odd.take<std::byte>(1).empty());
  CHECK(odd.size() == 62);
  workspace nothing;
  CHECK(nothing.size() == 0);
  CHECK(nothing.take<float>(1).empty());
}

TEST_CASE("what a callee takes is free again", "[core]") {
  alignas(64) std::array<std::byte, 512> memory{};
  workspace w{memory};
  auto const mine = w.take<float>(10);
  auto const before = w.size();
  auto* const first = callee(w);
  auto* const second = callee(w);
  CHECK(first == second);
  CHECK(w.size() == before);
  CHECK(first >= reinterpret_cast<std::byte*>(mine.data() + 10));
}

TEST_CASE("sizes are multiples of the alignment and saturate", "[core]") {
  static_assert(workspace::bytes<float>(0) < 128 && workspace::bytes<float>(1) % 64 == 0);
  static_assert(workspace::bytes<float>(largest) == largest && workspace::bytes<double>(largest / 8) == largest);
  static_assert(workspace::bytes<std::byte>(largest - 200) <= largest);
  for (std::size_t n = 1; n < 500; ++n) {
    CHECK(workspace::bytes<float>(n) >= n * sizeof(float) + 63);
    CHECK(workspace::bytes<float>(n) < n * sizeof(float) + 2 * 64);
    CHECK(workspace::bytes<float>(n) % 64 == 0);
  }
}
