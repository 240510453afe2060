// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/byte_pairs.hpp - 64 numbers of 16 bits as bytes: taken apart, chosen by a bit.
///
///   unzip_bytes(a, b, low, high)     byte j of low and high: the bytes of number j of the 128 bytes a, b
///   unzip_3_bytes(p, out)            byte j of out[k]: byte k of the triple j of the 192 bytes at p
///   choose_bytes<Bit>(index, a, b)   byte j of b where bit Bit of index byte j is set, else of a
///
/// Model of : -
/// Cost     : VBMI: 2, 6 and 2 instructions for 64 bytes. A register of AVX2: 4, 11, 2. Without byte shuffles there is none.
/// Promise  : exact.
/// Source   : -

#include "skive/simd/look_up_256.hpp"

namespace skive::simd {

template <class Arch>
inline constexpr bool has_byte_pairs = has_look_up_256<Arch>;

namespace detail {

#if XSIMD_WITH_SSSE3
// Group g of 16 bytes of the result is p[Pitch g] ...
template <std::size_t Pitch, class Arch>
[[gnu::always_inline]] inline byte_batch<Arch> load_groups(std::byte const* p) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto r = _mm512_castsi128_si512(load_128<Arch>(p));
    r = _mm512_inserti32x4(r, load_128<Arch>(p + Pitch), 1);
    r = _mm512_inserti32x4(r, load_128<Arch>(p + 2 * Pitch), 2);
    return _mm512_inserti32x4(r, load_128<Arch>(p + 3 * Pitch), 3);
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>)
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_128<Arch>(p)), load_128<Arch>(p + Pitch), 1);
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) return load_128<Arch>(p);
}

// The even bytes (Shift 0) or odd ones (8) of a, then of b, in order.
template <int Shift, class Arch>
[[gnu::always_inline]] inline byte_batch<Arch> every_other_byte(byte_batch<Arch> const& a, byte_batch<Arch> const& b) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const one = [](__m512i x) noexcept {
      return Shift == 0 ? _mm512_and_si512(x, _mm512_set1_epi16(255)) : _mm512_srli_epi16(x, 8);
    };
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), _mm512_packus_epi16(one(a), one(b)));
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const one = [](__m256i x) noexcept {
      return Shift == 0 ? _mm256_and_si256(x, _mm256_set1_epi16(255)) : _mm256_srli_epi16(x, 8);
    };
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(one(a), one(b)), 0xD8);
  }
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) {
    auto const one = [](__m128i x) noexcept { return Shift == 0 ? _mm_and_si128(x, _mm_set1_epi16(255)) : _mm_srli_epi16(x, 8); };
    return _mm_packus_epi16(one(a), one(b));
  }
}
#endif

}  // namespace detail

template <class Arch>
  requires has_byte_pairs<Arch>
[[gnu::always_inline]] inline void unzip_bytes(words<Arch> const& a, words<Arch> const& b, [[maybe_unused]] words<Arch>& low,
                                               [[maybe_unused]] words<Arch>& high) noexcept {
#if XSIMD_WITH_AVX512VBMI
  if constexpr (has_avx512vbmi<Arch>) {
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
    return;
  }
#endif
  constexpr auto parts = words<Arch>::registers;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < parts; ++i) {
    [[maybe_unused]] auto const piece = [&](std::size_t at) noexcept {
      return detail::byte_part(at < parts ? a : b, at % parts);
    };
#if XSIMD_WITH_SSSE3
    if constexpr (!has_neon64<Arch> && !has_avx512vbmi<Arch>) {
      low.part[i] = xsimd::bitwise_cast<std::uint32_t>(detail::every_other_byte<0, Arch>(piece(2 * i), piece(2 * i + 1)));
      high.part[i] = xsimd::bitwise_cast<std::uint32_t>(detail::every_other_byte<8, Arch>(piece(2 * i), piece(2 * i + 1)));
    }
#endif
#if XSIMD_WITH_NEON64
    if constexpr (has_neon64<Arch>) {
      low.part[i] = vreinterpretq_u32_u8(vuzp1q_u8(piece(2 * i), piece(2 * i + 1)));
      high.part[i] = vreinterpretq_u32_u8(vuzp2q_u8(piece(2 * i), piece(2 * i + 1)));
    }
#endif
  }
}

/// p: 192 bytes.
template <class Arch>
  requires has_byte_pairs<Arch>
[[gnu::always_inline]] inline void unzip_3_bytes([[maybe_unused]] std::byte const* p,
                                                 [[maybe_unused]] words<Arch> (&out)[3]) noexcept {
#if XSIMD_WITH_AVX512VBMI
  if constexpr (has_avx512vbmi<Arch>) {
    alignas(64) static constexpr std::array<std::array<std::uint8_t, 64>, 3> place = [] {
      std::array<std::array<std::uint8_t, 64>, 3> at{};
      for (std::size_t k = 0; k < 3; ++k)
        for (std::size_t j = 0; j < 64; ++j) at[k][j] = static_cast<std::uint8_t>((3 * j + k) % 128);
      return at;
    }();
    auto const first = _mm512_loadu_si512(p);
    auto const second = _mm512_loadu_si512(p + 64);
    auto const third = _mm512_loadu_si512(p + 128);
#pragma GCC unroll 3
    for (std::size_t k = 0; k < 3; ++k) {
      auto const from = _mm512_load_si512(place[k].data());
      auto const in_third = ~std::uint64_t{0} << ((130 - k) / 3);  // from 3 j + k = 128 on
      out[k].part[0] = _mm512_mask_permutexvar_epi8(_mm512_permutex2var_epi8(first, from, second), in_third, from, third);
    }
    return;
  }
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (!has_neon64<Arch> && !has_avx512vbmi<Arch>) {
    // Byte j of 16 is byte 3 j + k of 48: of group g of these, where it lies in it.
    alignas(16) static constexpr auto place = [] {
      std::array<std::array<std::array<std::uint8_t, 16>, 3>, 3> at{};
      for (std::size_t k = 0; k < 3; ++k)
        for (std::size_t g = 0; g < 3; ++g)
          for (std::size_t j = 0; j < 16; ++j)
            at[k][g][j] = static_cast<std::uint8_t>((3 * j + k) / 16 == g ? (3 * j + k) % 16 : 128);
      return at;
    }();
    constexpr auto size = byte_batch<Arch>::size;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < words<Arch>::registers; ++i)
#pragma GCC unroll 3
      for (std::size_t k = 0; k < 3; ++k) {
        auto const found = [&](std::size_t g) noexcept {
          return detail::look_up_16<Arch>(detail::load_groups<48, Arch>(p + 3 * size * i + 16 * g),
                                          detail::load_repeated<Arch>(place[k][g].data()));
        };
        out[k].part[i] = xsimd::bitwise_cast<std::uint32_t>(found(0) | found(1) | found(2));
      }
  }
#endif
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<Arch>)
    for (std::size_t i = 0; i < 4; ++i) {
      auto const bytes = vld3q_u8(reinterpret_cast<std::uint8_t const*>(p) + 48 * i);
      for (std::size_t k = 0; k < 3; ++k) out[k].part[i] = vreinterpretq_u32_u8(bytes.val[k]);
    }
#endif
}

template <int Bit, class Arch>
  requires has_byte_pairs<Arch>
[[gnu::always_inline]] inline words<Arch> choose_bytes(words<Arch> const& index, words<Arch> const& a,
                                                       words<Arch> const& b) noexcept {
  words<Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < words<Arch>::registers; ++i) {
    auto const bits = detail::byte_part(index, i);
    auto const no = detail::byte_part(a, i);
    auto const yes = detail::byte_part(b, i);
#if XSIMD_WITH_NEON64
    if constexpr (has_neon64<Arch>)
      r.part[i] = vreinterpretq_u32_u8(vbslq_u8(vtstq_u8(bits, vdupq_n_u8(static_cast<std::uint8_t>(1 << Bit))), yes, no));
    else
#endif
      r.part[i] = xsimd::bitwise_cast<std::uint32_t>(detail::choose<Bit, Arch>(bits, no, yes));
  }
  return r;
}

}  // namespace skive::simd
