// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/byte_windows.hpp: strings of 32, 64 and 128 bytes by indices modulo their length, windows by shifts, zipped bytes.
#include "skive/simd/byte_windows.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstring>
#include <random>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using bytes_128 = std::array<std::uint8_t, 128>;

bytes_128 drawn(std::mt19937& random) {
  bytes_128 b;
  for (auto& x : b) x = static_cast<std::uint8_t>(random());
  return b;
}
template <class Arch>
simd::words<Arch> half(bytes_128 const& b, std::size_t which) {
  return simd::load_words<Arch>(reinterpret_cast<std::byte const*>(b.data()) + 64 * which);
}
template <class Arch>
std::array<std::uint8_t, 64> stored(simd::words<Arch> const& w) {
  alignas(64) std::uint32_t lane[16];
  w.store(lane);
  std::array<std::uint8_t, 64> b;
  std::memcpy(b.data(), lane, 64);
  return b;
}

template <int N, int Size, class Arch>
void check_following(bytes_128 const& b) {
  auto const first = stored<Arch>(simd::following<N, Size, Arch>(half<Arch>(b, 0), half<Arch>(b, 1)));
  auto const second = stored<Arch>(simd::following<N, Size, Arch>(half<Arch>(b, 1), half<Arch>(b, 0)));
  for (std::size_t i = 0; i < 64; ++i) {
    auto const at = [&](std::size_t place) {
      auto const start = place / Size * Size;
      return b[start + (place - start + static_cast<std::size_t>(N)) % Size];
    };
    REQUIRE(first[i] == at(i));
    REQUIRE(second[i] == at(64 + i));
  }
}

template <int Shift, int Width, class Arch>
void check_window(bytes_128 const& b) {
  auto const w = stored<Arch>(simd::window<Shift, Width, Arch>(half<Arch>(b, 0), half<Arch>(b, 1)));
  for (std::size_t i = 0; i < 64; ++i) {
    auto const number = static_cast<unsigned>(b[i]) + 256U * b[64 + i];
    REQUIRE((w[i] & ((1U << Width) - 1)) == (number >> Shift & ((1U << Width) - 1)));
  }
}

template <class Arch>
void check(std::mt19937& random) {
  for (int round = 0; round < 20; ++round) {
    auto const b = drawn(random);
    [&]<int... N>(std::integer_sequence<int, N...>) {
      (check_following<N + 1, 32, Arch>(b), ...);
      (check_following<N + 1, 64, Arch>(b), ...);
      (check_following<N + 1, 128, Arch>(b), ...);
    }(std::make_integer_sequence<int, 3>{});
    [&]<int... S>(std::integer_sequence<int, S...>) {
      (check_window<S, 8, Arch>(b), ...);
      (check_window<S, 6, Arch>(b), ...);
      (check_window<S, 1, Arch>(b), ...);
    }(std::make_integer_sequence<int, 8>{});
    simd::words<Arch> zipped[2];
    simd::zip_bytes<Arch>(half<Arch>(b, 0), half<Arch>(b, 1), zipped);
    for (std::size_t h = 0; h < 2; ++h) {
      auto const z = stored<Arch>(zipped[h]);
      for (std::size_t i = 0; i < 64; ++i) REQUIRE(z[i] == b[(i % 2) * 64 + 32 * h + i / 2]);
    }
  }
}

}  // namespace

TEST_CASE("windows of strings of bytes", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    std::mt19937 random{1};
    check<Arch>(random);
  });
}
