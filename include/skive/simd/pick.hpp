// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/pick.hpp - two of each four numbers, by codes of three bits.
///
///   picker.pick(x, codes)    lanes 2g and 2g + 1 hold x[4g + a] and x[4g + b], where {a < b} is the set of code g, 0 <= g < 8;
///                            the code of 8 groups is the low 24 bits of the little-endian word at `codes`
///
///   picker.pick_128(x, codes, out)                the same of 32 groups, 64 kept floats in out[0 .. 3]
///   byte_picker.places(codes)                     of 32 groups of bytes: where the 64 kept ones are, in order
///   byte_picker.places(codes, n)                  of the first n <= 64 of them, an even number; those past them are open
///   byte_picker.pick(x, places)                   the kept bytes, of as many x as there are
///
/// Codes are ranks of sets in colexicographic order (sparse/combinadic.hpp): 01 02 12 03 13 23. Codes 6 and 7 are no sets: lanes
/// then hold any of the group's numbers or zeros, and met_wrong_code() says so.
///
/// Model of : -
/// Cost     : AVX-512 7 instructions for 32 floats; VBMI about 14 for 128 floats, 7 for 128 bytes; AVX2: simd/pick_avx2.hpp; NEON:
///            simd/pick_neon.hpp; elsewhere there is none.
/// Promise  : pick reads 32 numbers and 4 bytes of codes, the others 128 numbers or 16 bytes of codes; with n only the bytes that
///            hold the codes of n numbers, and codes past them are not looked at.
/// Source   : -

#include "skive/simd/pick_avx2.hpp"
#include "skive/simd/pick_neon.hpp"
#include "skive/simd/sixteen.hpp"

namespace skive::simd {

template <class Arch>
inline constexpr bool has_picker = has_avx512<Arch> || has_avx2<Arch> || has_neon64<Arch>;
template <class Arch>
inline constexpr bool has_wide_picker = has_avx512vbmi<Arch>;
template <class Arch>
inline constexpr bool has_byte_picker = has_avx512vbmi<Arch> || has_avx2<Arch> || has_neon64<Arch>;

#if XSIMD_WITH_AVX512VBMI
namespace detail {

enum class pick_order : std::uint8_t { by_register, in_order };

/// Which group byte i of the register of places stands for, which of its two kept numbers it is, where the group begins, and
/// which part of its 8 bytes of codes holds the group's.
struct pick_place {
  int group;
  int second;
  int base;
  int window;
};
template <pick_order Order>
constexpr pick_place pick_place_of(int i) noexcept {
  if constexpr (Order == pick_order::by_register)  // byte i % 4 of lane i / 4: the four registers of a pick
    return {8 * (i % 4) + i / 8, i / 4 % 2, 4 * (i / 8), i % 4};
  return {i / 2, i % 2, 4 * (i / 2), 0};
}

/// 96 bits of codes to 64 places: bytes of codes come together in each 8 bytes, fields of 8 bits from any bit on, of which 3
/// count, and a table of 16.
template <pick_order Order>
class pick_constants {
  struct tables {
    alignas(64) std::uint8_t source[64];
    alignas(64) std::uint8_t shift[64];
    alignas(64) std::uint8_t second[64];
    alignas(64) std::uint8_t base[64];
  };
  static constexpr tables make() noexcept {
    tables t{};
    constexpr int size = Order == pick_order::by_register ? 2 : 8;  // bytes of a window
    for (int i = 0; i < 64; ++i) {
      auto const place = pick_place_of<Order>(i);
      auto const lowest = pick_place_of<Order>(i / 8 * 8 + place.window);
      int const start = 3 * lowest.group / 8;
      for (int b = 0; b < size; ++b) t.source[i / 8 * 8 + place.window * size + b] = static_cast<std::uint8_t>(start + b);
      t.shift[i] = static_cast<std::uint8_t>(8 * (place.window * size - start) + 3 * place.group);
      t.second[i] = static_cast<std::uint8_t>(8 * place.second);
      t.base[i] = static_cast<std::uint8_t>(place.base);
    }
    return t;
  }
  static constexpr tables table = make();

 public:
  /// Bit 7 of a byte: its code is wrong.
  template <class Arch>
  [[gnu::always_inline]] __m512i places(__m128i codes) const noexcept {
    auto const bits = _mm512_zextsi128_si512(codes);
    auto const fields = _mm512_multishift_epi64_epi8(shift_, _mm512_permutexvar_epi8(source_, bits));
    // (field & 7) | second_
    auto const index = _mm512_ternarylogic_epi32(fields, _mm512_set1_epi8(7), second_, 0xEA);
    return _mm512_or_si512(_mm512_shuffle_epi8(kept_, index), base_);
  }

 private:
  __m512i source_ = _mm512_load_si512(table.source);
  __m512i shift_ = _mm512_load_si512(table.shift);
  __m512i second_ = _mm512_load_si512(table.second);
  __m512i base_ = _mm512_load_si512(table.base);
  __m512i kept_ = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 1, 0, 1, 2, -128, -128, 1, 2, 2, 3, 3, 3, -128, -128));
};

}  // namespace detail

template <class Arch>
  requires has_avx512vbmi<Arch>
class byte_picker_2_of_4<Arch> {
 public:
  [[gnu::always_inline]] byte_picker_2_of_4() noexcept : seen_{_mm512_setzero_si512()} {}
  [[gnu::always_inline]] words<Arch> places(std::byte const* codes) noexcept {
    auto const index = constants_.template places<Arch>(_mm_loadu_si128(reinterpret_cast<__m128i const*>(codes)));
    seen_ = _mm512_or_si512(seen_, index);
    return {{index}};
  }
  [[gnu::always_inline]] words<Arch> places(std::byte const* codes, std::size_t n) noexcept {
    auto const bytes = (3 * (n / 2) + 7) / 8;
    auto const some = static_cast<__mmask16>((1U << bytes) - 1);
    auto const index = constants_.template places<Arch>(_mm_maskz_loadu_epi8(some, codes));
    auto const kept = n == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
    seen_ = _mm512_or_si512(seen_, _mm512_maskz_mov_epi8(kept, index));
    return {{index}};
  }
  [[gnu::always_inline]] static words<Arch> pick(std::byte const* x, words<Arch> const& places) noexcept {
    return {{_mm512_permutex2var_epi8(_mm512_loadu_si512(x), places.part[0], _mm512_loadu_si512(x + 64))}};
  }
  [[gnu::always_inline]] bool met_wrong_code() const noexcept { return _mm512_movepi8_mask(seen_) != 0; }

 private:
  detail::pick_constants<detail::pick_order::in_order> constants_;
  __m512i seen_;
};
#endif

template <class Arch>
  requires has_avx512<Arch>
class picker_2_of_4<Arch> {
 public:
#if XSIMD_WITH_AVX512BW
  [[gnu::always_inline]] picker_2_of_4() noexcept
      : places_{_mm512_setr_epi32(0, 0, 1, 0, 1, 2, wrong, wrong, 1, 2, 2, 3, 3, 3, wrong, wrong)},
        shifts_{_mm512_setr_epi32(0, 0, 3, 3, 6, 6, 9, 9, 12, 12, 15, 15, 18, 18, 21, 21)},
        second_{_mm512_setr_epi32(0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8)},
        group_{_mm512_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20, 20, 24, 24, 28, 28)},
        seen_{_mm512_setzero_si512()} {}

  [[gnu::always_inline]] floats<Arch> pick(float const* x, std::byte const* codes) noexcept {
    int word;
    __builtin_memcpy(&word, codes, 4);
    auto const code = _mm512_srlv_epi32(_mm512_set1_epi32(word), shifts_);
    // (code & 7) | second_: of the index only four bits count
    auto const index = _mm512_ternarylogic_epi32(code, _mm512_set1_epi32(7), second_, 0xEA);
    auto const place = _mm512_permutexvar_epi32(index, places_);
    seen_ = _mm512_or_si512(seen_, place);
    auto const from = _mm512_or_si512(place, group_);
    return {{_mm512_permutex2var_ps(_mm512_loadu_ps(x), from, _mm512_loadu_ps(x + 16))}};
  }
  [[gnu::always_inline]] void pick_128(float const* x, std::byte const* codes, floats<Arch> (&out)[4]) noexcept {
#if XSIMD_WITH_AVX512VBMI
    if constexpr (has_avx512vbmi<Arch>) {
      // Byte k of lane i: where the kept number 16 k + i lies among the numbers 32 k ... 32 k + 31.
      auto const index = constants_.template places<Arch>(_mm_loadu_si128(reinterpret_cast<__m128i const*>(codes)));
      seen_ = _mm512_or_si512(seen_, index);
      auto const picked = [x](int k, __m512i places) noexcept {
        return _mm512_permutex2var_ps(_mm512_loadu_ps(x + 32 * k), places, _mm512_loadu_ps(x + 32 * k + 16));
      };
      out[0].part[0] = picked(0, index);
      out[1].part[0] = picked(1, _mm512_srli_epi32(index, 8));
      out[2].part[0] = picked(2, _mm512_srli_epi32(index, 16));
      out[3].part[0] = picked(3, _mm512_srli_epi32(index, 24));
      return;
    }
#endif
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) out[k] = pick(x + 32 * k, codes + 3 * k);
  }
  [[gnu::always_inline]] bool met_wrong_code() const noexcept { return _mm512_movepi8_mask(seen_) != 0; }

 private:
#if XSIMD_WITH_AVX512VBMI
  detail::pick_constants<detail::pick_order::by_register> constants_;
#endif
  static constexpr int wrong = static_cast<int>(0x8000'0000);
  __m512i places_;  // of the first kept number by code, then of the second
  __m512i shifts_;
  __m512i second_;
  __m512i group_;
  __m512i seen_;
#endif
};

}  // namespace skive::simd
