// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/bits_sse2.hpp - simd/bits.hpp for 1, 2 and 4 bits with what every x86-64 has; no byte shuffle.
///
///   load    each byte is doubled until it stands in the 16-bit lane of each of its fields; a product moves the field to the top
///   store   pairs of lanes are joined by a shift, until a byte is full; saturating packs close the gaps
///
/// Model of : -
/// Cost     : about 12 instructions load, 12 to 18 store.
/// Promise  : that of simd/bits.hpp.
/// Source   : -

#include "skive/simd/bits_x86.hpp"

namespace skive::simd::detail {

template <int Width, class Arch>
inline constexpr bool has_bits_sse2 = has_sse2<Arch> && !has_ssse3<Arch> && (Width == 1 || Width == 2 || Width == 4);

#if XSIMD_WITH_SSE2
template <int Width, class Arch>
[[gnu::always_inline]] inline words<Arch> load_fields_sse2(std::byte const* from, bit_order order) noexcept {
  auto const& l = field_layouts<Width, Arch>[static_cast<std::size_t>(order)];
  __m128i half[2];
  if constexpr (Width == 4) {
    auto const x = _mm_loadl_epi64(reinterpret_cast<__m128i const*>(from));
    auto const twice = _mm_unpacklo_epi8(x, x);
    half[0] = _mm_unpacklo_epi16(twice, twice);
    half[1] = _mm_unpackhi_epi16(twice, twice);
  } else {
    using number = std::conditional_t<Width == 2, int, std::uint16_t>;
    auto const x = _mm_cvtsi32_si128(load_number<number, Arch>(from));
    auto const twice = _mm_unpacklo_epi8(x, x);
    auto const fourfold = _mm_unpacklo_epi16(twice, twice);
    half[0] = _mm_unpacklo_epi32(fourfold, fourfold);
    half[1] = _mm_unpackhi_epi32(fourfold, fourfold);
    if constexpr (Width == 1) {
      auto const eightfold = half[0];
      half[0] = _mm_unpacklo_epi64(eightfold, eightfold);
      half[1] = _mm_unpackhi_epi64(eightfold, eightfold);
    }
  }
  words<Arch> r;
#pragma GCC unroll 4
  for (std::size_t h = 0; h < 2; ++h) {
    auto const top = _mm_mullo_epi16(half[h], load_128<Arch>(l.pair_factor[h]));
    auto const fields = _mm_srli_epi16(top, 16 - Width);
    r.part[2 * h] = _mm_unpacklo_epi16(fields, _mm_setzero_si128());
    r.part[2 * h + 1] = _mm_unpackhi_epi16(fields, _mm_setzero_si128());
  }
  return r;
}

template <int Width, class Arch>
[[gnu::always_inline]] inline void store_fields_sse2(words<Arch> const& w, bit_order order, std::byte* to) noexcept {
  bool const low = order == bit_order::low_first;
  auto x = narrow_bytes<Arch>(w);
  if constexpr (Width == 1) {
    if (!low) {
      x = _mm_shufflehi_epi16(_mm_shufflelo_epi16(x, 0x1B), 0x1B);
      x = _mm_or_si128(_mm_srli_epi16(x, 8), _mm_slli_epi16(x, 8));
    }
    auto const bits = static_cast<std::uint16_t>(_mm_movemask_epi8(_mm_slli_epi16(x, 7)));
    std::memcpy(to, &bits, 2);
    return;
  }
  auto const two =
      low ? _mm_or_si128(x, _mm_srli_epi16(x, 8 - Width)) : _mm_or_si128(_mm_slli_epi16(x, Width), _mm_srli_epi16(x, 8));
  x = _mm_and_si128(two, _mm_set1_epi16((1 << (2 * Width)) - 1));
  if constexpr (Width == 4) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(x, x));
  } else {
    auto const four = low ? _mm_or_si128(x, _mm_srli_epi32(x, 12)) : _mm_or_si128(_mm_slli_epi32(x, 4), _mm_srli_epi32(x, 16));
    x = _mm_and_si128(four, _mm_set1_epi32(0xFF));
    x = _mm_packs_epi32(x, x);
    int const row = _mm_cvtsi128_si32(_mm_packus_epi16(x, x));
    std::memcpy(to, &row, 4);
  }
}
#endif

}  // namespace skive::simd::detail
