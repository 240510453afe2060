// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/point_levels.hpp - the points of a set of E8 by words of eight bytes, sixteen of them to floats.
///
///   byte j of a word is level j, -127 ... 127;   E8P's by arithmetic on all bytes of a word, those of 8-bit codes from a table
///   pair: level = a 2^(10 - unit_bits of a) + b M 2^(2 - unit_bits of b) (codebook/e8_sets.hpp), exact in float
///
/// Model of : -
/// Cost     : E8P about 30 operations for 8 numbers; sixteen numbers then take 3 instructions, those of a pair 7.
/// Promise  : what Code::levels() gives, as floats times the unit.
/// Source   : -

#include "skive/codebook/e8_sets.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/bytes.hpp"

#include <bit>
#include <cstring>

namespace skive::detail {

/// E8P's levels: sizes 4 f + 2 from fields of two bits, then signs, then 1 - 2 p. No byte's sum or difference reaches the next one.
constexpr std::uint64_t e8p_byte_levels(std::uint64_t code) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t entries = 0x8008400420021001;  // byte i: the bit of e8p_entry[i]
  auto const row = code >> 8 & 255;
  std::uint64_t f = e8p_fields.row[row];
  f = (f | f << 24) & 0x000000FF000000FF;
  f = (f | f << 12) & 0x000F000F000F000F;
  f = (f | f << 6) & 0x0303030303030303;
  auto const size = 4 * f + 2 * ones;
  auto const p = static_cast<std::uint64_t>(std::popcount(code & 255)) & 1;
  auto const signs = (code & 255) ^ p ^ (e8p_row_odd(row) ? 128U : 0U);
  auto const set = signs * ones & entries;                           // a byte is 0 or its bit of `entries`
  auto const negative = (set + (128 * ones - entries)) >> 7 & ones;  // 1 where it is that bit
  auto const level = (size ^ negative * 255) + negative;
  return p == 0 ? level + ones : level - ones;
}

template <class Code>
struct byte_level_table {
  std::uint64_t word[256]{};
  constexpr byte_level_table() noexcept {
    for (std::uint64_t c = 0; c < 256; ++c) {
      std::int16_t level[8]{};
      Code::levels(c, level);
      for (std::size_t j = 0; j < 8; ++j) word[c] |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(level[j])) << (8 * j);
    }
  }
};
template <class Code>
inline constexpr byte_level_table<Code> byte_levels_of{};

/// words(code, w): the words of its parts; weight[part]: what one of a byte is worth in levels.
template <class Code>
struct point_words;
template <>
struct point_words<e8p> {
  static constexpr std::size_t parts = 1;
  static constexpr float weight[1]{1.0f};
  static constexpr void words(std::uint64_t code, std::uint64_t (&w)[1]) noexcept { w[0] = e8p_byte_levels(code); }
};
template <class Code>
  requires(Code::dimension == 8 && Code::code_bits == 8)
struct point_words<Code> {
  static constexpr std::size_t parts = 1;
  static constexpr float weight[1]{1.0f};
  static constexpr void words(std::uint64_t code, std::uint64_t (&w)[1]) noexcept {
    w[0] = byte_levels_of<Code>.word[code & 255];
  }
};
template <class First, class Second, int M, int K>
  requires(point_words<First>::parts == 1 && point_words<Second>::parts == 1)
struct point_words<residual_pair<First, Second, M, K>> {
  static constexpr std::size_t parts = 2;
  static constexpr float weight[2]{static_cast<float>(1 << (10 - First::unit_bits)),
                                   static_cast<float>(M * (1 << (2 - Second::unit_bits)))};
  static constexpr void words(std::uint64_t code, std::uint64_t (&w)[2]) noexcept {
    std::uint64_t one[1]{};
    point_words<First>::words(code & ((std::uint64_t{1} << First::code_bits) - 1), one);
    w[0] = one[0];
    point_words<Second>::words(code >> First::code_bits, one);
    w[1] = one[0];
  }
};

template <class Code>
concept has_point_words = Code::code_bits % 8 == 0 && requires { point_words<Code>::parts; };

/// `count` points, even and at most sixteen: out[j] = level j times unit, which is not zero.
template <class Code, class Arch>
void decode_points(std::byte const* codes, std::size_t count, float unit, float* out) noexcept {
  using words = point_words<Code>;
  using floats = simd::floats<Arch>;
  constexpr auto bytes = Code::code_bits / 8;
  alignas(64) std::byte part[words::parts][128];
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t code = 0;
#pragma GCC unroll 8
    for (std::size_t b = 0; b < bytes; ++b) code |= std::to_integer<std::uint64_t>(codes[bytes * i + b]) << (8 * b);
    std::uint64_t w[words::parts];
    words::words(code, w);
    for (std::size_t k = 0; k < words::parts; ++k) std::memcpy(part[k] + 8 * i, &w[k], 8);
  }
  auto const by = floats::broadcast(unit);
  for (std::size_t i = 0; i < 8 * count; i += 16) {
    auto level = simd::to_float(simd::load_signed_bytes<Arch>(part[0] + i));
    if constexpr (words::parts == 2) {
      auto const second = simd::to_float(simd::load_signed_bytes<Arch>(part[1] + i));
      level =
          simd::product(level, floats::broadcast(words::weight[0])) + simd::product(second, floats::broadcast(words::weight[1]));
    }
    simd::product(level, by).store(out + i);
  }
}

}  // namespace skive::detail
