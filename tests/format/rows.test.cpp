// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/rows.hpp and format/half_lanes.hpp: rows of codes against one number at a time.
#include "skive/format/rows.hpp"

#include "skive/core/stochastic_stream.hpp"
#include "skive/format/fp8.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::overflow_action;

// Every upper half of a float, with lower halves at and beside the ties of bfloat16 and float16.
std::vector<float> edges() {
  std::vector<float> x;
  for (std::uint32_t high = 0; high < 0x1'0000; ++high)
    for (std::uint32_t const low : {0x0000U, 0x0001U, 0x0FFFU, 0x1000U, 0x1001U, 0x3000U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU})
      x.push_back(std::bit_cast<float>(high << 16 | low));
  return x;
}

template <class Format, class Arch>
void same_codes(std::vector<float> const& x) {
  using code = typename Format::code_type;
  std::vector<code> codes(x.size());
  std::vector<float> back(x.size());
  for (auto const finite : {overflow_action::saturate, overflow_action::to_special})
    for (auto const infinite : {overflow_action::saturate, overflow_action::to_special}) {
      REQUIRE(skive::encode_row<Format, Arch>(std::span<float const>{x}, std::span<code>{codes}, skive::nearest_even{},
                                              {finite, infinite}));
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < x.size(); ++i)
        wrong += codes[i] == Format::encode(x[i], skive::nearest_even{}, {finite, infinite}) ? 0U : 1U;
      REQUIRE(wrong == 0);
    }
  REQUIRE(skive::decode_row<Format, Arch>(std::span<code const>{codes}, std::span<float>{back}));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    wrong += std::bit_cast<std::uint32_t>(back[i]) == std::bit_cast<std::uint32_t>(static_cast<float>(Format::decode(codes[i])))
        ? 0U
        : 1U;
  REQUIRE(wrong == 0);
}

template <class T>
void same_from(std::size_t n, std::mt19937& random) {
  std::vector<T> x(n);
  for (auto& v : x) v = {static_cast<std::uint16_t>(random())};
  std::vector<std::uint8_t> codes(n);
  REQUIRE(skive::encode_row<skive::e5m2>(std::span<T const>{x}, std::span{codes}));
  for (std::size_t i = 0; i < n; ++i) REQUIRE(codes[i] == skive::e5m2::encode(T::decode(x[i].code)));
  REQUIRE(skive::decode_row<skive::e5m2>(std::span<std::uint8_t const>{codes}, std::span{x}));
  for (std::size_t i = 0; i < n; ++i)
    REQUIRE(x[i] == T::from(skive::e5m2::decode(codes[i]), skive::nearest_even{}, skive::non_saturating));
}

}  // namespace

TEST_CASE("rows of codes equal one number at a time", "[format]") {
  auto const x = edges();
  skive::test::for_each_arch([&]<class Arch>() {
    same_codes<skive::bfloat16, Arch>(x);
    same_codes<skive::float16, Arch>(x);
    same_codes<skive::e4m3fn, Arch>(x);
    same_codes<skive::tf32, Arch>(x);
    same_codes<skive::int8, Arch>(x);
    same_codes<skive::nf4, Arch>(x);
  });
  same_codes<skive::e5m2, skive::scalar_arch>(x);
}

TEST_CASE("rows of every short length, from and to halves", "[format]") {
  std::mt19937 random{1};
  for (std::size_t n = 0; n <= 70; ++n) {
    same_from<skive::bfloat16>(n, random);
    same_from<skive::float16>(n, random);
  }
}

TEST_CASE("rows by other policies, and lengths that differ", "[format]") {
  std::vector<float> const x{0.1f, -0.7f, 3.3f, 1e9f, -1e-9f, 0.0f, 5.0f};
  std::vector<std::uint8_t> codes(x.size());
  REQUIRE(skive::encode_row<skive::e4m3fn>(std::span<float const>{x}, std::span{codes}, skive::toward_zero{}));
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(codes[i] == skive::e4m3fn::encode(x[i], skive::toward_zero{}));
  skive::stochastic_stream const stream{5, 6};
  REQUIRE(skive::encode_row<skive::e4m3fn>(std::span<float const>{x}, std::span{codes}, stream));
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(codes[i] == skive::e4m3fn::encode(x[i], stream.at(i)));
  auto const before = codes;
  REQUIRE(skive::encode_row<skive::e4m3fn>(std::span<float const>{x}.first(3), std::span{codes}).error() ==
          skive::errc::size_mismatch);
  std::vector<float> y(3);
  REQUIRE(skive::decode_row<skive::e4m3fn>(std::span<std::uint8_t const>{codes}, std::span{y}).error() ==
          skive::errc::size_mismatch);
  REQUIRE(codes == before);
}

TEST_CASE("rows past the caches: every length and misalignment gives the plain row, and nothing beside it", "[format]") {
  std::mt19937 random{2};
  std::vector<std::uint16_t> codes(80);
  for (auto& c : codes) c = static_cast<std::uint16_t>(random());
  alignas(64) float numbers[120];
  skive::test::for_each(skive::test::few_arches{}, [&]<class Arch>() {
    for (std::size_t offset = 0; offset <= 16; ++offset)
      for (std::size_t n = 0; n <= codes.size(); ++n) {
        std::fill(std::begin(numbers), std::end(numbers), 0.125f);
        auto const from = std::span<std::uint16_t const>{codes}.first(n);
        REQUIRE(skive::decode_row<skive::float16, Arch>(from, std::span{numbers}.subspan(offset, n), skive::streamed));
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < std::size(numbers); ++i) {
          bool const inside = offset <= i && i < offset + n;
          auto const expected = inside ? static_cast<float>(skive::float16::decode(codes[i - offset])) : 0.125f;
          wrong += std::bit_cast<std::uint32_t>(numbers[i]) == std::bit_cast<std::uint32_t>(expected) ? 0U : 1U;
        }
        REQUIRE(wrong == 0);
      }
  });
  REQUIRE(skive::decode_row<skive::float16>(std::span<std::uint16_t const>{codes}, std::span{numbers}, skive::streamed).error() ==
          skive::errc::size_mismatch);
}
