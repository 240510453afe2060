// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/byte_pairs.hpp - 64 numbers of 16 bits as bytes: taken apart, looked up by a whole byte, chosen by a bit.
///
///   unzip_bytes(a, b, low, high)     byte j of low and high: the bytes of number j of the 128 bytes a, b
///   unzip_3_bytes(a, b, c, out)      byte j of out[k]: byte k of the triple j of the 192 bytes a, b, c
///   look_up_256<Arch>(p, index)      byte j is p[index byte j], of 256 bytes
///   choose_bytes<Bit>(index, a, b)   byte j of b where bit Bit of index byte j is set, else of a
///
/// Model of : -
/// Cost     : with VBMI 2, 6, 3 and 2 instructions for 64 bytes, a table being four registers; without there is none.
/// Promise  : exact.
/// Source   : -

#include "skive/simd/lookup.hpp"

namespace skive::simd {

template <class Arch>
inline constexpr bool has_byte_pairs = has_avx512vbmi<Arch>;

template <class Arch>
  requires has_byte_pairs<Arch>
void unzip_bytes(words<Arch> const& a, words<Arch> const& b, words<Arch>& low, words<Arch>& high) noexcept;

template <class Arch>
  requires has_byte_pairs<Arch>
void unzip_3_bytes(words<Arch> const& a, words<Arch> const& b, words<Arch> const& c, words<Arch> (&out)[3]) noexcept;

/// p: 256 bytes on a boundary of 64.
template <class Arch>
  requires has_byte_pairs<Arch>
words<Arch> look_up_256(std::uint8_t const* p, words<Arch> const& index) noexcept;

template <int Bit, class Arch>
  requires has_byte_pairs<Arch>
words<Arch> choose_bytes(words<Arch> const& index, words<Arch> const& a, words<Arch> const& b) noexcept;

#if XSIMD_WITH_AVX512VBMI
template <class Arch>
  requires has_byte_pairs<Arch>
[[gnu::always_inline]] inline void unzip_bytes(words<Arch> const& a, words<Arch> const& b, words<Arch>& low,
                                               words<Arch>& high) noexcept {
  alignas(64) static constexpr std::array<std::uint8_t, 64> even = [] {
    std::array<std::uint8_t, 64> at{};
    for (std::size_t j = 0; j < 64; ++j) at[j] = static_cast<std::uint8_t>(2 * j);
    return at;
  }();
  __m512i const first = a.part[0];
  __m512i const second = b.part[0];
  auto const from = _mm512_load_si512(even.data());
  low.part[0] = _mm512_permutex2var_epi8(first, from, second);
  high.part[0] = _mm512_permutex2var_epi8(first, _mm512_add_epi8(from, _mm512_set1_epi8(1)), second);
}

template <class Arch>
  requires has_byte_pairs<Arch>
[[gnu::always_inline]] inline void unzip_3_bytes(words<Arch> const& a, words<Arch> const& b, words<Arch> const& c,
                                                 words<Arch> (&out)[3]) noexcept {
  alignas(64) static constexpr std::array<std::array<std::uint8_t, 64>, 3> place = [] {
    std::array<std::array<std::uint8_t, 64>, 3> at{};
    for (std::size_t k = 0; k < 3; ++k)
      for (std::size_t j = 0; j < 64; ++j) at[k][j] = static_cast<std::uint8_t>((3 * j + k) % 128);
    return at;
  }();
  __m512i const first = a.part[0];
  __m512i const second = b.part[0];
  __m512i const third = c.part[0];
#pragma GCC unroll 3
  for (std::size_t k = 0; k < 3; ++k) {
    auto const from = _mm512_load_si512(place[k].data());
    auto const in_third = ~std::uint64_t{0} << ((130 - k) / 3);  // from 3 j + k = 128 on
    out[k].part[0] = _mm512_mask_permutexvar_epi8(_mm512_permutex2var_epi8(first, from, second), in_third, from, third);
  }
}

template <class Arch>
  requires has_byte_pairs<Arch>
[[gnu::always_inline]] inline words<Arch> look_up_256(std::uint8_t const* p, words<Arch> const& index) noexcept {
  __m512i const at = index.part[0];
  auto const below = _mm512_permutex2var_epi8(_mm512_load_si512(p), at, _mm512_load_si512(p + 64));
  auto const above = _mm512_permutex2var_epi8(_mm512_load_si512(p + 128), at, _mm512_load_si512(p + 192));
  words<Arch> r;
  r.part[0] = _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), below, above);
  return r;
}

template <int Bit, class Arch>
  requires has_byte_pairs<Arch>
[[gnu::always_inline]] inline words<Arch> choose_bytes(words<Arch> const& index, words<Arch> const& a,
                                                       words<Arch> const& b) noexcept {
  __m512i const bits = index.part[0];
  __m512i const no = a.part[0];
  __m512i const yes = b.part[0];
  words<Arch> r;
  r.part[0] = _mm512_mask_blend_epi8(_mm512_test_epi8_mask(bits, _mm512_set1_epi8(static_cast<char>(1 << Bit))), no, yes);
  return r;
}
#endif

}  // namespace skive::simd
