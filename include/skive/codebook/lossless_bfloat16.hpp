// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lossless_bfloat16.hpp - bfloat16 rows bit by bit, about 11 bits a number: exponents are entropy-coded.
///
///   header: bytes of four streams, number of rare exponents (five little-endian words of 32 bits)
///   n bytes: sign and fraction of each number; four streams: exponents of the four quarters of the row in a prefix code, the last
///   byte filled with zeros; rare exponents: place (32 bits) and exponent (8 bits) each, in ascending order of places
///
/// Trained weights have exponents of some 2.6 bits of entropy. count() over sample rows makes the table.
///
/// Model of : - (variable_codec's members, on rows of bfloat16)
/// Cost     : one look-up for up to four exponents, four streams at a time; a byte a number of scratch.
/// Accuracy : lossless, for every bit pattern.
/// Promise  : the same bytes everywhere. Any bytes are safe: what no encoder wrote is corrupt, or another row; decode reads exactly
///            what encode wrote, and nothing behind it.
/// Source   : the split into planes as in T. Zhang et al., "70 % size, 100 % accuracy" (DFloat11), 2025.

#include "skive/codebook/prefix_code.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/workspace.hpp"
#include "skive/format/half.hpp"

#include <bit>
#include <cstring>

namespace skive {

class lossless_bfloat16 {
 public:
  constexpr lossless_bfloat16() noexcept = default;
  /// The table stays in memory of the caller.
  constexpr explicit lossless_bfloat16(prefix_code const& code) noexcept : code_{&code} {}

  /// Adds the exponents of a row to 256 counts.
  static void count(std::span<bfloat16 const> row, std::span<std::uint64_t, 256> counts) noexcept {
    for (auto const x : row) ++counts[exponent(x.code)];
  }

  /// 11 bits an exponent, or the shortest code and 40 bits; rows have fewer than 2^28 numbers.
  constexpr std::size_t max_bytes(std::size_t n) const noexcept {
    return n == 0 ? 0 : saturating_add(saturating_multiply(n, 8), header + 4);
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    return n == 0 ? 0 : workspace::bytes<std::byte>(saturating_add(n, 32));
  }

  /// The bytes written. Fails with size_mismatch (fewer than max_bytes, or too many numbers) or unsupported (no table).
  result<std::size_t> encode(std::span<bfloat16 const> row, std::span<std::byte> to, workspace = {}) const noexcept {
    auto const n = row.size();
    if (!has_table()) return errc::unsupported;
    if (to.size() < max_bytes(n) || n >> 28 != 0) return errc::size_mismatch;
    if (n == 0) return std::size_t{0};
    for (std::size_t i = 0; i < n; ++i)
      to[header + i] = static_cast<std::byte>(static_cast<std::uint8_t>((row[i].code >> 8 & 128) | (row[i].code & 127)));
    auto const spare = code_->common();
    std::size_t at = header + n;
    for (std::size_t q = 0; q < 4; ++q) {
      auto const begin = at;
      std::uint64_t word = 0;
      int filled = 0;
      for (auto i = quarter(n, q); i < quarter(n, q + 1); ++i) {
        auto const e = exponent(row[i].code);
        auto const s = code_->length(e) == 0 ? spare : e;
        word |= std::uint64_t{code_->bits(s)} << filled;
        for (filled += code_->length(s); filled >= 8; filled -= 8, word >>= 8) to[at++] = byte(word);
      }
      if (filled > 0) to[at++] = byte(word);
      store(to.data() + 4 * q, at - begin);
    }
    std::size_t rare = 0;
    for (std::size_t i = 0; i < n; ++i) {
      auto const e = exponent(row[i].code);
      if (code_->length(e) != 0) continue;
      store(to.data() + at, i);
      to[at + 4] = byte(e);
      at += 5;
      ++rare;
    }
    store(to.data() + 16, rare);
    return at;
  }

  /// The bytes read. Fails with corrupt, workspace_too_small or unsupported.
  result<std::size_t> decode(std::span<std::byte const> from, std::span<bfloat16> row, workspace w) const noexcept {
    auto const n = row.size();
    if (!has_table()) return errc::unsupported;
    if (w.size() < scratch_bytes(n)) return errc::workspace_too_small;
    if (n == 0) return std::size_t{0};
    if (from.size() < header || from.size() - header < n) return errc::corrupt;
    auto const exponents = w.take<std::byte>(n + 32);
    stream streams[4];
    std::size_t at = header + n;
    for (std::size_t q = 0; q < 4; ++q) {
      auto const size = load(from.data() + 4 * q);
      if (from.size() - at < size) return errc::corrupt;
      streams[q] = {from.data() + at, size, 0, exponents.data() + quarter(n, q), exponents.data() + quarter(n, q + 1)};
      at += size;
    }
    together(streams);
    for (auto& s : streams)
      if (!finish(s)) return errc::corrupt;
    auto const rare = load(from.data() + 16);
    if ((from.size() - at) / 5 < rare) return errc::corrupt;
    for (std::size_t k = 0, next = 0; k < rare; ++k, at += 5) {
      std::size_t const place = load(from.data() + at);
      if (place < next || place >= n) return errc::corrupt;
      exponents[place] = from[at + 4];
      next = place + 1;
    }
    for (std::size_t i = 0; i < n; ++i) {
      auto const rest = std::to_integer<unsigned>(from[header + i]);
      auto const e = std::to_integer<unsigned>(exponents[i]);
      row[i].code = static_cast<std::uint16_t>((rest & 128) << 8 | e << 7 | (rest & 127));
    }
    return at;
  }

 private:
  static constexpr std::size_t header = 20;
  struct stream {
    std::byte const* data = nullptr;
    std::size_t size = 0;
    std::size_t bit = 0;
    std::byte* out = nullptr;
    std::byte* end = nullptr;
  };

  // A prefix_code that make() did not make has no symbol behind any bits.
  constexpr bool has_table() const noexcept { return code_ != nullptr && code_->entry(0) != 0; }
  static constexpr std::uint8_t exponent(std::uint16_t code) noexcept { return static_cast<std::uint8_t>(code >> 7); }
  static constexpr std::size_t quarter(std::size_t n, std::size_t q) noexcept { return n / 4 * q + (q == 4 ? n % 4 : 0); }
  static constexpr std::byte byte(std::uint64_t word) noexcept { return static_cast<std::byte>(static_cast<std::uint8_t>(word)); }
  static void store(std::byte* to, std::size_t word) noexcept {
    for (std::size_t b = 0; b < 4; ++b) to[b] = byte(std::uint64_t{word} >> (8 * b));
  }
  static std::uint32_t load(std::byte const* from) noexcept {
    std::uint32_t word = 0;
    for (std::size_t b = 0; b < 4; ++b) word |= std::to_integer<std::uint32_t>(from[b]) << (8 * b);
    return word;
  }

  // While every stream has eight bytes to read and room for twenty symbols: five looks on one word of 64 bits each.
  void together(stream (&all)[4]) const noexcept {
    if constexpr (std::endian::native == std::endian::little) {
      stream s[4]{all[0], all[1], all[2], all[3]};
      auto const ready = [](stream const& x) noexcept { return x.size >= 8 && x.bit / 8 <= x.size - 8 && x.end - x.out >= 20; };
      while (ready(s[0]) && ready(s[1]) && ready(s[2]) && ready(s[3])) {
        std::uint64_t word[4];
        for (std::size_t q = 0; q < 4; ++q) {
          std::memcpy(&word[q], s[q].data + s[q].bit / 8, 8);
          word[q] >>= s[q].bit % 8;
        }
#pragma GCC unroll 5
        for (int look = 0; look < 5; ++look)
#pragma GCC unroll 4
          for (std::size_t q = 0; q < 4; ++q) {
            auto const entry = code_->entry(static_cast<std::uint32_t>(word[q]) & 2047);
            std::memcpy(s[q].out, &entry, 4);
            auto const bits = entry >> 40;
            s[q].out += entry >> 32 & 7;
            s[q].bit += bits;
            word[q] >>= bits;
          }
      }
      for (std::size_t q = 0; q < 4; ++q) all[q] = s[q];
    }
  }
  // Symbol by symbol to the end; whether that is the end of the stream.
  bool finish(stream& s) const noexcept {
    while (s.out != s.end) {
      std::uint32_t window = 0;
      for (std::size_t b = 0; b < 3 && s.bit / 8 + b < s.size; ++b)
        window |= std::to_integer<std::uint32_t>(s.data[s.bit / 8 + b]) << (8 * b);
      window >>= s.bit % 8;
      auto const symbol = static_cast<std::uint8_t>(code_->entry(window & 2047));
      s.bit += static_cast<std::size_t>(code_->length(symbol));
      if (s.bit > 8 * s.size) return false;
      *s.out++ = static_cast<std::byte>(symbol);
    }
    if ((s.bit + 7) / 8 != s.size) return false;
    return s.bit % 8 == 0 || std::to_integer<unsigned>(s.data[s.size - 1]) >> (s.bit % 8) == 0;
  }

  prefix_code const* code_ = nullptr;
};

static_assert(std::is_trivially_copyable_v<lossless_bfloat16>);

}  // namespace skive
