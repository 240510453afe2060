// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/bits.hpp - rows of fields of 1 to 8 bits, packed without gaps into bytes.
///
///   low_first  : bit b of field i is bit (i width + b) of a bit string whose bit n is bit n % 8 of byte n / 8
///   high_first : the top bit of field i is bit (i width) of a bit string whose bit n is bit 7 - n % 8 of byte n / 8
///
/// With low_first the bytes are one little-endian number, with high_first one big-endian number that is filled from the top.
/// Width 4 gives the two nibble orders in use: low_first keeps field 0 in the low nibble, high_first in the high one.
///
/// Model of : -
/// Cost     : a dozen 64-bit instructions for 8 fields; no allocation.
/// Promise  : the same bytes on every platform. Bits of the last byte that belong to no field are written as zero and ignored
///            when read; no byte outside the given spans is read or written; any bytes are a valid row.
/// Source   : -

#include "skive/core/status.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace skive {

/// Which bits of a byte the first field takes.
enum class bit_order : std::uint8_t { low_first, high_first };

/// ceil(count width / 8). At most `count`, hence it cannot overflow. Fails with invalid_argument unless 1 <= width <= 8.
constexpr result<std::size_t> packed_bytes(std::size_t count, int width) noexcept {
  if (width < 1 || width > 8) return errc::invalid_argument;
  auto const w = static_cast<std::size_t>(width);
  return count / 8 * w + (count % 8 * w + 7) / 8;
}

namespace detail {

// The 8 bytes at p as a number: the first one is its lowest (low_first) or highest (high_first) byte.
template <class Byte>
constexpr std::uint64_t load_8(Byte const* p, bit_order order) noexcept {
  auto const at = [p](int i, int shift) noexcept { return static_cast<std::uint64_t>(p[i]) << shift; };
  if (order == bit_order::low_first)
    return at(0, 0) | at(1, 8) | at(2, 16) | at(3, 24) | at(4, 32) | at(5, 40) | at(6, 48) | at(7, 56);
  return at(7, 0) | at(6, 8) | at(5, 16) | at(4, 24) | at(3, 32) | at(2, 40) | at(1, 48) | at(0, 56);
}

template <class Byte>
constexpr void store_8(std::uint64_t x, Byte* p, bit_order order) noexcept {
  auto const put = [p, x](int i, int shift) noexcept { p[i] = static_cast<Byte>(static_cast<std::uint8_t>(x >> shift)); };
  if (order == bit_order::low_first)
    put(0, 0), put(1, 8), put(2, 16), put(3, 24), put(4, 32), put(5, 40), put(6, 48), put(7, 56);
  else
    put(7, 0), put(6, 8), put(5, 16), put(4, 24), put(3, 32), put(2, 40), put(1, 48), put(0, 56);
}

inline constexpr std::uint64_t even_bytes = 0x00FF00FF00FF00FF;
inline constexpr std::uint64_t even_pairs = 0x0000FFFF0000FFFF;
inline constexpr std::uint64_t byte_ones = 0x0101010101010101;

// The low `width` bits of each of 8 bytes, moved together at the low end: pairs, then fours, then all.
constexpr std::uint64_t close_gaps(std::uint64_t x, int width) noexcept {
  int const gap = 8 - width;
  x &= byte_ones * ((std::uint64_t{1} << width) - 1);
  x = (x & even_bytes) | ((x & ~even_bytes) >> gap);
  x = (x & even_pairs) | ((x & ~even_pairs) >> (2 * gap));
  return (x & 0xFFFFFFFF) | ((x >> 32) << (4 * width));
}

// Undoes close_gaps; bits of x from 8 width on are ignored.
constexpr std::uint64_t open_gaps(std::uint64_t x, int width) noexcept {
  int const gap = 8 - width;
  auto const ones = [](int n) noexcept { return (std::uint64_t{1} << n) - 1; };  // n <= 32
  x = (x & ones(4 * width)) | (((x >> (4 * width)) & ones(4 * width)) << 32);
  auto const fours = ones(2 * width) * ((std::uint64_t{1} << 32) | 1);
  x = (x & fours) | ((x & ~fours) << (2 * gap));
  auto const pairs = ones(width) * (byte_ones & even_bytes);
  return (x & pairs) | ((x & ~pairs) << gap);
}

// 8 fields <-> `width` bytes. high_first keeps them at the top of the word that is stored or loaded.
constexpr std::uint64_t pack_8(std::uint64_t codes, int width, bit_order order) noexcept {
  auto const x = close_gaps(codes, width);
  return order == bit_order::low_first ? x : x << (64 - 8 * width);
}
constexpr std::uint64_t unpack_8(std::uint64_t packed, int width, bit_order order) noexcept {
  return open_gaps(order == bit_order::low_first ? packed : packed >> (64 - 8 * width), width);
}

}  // namespace detail

/// Packs the low `width` bits of each code (higher ones are ignored). The spans do not overlap. Fails with invalid_argument
/// (width) or with size_mismatch unless out.size() == packed_bytes(codes.size(), width).
constexpr status pack(std::span<std::uint8_t const> codes, int width, bit_order order, std::span<std::byte> out) noexcept {
  auto const bytes = packed_bytes(codes.size(), width);
  if (!bytes) return bytes.error();
  if (out.size() != *bytes) return errc::size_mismatch;
  auto const w = static_cast<std::size_t>(width);
  std::size_t i = 0;                                                    // the first field not packed yet; a multiple of 8
  std::size_t b = 0;                                                    // its byte
  for (; out.size() - b >= 8 && codes.size() - i >= 8; i += 8, b += w)  // later groups overwrite what is stored past b + w
    detail::store_8(detail::pack_8(detail::load_8(codes.data() + i, order), width, order), out.data() + b, order);
  for (; i < codes.size(); i += 8, b += w) {
    std::uint8_t group[8] = {};
    std::byte packed[8] = {};
    for (std::size_t j = 0; j < 8 && i + j < codes.size(); ++j) group[j] = codes[i + j];
    detail::store_8(detail::pack_8(detail::load_8(group, order), width, order), packed, order);
    for (std::size_t j = 0; j < w && b + j < out.size(); ++j) out[b + j] = packed[j];
  }
  return errc::ok;
}

/// Undoes pack: every code is below 2^width. The spans do not overlap. Fails with invalid_argument (width) or with
/// size_mismatch unless bytes.size() == packed_bytes(codes.size(), width).
constexpr status unpack(std::span<std::byte const> bytes, int width, bit_order order, std::span<std::uint8_t> codes) noexcept {
  auto const expected = packed_bytes(codes.size(), width);
  if (!expected) return expected.error();
  if (bytes.size() != *expected) return errc::size_mismatch;
  auto const w = static_cast<std::size_t>(width);
  std::size_t i = 0;
  std::size_t b = 0;
  for (; bytes.size() - b >= 8 && codes.size() - i >= 8; i += 8, b += w)
    detail::store_8(detail::unpack_8(detail::load_8(bytes.data() + b, order), width, order), codes.data() + i, order);
  for (; i < codes.size(); i += 8, b += w) {
    std::byte packed[8] = {};
    std::uint8_t group[8] = {};
    for (std::size_t j = 0; j < w && b + j < bytes.size(); ++j) packed[j] = bytes[b + j];
    detail::store_8(detail::unpack_8(detail::load_8(packed, order), width, order), group, order);
    for (std::size_t j = 0; j < 8 && i + j < codes.size(); ++j) codes[i + j] = group[j];
  }
  return errc::ok;
}

/// One packed row, read and written field by field. `Byte` is std::byte or std::byte const; a view, like std::span.
template <class Byte>
class packed_fields {
  static_assert(std::is_same_v<std::remove_const_t<Byte>, std::byte>, "skive::packed_fields views std::byte or std::byte const");

 public:
  constexpr packed_fields() noexcept = default;  // no fields

  /// Fails with invalid_argument (width) or with size_mismatch unless bytes.size() == packed_bytes(count, width).
  static constexpr result<packed_fields> make(std::span<Byte> bytes, std::size_t count, int width, bit_order order) noexcept {
    auto const expected = packed_bytes(count, width);
    if (!expected) return expected.error();
    if (bytes.size() != *expected) return errc::size_mismatch;
    return packed_fields{bytes, count, width, order};
  }

  constexpr std::size_t size() const noexcept { return count_; }
  constexpr int width() const noexcept { return width_; }
  constexpr bit_order order() const noexcept { return order_; }

  /// Field i. Precondition: i < size().
  constexpr std::uint8_t get(std::size_t i) const noexcept {
    auto const at = locate(i);
    auto pair = first_of_pair(at);
    if (at.straddles) pair |= second_of_pair(at);
    return static_cast<std::uint8_t>((pair >> at.shift) & at.mask);
  }

  /// Field i becomes the low bits of `code`; all other bits stay. Precondition: i < size().
  constexpr void set(std::size_t i, std::uint8_t code) const noexcept
    requires(!std::is_const_v<Byte>)
  {
    auto const at = locate(i);
    auto const hole = at.mask << at.shift;
    auto const put = (code & at.mask) << at.shift;
    int const shift = order_ == bit_order::low_first ? 0 : 8;  // of the first byte within the pair
    write(at.byte, hole >> shift, put >> shift);
    if (at.straddles) write(at.byte + 1, hole >> (8 - shift), put >> (8 - shift));
  }

 private:
  // A field lies in the pair of bytes from `byte` on, taken as a 16-bit number in this row's order.
  struct place {
    std::size_t byte;
    unsigned shift, mask;
    bool straddles;  // else the pair's second byte is not touched; it may not exist
  };

  constexpr packed_fields(std::span<Byte> bytes, std::size_t count, int width, bit_order order) noexcept
      : bytes_{bytes}, count_{count}, width_{width}, order_{order} {}

  constexpr place locate(std::size_t i) const noexcept {
    auto const w = static_cast<unsigned>(width_);
    auto const bit = static_cast<unsigned>(i % 8) * w;  // i w itself may not fit into a 32-bit std::size_t
    auto const first = bit % 8;
    auto const shift = order_ == bit_order::low_first ? first : 16 - first - w;
    return {i / 8 * w + bit / 8, shift, (1U << w) - 1, first + w > 8};
  }
  constexpr unsigned first_of_pair(place at) const noexcept {
    return std::to_integer<unsigned>(bytes_[at.byte]) << (order_ == bit_order::low_first ? 0 : 8);
  }
  constexpr unsigned second_of_pair(place at) const noexcept {
    return std::to_integer<unsigned>(bytes_[at.byte + 1]) << (order_ == bit_order::low_first ? 8 : 0);
  }
  constexpr void write(std::size_t byte, unsigned hole, unsigned put) const noexcept {
    auto const kept = std::to_integer<unsigned>(bytes_[byte]) & ~hole;
    bytes_[byte] = static_cast<std::byte>(static_cast<std::uint8_t>(kept | put));
  }

  std::span<Byte> bytes_{};
  std::size_t count_ = 0;
  int width_ = 1;
  bit_order order_ = bit_order::low_first;
};

static_assert(std::is_trivially_copyable_v<packed_fields<std::byte>>);

}  // namespace skive
