// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/sixteen.hpp: every operation is the plain one, lane by lane and bit by bit.
#include "skive/simd/sixteen.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::simd::sixteen;
template <class T>
using lanes = std::array<T, 16>;

// Numbers with the edges of T among them; no NaN.
template <class T>
lanes<T> random_lanes(std::mt19937& random) {
  lanes<T> l;
  for (auto& x : l) {
    auto const w = static_cast<std::uint32_t>(random());
    auto const kind = w % 8;
    if constexpr (std::is_same_v<T, float>) {
      constexpr std::array<float, 8> edges{
          0.0f, -0.0f, 1.0f, -1.0f, 0x1p-149f, -0x1p-126f, 0x1.fffffep127f, std::numeric_limits<float>::infinity()};
      auto const m = std::ldexp(1.0f + static_cast<float>(w >> 9) * 0x1p-23f, static_cast<int>(random() % 40) - 20);
      x = kind == 0 ? edges[random() % 8] : kind % 2 == 0 ? m : -m;
    } else {
      constexpr std::array<std::uint32_t, 8> edges{0, 1, 0xFFFF'FFFF, 0x8000'0000, 0x7FFF'FFFF, 0x8000'0001, 2, 0xFFFF};
      x = static_cast<T>(kind < 3 ? edges[random() % 8] : random());
    }
  }
  return l;
}

template <class T>
std::uint32_t bits(T x) {
  return std::bit_cast<std::uint32_t>(x);
}

// Lane i of `got` is f(i), bit by bit (both NaN: equal).
template <class T, class Arch, class F>
[[gnu::noinline]] void require_lanes(sixteen<T, Arch> const& got, F f) {
  lanes<T> out;
  got.store(out.data());
  for (std::size_t i = 0; i < 16; ++i) {
    T const want = f(i);
    if (want != want && out[i] != out[i]) continue;
    if (bits(out[i]) != bits(want)) {
      CAPTURE(i, out[i], want);
      FAIL("lanes differ");
    }
  }
}
template <class T, class Arch, class F>
void require_mask(skive::simd::sixteen_mask<T, Arch> const& got, F f) {
  std::uint32_t want = 0;
  for (std::size_t i = 0; i < 16; ++i) want |= (f(i) ? 1U : 0U) << i;
  REQUIRE(got.bits() == want);
}

template <class T>
T plain(std::uint32_t word) {
  return std::bit_cast<T>(word);
}

template <class T, class Arch>
void check_common(lanes<T> const& a, lanes<T> const& b) {
  using s = sixteen<T, Arch>;
  auto const x = s::load(a.data());
  auto const y = s::load(b.data());
  require_lanes(x, [&](std::size_t i) { return a[i]; });
  require_lanes(s::broadcast(a[3]), [&](std::size_t) { return a[3]; });
  require_lanes(skive::simd::generate<T, Arch>([&](std::size_t i) { return b[15 - i]; }),
                [&](std::size_t i) { return b[15 - i]; });
  require_lanes(x & y, [&](std::size_t i) { return plain<T>(bits(a[i]) & bits(b[i])); });
  require_lanes(x | y, [&](std::size_t i) { return plain<T>(bits(a[i]) | bits(b[i])); });
  require_lanes(x ^ y, [&](std::size_t i) { return plain<T>(bits(a[i]) ^ bits(b[i])); });
  require_mask(x < y, [&](std::size_t i) { return a[i] < b[i]; });
  require_mask(x > y, [&](std::size_t i) { return a[i] > b[i]; });
  require_mask(x == y, [&](std::size_t i) { return a[i] == b[i]; });
  require_mask(x == x, [&](std::size_t) { return true; });
  auto const less = x < y;
  auto const same = x == y;
  require_mask(~less, [&](std::size_t i) { return !(a[i] < b[i]); });
  require_mask(less | same, [&](std::size_t i) { return a[i] <= b[i]; });
  require_mask(~less & ~same, [&](std::size_t i) { return a[i] > b[i]; });
  require_lanes(select(less, x, y), [&](std::size_t i) { return a[i] < b[i] ? a[i] : b[i]; });
  require_lanes(skive::simd::as<std::uint32_t>(x), [&](std::size_t i) { return bits(a[i]); });
  require_lanes(skive::simd::as<std::int32_t>(x), [&](std::size_t i) { return plain<std::int32_t>(bits(a[i])); });
  require_lanes(skive::simd::as<float>(skive::simd::as<std::uint32_t>(x)),
                [&](std::size_t i) { return plain<float>(bits(a[i])); });
  require_mask(skive::simd::as<float>(less), [&](std::size_t i) { return a[i] < b[i]; });
  require_mask(skive::simd::as<std::int32_t>(less), [&](std::size_t i) { return a[i] < b[i]; });
  require_mask(skive::simd::as<std::uint32_t>(less), [&](std::size_t i) { return a[i] < b[i]; });
  auto const positive = x > s::broadcast(T(0));
  require_mask(less & positive, [&](std::size_t i) { return a[i] < b[i] && a[i] > T(0); });
  require_mask(less | positive, [&](std::size_t i) { return a[i] < b[i] || a[i] > T(0); });
  require_mask(less ^ positive, [&](std::size_t i) { return (a[i] < b[i]) != (a[i] > T(0)); });
  require_mask(~less, [&](std::size_t i) { return !(a[i] < b[i]); });
}

template <class Arch>
void check_floats(lanes<float> const& a, lanes<float> const& b) {
  using s = sixteen<float, Arch>;
  auto const x = s::load(a.data());
  auto const y = s::load(b.data());
  auto const once = [](float v) {
    float const volatile kept = v;
    return static_cast<float>(kept);
  };
  require_lanes(x + y, [&](std::size_t i) { return once(a[i] + b[i]); });
  require_lanes(x - y, [&](std::size_t i) { return once(a[i] - b[i]); });
  require_lanes(x / y, [&](std::size_t i) { return once(a[i] / b[i]); });
  // Zeros of either sign are equal: the sign of the result is open.
  require_lanes(min(x, y) + s::broadcast(0.0f), [&](std::size_t i) { return (a[i] < b[i] ? a[i] : b[i]) + 0.0f; });
  require_lanes(max(x, y) + s::broadcast(0.0f), [&](std::size_t i) { return (a[i] > b[i] ? a[i] : b[i]) + 0.0f; });
}

template <class T, class Arch>
void check_integers(lanes<T> const& a, lanes<T> const& b) {
  using s = sixteen<T, Arch>;
  auto const x = s::load(a.data());
  auto const y = s::load(b.data());
  require_lanes(x + y, [&](std::size_t i) { return plain<T>(bits(a[i]) + bits(b[i])); });
  require_lanes(x - y, [&](std::size_t i) { return plain<T>(bits(a[i]) - bits(b[i])); });
  require_lanes(min(x, y), [&](std::size_t i) { return a[i] < b[i] ? a[i] : b[i]; });
  require_lanes(max(x, y), [&](std::size_t i) { return a[i] > b[i] ? a[i] : b[i]; });
  for (int count = 0; count < 32; ++count) {
    require_lanes(x >> count, [&](std::size_t i) { return static_cast<T>(a[i] >> count); });
    require_lanes(x << count, [&](std::size_t i) { return plain<T>(bits(a[i]) << count); });
  }
}

}  // namespace

TEST_CASE("sixteen numbers behave like sixteen numbers", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    CAPTURE(Arch::name());
    std::mt19937 random{11};
    for (int round = 0; round < 300; ++round) {
      auto const f = random_lanes<float>(random);
      auto const g = random_lanes<float>(random);
      check_common<float, Arch>(f, g);
      check_common<float, Arch>(f, f);
      check_floats<Arch>(f, g);
      auto const i = random_lanes<std::int32_t>(random);
      auto const j = random_lanes<std::int32_t>(random);
      check_common<std::int32_t, Arch>(i, j);
      check_integers<std::int32_t, Arch>(i, j);
      auto const u = random_lanes<std::uint32_t>(random);
      auto const v = random_lanes<std::uint32_t>(random);
      check_common<std::uint32_t, Arch>(u, v);
      check_integers<std::uint32_t, Arch>(u, v);
    }
  });
}

TEST_CASE("integers up to 2^24 convert exactly", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{12};
    for (int round = 0; round < 1000; ++round) {
      lanes<std::int32_t> n{0, 1, -1, 1 << 24, -(1 << 24), (1 << 24) - 1};
      for (std::size_t i = 6; i < 16; ++i) n[i] = static_cast<std::int32_t>(random() % (1U << 25)) - (1 << 24);
      require_lanes(skive::simd::to_float<Arch>(sixteen<std::int32_t, Arch>::load(n.data())),
                    [&](std::size_t i) { return static_cast<float>(n[i]); });
    }
  });
}

TEST_CASE("numbers load and store at any address, and nothing beside them", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::array<float, 48> from, to;
    for (std::size_t i = 0; i < 48; ++i) from[i] = static_cast<float>(i);
    for (std::size_t at = 0; at < 32; ++at) {
      to.fill(-1.0f);
      sixteen<float, Arch>::load(from.data() + at).store(to.data() + 31 - at);
      for (std::size_t i = 0; i < 48; ++i)
        REQUIRE(to[i] == (i >= 31 - at && i < 47 - at ? static_cast<float>(i + at - (31 - at)) : -1.0f));
    }
  });
}
