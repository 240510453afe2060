// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/bits_x86.hpp - simd/bits.hpp with the instructions of x86.
///
///   load    fields 0-7 and 8-15 each fill Width bytes; a window of 2, 4 or 8 bytes that contains them is broadcast, a byte
///           shuffle brings both bytes of a field into its lane (not where a lane of 32 bits holds the whole window), then a
///           shift per lane (a product below AVX2) and a mask; vpmultishiftqb is shuffle and shift at once
///   store   codes are narrowed to 16 bytes; maddubs joins two, madd four, a 64-bit shift eight; a shuffle closes the gaps
///
/// Model of : -
/// Cost     : in micro-operations besides memory, AVX-512 VBMI: load 2 to 4, store 3 to 8; AVX2: load 4 to 6, store 5 to 10.
/// Promise  : that of simd/bits.hpp.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/simd/bytes.hpp"

#include <cstring>

namespace skive::simd::detail {

/// Where fields lie in windows; the same for both orders up to constants.
template <int Width, class Arch>
struct field_layout {
  static constexpr int window = Width == 1 ? 2 : Width <= 3 || (Width == 4 && !has_avx512vbmi<Arch>) ? 4 : 8;  // bytes
  static constexpr int second =
      2 * Width > window ? 2 * Width - window : 0;  // the byte at which the window of fields 8-15 starts
  static constexpr bool shuffles(bit_order order) noexcept { return Width > 4 || (Width == 3 && order == bit_order::high_first); }

  alignas(64) std::uint32_t shift[16];   // of the lane, after the shuffle if there is one
  alignas(64) std::uint8_t shuffle[64];  // within 16 bytes, of which the window is the first
  alignas(64) std::uint8_t multishift[64];
  alignas(16) std::uint8_t pair_shuffle[2][16];  // two bytes a field, for lanes of 16 bits
  alignas(16) std::uint16_t pair_factor[2][8];   // moves the field to the top of 16 bits

  static constexpr field_layout make(bit_order order) noexcept {
    field_layout l{};
    bool const low = order == bit_order::low_first;
    for (int i = 0; i < 16; ++i) {
      int const bit = Width * i - 8 * (i < 8 ? 0 : second);  // in the window
      int const byte = bit / 8;
      int const next = byte + 1 < window ? byte + 1 : 0x80;
      int const in_pair = low ? bit % 8 : 16 - bit % 8 - Width;
      int const in_byte = low ? bit % 8 : 8 - bit % 8 - Width;  // where no field straddles
      int const in_window = low ? bit : 8 * byte + in_byte;
      for (int b = 0; b < 4; ++b) l.shuffle[4 * i + b] = 0x80;
      l.shuffle[4 * i + (low ? 0 : 1)] = static_cast<std::uint8_t>(byte);
      l.shuffle[4 * i + (low ? 1 : 0)] = static_cast<std::uint8_t>(next);
      l.shift[i] = static_cast<std::uint32_t>(shuffles(order) ? in_pair : in_window);
      l.multishift[4 * i] = static_cast<std::uint8_t>(in_window);
      l.pair_shuffle[i / 8][2 * (i % 8)] = l.shuffle[4 * i];
      l.pair_shuffle[i / 8][2 * (i % 8) + 1] = l.shuffle[4 * i + 1];
      l.pair_factor[i / 8][i % 8] = static_cast<std::uint16_t>(1 << (16 - Width - in_pair));
    }
    return l;
  }
};
template <int Width, class Arch>
inline constexpr field_layout<Width, Arch> field_layouts[2] = {field_layout<Width, Arch>::make(bit_order::low_first),
                                                               field_layout<Width, Arch>::make(bit_order::high_first)};

/// How 16 codes of one byte become 2 Width bytes.
template <int Width, class Arch>
struct field_joints {
  static constexpr int joined = Width == 2 || Width == 6 ? 4 : 8;  // fields in one number before the last shuffle
  alignas(16) std::uint8_t byte_weights[16];
  alignas(16) std::int16_t word_weights[8];
  alignas(16) std::uint8_t gaps[16];  // bytes 0-7 and the last 8 of the row; Width <= 3: bytes 0-15
  alignas(16) std::uint8_t reverse[16];

  static constexpr field_joints make(bit_order order) noexcept {
    field_joints j{};
    bool const low = order == bit_order::low_first;
    for (int i = 0; i < 16; ++i) {
      j.byte_weights[i] = static_cast<std::uint8_t>((i % 2 == 0) == low ? 1 : 1 << Width);
      j.word_weights[i / 2] = static_cast<std::int16_t>((i / 2 % 2 == 0) == low ? 1 : 1 << (2 * Width % 16));
      int const size = joined * Width / 8;
      int const byte = Width <= 3 || i < 8 ? i : 2 * Width - 16 + i;
      int const source = byte / size * joined + (low ? byte % size : size - 1 - byte % size);
      j.gaps[i] = static_cast<std::uint8_t>(byte < 2 * Width ? source : 0x80);
      j.reverse[i] = static_cast<std::uint8_t>(low ? i : i ^ 7);
    }
    return j;
  }
};
template <int Width, class Arch>
inline constexpr field_joints<Width, Arch> field_joints_of[2] = {field_joints<Width, Arch>::make(bit_order::low_first),
                                                                 field_joints<Width, Arch>::make(bit_order::high_first)};

template <class T, class Arch>
[[gnu::always_inline]] inline T load_number(std::byte const* from) noexcept {
  T x;
  std::memcpy(&x, from, sizeof(T));
  return x;
}

#if XSIMD_WITH_AVX512BW
template <int Width, class Arch>
[[gnu::always_inline]] inline words<Arch> load_fields_avx512(std::byte const* from, bit_order order) noexcept {
  using layout = field_layout<Width, Arch>;
  auto const& l = field_layouts<Width, Arch>[static_cast<std::size_t>(order)];
  __m512i x;
  if constexpr (layout::window == 2) {
    x = _mm512_set1_epi16(load_number<short, Arch>(from));
  } else if constexpr (layout::window == 4) {
    x = _mm512_set1_epi32(load_number<int, Arch>(from));
    if constexpr (layout::second != 0) x = _mm512_mask_set1_epi32(x, 0xFF00, load_number<int, Arch>(from + layout::second));
  } else {
    x = _mm512_set1_epi64(load_number<long long, Arch>(from));
    if constexpr (layout::second != 0) x = _mm512_mask_set1_epi64(x, 0xF0, load_number<long long, Arch>(from + layout::second));
  }
  auto const mask = _mm512_set1_epi32((1 << Width) - 1);
#if XSIMD_WITH_AVX512VBMI
  if constexpr (has_avx512vbmi<Arch>)
    if (!layout::shuffles(order) || order == bit_order::low_first)
      return {{_mm512_and_si512(_mm512_multishift_epi64_epi8(_mm512_load_si512(l.multishift), x), mask)}};
#endif
  if (layout::shuffles(order)) x = _mm512_shuffle_epi8(x, _mm512_load_si512(l.shuffle));
  return {{_mm512_and_si512(_mm512_srlv_epi32(x, _mm512_load_si512(l.shift)), mask)}};
}
#endif

#if XSIMD_WITH_AVX2
template <int Width, class Arch>
[[gnu::always_inline]] inline words<Arch> load_fields_avx2(std::byte const* from, bit_order order) noexcept {
  using layout = field_layout<Width, Arch>;
  auto const& l = field_layouts<Width, Arch>[static_cast<std::size_t>(order)];
  words<Arch> r;
#pragma GCC unroll 4
  for (std::size_t half = 0; half < 2; ++half) {
    auto const* const at = from + half * layout::second;
    __m256i x;
    if constexpr (layout::window == 2) {
      x = _mm256_set1_epi16(load_number<short, Arch>(at));
    } else if constexpr (layout::window == 4) {
      x = _mm256_set1_epi32(load_number<int, Arch>(at));
    } else {
      x = _mm256_set1_epi64x(load_number<long long, Arch>(at));
    }
    auto const constants = [half](auto const* p) noexcept {
      return _mm256_load_si256(reinterpret_cast<__m256i const*>(p) + half);
    };
    if (layout::shuffles(order)) x = _mm256_shuffle_epi8(x, constants(l.shuffle));
    r.part[half] = _mm256_and_si256(_mm256_srlv_epi32(x, constants(l.shift)), _mm256_set1_epi32((1 << Width) - 1));
  }
  return r;
}
#endif

#if XSIMD_WITH_SSSE3
template <int Width, class Arch>
[[gnu::always_inline]] inline words<Arch> load_fields_ssse3(std::byte const* from, bit_order order) noexcept {
  using layout = field_layout<Width, Arch>;
  auto const& l = field_layouts<Width, Arch>[static_cast<std::size_t>(order)];
  words<Arch> r;
#pragma GCC unroll 4
  for (std::size_t half = 0; half < 2; ++half) {
    auto const* const at = from + half * layout::second;
    __m128i x;
    if constexpr (layout::window == 2) {
      x = _mm_cvtsi32_si128(load_number<std::uint16_t, Arch>(at));
    } else if constexpr (layout::window == 4) {
      x = _mm_cvtsi32_si128(load_number<int, Arch>(at));
    } else {
      x = _mm_loadl_epi64(reinterpret_cast<__m128i const*>(at));
    }
    x = _mm_shuffle_epi8(x, load_128<Arch>(l.pair_shuffle[half]));
    x = _mm_srli_epi16(_mm_mullo_epi16(x, load_128<Arch>(l.pair_factor[half])), 16 - Width);
    r.part[2 * half] = _mm_unpacklo_epi16(x, _mm_setzero_si128());
    r.part[2 * half + 1] = _mm_unpackhi_epi16(x, _mm_setzero_si128());
  }
  return r;
}
#endif

template <int Width, class Arch>
[[gnu::always_inline]] inline void store_fields_x86(words<Arch> const& w, bit_order order, std::byte* to) noexcept;

#if XSIMD_WITH_SSSE3
// 4 fields in each 32 bits become 8 in each 64: the one whose bits come lower is in the low half.
template <int Width, class Arch>
[[gnu::always_inline]] inline __m128i join_halves(__m128i x) noexcept {
  constexpr int gap = 32 - 4 * Width;
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch> || has_avx512<Arch>) return _mm_srli_epi64(_mm_sllv_epi32(x, _mm_setr_epi32(gap, 0, gap, 0)), gap);
#endif
  auto const low = _mm_set1_epi64x((1LL << (4 * Width)) - 1);
  return _mm_or_si128(_mm_and_si128(x, low), _mm_andnot_si128(low, _mm_srli_epi64(x, gap)));
}

template <int Width, class Arch>
[[gnu::always_inline]] inline void store_fields_x86(words<Arch> const& w, bit_order order, std::byte* to) noexcept {
  using joints = field_joints<Width, Arch>;
  auto const& j = field_joints_of<Width, Arch>[static_cast<std::size_t>(order)];
  auto x = narrow_bytes<Arch>(w);
  if constexpr (Width == 1) {
    if (order == bit_order::high_first) x = _mm_shuffle_epi8(x, load_128<Arch>(j.reverse));
    auto const bits = static_cast<std::uint16_t>(_mm_movemask_epi8(_mm_slli_epi16(x, 7)));
    std::memcpy(to, &bits, 2);
    return;
  }
  x = _mm_maddubs_epi16(load_128<Arch>(j.byte_weights), x);  // the codes are the signed operand: they stay below 128
  if constexpr (Width == 4) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(x, x));
    return;
  }
  x = _mm_madd_epi16(x, load_128<Arch>(j.word_weights));
  if constexpr (joints::joined == 8) {
    if (order == bit_order::high_first) x = _mm_shuffle_epi32(x, 0xB1);
    x = join_halves<Width, Arch>(x);
  }
  x = _mm_shuffle_epi8(x, load_128<Arch>(j.gaps));
  if constexpr (Width <= 3) {
    int const first = _mm_cvtsi128_si32(x);
    std::memcpy(to, &first, 4);
    if constexpr (Width == 3) {
      auto const last = static_cast<std::uint16_t>(_mm_extract_epi16(x, 2));
      std::memcpy(to + 4, &last, 2);
    }
  } else {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), x);
    _mm_storeh_pd(reinterpret_cast<double*>(to + 2 * Width - 8), _mm_castsi128_pd(x));
  }
}
#endif

template <int Width, class Arch>
[[gnu::always_inline]] inline words<Arch> load_fields_x86([[maybe_unused]] std::byte const* from,
                                                          [[maybe_unused]] bit_order order) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return load_fields_avx512<Width, Arch>(from, order);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return load_fields_avx2<Width, Arch>(from, order);
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (has_ssse3<Arch>) return load_fields_ssse3<Width, Arch>(from, order);
#endif
}

}  // namespace skive::simd::detail
