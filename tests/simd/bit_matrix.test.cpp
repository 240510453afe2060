// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/bit_matrix.hpp and byte_windows.hpp: matrices times bytes, strings moved by bits, both bit by bit.
#include "skive/simd/bit_matrix.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using bytes = std::array<std::uint8_t, 64>;

bytes random_bytes(unsigned seed) {
  std::minstd_rand random{seed};
  bytes b{};
  for (auto& x : b) x = static_cast<std::uint8_t>(random() >> 9);
  return b;
}
template <class Arch>
simd::words<Arch> loaded(bytes const& b) {
  alignas(64) std::array<std::uint32_t, 16> w{};
  for (std::size_t i = 0; i < 64; ++i) w[i / 4] |= std::uint32_t{b[i]} << (8 * (i % 4));
  return simd::words<Arch>::load(w.data());
}
template <class Arch>
bytes stored(simd::words<Arch> const& x) {
  alignas(64) std::array<std::uint32_t, 16> w{};
  x.store(w.data());
  bytes b{};
  for (std::size_t i = 0; i < 64; ++i) b[i] = static_cast<std::uint8_t>(w[i / 4] >> (8 * (i % 4)));
  return b;
}

template <simd::bit_columns M, class Arch>
void check_matrix() {
  for (unsigned first = 0; first < 256; first += 64) {
    bytes x{};
    for (unsigned i = 0; i < 64; ++i) x[i] = static_cast<std::uint8_t>(first + i);
    auto const y = stored(simd::transformed<M>(loaded<Arch>(x)));
    for (std::size_t i = 0; i < 64; ++i) {
      unsigned expected = 0;
      for (unsigned b = 0; b < 8; ++b)
        if ((x[i] >> b & 1) != 0) expected ^= M[b];
      REQUIRE(y[i] == expected);
    }
  }
}

// Bit n of the cyclic strings of Size bytes of which x is the first 64 bytes, y the second.
template <int Size>
unsigned bit_of(bytes const& x, bytes const& y, std::size_t byte, std::size_t n) {
  auto const at = byte + n / 8;
  std::uint8_t from = 0;
  if (Size == 128) from = at < 64 ? x[at] : y[at - 64];
  if (Size == 64) from = x[at % 64];
  if (Size == 32) from = x[byte / 32 * 32 + at % 32];
  return from >> (n % 8) & 1U;
}

template <int Size, class Arch, int N>
void check_string() {
  auto const x = random_bytes(1);
  auto const y = random_bytes(2);
  auto const moved = stored(simd::string_from<N, Size>(loaded<Arch>(x), loaded<Arch>(y)));
  for (std::size_t i = 0; i < 64; ++i) {
    unsigned expected = 0;
    for (std::size_t b = 0; b < 8; ++b) expected |= bit_of<Size>(x, y, i, static_cast<std::size_t>(N) + b) << b;
    CAPTURE(Size, N, i);
    REQUIRE(moved[i] == expected);
  }
}
template <int Size, class Arch, int... N>
void check_strings(std::integer_sequence<int, N...>) {
  (check_string<Size, Arch, N>(), ...);
}

TEST_CASE("Matrices over GF(2) times bytes", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    check_matrix<simd::bit_columns{1, 2, 4, 8, 16, 32, 64, 128}, Arch>();
    check_matrix<simd::bit_columns{0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1}, Arch>();
    check_matrix<simd::bit_columns{0x3A, 0, 0xFF, 0x11, 0x80, 0x07, 0xC4, 0x5D}, Arch>();
  });
}

TEST_CASE("Strings moved by bits", "[simd]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    check_strings<32, Arch>(std::make_integer_sequence<int, 24>{});
    check_strings<64, Arch>(std::make_integer_sequence<int, 24>{});
    check_strings<128, Arch>(std::make_integer_sequence<int, 24>{});
  });
}

}  // namespace
}  // namespace skive
