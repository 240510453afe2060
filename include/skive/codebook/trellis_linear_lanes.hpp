// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_linear_lanes.hpp - levels of folded codes whose maps are linear, where processors multiply bit matrices.
///
///   i = A s over GF(2), as i = s_0 ^ m_1(s_1) ^ m_2(s_2) is where m(x ^ y) = m(x) ^ m(y): no windows, no look-ups in maps
///     L <= 6      t(A s) is itself a table of 64 bytes
///     L <= 8      A times the 8 bits from bit B r of the string on
///     L <= 16     the exclusive or of two or three matrices times the bytes that the state reaches into
///
/// The same interface, layout and levels as the general template of codebook/trellis_lanes.hpp.
///
/// Model of : -
/// Cost     : B = 2, instructions of 512 bits for 256 values: 8 (L <= 6), 12 (8), 20 (12), 22 (16); a product adds 5.
/// Promise  : exact; the bytes that level() gives.
/// Source   : -

#include "skive/codebook/trellis_lanes.hpp"
#include "skive/simd/bit_matrix.hpp"

namespace skive::detail {

template <linear_trellis_code Code, class Arch>
  requires simd::has_bit_matrices<Arch>
class trellis_lanes<Code, Arch> {
  static constexpr int step_bits = Code::step_bits;
  static constexpr int state_bits = Code::state_bits;
  static constexpr int size = 32 * step_bits;  // bytes of a block
  static constexpr bool direct = state_bits <= 6;
  static constexpr bool one_window = !direct && state_bits <= 8;
  static constexpr int fields_of_byte = 8 / step_bits;
  using words = simd::words<Arch>;
  using table = simd::byte_table<64, Arch>;

  static constexpr int first_bit(std::size_t r) noexcept { return static_cast<int>(r) * step_bits; }
  // Bytes that the states of field r reach into.
  static constexpr std::size_t bytes_of(std::size_t r) noexcept {
    return static_cast<std::size_t>(first_bit(r) + state_bits + 7) / 8;
  }
  // What bit b of byte k of the string adds to the index of field r.
  static constexpr simd::bit_columns columns(std::size_t r, std::size_t k) noexcept {
    simd::bit_columns c{};
    for (int b = 0; b < 8; ++b) {
      auto const bit = 8 * static_cast<int>(k) + b - first_bit(r);
      if (bit >= 0 && bit < state_bits)
        c[static_cast<std::size_t>(b)] = static_cast<std::uint8_t>(Code{}.table().index(std::uint32_t{1} << bit));
    }
    return c;
  }
  static constexpr std::array<std::uint8_t, 64> levels(int bias) noexcept {
    std::array<std::uint8_t, 64> bytes{};
    auto const& t = Code{}.table();
    for (std::uint32_t i = 0; i < 64; ++i) {
      auto const entry = direct ? t.index(i & ((1U << state_bits) - 1)) : i % t.entries;
      bytes[i] = static_cast<std::uint8_t>(t.level[entry] + bias);
    }
    return bytes;
  }
  template <int Bias>
  static constexpr std::array<std::uint8_t, 64> biased = levels(Bias);

 public:
  static constexpr std::size_t fields = 8 / step_bits;
  static constexpr std::size_t numbers = 64 * fields;                  ///< of a chunk
  static constexpr std::size_t block_chunks = step_bits == 4 ? 2 : 1;  ///< chunks that are decoded together
  static constexpr std::size_t group = 64 * block_chunks;              ///< their bytes

  /// Bias: what is added to the levels, 0, 64 or 128.
  trellis_lanes(typename Code::table_type const&, int bias) noexcept
      : level_{bias == 0        ? biased<0>
                   : bias == 64 ? biased<64>
                                : biased<128>} {}

  /// f(field, levels) for each field of chunk `half` of the group at p.
  template <class F>
  [[gnu::always_inline]] void operator()(std::byte const* p, std::size_t half, F&& f) const noexcept {
    words const own = load(p + 64 * half);
    words const other = block_chunks == 1 ? own : load(p + 64 * (1 - half));
    each_field(own, other, f, std::make_index_sequence<fields>{});
  }

 private:
  [[gnu::always_inline]] static words load(std::byte const* p) noexcept {
    return words::load(reinterpret_cast<std::uint32_t const*>(p));
  }
  template <std::size_t R, std::size_t K>
  [[gnu::always_inline]] static words times(words const& x) noexcept {
    return simd::transformed<columns(R, K)>(x);
  }
  template <std::size_t R>
  [[gnu::always_inline]] static words index(words const& own, words const& other) noexcept {
    if constexpr (direct) {
      return simd::string_from<first_bit(R), size>(own, other);
    } else if constexpr (one_window) {
      return times<0, 0>(simd::string_from<first_bit(R), size>(own, other));
    } else {
      words i = times<R, 0>(own);
      if constexpr (bytes_of(R) >= 2) i = i ^ times<R, 1>(simd::string_from<8, size>(own, other));
      if constexpr (bytes_of(R) >= 3) i = i ^ times<R, 2>(simd::string_from<16, size>(own, other));
      return i;
    }
  }
  template <class F, std::size_t... R>
  [[gnu::always_inline]] void each_field(words const& own, words const& other, F& f, std::index_sequence<R...>) const noexcept {
    (f(R, simd::look_up_bytes(level_, index<R>(own, other))), ...);
  }

  table level_;
};

}  // namespace skive::detail
