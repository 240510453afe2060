// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/nibble_levels.hpp - codes of 4 bits as integers of 16, two to a lane, by a table of 16: what dot2 multiplies.
///
///   nibble_levels<Arch>{levels, order}     levels within -128 ... 127
///   .of_words(w, out)             halves of lane i of out[k]: levels of nibbles k and k + 4 of w_i
///   .load_rows(row, out)          rows_at_once rows (2 or 4), 16 registers_at_once codes of each: halves of lane i of
///                                 out[p registers_at_once + r] are levels of codes 16 r + k of rows 2 p and 2 p + 1
///   .in_order(x)                  k = 0 ... 15 for lanes as load_rows leaves them
///   store_words(x, y, p)          32 lanes as numbers of 16 bits, in order; beyond them the nearest that there is
///
/// Model of : -
/// Cost     : of_words, 128 codes: AVX-512 VBMI 7 instructions, AVX2 18. load_rows: VBMI 13 for 128 codes, AVX2 18 for 64;
///            elsewhere there is none (has_nibble_levels).
/// Accuracy : exact.
/// Promise  : load_rows reads exactly 8 registers_at_once bytes of each row; numbers of 16 bits are little-endian.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/simd/sixteen.hpp"

#include <array>

namespace skive::simd {

template <class Arch>
inline constexpr bool has_nibble_levels = has_avx512vbmi<Arch> || (has_avx2<Arch> && !has_avx512<Arch>);

template <class Arch>
class nibble_levels;

#if XSIMD_WITH_AVX512VBMI
namespace detail {
struct pair_places {
  alignas(64) std::uint8_t source[4][64];
  alignas(64) std::uint32_t shift[2][16];  // by bit_order: low nibbles first, or last
  alignas(64) std::uint32_t order[16];

  // Byte 8 r + i of row a in byte 0 of lanes i and i + 8 of register r, that of row b in byte 2.
  static constexpr pair_places make() noexcept {
    pair_places p{};
    for (unsigned r = 0; r < 4; ++r)
      for (unsigned lane = 0; lane < 16; ++lane)
        for (unsigned b = 0; b < 4; ++b) p.source[r][4 * lane + b] = static_cast<std::uint8_t>(32 * (b / 2) + 8 * r + lane % 8);
    for (unsigned lane = 0; lane < 16; ++lane) {
      p.shift[0][lane] = lane < 8 ? 0 : 4;
      p.shift[1][lane] = lane < 8 ? 4 : 0;
      p.order[lane] = lane / 2 + (lane % 2 == 0 ? 0 : 8);
    }
    return p;
  }
};
template <class Arch>
inline constexpr pair_places nibble_pairs = pair_places::make();
}  // namespace detail

template <class Arch>
  requires has_avx512vbmi<Arch>
class nibble_levels<Arch> {
 public:
  static constexpr std::size_t rows_at_once = 2;
  static constexpr std::size_t registers_at_once = 4;

  [[gnu::always_inline]] nibble_levels(std::array<std::int16_t, 16> const& levels, bit_order order) noexcept {
    auto const sixteen = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(levels.data()));
    levels_ = _mm512_broadcast_i64x4(sixteen);  // twice: an index has five bits, of which four count
    shift_ = _mm512_load_si512(detail::nibble_pairs<Arch>.shift[order == bit_order::low_first ? 0 : 1]);
    for (int r = 0; r < 4; ++r) source_[r] = _mm512_load_si512(detail::nibble_pairs<Arch>.source[r]);
  }
  [[gnu::always_inline]] void of_words(words<Arch> const& w, words<Arch> (&out)[4]) const noexcept {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) out[k] = of_halves(w >> (4 * k));
  }
  [[gnu::always_inline]] void load_rows(std::byte const* const (&row)[2], words<Arch> (&out)[4]) const noexcept {
    auto const load = [](std::byte const* p) noexcept { return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(p)); };
    auto const both = _mm512_inserti64x4(_mm512_castsi256_si512(load(row[0])), load(row[1]), 1);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) out[r] = of_halves({{_mm512_srlv_epi32(_mm512_permutexvar_epi8(source_[r], both), shift_)}});
  }
  [[gnu::always_inline]] floats<Arch> in_order(floats<Arch> const& x) const noexcept {
    return {{_mm512_permutexvar_ps(_mm512_load_si512(detail::nibble_pairs<Arch>.order), x.part[0])}};
  }

 private:
  [[gnu::always_inline]] words<Arch> of_halves(words<Arch> const& w) const noexcept {
    return {{_mm512_permutexvar_epi16(w.part[0], levels_)}};
  }

  __m512i levels_;
  __m512i shift_;
  __m512i source_[4];
};
#endif

#if XSIMD_WITH_AVX2
template <class Arch>
  requires(has_avx2<Arch> && !has_avx512<Arch>)
class nibble_levels<Arch> {
 public:
  static constexpr std::size_t rows_at_once = 4;
  static constexpr std::size_t registers_at_once = 1;

  [[gnu::always_inline]] nibble_levels(std::array<std::int16_t, 16> const& levels, bit_order order) noexcept
      : low_first_{order == bit_order::low_first} {
    alignas(16) std::int8_t bytes[16];
    for (std::size_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::int8_t>(levels[i]);
    levels_ = _mm_load_si128(reinterpret_cast<__m128i const*>(bytes));
  }
  [[gnu::always_inline]] void of_words(words<Arch> const& w, words<Arch> (&out)[4]) const noexcept {
#pragma GCC unroll 2
    for (std::size_t i = 0; i < 2; ++i) {
      auto const low = look_up(w.part[i]);
      auto const high = look_up(_mm256_srli_epi16(w.part[i], 4));
      out[0].part[i] = even(low);
      out[1].part[i] = even(high);
      out[2].part[i] = odd(low);
      out[3].part[i] = odd(high);
    }
  }
  [[gnu::always_inline]] void load_rows(std::byte const* const (&row)[4], words<Arch> (&out)[2]) const noexcept {
    auto const load = [](std::byte const* p) noexcept { return _mm_loadl_epi64(reinterpret_cast<__m128i const*>(p)); };
    auto const even_rows = _mm_unpacklo_epi8(load(row[0]), load(row[2]));
    auto const odd_rows = _mm_unpacklo_epi8(load(row[1]), load(row[3]));
    // Byte i of rows 0, 2, 1, 3 in lane i: even bytes are rows 0 and 1, odd ones rows 2 and 3.
    auto const all = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi16(even_rows, odd_rows)),
                                             _mm_unpackhi_epi16(even_rows, odd_rows), 1);
    auto const low = look_up(all);
    auto const high = look_up(_mm256_srli_epi16(all, 4));
    out[0].part[0] = even(low);
    out[0].part[1] = even(high);
    out[1].part[0] = odd(low);
    out[1].part[1] = odd(high);
  }
  /// Low nibbles are in the first register, high ones in the second.
  [[gnu::always_inline]] floats<Arch> in_order(floats<Arch> const& x) const noexcept {
    auto const first = x.part[low_first_ ? 0 : 1];
    auto const second = x.part[low_first_ ? 1 : 0];
    auto const low = _mm256_unpacklo_ps(first, second);
    auto const high = _mm256_unpackhi_ps(first, second);
    return {{_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31)}};
  }

 private:
  [[gnu::always_inline]] __m256i look_up(__m256i nibbles) const noexcept {
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(levels_), _mm256_and_si256(nibbles, _mm256_set1_epi8(15)));
  }
  // Signed bytes as numbers of 16 bits: a product with 1 and 0 (other units than shifts have), or a shift.
  [[gnu::always_inline]] static __m256i even(__m256i x) noexcept { return _mm256_maddubs_epi16(_mm256_set1_epi16(1), x); }
  [[gnu::always_inline]] static __m256i odd(__m256i x) noexcept { return _mm256_srai_epi16(x, 8); }

  __m128i levels_;
  bool low_first_;
};
#endif

template <class Arch>
  requires has_nibble_levels<Arch>
[[gnu::always_inline]] inline void store_words([[maybe_unused]] floats<Arch> const& x, [[maybe_unused]] floats<Arch> const& y,
                                               [[maybe_unused]] std::byte* to) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch> && !has_avx512<Arch>) {
    auto const narrow = [](floats<Arch> const& z) noexcept {
      auto const mixed = _mm256_packs_epi32(_mm256_cvtps_epi32(z.part[0]), _mm256_cvtps_epi32(z.part[1]));
      return _mm256_permute4x64_epi64(mixed, 0xD8);
    };
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), narrow(x));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32), narrow(y));
  }
#endif
#if XSIMD_WITH_AVX512VBMI
  if constexpr (has_avx512vbmi<Arch>) {
    auto const mixed = _mm512_packs_epi32(_mm512_cvtps_epi32(x.part[0]), _mm512_cvtps_epi32(y.part[0]));
    _mm512_storeu_si512(to, _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), mixed));
  }
#endif
}

}  // namespace skive::simd
