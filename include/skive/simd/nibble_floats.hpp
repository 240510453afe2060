// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/nibble_floats.hpp - 64 codes of 4 bits to floats by a table of 16.
///
///   nibble_floats<Arch, Values>{order}.load(p, out)     out[k], lane i: Values[field 16 k + i of the row at p] (core/bits.hpp)
///   nibble_floats<Arch, Values>{order}.each(p, f)       f(k, out[k]) for k = 0 .. 3, each made late: registers are few
///
/// AVX2 looks bytes of the values up and interleaves them; halves of a register take turns in the row, as interleaving does.
///
/// Model of : -
/// Cost     : VBMI 9 instructions and a load for 64 codes, AVX2 32, or 24 where the low 16 bits of all values are zeros; elsewhere there is none (has_nibble_floats).
/// Accuracy : floats keep their bits.
/// Promise  : exactly 32 bytes are read.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/simd/sixteen.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace skive::simd {

template <class Arch>
inline constexpr bool has_nibble_floats = has_avx512vbmi<Arch> || (has_avx2<Arch> && !has_avx512<Arch>);

template <class Arch, std::array<float, 16> const& Values>
class nibble_floats;

#if XSIMD_WITH_AVX512VBMI
namespace detail {
// Byte k of lane i gets field 16 k + i in its low bits: 8 bytes, two lanes, see the four bytes whose fields these are.
struct nibble_places {
  alignas(64) std::uint8_t source[64];
  alignas(64) std::uint8_t shift[64];

  static constexpr nibble_places make(bit_order order) noexcept {
    nibble_places p{};
    bool const low = order == bit_order::low_first;
    for (int b = 0; b < 64; ++b) {
      auto const k = b % 4;
      bool const second = b % 8 >= 4;
      p.source[b] = static_cast<std::uint8_t>(8 * k + b / 8);
      p.shift[b] = static_cast<std::uint8_t>(8 * k + (second == low ? 4 : 0));
    }
    return p;
  }
};
}  // namespace detail

template <class Arch, std::array<float, 16> const& Values>
  requires has_avx512vbmi<Arch>
class nibble_floats<Arch, Values> {
  template <bit_order Order>
  static constexpr detail::nibble_places place = detail::nibble_places::make(Order);

 public:
  [[gnu::always_inline]] explicit nibble_floats(bit_order order) noexcept {
    auto const& p = order == bit_order::low_first ? place<bit_order::low_first> : place<bit_order::high_first>;
    source_ = _mm512_load_si512(p.source);
    shift_ = _mm512_load_si512(p.shift);
    values_ = _mm512_loadu_ps(Values.data());
  }
  /// Of an index into sixteen values only four bits count.
  template <class F>
  [[gnu::always_inline]] void each(std::byte const* from, F f) const noexcept {
    auto const packed = _mm512_zextsi256_si512(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)));
    auto const index = _mm512_multishift_epi64_epi8(shift_, _mm512_permutexvar_epi8(source_, packed));
    f(0, floats<Arch>{{_mm512_permutexvar_ps(index, values_)}});
    f(1, floats<Arch>{{_mm512_permutexvar_ps(_mm512_srli_epi32(index, 8), values_)}});
    f(2, floats<Arch>{{_mm512_permutexvar_ps(_mm512_srli_epi32(index, 16), values_)}});
    f(3, floats<Arch>{{_mm512_permutexvar_ps(_mm512_srli_epi32(index, 24), values_)}});
  }
  [[gnu::always_inline]] void load(std::byte const* from, floats<Arch> (&out)[4]) const noexcept {
    each(from, [&](std::size_t k, floats<Arch> const& x) __attribute__((always_inline)) { out[k] = x; });
  }

 private:
  __m512i source_;
  __m512i shift_;
  __m512 values_;
};
#endif

#if XSIMD_WITH_AVX2
namespace detail {
struct float_planes {
  alignas(64) std::uint8_t byte[4][16];  // byte b of every value
  bool low_is_zero;

  static constexpr float_planes make(std::array<float, 16> const& values) noexcept {
    float_planes p{};
    p.low_is_zero = true;
    for (std::size_t i = 0; i < 16; ++i) {
      auto const bits = std::bit_cast<std::uint32_t>(values[i]);
      for (std::size_t b = 0; b < 4; ++b) p.byte[b][i] = static_cast<std::uint8_t>(bits >> (8 * b));
      if ((bits & 0xFFFF) != 0) p.low_is_zero = false;
    }
    return p;
  }
};
}  // namespace detail

template <class Arch, std::array<float, 16> const& Values>
  requires(has_avx2<Arch> && !has_avx512<Arch>)
class nibble_floats<Arch, Values> {
  static constexpr auto planes = detail::float_planes::make(Values);

 public:
  [[gnu::always_inline]] explicit nibble_floats(bit_order order) noexcept {
    for (std::size_t b = 0; b < 4; ++b)
      plane_[b] = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<__m128i const*>(planes.byte[b])));
    first_ = _mm_cvtsi32_si128(order == bit_order::low_first ? 0 : 4);
    second_ = _mm_cvtsi32_si128(order == bit_order::low_first ? 4 : 0);
  }
  template <class F>
  [[gnu::always_inline]] void each(std::byte const* from, F f) const noexcept {
    // Pairs of bytes, four codes each: the even ones into the lower half, the odd ones into the upper.
    auto const even_first = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1, 4, 5, 8, 9, 12, 13, 2, 3,
                                             6, 7, 10, 11, 14, 15);
    auto const packed = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(from));
    auto const pairs = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(packed, even_first), 0xD8);
    auto const first = _mm256_and_si256(_mm256_srl_epi16(pairs, first_), _mm256_set1_epi8(15));
    auto const second = _mm256_and_si256(_mm256_srl_epi16(pairs, second_), _mm256_set1_epi8(15));
    floats<Arch> a, b;
    look_up(_mm256_unpacklo_epi8(first, second), a, b);
    f(0, a);
    f(1, b);
    look_up(_mm256_unpackhi_epi8(first, second), a, b);
    f(2, a);
    f(3, b);
  }
  [[gnu::always_inline]] void load(std::byte const* from, floats<Arch> (&out)[4]) const noexcept {
    each(from, [&](std::size_t k, floats<Arch> const& x) __attribute__((always_inline)) { out[k] = x; });
  }

 private:
  [[gnu::always_inline]] void look_up(__m256i codes, floats<Arch>& a, floats<Arch>& b) const noexcept {
    auto const byte2 = _mm256_shuffle_epi8(plane_[2], codes);
    auto const byte3 = _mm256_shuffle_epi8(plane_[3], codes);
    auto const upper0 = _mm256_unpacklo_epi8(byte2, byte3);
    auto const upper1 = _mm256_unpackhi_epi8(byte2, byte3);
    auto lower0 = _mm256_setzero_si256();
    auto lower1 = lower0;
    if constexpr (!planes.low_is_zero) {
      auto const byte0 = _mm256_shuffle_epi8(plane_[0], codes);
      auto const byte1 = _mm256_shuffle_epi8(plane_[1], codes);
      lower0 = _mm256_unpacklo_epi8(byte0, byte1);
      lower1 = _mm256_unpackhi_epi8(byte0, byte1);
    }
    a.part[0] = _mm256_castsi256_ps(_mm256_unpacklo_epi16(lower0, upper0));
    a.part[1] = _mm256_castsi256_ps(_mm256_unpackhi_epi16(lower0, upper0));
    b.part[0] = _mm256_castsi256_ps(_mm256_unpacklo_epi16(lower1, upper1));
    b.part[1] = _mm256_castsi256_ps(_mm256_unpackhi_epi16(lower1, upper1));
  }

  __m256i plane_[4];  // in both halves
  __m128i first_;     // shifts that bring the first code of a byte down, and the second
  __m128i second_;
};
#endif

}  // namespace skive::simd
