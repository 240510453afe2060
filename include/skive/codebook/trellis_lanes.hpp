// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_lanes.hpp - levels of folded trellis codes in registers, 64 bytes of codes at a time.
///
///   64 bytes of codes are a chunk of 64 R values, R = 8 / B (B = 1, 2, 4): value R j + r starts at bit B r of byte j
///   i = window_E(B r) ^ m_1(window_E(B r + E)) ^ m_2(window_E(B r + 2 E));   byte j of field r: t(i) + bias
///
/// Windows of 16-bit shifts, tables in registers. A block of 256 values is 32 B bytes, within which the string is cyclic.
///
/// Model of : -
/// Cost     : B = 2, one map: about 30 instructions for 256 values in registers of 512 bits. By shuffles of 16 bytes, a look-up among
///            64 entries takes 9 instructions, that of a linear map of 6 bits 5.
/// Promise  : exact; the bytes that level() gives.
/// Source   : -

#include "skive/codebook/trellis_code.hpp"
#include "skive/simd/byte_windows.hpp"

#include <tuple>

namespace skive::detail {

inline constexpr std::size_t trellis_block = 256;  ///< numbers of a block

/// Are there registers for this code?
template <class Code, class Arch>
concept trellis_in_lanes = folded_trellis_code<Code> && simd::vector_arch<Arch> &&
    (Code::step_bits == 1 || Code::step_bits == 2 || Code::step_bits == 4) && (Code::index_bits == 4 || Code::index_bits == 6);

template <class Code, class Arch>
class trellis_lanes {
  static constexpr int step_bits = Code::step_bits;
  static constexpr int index_bits = Code::index_bits;
  static constexpr int size = 32 * step_bits;  // bytes of a block
  static constexpr std::size_t entries = std::size_t{1} << index_bits;
  using words = simd::words<Arch>;
  using table = simd::byte_table<entries, Arch>;
  // vpermb reads 6 bits of an index; elsewhere indices have to be below the number of entries.
  static constexpr bool masks = !(index_bits == 6 && simd::has_avx512vbmi<Arch>);
  static constexpr int width(int piece) noexcept {
    return Code::state_bits - piece * index_bits < index_bits ? Code::state_bits - piece * index_bits : index_bits;
  }
  static constexpr int last_bit = step_bits * (8 / step_bits - 1) + Code::state_bits - 1;  // highest that a chunk's byte looks at

 public:
  static constexpr std::size_t fields = 8 / step_bits;
  static constexpr std::size_t numbers = 64 * fields;                  ///< of a chunk
  static constexpr std::size_t block_chunks = step_bits == 4 ? 2 : 1;  ///< chunks that are decoded together
  static constexpr std::size_t group = 64 * block_chunks;              ///< their bytes

  /// Bias: what is added to the levels, so that products see unsigned bytes; 0: signed ones.
  trellis_lanes(typename Code::table_type const& t, int bias) noexcept : level_{levels(t, bias)}, maps_{make_maps(t)} {}

  /// f(field, levels) for each field of chunk `half` of the group at p.
  template <class F>
  [[gnu::always_inline]] void operator()(std::byte const* p, std::size_t half, F&& f) const noexcept {
    words const own = load(p + 64 * half);
    words const other = block_chunks == 1 ? own : load(p + 64 * (1 - half));
    words string[4]{own, own, own, own};
    if constexpr (last_bit >= 8) string[1] = simd::following<1, size>(own, other);
    if constexpr (last_bit >= 16) string[2] = simd::following<2, size>(own, other);
    if constexpr (last_bit >= 24) string[3] = simd::following<3, size>(own, other);
    each_field(string, f, std::make_index_sequence<fields>{});
  }

 private:
  [[gnu::always_inline]] static words load(std::byte const* p) noexcept {
    return words::load(reinterpret_cast<std::uint32_t const*>(p));
  }
  static table levels(typename Code::table_type const& t, int bias) noexcept {
    std::array<std::uint8_t, entries> bytes{};
    for (std::size_t i = 0; i < entries; ++i) bytes[i] = static_cast<std::uint8_t>(t.level[i] + bias);
    return table{bytes};
  }
  // What map `Piece` - 1 adds to the index. Where 64 entries take four shuffles and more, pieces of at most 4 bits have a table of 16
  // entries, and linear maps are the exclusive or of two: that of the lowest 4 bits and that of the others.
  template <int Piece>
  class map {
    static constexpr int bits = width(Piece);
    static constexpr bool narrow = masks && bits <= 4;
    static constexpr bool split = masks && bits > 4 && linear_trellis_code<Code>;
    using part = simd::byte_table<narrow || split ? 16 : entries, Arch>;
    part low_;
    std::conditional_t<split, part, std::tuple<>> high_;

    // Entry i is that of `shift`ed i; bits above the piece do not count.
    static part from(typename Code::table_type const& t, int shift) noexcept {
      std::array<std::uint8_t, narrow || split ? 16 : entries> bytes{};
      for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(t.map[Piece - 1][(i << shift) & ((std::size_t{1} << bits) - 1)] & (entries - 1));
      return part{bytes};
    }

   public:
    explicit map(typename Code::table_type const& t) noexcept
        : low_{from(t, 0)}, high_{[&] {
            if constexpr (split) return from(t, 4);
            if constexpr (!split) return std::tuple<>{};
          }()} {}
    template <int Bit>
    [[gnu::always_inline]] words operator()(words const (&string)[4]) const noexcept {
      if constexpr (split) {
        constexpr auto nibble = 0x0F0F0F0FU;
        return simd::look_up_bytes(low_, window<Bit, 4>(string) & words::broadcast(nibble)) ^
            simd::look_up_bytes(high_, window<Bit + 4, bits - 4>(string) & words::broadcast(nibble));
      } else {
        return simd::look_up_bytes(low_, piece<Bit, bits, narrow ? 16 : entries>(string));
      }
    }
  };
  struct no_maps {};
  struct one_map {
    map<1> first;
  };
  struct two_maps {
    map<1> first;
    map<2> second;
  };
  using maps_type = std::conditional_t<Code::maps == 0, no_maps, std::conditional_t<Code::maps == 1, one_map, two_maps>>;
  static maps_type make_maps(typename Code::table_type const& t) noexcept {
    if constexpr (Code::maps == 0) return {};
    if constexpr (Code::maps == 1) return {map<1>{t}};
    if constexpr (Code::maps == 2) return {map<1>{t}, map<2>{t}};
  }

  template <int Bit, int Width>
  [[gnu::always_inline]] static words window(words const (&string)[4]) noexcept {
    return simd::window<Bit % 8, Width>(string[Bit / 8], string[Bit / 8 + (Bit % 8 + Width > 8 ? 1 : 0)]);
  }
  // Below Entries, where that is asked for.
  template <int Bit, int Width, std::size_t Entries = entries>
  [[gnu::always_inline]] static words piece(words const (&string)[4]) noexcept {
    auto const w = window<Bit, Width>(string);
    if constexpr (masks) return w & words::broadcast(static_cast<std::uint32_t>(Entries - 1) * 0x01010101U);
    return w;
  }
  template <int Bit>
  [[gnu::always_inline]] words field(words const (&string)[4]) const noexcept {
    words i = piece<Bit, width(0)>(string);
    if constexpr (Code::maps >= 1) i = i ^ maps_.first.template operator()<Bit + index_bits>(string);
    if constexpr (Code::maps >= 2) i = i ^ maps_.second.template operator()<Bit + 2 * index_bits>(string);
    return simd::look_up_bytes(level_, i);
  }
  template <class F, std::size_t... R>
  [[gnu::always_inline]] void each_field(words const (&string)[4], F& f, std::index_sequence<R...>) const noexcept {
    (f(R, field<static_cast<int>(R) * step_bits>(string)), ...);
  }

  table level_;
  [[no_unique_address]] maps_type maps_;
};

}  // namespace skive::detail
