// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/pick.hpp - two of each four numbers, by codes of three bits.
///
///   picker.pick(x, codes)    lanes 2g and 2g + 1 hold x[4g + a] and x[4g + b], where {a < b} is the set of code g, 0 <= g < 8;
///                            the code of 8 groups is the low 24 bits of the little-endian word at `codes`
///
/// Codes are ranks of sets in colexicographic order (sparse/combinadic.hpp): 01 02 12 03 13 23. Codes 6 and 7 are no sets: lanes
/// then hold any of the group's numbers, and met_wrong_code() says so.
///
/// Model of : -
/// Cost     : AVX-512 7 instructions for 32 numbers; elsewhere there is none.
/// Promise  : 32 numbers and 4 bytes are read.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

template <class Arch>
inline constexpr bool has_picker = has_avx512<Arch>;

template <class Arch>
  requires has_picker<Arch>
class picker_2_of_4 {
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
  [[gnu::always_inline]] bool met_wrong_code() const noexcept { return _mm512_movepi32_mask(seen_) != 0; }

 private:
  static constexpr int wrong = static_cast<int>(0x8000'0000);
  __m512i places_;  // of the first kept number by code, then of the second
  __m512i shifts_;
  __m512i second_;
  __m512i group_;
  __m512i seen_;
#endif
};

}  // namespace skive::simd
