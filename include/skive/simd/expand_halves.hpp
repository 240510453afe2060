// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/expand_halves.hpp - float16 numbers that lie side by side at 32 places that a mask names, zeros elsewhere.
///
///   expand_float16<Arch>(p, bits, out)          out[0], out[1]: lane i of 32 is the next number of p where bit i is set, else 0
///   expand_float16<Arch>(p, bits, n, out)       the same, reading only n numbers, as many as bits are set
///
/// Model of : -
/// Cost     : AVX-512 VBMI2 5 instructions, 9 micro-operations, for 32 numbers; AVX2 with F16C about 24 and a table of 4 KiB;
///            elsewhere there is none.
/// Accuracy : exact; NaN stays NaN, with what payload is open.
/// Promise  : the first reads 64 bytes.
/// Source   : -

#include "skive/simd/half.hpp"

#include <cstring>

namespace skive::simd {

template <class Arch>
inline constexpr bool has_expand_float16 =
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
    has_avx512vbmi<Arch> ||
#endif
#if XSIMD_WITH_AVX2 && defined(__F16C__)
    detail::has_f16c<Arch> ||
#endif
    false;

#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
namespace detail {
template <class Arch>
[[gnu::always_inline]] inline void expand_loaded(__m512i side_by_side, std::uint32_t bits, floats<Arch> (&out)[2]) noexcept {
  auto const all = _mm512_maskz_expand_epi16(bits, side_by_side);
  out[0].part[0] = _mm512_cvtph_ps(_mm512_castsi512_si256(all));
  out[1].part[0] = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(all, 1));
}
}  // namespace detail
#endif

#if XSIMD_WITH_AVX2 && defined(__F16C__)
namespace detail {
// Row m: which of 16 bytes the halves with bits of m take; bit 7: none.
template <class Arch>
struct half_places {
  alignas(16) std::uint8_t of[256][16];
  static constexpr half_places make() noexcept {
    half_places t{};
    for (int m = 0; m < 256; ++m)
      for (int i = 0, n = 0; i < 8; ++i) {
        bool const chosen = (m >> i & 1) != 0;
        t.of[m][2 * i] = static_cast<std::uint8_t>(chosen ? 2 * n : 0x80);
        t.of[m][2 * i + 1] = static_cast<std::uint8_t>(chosen ? 2 * n + 1 : 0x80);
        n += chosen ? 1 : 0;
      }
    return t;
  }
};
template <class Arch>
inline constexpr half_places<Arch> places_of_halves = half_places<Arch>::make();

template <class Arch>
[[gnu::always_inline]] inline __m256 expand_eight(std::byte const*& from, std::uint32_t bits) noexcept {
  auto const eight = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
  auto const places = _mm_load_si128(reinterpret_cast<__m128i const*>(places_of_halves<Arch>.of[bits]));
  from += 2 * std::popcount(bits);
  return _mm256_cvtph_ps(_mm_shuffle_epi8(eight, places));
}
}  // namespace detail
#endif

template <class Arch>
  requires has_expand_float16<Arch>
[[gnu::always_inline]] inline void expand_float16([[maybe_unused]] std::byte const* from, [[maybe_unused]] std::uint32_t bits,
                                                  [[maybe_unused]] floats<Arch> (&out)[2]) noexcept {
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
  if constexpr (has_avx512<Arch>) detail::expand_loaded<Arch>(_mm512_loadu_si512(from), bits, out);
#endif
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (has_avx2<Arch>)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i)  // one after the other: each begins where the one before ended
      out[i / 2].part[i % 2] = detail::expand_eight<Arch>(from, bits >> (8 * i) & 0xFF);
#endif
}
/// Precondition: n <= 32.
template <class Arch>
  requires has_expand_float16<Arch>
[[gnu::always_inline]] inline void expand_float16([[maybe_unused]] std::byte const* from, [[maybe_unused]] std::uint32_t bits,
                                                  [[maybe_unused]] std::size_t n,
                                                  [[maybe_unused]] floats<Arch> (&out)[2]) noexcept {
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
  if constexpr (has_avx512<Arch>) {
    auto const first = static_cast<__mmask32>((std::uint64_t{1} << n) - 1);
    detail::expand_loaded<Arch>(_mm512_maskz_loadu_epi16(first, from), bits, out);
  }
#endif
#if XSIMD_WITH_AVX2 && defined(__F16C__)
  if constexpr (has_avx2<Arch>) {
    std::byte some[64] = {};
    if (n != 0) std::memcpy(some, from, 2 * n);
    expand_float16<Arch>(some, bits, out);
  }
#endif
}

}  // namespace skive::simd
