// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/mask_codes.hpp - masks of rows with N of M numbers kept from the codes of their groups, and back.
///
///   write_positions(mask)    codes of groups, one after another (sparse/position_code.hpp)
///   group_mask(positions, g), lane_mask(positions, i), mask_of_64(positions, i)    back: of a group, a register, 64 entries
///   keeps_n_of_m(mask, n)    does every group keep N?
///
/// Model of : -
/// Cost     : tables of up to 8 KiB, a look-up for 1, 2 or 4 groups; N of 9 ... 16 by 8 comparisons a group.
/// Promise  : nothing is read outside of the positions, whatever they are; bits past their end are zeros.
/// Source   : -

#include "skive/sparse/position_code.hpp"

#include <bit>

namespace skive::detail {

/// 64 entries of a mask from entry i on, a multiple of 8; zeros past its end.
[[gnu::always_inline]] constexpr std::uint64_t mask_word(std::span<std::byte const> mask, std::size_t i) noexcept {
  if (mask.size() >= 8 && i / 8 <= mask.size() - 8) return load_8(mask.data() + i / 8, bit_order::low_first);
  std::uint64_t word = 0;
  for (std::size_t b = i / 8; b < mask.size(); ++b) word |= std::to_integer<std::uint64_t>(mask[b]) << (8 * (b - i / 8));
  return word;
}

/// Every group of the mask of n entries keeps N, and nothing lies past the last.
template <int N, int M>
constexpr bool keeps_n_of_m(std::span<std::byte const> mask, std::size_t n) noexcept {
  if constexpr (64 % M == 0) {
    constexpr std::uint64_t expected = (M == 64 ? 1 : ~std::uint64_t{0} / ((std::uint64_t{1} << M) - 1)) * N;
    for (std::size_t i = 0; i < n; i += 64) {
      auto const inside = n - i < 64 ? (std::uint64_t{1} << (n - i)) - 1 : ~std::uint64_t{0};
      if (counts_of_fields<M>(mask_word(mask, i)) != (expected & inside)) return false;
    }
    return true;
  } else {
    for (std::size_t i = 0; i < n; i += M)
      if (std::popcount(read_bits(mask, i, M)) != N) return false;
    return n % 8 == 0 || (std::to_integer<unsigned>(mask[n / 8]) >> (n % 8)) == 0;
  }
}

template <int N, int M, position_layout Layout, class Arch>
[[gnu::flatten]] constexpr void write_positions(std::span<std::byte const> mask, std::size_t n, std::byte* positions) noexcept {
  using code = position_code<N, M, Layout>;
  bit_writer out{positions};
  std::size_t i = 0;
  if constexpr (8 % M == 0 && code::bits * (8 / M) <= 16)
    for (; i + 8 <= n; i += 8)
      out.append(code_table<N, M, Layout, Arch>[std::to_integer<std::size_t>(mask[i / 8])], code::bits * (8 / M));
  for (; i < n; i += M)
    out.append(code_of_mask<N, M, Layout, Arch>(static_cast<std::uint32_t>(read_bits(mask, i, M))), code::bits);
  out.finish();
}

/// The mask of group g; 0 where its code is none.
template <int N, int M, position_layout Layout, class Arch>
[[gnu::flatten]] constexpr std::uint32_t group_mask(std::span<std::byte const> positions, std::size_t g) noexcept {
  using code = position_code<N, M, Layout>;
  return mask_of_code<N, M, Layout, Arch>(read_bits(positions, g * static_cast<std::size_t>(code::bits), code::bits));
}

/// Whole registers of 16 lanes are made of whole groups, or whole groups of registers.
template <int M>
inline constexpr bool fits_lanes = 16 % M == 0 || M == 32;
/// Entries of one step, and the values that they keep.
template <int N, int M>
inline constexpr std::size_t step_entries = M == 32 ? 32 : 16;
template <int N, int M>
inline constexpr std::size_t step_values = step_entries<N, M> / M * N;

/// Masks of the entries of a step from entry i on; fewer bits than step_values where a code is none.
template <int N, int M, position_layout Layout, class Arch>
[[gnu::always_inline]] constexpr std::uint32_t lane_mask(std::span<std::byte const> positions, std::size_t i) noexcept {
  using code = position_code<N, M, Layout>;
  constexpr int at_once = groups_of_table<N, M, Layout>;
  if constexpr (at_once != 0) {
    constexpr int look_ups = 16 / (at_once * M);
    constexpr int bits = at_once * code::bits;
    static_assert(look_ups * bits <= 57);
    auto const codes = read_bits(positions, i / M * static_cast<std::size_t>(code::bits), look_ups * bits);
    std::uint32_t mask = 0;
    for (int k = 0; k < look_ups; ++k)
      mask |= std::uint32_t{mask_table<N, M, Layout, Arch>[(codes >> (k * bits)) % (std::uint64_t{1} << bits)]}
          << (k * at_once * M);
    return mask;
  } else {
    std::uint32_t mask = 0;
    for (std::size_t g = 0; g < step_entries<N, M> / M; ++g)
      mask |= group_mask<N, M, Layout, Arch>(positions, i / M + g) << (g * M);
    return mask;
  }
}

/// The masks of 64 entries from entry i on; fewer bits than they keep where a code is none.
template <int N, int M, position_layout Layout, class Arch>
[[gnu::always_inline]] constexpr std::uint64_t mask_of_64(std::span<std::byte const> positions, std::size_t i) noexcept {
  using code = position_code<N, M, Layout>;
  constexpr int at_once = groups_of_table<N, M, Layout>;
  constexpr int bits = at_once * code::bits;
  std::uint64_t mask = 0;
  if constexpr (at_once != 0 && 64 / M * code::bits <= 57) {
    auto const codes = read_bits(positions, i / M * static_cast<std::size_t>(code::bits), 64 / M * code::bits);
    for (int k = 0; k < 64 / (at_once * M); ++k)
      mask |= std::uint64_t{mask_table<N, M, Layout, Arch>[(codes >> (k * bits)) % (std::uint64_t{1} << bits)]}
          << (k * at_once * M);
  } else {
    for (std::size_t k = 0; k < 64; k += step_entries<N, M>)
      mask |= std::uint64_t{lane_mask<N, M, Layout, Arch>(positions, i + k)} << k;
  }
  return mask;
}

}  // namespace skive::detail
