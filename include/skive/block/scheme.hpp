// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/scheme.hpp - what a block format says about one group of numbers, and how codes and metadata become bytes.
///
///   settle(values) -> state,   code(state, x, rounding) -> code,   value(state, code) -> x',
///   store(state) -> metadata fields,   load(fields) -> state;   field i takes field_bits[i] bits per group
///
/// Model of : -
/// Cost     : declarations and the packing loops of core/bits.hpp.
/// Promise  : packing never touches a byte outside the plane's count; fields of whole bytes are little-endian.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/rounding.hpp"
#include "skive/core/workspace.hpp"
#include "skive/format/rows.hpp"
#include "skive/simd/arch.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace skive {

namespace detail {
// What rounds number i of a row: policies that depend on the position say so by at(i).
template <class Rounding>
constexpr auto rounding_at(Rounding const& rounding, std::size_t i) noexcept {
  if constexpr (requires { rounding.at(i); })
    return rounding.at(i);
  else
    return rounding;
}
}  // namespace detail

/// A block format as block/grouped.hpp runs it. A state that loads from metadata codes exactly like the one that stored it.
template <class S>
concept group_scheme = std::is_trivially_copyable_v<S> && std::is_trivially_copyable_v<typename S::state> &&
    requires(S const s, std::size_t n, std::span<float const> values, workspace scratch, typename S::state const& state, float x,
             std::uint8_t code, std::array<std::uint32_t, S::field_bits.size()> const& fields) {
      { S::default_group } -> std::convertible_to<std::size_t>;
      { S::default_order } -> std::convertible_to<bit_order>;
      { S::packing::bytes(n) } noexcept -> std::same_as<std::size_t>;
      { s.settle_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { s.settle(values, scratch) } noexcept -> std::same_as<typename S::state>;
      { s.code(state, x, detail::rounding_at(s.rounding, n)) } noexcept -> std::same_as<std::uint8_t>;
      { s.value(state, code) } noexcept -> std::same_as<float>;
      { s.store(state) } noexcept -> std::same_as<std::array<std::uint32_t, S::field_bits.size()>>;
      { s.load(fields) } noexcept -> std::same_as<typename S::state>;
    };

/// Codes as fields of Width bits without gaps.
template <int Width>
struct bit_fields {
  static constexpr int width = Width;
  static constexpr std::size_t period = 8;  // codes after which a byte boundary surely comes
  static constexpr bool fills_bytes(std::size_t n) noexcept { return n * std::size_t{Width} % 8 == 0; }
  static constexpr std::size_t bytes(std::size_t n) noexcept { return n / 8 * Width + (n % 8 * Width + 7) / 8; }
  static constexpr void pack(std::span<std::uint8_t const> codes, bit_order order, std::byte* out) noexcept {
    static_cast<void>(skive::pack(codes, Width, order, {out, bytes(codes.size())}));
  }
  static constexpr void unpack(std::byte const* in, bit_order order, std::span<std::uint8_t> codes) noexcept {
    static_cast<void>(skive::unpack({in, bytes(codes.size())}, Width, order, codes));
  }
};

/// Five codes of three values in a byte, the first one most significant: byte = ceil(256/243 sum c_i 3^(4-i)). A byte's digits
/// come out by repeated multiplication by 3, as in BitNet kernels and GGUF's TQ1_0; all 256 bytes decode.
struct trits {
  static constexpr std::size_t period = 5;
  static constexpr bool fills_bytes(std::size_t n) noexcept { return n % 5 == 0; }
  static constexpr std::size_t bytes(std::size_t n) noexcept { return n / 5 + (n % 5 != 0 ? 1 : 0); }
  static constexpr void pack(std::span<std::uint8_t const> codes, bit_order, std::byte* out) noexcept {
    // Byte 4 of the product is the sum of the codes in bytes 0 .. 4 times 81, 27, 9, 3, 1; nothing carries into it.
    for (; codes.size() >= 8; codes = codes.subspan(5)) {
      auto const product = detail::load_8(codes.data(), bit_order::low_first) * 0x51'1B09'0301U;
      *out++ = byte_of(static_cast<std::uint32_t>(product >> 32) & 0xFF);
    }
    for (; codes.size() >= 5; codes = codes.subspan(5))
      *out++ = byte_of(81U * codes[0] + 27U * codes[1] + 9U * codes[2] + 3U * codes[3] + codes[4]);
    if (codes.empty()) return;
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 5; ++i) number = number * 3 + (i < codes.size() ? codes[i] : 0U);
    *out = byte_of(number);
  }
  static constexpr void unpack(std::byte const* in, bit_order, std::span<std::uint8_t> codes) noexcept {
    for (; codes.size() >= 8; codes = codes.subspan(5))  // three bytes more than the digits, which the next ones overwrite
      detail::store_8(digits[std::to_integer<std::size_t>(*in++)], codes.data(), bit_order::low_first);
    for (std::size_t i = 0; i < codes.size(); ++i)
      codes[i] = static_cast<std::uint8_t>(digits[std::to_integer<std::size_t>(in[i / 5])] >> (8 * (i % 5)));
  }

 private:
  static constexpr std::byte byte_of(std::uint32_t number) noexcept { return static_cast<std::byte>((number * 256 + 242) / 243); }
  // The five digits of every byte, by repeated multiplication, the first one lowest.
  static constexpr std::array<std::uint64_t, 256> digits = [] {
    std::array<std::uint64_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t rest = byte;
      for (int shift = 0; shift < 40; shift += 8) {
        rest *= 3;
        table[byte] |= std::uint64_t{rest >> 8} << shift;
        rest &= 0xFF;
      }
    }
    return table;
  }();
};

namespace detail {

constexpr std::size_t field_bytes(std::size_t groups, int bits) noexcept {
  auto const b = static_cast<std::size_t>(bits);
  if (bits >= 8) return groups > ~std::size_t{0} / (b / 8) ? ~std::size_t{0} : groups * (b / 8);
  return groups / 8 * b + (groups % 8 * b + 7) / 8;
}

// Fields 0 .. n-1 of a block: whole bytes little-endian, narrower ones packed like codes.
constexpr void store_fields(std::span<std::uint32_t const> fields, int bits, bit_order order, std::byte* out) noexcept {
  if (bits >= 8) {
    for (auto const f : fields)
      for (int shift = 0; shift < bits; shift += 8) *out++ = static_cast<std::byte>((f >> shift) & 0xFF);
    return;
  }
  std::array<std::uint8_t, 40> codes{};
  for (std::size_t i = 0; i < fields.size(); ++i) codes[i] = static_cast<std::uint8_t>(fields[i]);
  static_cast<void>(pack(std::span{codes}.first(fields.size()), bits, order, {out, field_bytes(fields.size(), bits)}));
}

constexpr std::uint32_t load_field(std::byte const* in, std::size_t i, int bits, bit_order order) noexcept {
  if (bits >= 8) {
    auto const width = static_cast<std::size_t>(bits) / 8;
    std::uint32_t field = 0;
    for (std::size_t j = 0; j < width; ++j) field |= std::to_integer<std::uint32_t>(in[i * width + j]) << (8 * j);
    return field;
  }
  return packed_fields<std::byte const>::make({in, field_bytes(i + 1, bits)}, i + 1, bits, order)->get(i);
}

// Bits of the largest magnitude: integer order, so that no processor mode hides a subnormal and NaN wins over infinity.
template <class T>
constexpr std::uint32_t largest_magnitude(std::span<T const> values) noexcept {
  std::uint32_t largest = 0;
  for (auto const& v : values) {
    auto const m = magnitude_bits(widen(v));
    if (m > largest) largest = m;
  }
  return largest;
}

}  // namespace detail
}  // namespace skive
