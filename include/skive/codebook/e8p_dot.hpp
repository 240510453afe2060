// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/e8p_dot.hpp - the sets of E8 against a vector of bytes: 64 codes at a time become levels in registers.
///
///   codebook/byte_level_dot.hpp, eight fields: vectors in the order of 1-bit codes;   x' = w_1 a + w_2 b for residual pairs
///
/// Coordinate j of 64 codes is one register: half of a byte that the row's byte looks up, with the sign that bit j chooses and
/// 1 - 2 p added, p the parity of the sign byte; of e8_1b the byte that its code looks up. Levels carry a bias of 16, those of e8_1b
/// are doubled. Both parts of a pair are multiplied by themselves: no level is rounded.
///
/// Model of : -
/// Cost     : VBMI: 105 instructions for 512 numbers of E8P, 55 of e8_1b, 167 and 203 of their pairs for 3 and 4 bits, products and
///            loop included (g++ 12); AVX2 about 460 of E8P. Without byte shuffles the rule, number by number.
/// Accuracy : codebook/byte_level_dot.hpp.
/// Promise  : any bytes are safe; nothing outside of the codes is read.
/// Source   : -

#include "skive/codebook/byte_level_dot.hpp"
#include "skive/codebook/e8_sets.hpp"
#include "skive/simd/byte_pairs.hpp"

namespace skive::detail {

inline constexpr int e8p_bias = 16;
inline constexpr std::uint32_t e8p_query_order = query_order(1, e8p_bias, false, bit_order::low_first) | 1U << 19;

struct e8_tables {
  alignas(64) std::uint8_t table[4][256]{};
};

// Tables depend on Arch so that who includes this without a product does not wait for them.

/// Byte r of table k: digits of coordinates 2 k (low) and 2 k + 1 of row r, plus 8.
template <class Arch>
constexpr e8_tables make_e8p_nibbles() noexcept {
  e8_tables out;
  for (std::size_t r = 0; r < 256; ++r)
    for (std::size_t k = 0; k < 4; ++k) {
      auto const high = k == 3 && e8p_row_odd(r) ? -e8p_digit(r, 7) : e8p_digit(r, 2 * k + 1);  // coordinate 7 is entry 7
      out.table[k][r] = static_cast<std::uint8_t>(8 + e8p_digit(r, 2 * k) + 16 * (8 + high));
    }
  return out;
}

/// Bits 2 j of byte r of table k: coordinate 4 k + j of row r without its 1/2; a row is odd where the sum of all eight is.
struct e8p_quarter_bytes {
  alignas(64) std::uint8_t table[2][256]{};
};
template <class Arch>
constexpr e8p_quarter_bytes make_e8p_quarters() noexcept {
  e8p_quarter_bytes out;
  for (std::size_t r = 0; r < 256; ++r) {
    out.table[0][r] = static_cast<std::uint8_t>(e8p_fields.row[r] & 255);
    out.table[1][r] = static_cast<std::uint8_t>(e8p_fields.row[r] >> 8);
  }
  return out;
}

/// Byte c of table k: levels of coordinates 2 k (low) and 2 k + 1 of code c of e8_1b, plus 8.
template <class Arch>
constexpr e8_tables make_e8_1b_nibbles() noexcept {
  e8_tables out;
  for (std::size_t c = 0; c < 256; ++c) {
    std::int16_t level[8]{};
    e8_1b::levels(c, level);
    for (std::size_t k = 0; k < 4; ++k)
      out.table[k][c] = static_cast<std::uint8_t>(8 + level[2 * k] + 16 * (8 + level[2 * k + 1]));
  }
  return out;
}

template <class Arch>
inline constexpr e8_tables e8p_nibbles = make_e8p_nibbles<Arch>();
template <class Arch>
inline constexpr e8p_quarter_bytes e8p_quarters = make_e8p_quarters<Arch>();
template <class Arch>
inline constexpr e8_tables e8_1b_nibbles = make_e8_1b_nibbles<Arch>();
template <class Arch>
inline constexpr simd::byte_tables_256<4, Arch> e8p_nibble_tables{e8p_nibbles<Arch>.table};
template <class Arch>
inline constexpr simd::byte_tables_256<2, Arch> e8p_quarter_tables{e8p_quarters<Arch>.table};
template <class Arch>
inline constexpr simd::byte_tables_256<4, Arch> e8_1b_tables{e8_1b_nibbles<Arch>.table};

/// f(j, 2 d + 16) of digit j, 0 <= j < 8, which the tables keep plus 8.
template <class Arch, class F>
  requires simd::has_byte_pairs<Arch>
[[gnu::always_inline]] inline void doubled_digits(simd::byte_tables_256<4, Arch> const& tables, simd::words<Arch> const& index,
                                                  F&& f) noexcept {
  auto const even = simd::words<Arch>::broadcast(0x1E1E1E1E);
  simd::look_up_256(tables, index, [&](std::size_t k, simd::words<Arch> const& digits) __attribute__((always_inline)) {
    f(2 * k, (digits << 1) & even);
    f(2 * k + 1, (digits >> 3) & even);
  });
}

/// The parity of each byte in its bit 0; the bits above are open.
template <class Arch>
[[gnu::always_inline]] inline simd::words<Arch> byte_parity(simd::words<Arch> x) noexcept {
  x = x ^ (x >> 4);
  x = x ^ (x >> 2);
  return x ^ (x >> 1);
}

/// f(j, levels plus 16 of coordinate j) of 64 codes of E8P, 0 <= j < 8.
template <class Arch, class F>
  requires simd::has_byte_pairs<Arch>
[[gnu::always_inline]] inline void e8p_levels(simd::words<Arch> signs, simd::words<Arch> const& rows, F&& f) noexcept {
  using words = simd::words<Arch>;
  auto const ones = words::broadcast(0x01010101);
  auto const parity = byte_parity<Arch>(signs) & ones;
  signs = signs ^ parity;
  // A level is twice + plus, or minus - twice where its sign is: 16, 1 - 2 p and, without nibbles, twice the 1/2 of each coordinate.
  constexpr auto nibbles = simd::has_avx512vbmi<Arch>;  // elsewhere a table costs more than what is left out of it
  auto const plus = words::broadcast(nibbles ? 0x01010101 : 0x13131313) - (parity << 1);  // the sum borrows from no other byte
  auto const minus = words::broadcast(nibbles ? 0x21212121 : 0x0F0F0F0F) - (parity << 1);
  auto const each = [&](auto&& twice) __attribute__((always_inline)) {
    [&]<std::size_t... J>(std::index_sequence<J...>) __attribute__((always_inline)) {
      (f(J, simd::choose_bytes<e8p_entry[J], Arch>(signs, twice(J) + plus, minus - twice(J))), ...);
    }(std::make_index_sequence<8>{});
  };
  if constexpr (nibbles) {
    words found[8];
    doubled_digits<Arch>(e8p_nibble_tables<Arch>, rows,
                         [&](std::size_t j, words const& w) __attribute__((always_inline)) { found[j] = w; });
    each([&](std::size_t j) __attribute__((always_inline)) { return found[j]; });
  } else {
    words quarters[2];
    simd::look_up_256(e8p_quarter_tables<Arch>, rows,
                      [&](std::size_t k, words const& w) __attribute__((always_inline)) { quarters[k] = w; });
    auto const odd = byte_parity<Arch>((quarters[0] ^ quarters[1]) & words::broadcast(0x55555555)) & ones;
    signs = signs ^ (odd << 7);  // coordinate 7 is entry 7
    auto const digit = words::broadcast(0x0C0C0C0C);
    each([&](std::size_t j) __attribute__((always_inline)) {
      auto const& w = quarters[j / 4];
      return (j % 4 == 0 ? w << 2 : j % 4 == 1 ? w : j % 4 == 2 ? w >> 2 : w >> 4) & digit;
    });
  }
}

/// codebook/byte_level_dot.hpp for a set of E8; none for other codes.
template <class Code, class Arch>
struct e8_bytes;

template <class Code, class Arch>
struct e8_bytes_base {
  static constexpr std::size_t dimension = 8;
  static constexpr std::size_t fields = 8;
  static constexpr std::size_t chunk_bytes = 8 * Code::code_bits;
  static constexpr int most = 31;
  static constexpr bool in_lanes = simd::has_byte_pairs<Arch>;
  static constexpr float unit() noexcept { return 1.0f; }
  static constexpr void numbers(std::byte const* codes, std::size_t i, std::int16_t* y) noexcept {
    constexpr auto bytes = Code::code_bits / 8;
    std::uint64_t code = 0;
    for (std::size_t b = 0; b < bytes; ++b) code |= std::to_integer<std::uint64_t>(codes[bytes * i + b]) << (8 * b);
    Code::levels(code, y);
  }
};

template <class Arch>
struct e8_bytes<e8p, Arch> : e8_bytes_base<e8p, Arch> {
  static constexpr std::size_t parts = 1;
  static constexpr float weight(std::size_t) noexcept { return 1.0f; }
  template <class F>
  [[gnu::always_inline]] static void bytes(std::byte const* p, F&& f) noexcept {
    simd::words<Arch> signs;
    simd::words<Arch> rows;
    simd::unzip_bytes<Arch>(load_64<Arch>(p), load_64<Arch>(p + 64), signs, rows);
    e8p_levels<Arch>(signs, rows, [&](std::size_t j, simd::words<Arch> const& w) __attribute__((always_inline)) { f(0, j, w); });
  }
};

template <class Arch>
struct e8_bytes<e8_1b, Arch> : e8_bytes_base<e8_1b, Arch> {
  static constexpr std::size_t parts = 1;
  static constexpr float weight(std::size_t) noexcept { return 0.5f; }
  template <class F>
  [[gnu::always_inline]] static void bytes(std::byte const* p, F&& f) noexcept {
    doubled_digits<Arch>(e8_1b_tables<Arch>, load_64<Arch>(p),
                         [&](std::size_t j, simd::words<Arch> const& w) __attribute__((always_inline)) { f(0, j, w); });
  }
};

template <int M, int K, class Arch>
struct e8_bytes<residual_pair<e8p, e8_1b, M, K>, Arch> : e8_bytes_base<residual_pair<e8p, e8_1b, M, K>, Arch> {
  static constexpr std::size_t parts = 2;
  static constexpr float weight(std::size_t part) noexcept { return part == 0 ? 256.0f : static_cast<float>(M); }
  template <class F>
  [[gnu::always_inline]] static void bytes(std::byte const* p, F&& f) noexcept {
    simd::words<Arch> of_code[3];
    simd::unzip_3_bytes<Arch>(p, of_code);
    e8p_levels<Arch>(of_code[0], of_code[1],
                     [&](std::size_t j, simd::words<Arch> const& w) __attribute__((always_inline)) { f(0, j, w); });
    doubled_digits<Arch>(e8_1b_tables<Arch>, of_code[2],
                         [&](std::size_t j, simd::words<Arch> const& w) __attribute__((always_inline)) { f(1, j, w); });
  }
};

template <int M, int K, class Arch>
struct e8_bytes<residual_pair<e8p, e8p, M, K>, Arch> : e8_bytes_base<residual_pair<e8p, e8p, M, K>, Arch> {
  static constexpr std::size_t parts = 2;
  static constexpr float weight(std::size_t part) noexcept { return part == 0 ? 256.0f : static_cast<float>(M); }
  template <class F>
  [[gnu::always_inline]] static void bytes(std::byte const* p, F&& f) noexcept {
    simd::words<Arch> even[2];
    simd::words<Arch> odd[2];
    for (std::size_t i = 0; i < 2; ++i)
      simd::unzip_bytes<Arch>(load_64<Arch>(p + 128 * i), load_64<Arch>(p + 128 * i + 64), even[i], odd[i]);
    simd::words<Arch> signs[2];
    simd::words<Arch> rows[2];
    simd::unzip_bytes<Arch>(even[0], even[1], signs[0], signs[1]);
    simd::unzip_bytes<Arch>(odd[0], odd[1], rows[0], rows[1]);
    e8p_levels<Arch>(signs[0], rows[0],
                     [&](std::size_t j, simd::words<Arch> const& w) __attribute__((always_inline)) { f(0, j, w); });
    e8p_levels<Arch>(signs[1], rows[1],
                     [&](std::size_t j, simd::words<Arch> const& w) __attribute__((always_inline)) { f(1, j, w); });
  }
};

/// Has the code products with bytes?
template <class Code>
inline constexpr bool has_e8_bytes = requires { e8_bytes<Code, scalar_arch>::parts; };

}  // namespace skive::detail
