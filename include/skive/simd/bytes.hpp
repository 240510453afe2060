// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/bytes.hpp - sixteen bytes or 16-bit numbers in memory, one per lane of 32 bits.
///
///   load_words<Arch>(p)      lane i holds bytes 4 i .. 4 i + 3
///   load_bytes<Arch>(p)      lane i holds byte i, 0 <= i < 16           store_bytes(w, p)    byte i is the low one of lane i
///   load_signed_bytes<Arch>(p)   the same bytes as integers of -128 ... 127
///   load_halves<Arch>(p)     lane i holds the 16-bit number i           store_halves(w, p)   number i is the low half of lane i
///   load_upper_halves<Arch>(p), store_upper_halves(w, p)               the upper half of the lane instead; the rest is zero
///
/// 16-bit numbers are little-endian in memory, wherever they lie. Upper bits of a lane are zero when read, ignored when written.
///
/// Model of : -
/// Cost     : 16 bytes: AVX-512 one instruction (store 2), AVX2 two (store 6), SSE2 7; elsewhere a loop through memory.
/// Promise  : exactly 16 or 32 bytes are touched.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

namespace detail {

#if XSIMD_WITH_SSE2
template <class Arch>
[[gnu::always_inline]] inline __m128i load_128(void const* from) noexcept {
  return _mm_loadu_si128(static_cast<__m128i const*>(from));
}
template <class Arch>
[[gnu::always_inline]] inline void store_128(__m128i x, void* to) noexcept {
  _mm_storeu_si128(static_cast<__m128i*>(to), x);
}

// 16 bytes to lanes, in registers of 128 bits.
template <class Arch>
[[gnu::always_inline]] inline words<Arch> widen_bytes(__m128i bytes) noexcept {
  auto const zero = _mm_setzero_si128();
  auto const low = _mm_unpacklo_epi8(bytes, zero);
  auto const high = _mm_unpackhi_epi8(bytes, zero);
  return {{_mm_unpacklo_epi16(low, zero), _mm_unpackhi_epi16(low, zero), _mm_unpacklo_epi16(high, zero),
           _mm_unpackhi_epi16(high, zero)}};
}
#endif

#if XSIMD_WITH_AVX2
// Lane i of 32 bits holds the numbers i and 8 + i.
template <class Arch>
[[gnu::always_inline]] inline void store_interleaved_halves(__m256i pairs, void* to) noexcept {
  auto const split = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7,
                                      10, 11, 14, 15);
  auto const halves = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(pairs, split), 0xD8);
  _mm256_storeu_si256(static_cast<__m256i*>(to), halves);
}
#endif

// The low byte of each lane.
#if XSIMD_WITH_SSE2
template <class Arch>
[[gnu::always_inline]] inline __m128i narrow_bytes(words<Arch> const& w) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
#if XSIMD_WITH_AVX512VBMI
    if constexpr (has_avx512vbmi<Arch>) {  // one micro-operation, vpmovdb takes two
      auto const every_fourth =
          _mm512_castsi128_si512(_mm_setr_epi8(0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60));
      return _mm512_castsi512_si128(_mm512_permutexvar_epi8(every_fourth, w.part[0]));
    }
#endif
    return _mm512_cvtepi32_epi8(w.part[0]);
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const low = _mm256_and_si256(w.part[0], _mm256_set1_epi32(0xFF));
    auto const both = _mm256_or_si256(low, _mm256_slli_epi32(w.part[1], 8));
    auto const split = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, 1, 5, 9, 13, -1,
                                        -1, -1, -1, -1, -1, -1, -1);
    auto const fours = _mm256_shuffle_epi8(both, split);
    return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(fours, _mm256_setr_epi32(0, 4, 1, 5, 0, 0, 0, 0)));
  }
#endif
  if constexpr (has_sse2<Arch>) {
    auto const mask = _mm_set1_epi32(0xFF);
    auto const low = _mm_packs_epi32(_mm_and_si128(w.part[0], mask), _mm_and_si128(w.part[1], mask));
    auto const high = _mm_packs_epi32(_mm_and_si128(w.part[2], mask), _mm_and_si128(w.part[3], mask));
    return _mm_packus_epi16(low, high);
  }
}
#endif

template <class Arch>
inline constexpr bool has_x86 = has_avx512<Arch> || has_avx2<Arch> || has_sse2<Arch>;

}  // namespace detail

/// Asks for the cache line `ahead` bytes past `from`, which need not exist.
template <class Arch>
[[gnu::always_inline]] inline void prefetch(std::byte const* from, std::size_t ahead) noexcept {
  auto const address = reinterpret_cast<std::uintptr_t>(from) + ahead;
  __builtin_prefetch(
      reinterpret_cast<void const*>(address));  // NOLINT(performance-no-int-to-ptr): past the end there is no pointer
}

/// The same for a line that is written next: it comes without other cores' copies, where the instruction set can say so.
template <class Arch>
[[gnu::always_inline]] inline void prefetch_to_write(std::byte* to, std::size_t ahead) noexcept {
  auto const address = reinterpret_cast<std::uintptr_t>(to) + ahead;
  __builtin_prefetch(reinterpret_cast<void*>(address), 1);  // NOLINT(performance-no-int-to-ptr): as above
}

/// 64 bytes as they lie, four to a lane.
template <class Arch>
[[gnu::always_inline]] inline words<Arch> load_words(std::byte const* from) noexcept {
  using bytes = xsimd::batch<std::uint8_t, Arch>;
  words<Arch> w;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < w.registers; ++i)
    w.part[i] =
        xsimd::bitwise_cast<std::uint32_t>(bytes::load_unaligned(reinterpret_cast<std::uint8_t const*>(from) + i * bytes::size));
  return w;
}

template <class Arch>
[[gnu::always_inline]] inline words<Arch> load_bytes(std::byte const* from) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return {{_mm512_cvtepu8_epi32(detail::load_128<Arch>(from))}};
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const eight = [](std::byte const* p) noexcept {
      return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<__m128i const*>(p)));
    };
    return {{eight(from), eight(from + 8)}};
  }
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>) return detail::widen_bytes<Arch>(detail::load_128<Arch>(from));
#endif
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<Arch>) {
    auto const bytes = vld1q_u8(reinterpret_cast<std::uint8_t const*>(from));
    auto const low = vmovl_u8(vget_low_u8(bytes));
    auto const high = vmovl_high_u8(bytes);
    return {{vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)), vmovl_high_u16(high)}};
  }
#endif
  if constexpr (!detail::has_x86<Arch> && !has_neon64<Arch>)
    return generate<std::uint32_t, Arch>([from](std::size_t i) noexcept { return std::to_integer<std::uint32_t>(from[i]); });
}

template <class Arch>
[[gnu::always_inline]] inline integers<Arch> load_signed_bytes(std::byte const* from) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return {{_mm512_cvtepi8_epi32(detail::load_128<Arch>(from))}};
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const eight = [](std::byte const* p) noexcept {
      return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<__m128i const*>(p)));
    };
    return {{eight(from), eight(from + 8)}};
  }
#endif
  return as<std::int32_t>(load_bytes<Arch>(from) << 24) >> 24;
}

template <class Arch>
[[gnu::always_inline]] inline void store_bytes(words<Arch> const& w, std::byte* to) noexcept {
#if XSIMD_WITH_SSE2
  if constexpr (detail::has_x86<Arch>) detail::store_128<Arch>(detail::narrow_bytes<Arch>(w), to);
#endif
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<Arch>) {
    auto const low = vmovn_high_u32(vmovn_u32(w.part[0]), w.part[1]);
    auto const high = vmovn_high_u32(vmovn_u32(w.part[2]), w.part[3]);
    vst1q_u8(reinterpret_cast<std::uint8_t*>(to), vmovn_high_u16(vmovn_u16(low), high));
  }
#endif
  if constexpr (!detail::has_x86<Arch> && !has_neon64<Arch>) {
    alignas(64) std::uint32_t lane[16];
    w.store(lane);
    for (std::size_t i = 0; i < 16; ++i) to[i] = static_cast<std::byte>(static_cast<std::uint8_t>(lane[i]));
  }
}

template <class Arch>
[[gnu::always_inline]] inline words<Arch> load_halves(std::byte const* from) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return {{_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)))}};
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>)
    return {{_mm256_cvtepu16_epi32(detail::load_128<Arch>(from)), _mm256_cvtepu16_epi32(detail::load_128<Arch>(from + 16))}};
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>) {
    auto const zero = _mm_setzero_si128();
    auto const low = detail::load_128<Arch>(from);
    auto const high = detail::load_128<Arch>(from + 16);
    return {{_mm_unpacklo_epi16(low, zero), _mm_unpackhi_epi16(low, zero), _mm_unpacklo_epi16(high, zero),
             _mm_unpackhi_epi16(high, zero)}};
  }
#endif
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<Arch> && std::endian::native == std::endian::little) {
    auto const low = vreinterpretq_u16_u8(vld1q_u8(reinterpret_cast<std::uint8_t const*>(from)));
    auto const high = vreinterpretq_u16_u8(vld1q_u8(reinterpret_cast<std::uint8_t const*>(from) + 16));
    return {{vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)), vmovl_high_u16(high)}};
  }
#endif
  if constexpr (!detail::has_x86<Arch> && !(has_neon64<Arch> && std::endian::native == std::endian::little))
    return generate<std::uint32_t, Arch>([from](std::size_t i) noexcept {
      return std::to_integer<std::uint32_t>(from[2 * i]) | std::to_integer<std::uint32_t>(from[2 * i + 1]) << 8;
    });
}

template <class Arch>
[[gnu::always_inline]] inline void store_halves(words<Arch> const& w, std::byte* to) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    // vpermw is one micro-operation, vpmovdw takes two.
    auto const even = _mm512_castsi256_si512(_mm256_setr_epi16(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
    auto const halves = _mm512_castsi512_si256(_mm512_permutexvar_epi16(even, w.part[0]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves);
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    auto const both = _mm256_blend_epi16(w.part[0], _mm256_slli_epi32(w.part[1], 16), 0xAA);  // of each pair one word a part
    detail::store_interleaved_halves<Arch>(both, to);
  }
#endif
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>) {
    auto const sign_extended = [](__m128i x) noexcept { return _mm_srai_epi32(_mm_slli_epi32(x, 16), 16); };
    for (std::size_t i = 0; i < 4; i += 2)
      detail::store_128<Arch>(_mm_packs_epi32(sign_extended(w.part[i]), sign_extended(w.part[i + 1])), to + 8 * i);
  }
#endif
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<Arch> && std::endian::native == std::endian::little)
    for (std::size_t i = 0; i < 4; i += 2)
      vst1q_u8(reinterpret_cast<std::uint8_t*>(to + 8 * i),
               vreinterpretq_u8_u16(vmovn_high_u32(vmovn_u32(w.part[i]), w.part[i + 1])));
#endif
  if constexpr (!detail::has_x86<Arch> && !(has_neon64<Arch> && std::endian::native == std::endian::little)) {
    alignas(64) std::uint32_t lane[16];
    w.store(lane);
    for (std::size_t i = 0; i < 16; ++i) {
      to[2 * i] = static_cast<std::byte>(static_cast<std::uint8_t>(lane[i]));
      to[2 * i + 1] = static_cast<std::byte>(static_cast<std::uint8_t>(lane[i] >> 8));
    }
  }
}

template <class Arch>
[[gnu::always_inline]] inline words<Arch> load_upper_halves(std::byte const* from) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const halves = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)));
    auto const spread = _mm512_cvtepu16_epi32(_mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    return {{_mm512_maskz_permutexvar_epi16(0xAAAAAAAA, _mm512_slli_epi32(spread, 16), halves)}};
  }
#endif
  if constexpr (!has_avx512<Arch>) return load_halves<Arch>(from) << 16;
}

template <class Arch>
[[gnu::always_inline]] inline void store_upper_halves(words<Arch> const& w, std::byte* to) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    auto const odd = _mm512_castsi256_si512(_mm256_setr_epi16(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
    auto const halves = _mm512_castsi512_si256(_mm512_permutexvar_epi16(odd, w.part[0]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves);
  }
#endif
  if constexpr (!has_avx512<Arch>) store_halves(w >> 16, to);
}

}  // namespace skive::simd
