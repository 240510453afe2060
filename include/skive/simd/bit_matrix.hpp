// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/bit_matrix.hpp - matrices over GF(2) times every byte of 64, and 64 bytes moved as one bit string.
///
///   transformed<M>(x)          byte i: the exclusive or of the columns M[b] for which bit b of x_i is set
///   string_from<N, Size>(x, y) byte i: bits N ... N + 7 of the string that starts with byte i, N < 24; strings and y as in
///                              `following` (simd/byte_windows.hpp)
///
/// Model of : -
/// Cost     : GFNI: transformed 1 instruction; VBMI2: string_from 1, and 1 more that is shared between all N. Elsewhere two look-ups
///            and four operations, and what two `following` and a `window` cost.
/// Promise  : exact; nothing is read but the operands. Every processor with VBMI2 has GFNI, whose use depends on the unit's flags.
/// Source   : -

#include "skive/simd/byte_windows.hpp"

#include <array>

namespace skive::simd {

/// A processor of this set multiplies by bit matrices and shifts by bits across registers, 64 bytes an instruction.
template <class Arch>
inline constexpr bool has_bit_matrices =
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__) && defined(__GFNI__)
    has_avx512vbmi<Arch>;
#else
    false;
#endif

/// Column b: what bit b stands for.
using bit_columns = std::array<std::uint8_t, 8>;

namespace detail {

// As instructions take it: bit b of byte 7 - i is bit i of column b.
constexpr std::uint64_t packed_rows(bit_columns const& columns) noexcept {
  std::uint64_t rows = 0;
  for (unsigned i = 0; i < 8; ++i)
    for (unsigned b = 0; b < 8; ++b) rows |= static_cast<std::uint64_t>(columns[b] >> i & 1) << (8 * (7 - i) + b);
  return rows;
}

constexpr std::array<std::uint8_t, 16> sums_of_columns(bit_columns const& columns, std::size_t first) noexcept {
  std::array<std::uint8_t, 16> sums{};
  for (unsigned i = 0; i < 16; ++i)
    for (unsigned b = 0; b < 4; ++b)
      if ((i >> b & 1) != 0) sums[i] = static_cast<std::uint8_t>(sums[i] ^ columns[first + b]);
  return sums;
}

}  // namespace detail

template <bit_columns M, class Arch>
[[gnu::always_inline]] inline words<Arch> transformed(words<Arch> const& x) noexcept {
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__) && defined(__GFNI__)
  if constexpr (has_bit_matrices<Arch>) {
    constexpr auto rows = static_cast<long long>(detail::packed_rows(M));
    __m512i const bytes = x.part[0], matrix = _mm512_set1_epi64(rows);  // without optimization intrinsics are macros that cast
    return {{_mm512_gf2p8affine_epi64_epi8(bytes, matrix, 0)}};
  } else
#endif
  {
    constexpr auto low = detail::sums_of_columns(M, 0);
    constexpr auto high = detail::sums_of_columns(M, 4);
    auto const nibble = words<Arch>::broadcast(0x0F0F0F0F);
    return look_up_bytes(byte_table<16, Arch>{low}, x & nibble) ^ look_up_bytes(byte_table<16, Arch>{high}, (x >> 4) & nibble);
  }
}

template <int N, int Size, class Arch>
[[gnu::always_inline]] inline words<Arch> string_from(words<Arch> const& x, words<Arch> const& y) noexcept {
  static_assert(N >= 0 && N < 24 && (Size == 32 || Size == 64 || Size == 128));
  if constexpr (N == 0) return x;
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__) && defined(__GFNI__)
  if constexpr (has_bit_matrices<Arch> && N != 0) {
    __m512i const own = x.part[0], past = Size == 128 ? y.part[0] : x.part[0];
    __m512i const next = Size == 32 ? _mm512_permutex_epi64(own, 0x39) : _mm512_alignr_epi64(past, own, 1);
    return {{_mm512_shrdi_epi64(own, next, N)}};
  } else
#endif
      if constexpr (N % 8 == 0 && N != 0) {
    return following<N / 8, Size>(x, y);
  } else if constexpr (N < 8 && N != 0) {
    return window<N, 8>(x, following<1, Size>(x, y));
  } else if constexpr (N != 0) {
    return window<N % 8, 8>(following<N / 8, Size>(x, y), following<N / 8 + 1, Size>(x, y));
  }
}

}  // namespace skive::simd
