// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/byte_floats.hpp: all codes of eight bits against powers of two, NaN in each of its places; tables of 32 floats.
#include "skive/simd/byte_floats.hpp"

#include "support/processor_modes.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using simd::byte_nan;
using arch = native_arch;

// Sign, 7 - M bits of exponent, M of fraction, the exponent's bias 15 - shift.
template <int M, byte_nan Nan>
std::uint32_t expected(unsigned code, int shift) {
  bool const negative = (code & 0x80) != 0;
  auto const magnitude = code & 0x7F;
  auto const sign = negative ? 0x8000'0000U : 0U;
  if (Nan == byte_nan::all_ones && magnitude == 0x7F) return sign | 0x7FC0'0000;
  if (Nan == byte_nan::negative_zero && code == 0x80) return 0x7FC0'0000;
  if (Nan == byte_nan::past_infinity && magnitude > 0x7C) return sign | 0x7FC0'0000;
  if (Nan == byte_nan::past_infinity && magnitude == 0x7C) return sign | 0x7F80'0000;
  auto const exponent = static_cast<int>(magnitude >> M);
  auto const fraction = static_cast<float>(magnitude & ((1U << M) - 1));
  auto const significand = exponent == 0 ? fraction : fraction + std::ldexp(1.0f, M);
  auto const x = std::ldexp(significand, (exponent == 0 ? 1 : exponent) - M - 15 + shift);
  return sign | std::bit_cast<std::uint32_t>(x);
}

// Wide: 5 bits of exponent and 2 of fraction, all of them finite.
template <int M, byte_nan Nan, int Shift, bool Wide = false>
void check() {
  if constexpr (simd::has_byte_floats<arch>) {
    for (bool const flush : {false, true})
      for (unsigned first = 0; first < 256; first += 32) {
        std::byte codes[32];
        for (unsigned i = 0; i < 32; ++i) codes[i] = static_cast<std::byte>(first + i);
        float numbers[32];
        {
          std::optional<test::flush_subnormals> mode;
          if (flush) mode.emplace();
          simd::floats<arch> x[2];
          if constexpr (Wide)
            simd::load_wide_byte_floats<15 - Shift, arch>(codes, x);
          else
            simd::load_byte_floats<M, Nan, Shift, arch>(codes, x);
          x[0].store(numbers);
          x[1].store(numbers + 16);
        }
        for (unsigned i = 0; i < 32; ++i) {
          CAPTURE(M, static_cast<int>(Nan), Shift, flush, first + i);
          CHECK(std::bit_cast<std::uint32_t>(numbers[i]) == expected<M, Nan>(first + i, Shift));
        }
      }
  }
}

}  // namespace

TEST_CASE("bytes through halves: every code", "[simd]") {
  check<3, byte_nan::all_ones, 8>();
  check<3, byte_nan::negative_zero, 7>();
  check<3, byte_nan::negative_zero, 4>();
  check<4, byte_nan::all_ones, 12>();
  check<4, byte_nan::none, -3>();
  check<2, byte_nan::past_infinity, 0>();
  SUCCEED();
}

TEST_CASE("bytes through bfloat16: every code", "[simd]") {
  check<2, byte_nan::negative_zero, -1, true>();
  check<2, byte_nan::negative_zero, 4, true>();
  SUCCEED();
}

TEST_CASE("tables of 32 floats", "[simd]") {
  []<class Arch>(std::type_identity<Arch>) {  // a template, so that nothing is looked up where there are no such tables
    if constexpr (simd::has_byte_floats<Arch>) {
      std::array<float, 32> values{};
      for (std::size_t i = 0; i < 32; ++i) values[i] = static_cast<float>(i * i) + 0.5f;
      for (std::uint32_t first = 0; first < 64; first += 16) {
        auto const index =
            simd::generate<std::uint32_t, Arch>([first](std::size_t i) { return static_cast<std::uint32_t>(first + i); });
        float numbers[16];
        simd::look_up_32<Arch>(values, index).store(numbers);
        for (std::size_t i = 0; i < 16; ++i) CHECK(numbers[i] == values[(first + i) % 32]);
      }
    }
  }(std::type_identity<arch>{});
  SUCCEED();
}
