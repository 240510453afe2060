// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/bit_stream.hpp - fields of up to 64 bits one after another, the lowest bit first.
///
///   bit b of a field that starts at bit p is bit (p + b) mod 8 of byte (p + b) / 8: the order of core/bits.hpp's low_first
///
/// Model of : -
/// Cost     : a few instructions a field.
/// Promise  : the same bytes on every platform; inlined, so that units of other flags share no symbol. The writer touches no byte
///            past the last field, the reader none past the span.
/// Source   : -

#include "skive/core/bits.hpp"

namespace skive::detail {

class bit_writer {
 public:
  constexpr explicit bit_writer(std::byte* to) noexcept : to_{to} {}

  /// The low `count` <= 64 bits of `bits`; the others are zero.
  [[gnu::always_inline]] constexpr void append(std::uint64_t bits, int count) noexcept {
    word_ |= bits << filled_;
    if (filled_ + count < 64) {
      filled_ += count;
      return;
    }
    store_8(word_, to_, bit_order::low_first);
    to_ += 8;
    word_ = filled_ == 0 ? 0 : bits >> (64 - filled_);
    filled_ += count - 64;
  }
  /// The last byte is filled up with zeros.
  [[gnu::always_inline]] constexpr void finish() noexcept {
    for (int i = 0; i < filled_; i += 8) *to_++ = static_cast<std::byte>(static_cast<std::uint8_t>(word_ >> i));
  }

 private:
  std::byte* to_;
  std::uint64_t word_ = 0;
  int filled_ = 0;
};

/// The `count` <= 57 bits from bit `at` on; what lies past `bytes` reads as zero.
[[gnu::always_inline]] constexpr std::uint64_t read_bits(std::span<std::byte const> bytes, std::size_t at, int count) noexcept {
  auto const first = at / 8;
  std::uint64_t word = 0;
  if (bytes.size() >= 8 && first <= bytes.size() - 8)
    word = load_8(bytes.data() + first, bit_order::low_first);
  else
    for (std::size_t i = first; i < bytes.size(); ++i) word |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * (i - first));
  return (word >> (at % 8)) & ((std::uint64_t{1} << count) - 1);
}

/// Bits per field of 2, 4, ... 32, in fields of Width bits.
template <int Width>
[[gnu::always_inline]] constexpr std::uint64_t counts_of_fields(std::uint64_t x) noexcept {
  if constexpr (Width >= 2) x -= (x >> 1) & 0x5555'5555'5555'5555;
  if constexpr (Width >= 4) x = (x & 0x3333'3333'3333'3333) + ((x >> 2) & 0x3333'3333'3333'3333);
  if constexpr (Width >= 8) x = (x + (x >> 4)) & 0x0F0F'0F0F'0F0F'0F0F;
  if constexpr (Width >= 16) x = (x + (x >> 8)) & even_bytes;
  if constexpr (Width >= 32) x = (x + (x >> 16)) & even_pairs;
  return x;
}

}  // namespace skive::detail
