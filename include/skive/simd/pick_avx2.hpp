// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/pick_avx2.hpp - the pickers of simd/pick.hpp for AVX2: places of 32 kept numbers are worked out as bytes, with which
/// bytes are picked from 16 and floats from 8.
///
/// Model of : -
/// Cost     : places of 64 kept numbers 17 instructions; 64 floats of 128 another 34, 64 bytes of 128 another 14.
/// Promise  : that of simd/pick.hpp; where a code is no set its numbers are zeros or any of their neighbours.
/// Source   : -

#include "skive/simd/sixteen.hpp"

#include <cstring>

namespace skive::simd {

template <class Arch>
class picker_2_of_4;
template <class Arch>
class byte_picker_2_of_4;

#if XSIMD_WITH_AVX2
namespace detail {

enum class pick_lanes : std::uint8_t { in_order, even_and_odd_pairs };

/// Lane j of 16 bits gets the two bytes that hold its group's code, and a factor whose product has the code in its upper half.
template <pick_lanes Lanes>
struct pick_windows {
  alignas(32) std::uint8_t source[64];
  alignas(32) std::uint16_t factor[32];
  static constexpr int group(int j) noexcept {
    if constexpr (Lanes == pick_lanes::in_order) return j;
    return j / 16 * 16 + j % 8 / 2 * 4 + j / 8 % 2 * 2 + j % 2;  // even pairs of groups in the lower 128 bits, odd in the upper
  }
  static constexpr pick_windows make() noexcept {
    pick_windows w{};
    for (int j = 0; j < 32; ++j) {
      int const bit = 3 * group(j);
      int const shift = bit % 8 == 0 ? 8 : bit % 8;  // a factor of 2^16 does not fit: one byte earlier, or a zero
      int const first = (bit - shift) / 8;
      w.source[2 * j] = static_cast<std::uint8_t>(bit < shift ? 0x80 : first);
      w.source[2 * j + 1] = static_cast<std::uint8_t>(bit < shift ? 0 : first + 1);
      w.factor[j] = static_cast<std::uint16_t>(1U << (16 - shift));
    }
    return w;
  }
};

template <pick_lanes Lanes>
class pick_places {
  static constexpr pick_windows<Lanes> windows = pick_windows<Lanes>::make();

 public:
  /// Half h of 64 places by codes that lie in both halves of a register: the two bytes of a lane of 16 bits are those of its group
  /// among 16 numbers; bit 7: no set.
  template <int Half>
  [[gnu::always_inline]] __m256i of(__m256i codes) const noexcept {
    auto const window = _mm256_shuffle_epi8(codes, load(windows.source + 32 * Half));
    auto const code = _mm256_and_si256(_mm256_mulhi_epu16(window, load(windows.factor + 16 * Half)), low_);
    auto const index = _mm256_or_si256(_mm256_mullo_epi16(code, twice_), second_);
    return _mm256_or_si256(_mm256_shuffle_epi8(kept_, index), base_);
  }
  [[gnu::always_inline]] static __m256i load_codes(std::byte const* codes) noexcept {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<__m128i const*>(codes)));
  }

 private:
  template <class T>
  [[gnu::always_inline]] static __m256i load(T const* from) noexcept {
    return _mm256_load_si256(reinterpret_cast<__m256i const*>(from));
  }
  __m256i low_ = _mm256_set1_epi16(7);
  __m256i twice_ = _mm256_set1_epi16(0x0101);
  __m256i second_ = _mm256_set1_epi16(0x0800);
  __m256i base_ = _mm256_set1_epi64x(0x0C0C'0808'0404'0000);
  __m256i kept_ = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 1, 0, 1, 2, -128, -128, 1, 2, 2, 3, 3, 3, -128, -128));
};

}  // namespace detail

template <class Arch>
  requires has_avx2<Arch>
class picker_2_of_4<Arch> {
 public:
  [[gnu::always_inline]] picker_2_of_4() noexcept : seen_{_mm256_setzero_si256()} {}

  [[gnu::always_inline]] floats<Arch> pick(float const* x, std::byte const* codes) noexcept {
    int word;
    std::memcpy(&word, codes, 4);
    auto const places = by_register(places_.template of<0>(_mm256_broadcastsi128_si256(_mm_cvtsi32_si128(word & 0x00FF'FFFF))));
    return {{pick_16(x, places), pick_16(x + 16, _mm256_srli_epi32(places, 8))}};
  }
  [[gnu::always_inline]] void pick_128(float const* x, std::byte const* codes, floats<Arch> (&out)[4]) noexcept {
    auto const all = places_.load_codes(codes);
    pick_64(x, by_register(places_.template of<0>(all)), out[0], out[1]);
    pick_64(x + 64, by_register(places_.template of<1>(all)), out[2], out[3]);
  }
  [[gnu::always_inline]] bool met_wrong_code() const noexcept { return _mm256_movemask_epi8(seen_) != 0; }

 private:
  // Byte k of lane i: where the kept number 8 k + i lies among eight.
  [[gnu::always_inline]] __m256i by_register(__m256i places) noexcept {
    seen_ = _mm256_or_si256(seen_, places);
    return _mm256_shuffle_epi8(places, transposed_);
  }
  [[gnu::always_inline]] static void pick_64(float const* x, __m256i places, floats<Arch>& a, floats<Arch>& b) noexcept {
    a = {{pick_16(x, places), pick_16(x + 16, _mm256_srli_epi32(places, 8))}};
    b = {{pick_16(x + 32, _mm256_srli_epi32(places, 16)), pick_16(x + 48, _mm256_srli_epi32(places, 24))}};
  }
  // Of an index only three bits count: a place in the first eight numbers for the lower half, in the other eight for the upper.
  [[gnu::always_inline]] static __m256 pick_16(float const* x, __m256i places) noexcept {
    return _mm256_blend_ps(_mm256_permutevar8x32_ps(_mm256_loadu_ps(x), places),
                           _mm256_permutevar8x32_ps(_mm256_loadu_ps(x + 8), places), 0xF0);
  }

  detail::pick_places<detail::pick_lanes::even_and_odd_pairs> places_;
  __m256i transposed_ = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  __m256i seen_;
};

/// Places are counted from 16 bytes, which 8 kept ones are taken from.
template <class Arch>
  requires has_avx2<Arch>
class byte_picker_2_of_4<Arch> {
 public:
  [[gnu::always_inline]] byte_picker_2_of_4() noexcept : seen_{_mm256_setzero_si256()} {}
  [[gnu::always_inline]] words<Arch> places(std::byte const* codes) noexcept {
    auto const all = places_.load_codes(codes);
    auto const first = places_.template of<0>(all);
    auto const second = places_.template of<1>(all);
    seen_ = _mm256_or_si256(seen_, _mm256_or_si256(first, second));
    return {{first, second}};
  }
  [[gnu::always_inline]] words<Arch> places(std::byte const* codes, std::size_t n) noexcept {
    std::byte some[16] = {};  // code 0 is a set
    auto const bits = 3 * (n / 2);
    std::memcpy(some, codes, (bits + 7) / 8);
    if (bits % 8 != 0) some[bits / 8] &= static_cast<std::byte>((1U << bits % 8) - 1);
    return places(some);
  }
  [[gnu::always_inline]] static words<Arch> pick(std::byte const* x, words<Arch> const& places) noexcept {
    return {{pick_64(x, places.part[0]), pick_64(x + 64, places.part[1])}};
  }
  [[gnu::always_inline]] bool met_wrong_code() const noexcept { return _mm256_movemask_epi8(seen_) != 0; }

 private:
  // Lanes hold 16 bytes for their lower 8 kept ones in one register and for their upper 8 in the other.
  [[gnu::always_inline]] static __m256i pick_64(std::byte const* x, __m256i places) noexcept {
    auto const lower = _mm256_shuffle_epi8(lanes(x, x + 32), places);
    auto const upper = _mm256_shuffle_epi8(lanes(x + 16, x + 48), places);
    return _mm256_blend_epi32(lower, upper, 0b1100'1100);
  }
  [[gnu::always_inline]] static __m256i lanes(std::byte const* a, std::byte const* b) noexcept {
    auto const low = _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<__m128i const*>(a)));
    return _mm256_inserti128_si256(low, _mm_loadu_si128(reinterpret_cast<__m128i const*>(b)), 1);
  }

  detail::pick_places<detail::pick_lanes::in_order> places_;
  __m256i seen_;
};
#endif

}  // namespace skive::simd
