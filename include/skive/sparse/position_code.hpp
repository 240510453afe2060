// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/position_code.hpp - which N of M entries are kept, as the bits that are stored for a group.
///
///   combinadic     rank of the set, ceil(log2 C(M, N)) bits: 2:4 in 3, 4:8 in 7, 8:16 in 14      (sparse/combinadic.hpp)
///   index_list     N indices of ceil(log2 M) bits, ascending, the first in the lowest bits: 2:4 in 4, the nibble of GPU
///   libraries
///
/// Groups follow each other without gaps, bit by bit (sparse/bit_stream.hpp). Four nibbles are thus a little-endian 16-bit word.
///
/// Model of : -
/// Cost     : tables of at most 4096 entries for codes of up to 12 bits (1, 2 or 4 groups at once); other ranks of up to 16 places
///            by a search in 256 entries; M > 16 and long lists by arithmetic, tens of times slower (a mask of bits suits them).
/// Promise  : mask(code(m)) == m for every mask of N; mask() is 0 for a code that no mask has.
/// Source   : the nibble: NVIDIA CUTLASS, host_uncompress.h.

#include "skive/sparse/bit_stream.hpp"
#include "skive/sparse/combinadic.hpp"

namespace skive {

enum class position_layout : std::uint8_t { combinadic, index_list };

namespace detail {

template <int N, int M, position_layout Layout>
struct position_code {
  static_assert(0 < N && N < M && M <= 32);
  static constexpr int index_width = std::bit_width(static_cast<unsigned>(M - 1));
  static constexpr int bits = Layout == position_layout::combinadic ? index_bits(M, N) : N * index_width;
  static_assert(bits <= 57, "an index list of so many entries is longer than a mask of bits");

  static constexpr std::uint64_t code(std::uint32_t mask) noexcept {
    if constexpr (Layout == position_layout::combinadic) return combinadic_rank(mask);
    std::uint64_t list = 0;
    for (int i = 0; mask != 0; mask &= mask - 1, ++i)
      list |= static_cast<std::uint64_t>(std::countr_zero(mask)) << (i * index_width);
    return list;
  }
  static constexpr std::uint32_t mask(std::uint64_t code) noexcept {
    if constexpr (Layout == position_layout::combinadic)
      return code < binomial(M, N) ? combinadic_unrank(static_cast<std::uint32_t>(code), M, N) : 0;
    std::uint32_t kept = 0;
    for (int i = 0, last = -1; i < N; ++i) {
      auto const index = static_cast<int>((code >> (i * index_width)) & ((1U << index_width) - 1));
      if (index <= last || index >= M) return 0;
      kept |= std::uint32_t{1} << index;
      last = index;
    }
    return kept;
  }
};

/// Groups that one look-up serves: 0 if a table would be too large.
template <int N, int M, position_layout Layout>
inline constexpr int groups_of_table = [] {
  constexpr int bits = position_code<N, M, Layout>::bits;
  for (int const g : {4, 2, 1})
    if (g * bits <= 12 && g * M <= 16) return g;
  return 0;
}();

/// Masks of all codes of the groups of one look-up, 0 if one of them is none. Arch keeps units of different flags apart.
template <int N, int M, position_layout Layout, class Arch>
inline constexpr auto mask_table = [] {
  using code = position_code<N, M, Layout>;
  constexpr int groups = groups_of_table<N, M, Layout>;
  std::array<std::uint16_t, std::size_t{1} << code::bits> one{};
  for (std::size_t c = 0; c < one.size(); ++c) one[c] = static_cast<std::uint16_t>(code::mask(c));
  std::array<std::uint16_t, std::size_t{1} << (groups * code::bits)> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    bool good = true;
    unsigned masks = 0;
    for (int g = 0; g < groups; ++g) {
      auto const mask = one[(c >> (g * code::bits)) % one.size()];
      good = good && mask != 0;
      masks |= static_cast<unsigned>(mask) << (g * M);
    }
    table[c] = good ? static_cast<std::uint16_t>(masks) : std::uint16_t{0};
  }
  return table;
}();

/// Codes of all masks of 8 or 4 bits; 0 for masks that do not keep N. For M that divides 8: as many groups as fill 8 bits.
template <int N, int M, position_layout Layout, class Arch>
inline constexpr auto code_table = [] {
  using code = position_code<N, M, Layout>;
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t mask = 0; mask < 256; ++mask)
    for (int g = 0; g < 8 / M; ++g) {
      auto const own = (mask >> (g * M)) & ((1U << M) - 1);
      if (std::popcount(own) == N) table[mask] |= static_cast<std::uint16_t>(code::code(own) << (g * code::bits));
    }
  return table;
}();

/// Ranks of sets of N out of 9 to 16 places by bytes. Sets are ranked in the order of their words: those with a smaller upper
/// byte come first, and inside one upper byte the rank is that of the lower byte among bytes of as many bits.
template <int N, int M, class Arch>
struct rank_bytes {
  std::array<std::uint16_t, 256> first{};    // rank of the first set with this upper byte; past the last one 65535
  std::array<std::uint8_t, 256> rank_of{};   // of a byte among those of as many bits
  std::array<std::uint8_t, 256> byte_of{};   // bytes by number of bits, then by rank
  std::array<std::uint16_t, 10> first_of{};  // where bytes of so many bits begin

  static constexpr rank_bytes make() noexcept {
    rank_bytes t;
    std::uint32_t rank = 0;
    for (std::uint32_t upper = 0; upper < 256; ++upper) {
      t.first[upper] = static_cast<std::uint16_t>(upper < (1U << (M - 8)) ? rank : 65535);
      auto const below = N - std::popcount(upper);
      if (below >= 0 && below <= 8) rank += binomial(8, below);
    }
    for (int bits = 0, at = 0; bits <= 8; ++bits) {
      t.first_of[static_cast<std::size_t>(bits)] = static_cast<std::uint16_t>(at);
      for (std::uint32_t r = 0; r < binomial(8, bits); ++r, ++at) {
        auto const byte = combinadic_unrank(r, 8, bits);
        t.rank_of[byte] = static_cast<std::uint8_t>(r);
        t.byte_of[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(byte);
      }
    }
    return t;
  }
  /// Precondition: the mask keeps N of M.
  [[nodiscard]] constexpr std::uint32_t rank(std::uint32_t mask) const noexcept {
    return std::uint32_t{first[mask >> 8]} + rank_of[mask & 0xFF];
  }
  /// Precondition: rank < C(M, N).
  [[nodiscard]] constexpr std::uint32_t mask(std::uint32_t rank) const noexcept {
    std::uint32_t upper = 0;
    for (std::uint32_t step = 128; step != 0; step /= 2) upper += first[upper + step] <= rank ? step : 0;
    auto const bits = static_cast<std::size_t>(N - std::popcount(upper));
    return upper << 8 | byte_of[first_of[bits] + rank - first[upper]];
  }
};
template <int N, int M, class Arch>
inline constexpr auto ranks_by_bytes = rank_bytes<N, M, Arch>::make();

/// position_code's mask() and code() by tables where there are some.
template <int N, int M, position_layout Layout, class Arch>
constexpr std::uint32_t mask_of_code(std::uint64_t code) noexcept {
  if constexpr (Layout == position_layout::combinadic && M > 8 && M <= 16)
    return code < binomial(M, N) ? ranks_by_bytes<N, M, Arch>.mask(static_cast<std::uint32_t>(code)) : 0;
  else
    return position_code<N, M, Layout>::mask(code);
}
template <int N, int M, position_layout Layout, class Arch>
constexpr std::uint64_t code_of_mask(std::uint32_t mask) noexcept {
  if constexpr (Layout == position_layout::combinadic && M > 8 && M <= 16)
    return ranks_by_bytes<N, M, Arch>.rank(mask);
  else
    return position_code<N, M, Layout>::code(mask);
}

}  // namespace detail
}  // namespace skive
