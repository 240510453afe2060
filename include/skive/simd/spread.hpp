// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/spread.hpp - two of each four numbers back at their places, by codes of three bits, zeros elsewhere.
///
///   spreader.spread<Size>(values, codes, to)     of 16 groups: 32 numbers of Size bytes to 64; undoes simd/pick.hpp
///   spread_masked<Size, N, Arch>(values, mask, to)     the next of N numbers of 1 or 2 bytes where mask has a bit, zeros elsewhere
///
/// The 48 bits of codes give a byte for each of 64 places: which of its group's two numbers stands there, or none.
///
/// Model of : -
/// Cost     : AVX-512 VBMI 6 instructions for the 64 places, then about 2, 8 or 16 for numbers of 1, 2 or 4 bytes; spread_masked
///            VBMI2 4; elsewhere there is none.
/// Promise  : reads 8 bytes of codes and 32 numbers, writes 64 numbers, whatever the codes are; met_wrong_code() says if one was
///            6 or 7. spread_masked reads N numbers and writes 64 bytes.
/// Source   : -

#include "skive/simd/sixteen.hpp"

#include <array>

namespace skive::simd {

template <class Arch>
inline constexpr bool has_spreader = has_avx512vbmi<Arch>;

template <class Arch>
inline constexpr bool has_masked_spread =
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
    has_avx512vbmi<Arch>;
#else
    false;
#endif

template <class Arch>
class spreader_2_of_4;

#if XSIMD_WITH_AVX512VBMI
template <class Arch>
  requires has_spreader<Arch>
class spreader_2_of_4<Arch> {
  static constexpr std::uint8_t none = 0x80;
  static constexpr std::uint8_t wrong = 0xC0;
  struct tables {
    alignas(64) std::uint8_t shift[64];
    alignas(64) std::uint8_t place[64];  // times 8
    alignas(64) std::uint8_t base[64];
    alignas(64) std::uint8_t number[64];  // by place and code
  };
  static constexpr tables make() noexcept {
    constexpr int first[]{0, 0, 1, 0, 1, 2};  // of the sets 01 02 12 03 13 23
    constexpr int second[]{1, 2, 2, 3, 3, 3};
    tables t{};
    for (int i = 0; i < 64; ++i) {
      t.shift[i] = static_cast<std::uint8_t>(i / 4 * 3);
      t.place[i] = static_cast<std::uint8_t>(i % 4 * 8);
      t.base[i] = static_cast<std::uint8_t>(i / 4 * 2);
      auto const code = i % 8;
      auto const place = i / 8 % 4;
      t.number[i] = code > 5 ? wrong : first[code] == place ? 0 : second[code] == place ? 1 : none;
    }
    return t;
  }
  static constexpr tables table = make();

 public:
  template <std::size_t Size>
  [[gnu::always_inline]] void spread(std::byte const* values, std::byte const* codes, std::byte* to) noexcept {
    long long word;
    __builtin_memcpy(&word, codes, 8);
    auto const fields = _mm512_multishift_epi64_epi8(shift_, _mm512_set1_epi64(word));
    // (field & 7) | place_
    auto const number = _mm512_permutexvar_epi8(_mm512_ternarylogic_epi32(fields, _mm512_set1_epi8(7), place_, 0xEA), number_);
    seen_ = _mm512_or_si512(seen_, number);
    auto const kept = ~static_cast<std::uint64_t>(_mm512_movepi8_mask(number));
    auto const index = _mm512_or_si512(number, base_);
    if constexpr (Size == 1) {
      auto const all = _mm512_zextsi256_si512(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(values)));
      _mm512_storeu_si512(to, _mm512_maskz_permutexvar_epi8(kept, index, all));
    } else if constexpr (Size == 2) {
      auto const all = _mm512_loadu_si512(values);
      auto const low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(index));
      auto const high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(index, 1));
      _mm512_storeu_si512(to, _mm512_maskz_permutexvar_epi16(static_cast<__mmask32>(kept), low, all));
      _mm512_storeu_si512(to + 64, _mm512_maskz_permutexvar_epi16(static_cast<__mmask32>(kept >> 32), high, all));
    } else {
      static_assert(Size == 4);
      spread_quarter<0>(values, index, kept, to);
      spread_quarter<1>(values, index, kept, to);
      spread_quarter<2>(values, index, kept, to);
      spread_quarter<3>(values, index, kept, to);
    }
  }
  [[gnu::always_inline]] bool met_wrong_code() const noexcept {
    return _mm512_test_epi8_mask(seen_, _mm512_set1_epi8(0x40)) != 0;
  }

 private:
  template <int Quarter>
  [[gnu::always_inline]] static void spread_quarter(std::byte const* values, __m512i index, std::uint64_t kept,
                                                    std::byte* to) noexcept {
    auto const own = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(index, Quarter));  // of 16 numbers the low 4 bits count
    auto const all = _mm512_loadu_si512(values + Quarter / 2 * 64);
    _mm512_storeu_si512(to + 64 * Quarter,
                        _mm512_maskz_permutexvar_epi32(static_cast<__mmask16>(kept >> (16 * Quarter)), own, all));
  }

  __m512i shift_ = _mm512_load_si512(table.shift);
  __m512i place_ = _mm512_load_si512(table.place);
  __m512i base_ = _mm512_load_si512(table.base);
  __m512i number_ = _mm512_load_si512(table.number);
  __m512i seen_ = _mm512_setzero_si512();
};
#endif

template <std::size_t Size, std::size_t N, class Arch>
  requires has_masked_spread<Arch>
[[gnu::always_inline]] inline void spread_masked([[maybe_unused]] std::byte const* values, [[maybe_unused]] std::uint64_t mask,
                                                 [[maybe_unused]] std::byte* to) noexcept {
  static_assert((Size == 1 || Size == 2) && N >= 1 && N * Size <= 64);
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
  auto const side_by_side = [values]() noexcept {
    if constexpr (N * Size == 64)
      return _mm512_loadu_si512(values);
    else if constexpr (N * Size == 32)
      return _mm512_zextsi256_si512(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(values)));
    else
      return _mm512_maskz_loadu_epi8(~std::uint64_t{0} >> (64 - N * Size), values);
  }();
  if constexpr (Size == 1)
    _mm512_storeu_si512(to, _mm512_maskz_expand_epi8(mask, side_by_side));
  else
    _mm512_storeu_si512(to, _mm512_maskz_expand_epi16(static_cast<__mmask32>(mask), side_by_side));
#endif
}

}  // namespace skive::simd
