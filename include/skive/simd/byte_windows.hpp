// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/byte_windows.hpp - 64 bytes as a bit string: windows of at most 8 bits that start in every byte.
///
///   following<N, Size>(x, y)     byte i: the one N bytes on. Size 32, 64: x_(i + N), within cyclic strings of Size bytes;
///                                Size 128: x and y are halves of a cyclic string, y_(i + N - 64) past the end of x
///   window<Shift, Width>(x, x1)  byte i: bits Shift ... Shift + Width - 1 of the number x_i + 256 x1_i, Shift < 8, Width <= 8;
///                                bits above Width are open
///   zip_bytes(a, b, out)         a_0, b_0, a_1, b_1, ...: 128 bytes
///
/// Model of : -
/// Cost     : following: 1 to 2 instructions a register; window: 0, 1 or 3; zip_bytes 2 to 6.
/// Promise  : exact; nothing is read but the operands.
/// Source   : -

#include "skive/simd/byte_lookup.hpp"

namespace skive::simd {

namespace detail {

// Register p of `following`: bytes N ... of `own`, then the first of `other`.
#if XSIMD_WITH_SSSE3
template <int N, class Arch>
[[gnu::always_inline]] inline __m128i joined_128(__m128i own, __m128i other) noexcept {
  return _mm_alignr_epi8(other, own, N);
}
#endif
#if XSIMD_WITH_AVX2
template <int N, class Arch>
[[gnu::always_inline]] inline __m256i joined_256(__m256i own, __m256i other) noexcept {
  return _mm256_alignr_epi8(_mm256_permute2x128_si256(own, other, 0x21), own, N);
}
#endif
#if XSIMD_WITH_AVX512BW
template <int N, int Size, class Arch>
[[gnu::always_inline]] inline __m512i joined_512(__m512i own, __m512i other) noexcept {
  if constexpr (Size == 32) return _mm512_alignr_epi8(_mm512_shuffle_i64x2(own, own, 0xB1), own, N);
  return _mm512_alignr_epi8(_mm512_alignr_epi32(other, own, 4), own, N);
}
#endif

// Bits of each 16-bit half, moved down by Shift or up by -Shift.
template <int Shift, class Arch>
[[gnu::always_inline]] inline words<Arch> moved_halves(words<Arch> const& x) noexcept {
  words<Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < r.registers; ++i) {
    auto const h = xsimd::bitwise_cast<std::uint16_t>(x.part[i]);
    if constexpr (Shift >= 0)
      r.part[i] = xsimd::bitwise_cast<std::uint32_t>(h >> Shift);
    else
      r.part[i] = xsimd::bitwise_cast<std::uint32_t>(h << -Shift);
  }
  return r;
}

}  // namespace detail

template <int N, int Size, class Arch>
[[gnu::always_inline]] inline words<Arch> following(words<Arch> const& x, words<Arch> const& y) noexcept {
  static_assert(N >= 1 && N <= 3 && (Size == 32 || Size == 64 || Size == 128));
  words<Arch> r;
  [[maybe_unused]] auto const& past = Size == 128 ? y : x;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) r.part[0] = detail::joined_512<N, Size, Arch>(x.part[0], past.part[0]);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    r.part[0] = detail::joined_256<N, Arch>(x.part[0], x.part[Size == 32 ? 0 : 1]);
    r.part[1] = detail::joined_256<N, Arch>(x.part[1], Size == 32 ? x.part[1] : past.part[0]);
  }
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (has_ssse3<Arch>) {
    for (std::size_t i = 0; i < 3; ++i)
      r.part[i] = detail::joined_128<N, Arch>(x.part[i], x.part[Size == 32 && i == 1 ? 0 : i + 1]);
    r.part[3] = detail::joined_128<N, Arch>(x.part[3], Size == 32 ? x.part[2] : past.part[0]);
  }
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch> && !has_ssse3<Arch>) {
    alignas(64) std::uint32_t from[32];
    alignas(64) std::uint32_t to[16];
    x.store(from);
    past.store(from + 16);
    auto const* const bytes = reinterpret_cast<std::uint8_t const*>(from);
    auto* const out = reinterpret_cast<std::uint8_t*>(to);
    for (std::size_t i = 0; i < 64; ++i) {
      auto const wrapped = Size == 32 && i % 32 + N >= 32;
      out[i] = bytes[i + N - (wrapped ? 32 : 0)];
    }
    r = words<Arch>::load(to);
  }
  return r;
}

template <int Shift, int Width, class Arch>
[[gnu::always_inline]] inline words<Arch> window(words<Arch> const& x, words<Arch> const& x1) noexcept {
  static_assert(Shift >= 0 && Shift < 8 && Width >= 1 && Width <= 8);
  if constexpr (Shift == 0) return x;
  if constexpr (Shift + Width <= 8) return detail::moved_halves<Shift>(x);
  constexpr auto low = static_cast<std::uint32_t>(0xFF >> Shift) * 0x01010101U;  // bits that come from x
  auto const mask = words<Arch>::broadcast(low);
  auto const inverse = words<Arch>::broadcast(~low);
  return (detail::moved_halves<Shift>(x) & mask) | (detail::moved_halves<Shift - 8>(x1) & inverse);
}

template <class Arch>
[[gnu::always_inline]] inline void zip_bytes(words<Arch> const& a, words<Arch> const& b, words<Arch> (&out)[2]) noexcept {
  constexpr auto n = words<Arch>::registers;
  for (std::size_t i = 0; i < n; ++i) {
    auto const x = xsimd::bitwise_cast<std::uint8_t>(a.part[i]);
    auto const y = xsimd::bitwise_cast<std::uint8_t>(b.part[i]);
    out[2 * i / n].part[2 * i % n] = xsimd::bitwise_cast<std::uint32_t>(xsimd::zip_lo(x, y));
    out[(2 * i + 1) / n].part[(2 * i + 1) % n] = xsimd::bitwise_cast<std::uint32_t>(xsimd::zip_hi(x, y));
  }
}

/// look_up_bytes on 64 bytes.
template <std::size_t Entries, class Arch>
[[gnu::always_inline]] inline words<Arch> look_up_bytes(byte_table<Entries, Arch> const& t, words<Arch> const& index) noexcept {
  words<Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < r.registers; ++i)
    r.part[i] = xsimd::bitwise_cast<std::uint32_t>(look_up_bytes(t, xsimd::bitwise_cast<std::uint8_t>(index.part[i])));
  return r;
}

}  // namespace skive::simd
