// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The bytes of every codec for rows that any machine can make: `line(name, codec)` is a line of codecs.tsv.
//
//   name | bytes of a row of 200 numbers with every kind of number in it | hash of what they decode to |
//   hash of the bytes of rows of 4096, 16 of them but for slow codecs | hash of what those decode to
//
// Codecs that refuse a row say so in place of its bytes; those that take no row of 200 numbers get 256 ordinary ones.
// Each line is made twice, by the scalar rule and by the vector path of this build; where they differ, both are there.

#include "skive/block/name.hpp"
#include "skive/core/random.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace skive::golden {

// Numbers by integer arithmetic alone: sign and fraction at random, a geometric exponent under a scale that 48 numbers share.
inline float number(counter_random const& random, std::size_t i) {
  auto const word = random.bits(i);
  auto const scale = 107 + random.bits(i / 48 + (std::uint64_t{1} << 40)) % 30;
  auto const below = static_cast<std::uint32_t>(std::countl_zero(random.bits(i + (std::uint64_t{1} << 41)) | 1U));
  if (word % 41 == 0) return 0.0f;
  return std::bit_cast<float>((word & 0x8000'0000U) | (scale - below) << 23 | (word >> 4 & 0x7F'FFFFU));
}

inline std::vector<float> ordinary_row(std::size_t r, std::size_t n) {
  counter_random const random{1000 + r};
  std::vector<float> row(n);
  for (std::size_t i = 0; i < n; ++i) row[i] = number(random, i);
  return row;
}

// Ordinary groups, then subnormal numbers, the largest ones, and at the end an infinity and a NaN.
inline std::vector<float> row_of_all_kinds() {
  auto row = ordinary_row(77, 200);
  for (std::size_t i = 64; i < 96; ++i) row[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(row[i]) & 0x807F'FFFFU);
  for (std::size_t i = 96; i < 128; ++i)
    row[i] = std::bit_cast<float>((std::bit_cast<std::uint32_t>(row[i]) & 0x807F'FFFFU) | 0x7F00'0000U);
  for (std::size_t i = 128; i < 144; ++i) row[i] = 0.0f;
  row[170] = std::bit_cast<float>(0x7F80'0000U);
  row[199] = std::bit_cast<float>(0xFFC0'0001U);
  return row;
}

inline std::uint64_t hash(std::uint64_t h, std::uint8_t byte) { return (h ^ byte) * 0x100'0000'01B3U; }  // FNV-1a
inline constexpr std::uint64_t hash_start = 0xCBF2'9CE4'8422'2325U;

struct coded {
  status outcome;
  std::vector<std::byte> bytes;
  std::uint64_t decoded = hash_start;
};

template <class Arch, class Codec>
coded through(Codec const& codec, std::vector<float> const& row) {
  coded c{errc::ok, std::vector<std::byte>(total_bytes(codec.plane_bytes(row.size()))), hash_start};
  std::vector<std::byte> scratch(codec.scratch_bytes(row.size()));
  planes<std::byte, Codec::plane_count> p;
  c.outcome = planar(codec, row.size(), std::span{c.bytes}, p);
  if (c.outcome) c.outcome = codec.template encode<Arch>(std::span<float const>{row}, p, workspace{scratch});
  std::vector<float> back(row.size());
  if (c.outcome) c.outcome = codec.template decode<Arch>(p, std::span<float>{back}, workspace{scratch});
  if (!c.outcome) return c;
  for (float const x : back)
    for (int shift = 0; shift < 32; shift += 8)
      c.decoded = hash(c.decoded, static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(x) >> shift));
  return c;
}

inline std::string hex(std::uint64_t x) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(x));
  return text;
}

template <class Arch, class Codec>
std::string figures(Codec const& codec, std::size_t rows) {
  auto const all = through<Arch>(codec, 200 % codec.row_multiple() == 0 ? row_of_all_kinds() : ordinary_row(78, 256));
  std::string text;
  for (auto const b : all.bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", std::to_integer<unsigned>(b));
    text += two;
  }
  if (!all.outcome) text = all.outcome.message();
  text += '\t' + hex(all.decoded);
  auto bytes = hash_start;
  auto numbers = hash_start;
  for (std::size_t r = 0; r < rows; ++r) {
    auto const c = through<Arch>(codec, ordinary_row(r, 4096));
    for (auto const b : c.bytes) bytes = hash(bytes, std::to_integer<std::uint8_t>(b));
    numbers = (numbers ^ c.decoded) * 0x100'0000'01B3U;
  }
  return text + '\t' + hex(bytes) + '\t' + hex(numbers);
}

template <class Codec>
void line(std::vector<std::string>& lines, std::string const& name, Codec const& codec, std::size_t rows = 16) {
  auto const scalar = figures<scalar_arch>(codec, rows);
  auto const vector = figures<native_arch>(codec, rows);
  lines.push_back(name + '\t' + scalar);
  if (vector != scalar) lines.push_back(name + " in vectors\t" + vector);
}

/// Under the name that the codec has in every program.
template <class Codec>
void line(std::vector<std::string>& lines, Codec const& codec, std::size_t rows = 16) {
  char name[max_name_size];
  auto const size = write_name(describe(codec), name);
  line(lines, size ? std::string{name, *size} : "a codec without a name", codec, rows);
}

void integers(std::vector<std::string>& lines);
void floats(std::vector<std::string>& lines);
void shared_exponents(std::vector<std::string>& lines);
void compositions(std::vector<std::string>& lines);
void codebooks(std::vector<std::string>& lines);
void searched_scales(std::vector<std::string>& lines);

}  // namespace skive::golden
