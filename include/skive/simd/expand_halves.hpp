// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/expand_halves.hpp - float16 numbers that lie side by side at 32 places that a mask names, zeros elsewhere.
///
///   expand_float16<Arch>(p, bits, out)          out[0], out[1]: lane i of 32 is the next number of p where bit i is set, else 0
///   expand_float16<Arch>(p, bits, n, out)       the same, reading only n numbers, as many as bits are set
///
/// Model of : -
/// Cost     : AVX-512 VBMI2 5 instructions, 9 micro-operations, for 32 numbers; elsewhere there is none.
/// Accuracy : exact; NaN stays NaN, with what payload is open.
/// Promise  : the first reads 64 bytes.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

template <class Arch>
inline constexpr bool has_expand_float16 =
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
    has_avx512vbmi<Arch>;
#else
    false;
#endif

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

template <class Arch>
  requires has_expand_float16<Arch>
[[gnu::always_inline]] inline void expand_float16([[maybe_unused]] std::byte const* from, [[maybe_unused]] std::uint32_t bits,
                                                  [[maybe_unused]] floats<Arch> (&out)[2]) noexcept {
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
  detail::expand_loaded<Arch>(_mm512_loadu_si512(from), bits, out);
#endif
}
/// Precondition: n <= 32.
template <class Arch>
  requires has_expand_float16<Arch>
[[gnu::always_inline]] inline void expand_float16([[maybe_unused]] std::byte const* from, [[maybe_unused]] std::uint32_t bits,
                                                  [[maybe_unused]] std::size_t n,
                                                  [[maybe_unused]] floats<Arch> (&out)[2]) noexcept {
#if XSIMD_WITH_AVX512VBMI && defined(__AVX512VBMI2__)
  auto const first = static_cast<__mmask32>((std::uint64_t{1} << n) - 1);
  detail::expand_loaded<Arch>(_mm512_maskz_loadu_epi16(first, from), bits, out);
#endif
}

}  // namespace skive::simd
