// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/nibble_floats.hpp - 64 codes of 4 bits to floats by a table of 16.
///
///   nibble_floats<Arch>{values, order}.load(p, out)     out[k], lane i: values[field 16 k + i of the row at p] (core/bits.hpp)
///
/// Model of : -
/// Cost     : VBMI 9 instructions and a load for 64 codes; elsewhere there is none (has_nibble_floats).
/// Accuracy : floats keep their bits.
/// Promise  : exactly 32 bytes are read.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/simd/sixteen.hpp"

#include <array>

namespace skive::simd {

template <class Arch>
inline constexpr bool has_nibble_floats = has_avx512vbmi<Arch>;

template <class Arch>
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

template <class Arch>
  requires has_nibble_floats<Arch>
class nibble_floats<Arch> {
  template <bit_order Order>
  static constexpr detail::nibble_places place = detail::nibble_places::make(Order);

 public:
  [[gnu::always_inline]] nibble_floats(std::array<float, 16> const& values, bit_order order) noexcept {
    auto const& p = order == bit_order::low_first ? place<bit_order::low_first> : place<bit_order::high_first>;
    source_ = _mm512_load_si512(p.source);
    shift_ = _mm512_load_si512(p.shift);
    values_ = _mm512_loadu_ps(values.data());
  }
  /// Of an index into sixteen values only four bits count.
  [[gnu::always_inline]] void load(std::byte const* from, floats<Arch> (&out)[4]) const noexcept {
    auto const packed = _mm512_zextsi256_si512(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)));
    auto const index = _mm512_multishift_epi64_epi8(shift_, _mm512_permutexvar_epi8(source_, packed));
    out[0] = {{_mm512_permutexvar_ps(index, values_)}};
    out[1] = {{_mm512_permutexvar_ps(_mm512_srli_epi32(index, 8), values_)}};
    out[2] = {{_mm512_permutexvar_ps(_mm512_srli_epi32(index, 16), values_)}};
    out[3] = {{_mm512_permutexvar_ps(_mm512_srli_epi32(index, 24), values_)}};
  }

 private:
  __m512i source_;
  __m512i shift_;
  __m512 values_;
};
#endif

}  // namespace skive::simd
