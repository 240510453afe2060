// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/integer_levels.hpp - the levels of a format as bytes: what integer products are made of.
///
///   level(code) = unit (byte(code) - bias) (1 + e),   0 <= byte <= largest <= 255
///
///   fixed point of b bits      byte = code ^ 2^(b-1), bias 2^(b-1), unit the resolution, e = 0
///   unsigned integers          byte = code, bias 0, e = 0
///   other formats to 6 bits    a table; unit 1, 1/2, ... 1/128 where all levels are multiples of it (E2M1, E2M3, ternary,
///   signs);
///                              else the largest magnitude / 127 for at most 4 bits (NF4): |byte unit - level| <= unit / 2
///
/// Model of : -
/// Cost     : compile time.
/// Promise  : |byte - bias| <= 128, so that a byte times a byte of a vector stays below 2^15.
/// Source   : -

#include "skive/block/scale.hpp"
#include "skive/format/integer.hpp"
#include "skive/simd/byte_lookup.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace skive::detail {

struct level_table {
  std::array<std::uint8_t, 64> bytes{};
  int bias = 0;
  int largest = 0;
  float unit = 0.0f;  ///< 0: no such table
  bool exact = false;
};

constexpr float nearest_integer(float x) noexcept { return static_cast<float>(static_cast<int>(x < 0 ? x - 0.5f : x + 0.5f)); }

template <class Format>
constexpr level_table make_level_table() noexcept {
  level_table t;
  constexpr std::size_t codes = std::size_t{1} << Format::bits;
  std::array<float, codes> level{};
  float most = 0.0f;
  for (std::size_t c = 0; c < codes; ++c) {
    level[c] = Format::decode(static_cast<typename Format::code_type>(c));
    if (!is_finite(level[c])) return t;
    if (magnitude(level[c]) > most) most = magnitude(level[c]);
  }
  for (float unit = 1.0f; unit >= 0x1p-7f && !t.exact; unit /= 2) {
    t.exact = most <= 127 * unit;
    for (auto const x : level)
      if (t.exact && nearest_integer(x / unit) * unit != x) t.exact = false;
    if (t.exact) t.unit = unit;
  }
  if (!t.exact && Format::bits <= 4) t.unit = most / 127;
  if (!(t.unit > 0)) return {};
  for (auto const x : level)
    if (auto const n = static_cast<int>(nearest_integer(x / t.unit)); -n > t.bias) t.bias = -n;
  for (std::size_t c = 0; c < 64; ++c) {
    auto const byte = static_cast<int>(nearest_integer(level[c % codes] / t.unit)) + t.bias;
    if (byte > t.largest) t.largest = byte;
    t.bytes[c] = static_cast<std::uint8_t>(byte);
  }
  return t;
}

/// bias, largest, unit, exact, flips_sign (is byte(code) the code with its highest bit turned?); byte(code) in scalar form and lanes<Arch>::bytes(codes) for a register of codes; of lanes<Arch, true>
/// signed bytes, byte(code) - bias.
template <class Format>
struct integer_levels {
  static constexpr level_table table = [] {
    if constexpr (Format::bits <= 6) return make_level_table<Format>();
    return level_table{};
  }();
  static constexpr bool available = table.unit > 0;
  static constexpr int bias = table.bias;
  static constexpr int largest = table.largest;
  static constexpr float unit = table.unit;
  static constexpr bool exact = table.exact;
  static constexpr bool flips_sign = false;
  static constexpr std::size_t entries = Format::bits <= 4 ? 16 : 64;

  static constexpr int byte(std::uint8_t code) noexcept { return table.bytes[code]; }

  template <class Arch, bool Signed = false>
  struct lanes {
    simd::byte_table<entries, Arch> levels{[] {
      std::array<std::uint8_t, entries> bytes{};
      for (std::size_t c = 0; c < entries; ++c) bytes[c] = static_cast<std::uint8_t>(table.bytes[c] - (Signed ? bias : 0));
      return bytes;
    }()};
    [[gnu::always_inline]] simd::words<Arch> bytes(simd::words<Arch> codes) const noexcept {
#pragma GCC unroll 4
      for (auto& p : codes.part)
        p = xsimd::bitwise_cast<std::uint32_t>(look_up_bytes(levels, xsimd::bitwise_cast<std::uint8_t>(p)));
      return codes;
    }
  };
};

template <int Bits, int FractionBits, integer_range Range>
  requires(Bits <= 8)
struct integer_levels<fixed_point<Bits, FractionBits, Range>> {
  static constexpr bool available = true;
  static constexpr int bias = 1 << (Bits - 1);
  static constexpr int largest = (1 << Bits) - 1;
  static constexpr float unit = fixed_point<Bits, FractionBits, Range>::resolution;
  static constexpr bool exact = true;
  static constexpr bool flips_sign = true;
  static constexpr int byte(std::uint8_t code) noexcept { return code ^ bias; }
  template <class Arch, bool Signed = false>
  struct lanes {
    [[gnu::always_inline]] simd::words<Arch> bytes(simd::words<Arch> const& codes) const noexcept {
      static_assert(!Signed || Bits == 8);
      if constexpr (Signed) return codes;
      return codes ^ simd::words<Arch>::broadcast(static_cast<std::uint32_t>(bias) * 0x01010101U);
    }
  };
};

template <int Bits>
  requires(Bits <= 8)
struct integer_levels<uint_format<Bits>> {
  static constexpr bool available = true;
  static constexpr int bias = 0;
  static constexpr int largest = (1 << Bits) - 1;
  static constexpr float unit = 1.0f;
  static constexpr bool exact = true;
  static constexpr bool flips_sign = false;
  static constexpr int byte(std::uint8_t code) noexcept { return code; }
  template <class Arch, bool Signed = false>
  struct lanes {
    [[gnu::always_inline]] simd::words<Arch> bytes(simd::words<Arch> const& codes) const noexcept { return codes; }
  };
};

/// The four bytes of codes of 2 bits that share a byte: half a byte is two codes, and a table of 16 has both levels of each.
template <class Levels, class Arch>
struct level_quarters {
  static constexpr std::array<std::uint8_t, 16> table(int shift) noexcept {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t n = 0; n < 16; ++n)
      bytes[n] = static_cast<std::uint8_t>(Levels::byte(static_cast<std::uint8_t>((n >> shift) & 3)));
    return bytes;
  }
  simd::byte_table<16, Arch> even{table(0)};
  simd::byte_table<16, Arch> odd{table(2)};
  /// byte[r]: of field r.
  [[gnu::always_inline]] void bytes(simd::words<Arch> const& codes, simd::words<Arch> (&byte)[4]) const noexcept {
    auto const half = simd::words<Arch>::broadcast(0x0F0F0F0F);
    byte[0] = byte[1] = codes & half;
    byte[2] = byte[3] = (codes >> 4) & half;
#pragma GCC unroll 4
    for (std::size_t r = 0; r < 4; ++r)
#pragma GCC unroll 4
      for (auto& p : byte[r].part)
        p = xsimd::bitwise_cast<std::uint32_t>(look_up_bytes(r % 2 == 0 ? even : odd, xsimd::bitwise_cast<std::uint8_t>(p)));
  }
};

}  // namespace skive::detail
