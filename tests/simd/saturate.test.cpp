// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/saturate.hpp: integers from the ends of 32 bits to the middle of each code, both bit orders, no byte outside.
#include "skive/simd/saturate.hpp"

#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

constexpr std::byte guard{0xA5};

std::int32_t hard_integer(std::mt19937& random) {
  constexpr std::int32_t ends[] = {std::numeric_limits<std::int32_t>::min(),
                                   std::numeric_limits<std::int32_t>::max(),
                                   -32769,
                                   -32768,
                                   32767,
                                   32768,
                                   65535,
                                   65536,
                                   -129,
                                   -128,
                                   127,
                                   255,
                                   256};
  if (random() % 4 == 0) return ends[random() % std::size(ends)];
  return static_cast<std::int32_t>(random() % 600) - 300;
}

// Field i of a row of 64, by definition.
template <int Width>
unsigned field(std::byte const* row, std::size_t i, bit_order order) {
  auto const byte = std::to_integer<unsigned>(row[Width * i / 8]);
  if constexpr (Width == 8) return byte;
  return ((i % 2 == 0) == (order == bit_order::low_first) ? byte : byte >> 4) & 15;
}

template <class Arch, int Width>
void check(std::mt19937& random) {
  for (int round = 0; round < 300; ++round) {
    auto const order = random() % 2 == 0 ? bit_order::low_first : bit_order::high_first;
    int const low = -(1 << (Width - 1)) + static_cast<int>(random() % 2);
    std::array<std::int32_t, 64> n{};
    for (auto& x : n) x = hard_integer(random);
    simd::integers<Arch> lanes[4];
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = simd::integers<Arch>::load(n.data() + 16 * i);
    std::array<std::byte, std::size_t{8} * Width + 2> bytes{};
    bytes.fill(guard);
    simd::store_signed<Width, Arch>(lanes, low, order, bytes.data() + 1);
    bool good = bytes.front() == guard && bytes.back() == guard;
    for (std::size_t i = 0; i < 64; ++i) {
      auto const expected = static_cast<unsigned>(std::clamp(n[i], low, (1 << (Width - 1)) - 1)) & ((1U << Width) - 1);
      good = good && field<Width>(bytes.data() + 1, i, order) == expected;
    }
    if constexpr (Width == 4 && simd::has_avx2<Arch>) {  // fields of two bits, not past 2
      std::array<std::byte, 18> few{};
      few.fill(guard);
      simd::store_to_two<Arch>(lanes, order, few.data() + 1);
      good = good && few.front() == guard && few.back() == guard;
      for (std::size_t i = 0; i < 64; ++i) {
        auto const place = 2 * (order == bit_order::low_first ? i % 4 : 3 - i % 4);
        good = good && (std::to_integer<int>(few[1 + i / 4]) >> place & 3) == std::clamp(n[i], 0, 2);
      }
    }
    simd::store_unsigned<Width, Arch>(lanes, order, bytes.data() + 1);
    good = good && bytes.front() == guard && bytes.back() == guard;
    for (std::size_t i = 0; i < 64; ++i)
      good = good && field<Width>(bytes.data() + 1, i, order) == static_cast<unsigned>(std::clamp(n[i], 0, (1 << Width) - 1));
    CAPTURE(Arch::name(), Width, round);
    REQUIRE(good);
  }
}

// |t| + r in whole 256ths, by definition.
template <class Arch, int Width>
void check_random(std::mt19937& random) {
  for (int round = 0; round < 300; ++round) {
    auto const order = random() % 2 == 0 ? bit_order::low_first : bit_order::high_first;
    int const low = -(1 << (Width - 1)) + static_cast<int>(random() % 2);
    std::array<float, 64> x{};
    std::array<std::byte, 64> r{};
    for (auto& y : x) {
      y = static_cast<float>(static_cast<int>(random() % 80'000) - 40'000) + static_cast<float>(random() % 4) / 4;
      if (random() % 8 == 0) y = std::ldexp(y, static_cast<int>(random() % 60));
      if (random() % 8 == 0) y /= 256;
    }
    for (auto& y : r) y = static_cast<std::byte>(random() % 3 == 0 ? 255 - random() % 2 : random() % 256);
    simd::floats<Arch> lanes[4];
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = simd::floats<Arch>::load(x.data() + 16 * i);
    std::array<std::byte, std::size_t{8} * Width + 2> bytes{};
    bytes.fill(guard);
    simd::store_random<Width, Arch>(lanes, r.data(), low, order, bytes.data() + 1);
    bool good = bytes.front() == guard && bytes.back() == guard;
    for (std::size_t i = 0; i < 64; ++i) {
      auto const size = std::floor((std::nearbyint(std::fabs(static_cast<double>(x[i]))) + std::to_integer<int>(r[i])) / 256);
      auto const n = std::clamp(x[i] < 0 ? -size : size, static_cast<double>(low), static_cast<double>((1 << (Width - 1)) - 1));
      good =
          good && field<Width>(bytes.data() + 1, i, order) == (static_cast<unsigned>(static_cast<int>(n)) & ((1U << Width) - 1));
    }
    CAPTURE(Width, round);
    REQUIRE(good);
  }
}

}  // namespace

TEST_CASE("sixty-four integers saturate", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    if constexpr (simd::has_saturate<Arch>) {
      std::mt19937 random{3};
      check<Arch, 8>(random);
      check<Arch, 4>(random);
    }
  });
  SUCCEED("machines without AVX2 have nothing to check");
}

TEST_CASE("sixty-four integers, rounded by random bytes", "[simd]") {
  if constexpr (simd::has_avx2<native_arch>) {
    std::mt19937 random{4};
    check_random<native_arch, 8>(random);
    check_random<native_arch, 4>(random);
  }
  SUCCEED("as above");
}

TEST_CASE("nearest integers", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    if constexpr (simd::has_nearest_integers<Arch>) {
      alignas(64) std::array<float, 16> const x{-2.5f,  -1.5f,   -0.5f,   -0.0f,    0.49999997f, 0.5f,  1.5f,       2.5f,
                                                254.5f, -255.5f, 0x1p24f, -0x1p30f, 0x1p-140f,   -7.5f, 8388607.5f, -0x1p31f};
      std::array<std::int32_t, 16> n{};
      simd::nearest_integers<Arch>(simd::floats<Arch>::load(x.data())).store(n.data());
      for (std::size_t i = 0; i < 16; ++i) REQUIRE(n[i] == static_cast<std::int32_t>(std::nearbyint(static_cast<double>(x[i]))));
      simd::nearest_integers<Arch>(simd::floats<Arch>::broadcast(0x1p31f)).store(n.data());
      for (auto const past : n) REQUIRE(past == std::numeric_limits<std::int32_t>::min());
    }
  });
  SUCCEED("as above");
}
