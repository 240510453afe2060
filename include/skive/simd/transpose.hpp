// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/transpose.hpp - sixteen rows of sixteen words, turned: a lane becomes a row.
///
///   transpose_words<Arch>(row, to)     bytes 4 j .. 4 j + 3 of word w at to + 64 w are bytes 4 w .. 4 w + 3 at row[j]
///   transpose_words<Arch>(row, to, n)  the same for words 0 ... n - 1; what it leaves of the others is undefined
///
/// Model of : -
/// Cost     : AVX-512 16 loads, 64 shuffles and 16 stores; elsewhere blocks as large as a register.
/// Promise  : moves bytes; reads 64 at each row and writes 1024 at `to`, which overlaps none of them.
/// Source   : -

#include "skive/simd/bytes.hpp"

namespace skive::simd {

namespace detail {

#if XSIMD_WITH_AVX512BW
// Words of pairs of rows, then of fours: register 4 k + i holds word i of each 128 bits, of rows 4 k .. 4 k + 3.
template <class Arch>
[[gnu::always_inline]] inline void transpose_quarters(__m512i (&m)[16]) noexcept {
#pragma GCC unroll 4
  for (int k = 0; k < 16; k += 4) {
    auto const a = _mm512_unpacklo_epi32(m[k], m[k + 1]);
    auto const b = _mm512_unpackhi_epi32(m[k], m[k + 1]);
    auto const c = _mm512_unpacklo_epi32(m[k + 2], m[k + 3]);
    auto const d = _mm512_unpackhi_epi32(m[k + 2], m[k + 3]);
    m[k] = _mm512_unpacklo_epi64(a, c);
    m[k + 1] = _mm512_unpackhi_epi64(a, c);
    m[k + 2] = _mm512_unpacklo_epi64(b, d);
    m[k + 3] = _mm512_unpackhi_epi64(b, d);
  }
}
template <class Arch>
[[gnu::always_inline]] inline void transpose_512(std::byte const* const (&row)[16], std::byte* to) noexcept {
  __m512i m[16];
#pragma GCC unroll 16
  for (int j = 0; j < 16; ++j) m[j] = _mm512_loadu_si512(row[j]);
  transpose_quarters<Arch>(m);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {  // words i, 4 + i, 8 + i, 12 + i
    auto const a = _mm512_shuffle_i32x4(m[i], m[4 + i], 0x88);
    auto const b = _mm512_shuffle_i32x4(m[8 + i], m[12 + i], 0x88);
    auto const c = _mm512_shuffle_i32x4(m[i], m[4 + i], 0xDD);
    auto const d = _mm512_shuffle_i32x4(m[8 + i], m[12 + i], 0xDD);
    _mm512_storeu_si512(to + 64 * i, _mm512_shuffle_i32x4(a, b, 0x88));
    _mm512_storeu_si512(to + 64 * (4 + i), _mm512_shuffle_i32x4(c, d, 0x88));
    _mm512_storeu_si512(to + 64 * (8 + i), _mm512_shuffle_i32x4(a, b, 0xDD));
    _mm512_storeu_si512(to + 64 * (12 + i), _mm512_shuffle_i32x4(c, d, 0xDD));
  }
}
#endif

}  // namespace detail

template <class Arch>
[[gnu::always_inline]] inline void transpose_words(std::byte const* const (&row)[16], std::byte* to,
                                                   [[maybe_unused]] std::size_t words = 16) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return detail::transpose_512<Arch>(row, to);
#endif
  if constexpr (!has_avx512<Arch>) {
    using batch = xsimd::batch<float, Arch>;
    using bytes = xsimd::batch<std::uint8_t, Arch>;
    constexpr std::size_t size = batch::size;
    for (std::size_t w = 0; w < words; w += size)
      for (std::size_t j = 0; j < 16; j += size) {
        batch m[size];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < size; ++i)
          m[i] = xsimd::bitwise_cast<float>(bytes::load_unaligned(reinterpret_cast<std::uint8_t const*>(row[j + i]) + 4 * w));
        xsimd::transpose(m, m + size);
#pragma GCC unroll 8
        for (std::size_t i = 0; i < size; ++i)
          xsimd::bitwise_cast<std::uint8_t>(m[i]).store_unaligned(reinterpret_cast<std::uint8_t*>(to) + 64 * (w + i) + 4 * j);
      }
  }
}

}  // namespace skive::simd
