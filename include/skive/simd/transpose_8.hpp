// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/transpose_8.hpp - sixteen groups of eight lanes, turned so that a register holds one lane of each group.
///
///   transpose_8(x)          x[i]: groups 2 i and 2 i + 1  ->  x[j]: lane j of all groups, group 4 (l mod 4) + l / 4 in lane l
///   in_group_order(x)       lane l of such a register to lane 4 (l mod 4) + l / 4
///
/// Model of : -
/// Cost     : AVX-512 24 instructions and 1; elsewhere there is none.
/// Promise  : bits stay.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

template <class Arch>
inline constexpr bool has_transpose_8 = has_avx512<Arch>;

#if XSIMD_WITH_AVX512BW
namespace detail {
// Four quarters of four registers, each quarter a 4 x 4 matrix with its rows in them.
template <class Arch>
[[gnu::always_inline]] inline void transpose_quarters(__m512i q0, __m512i q1, __m512i q2, __m512i q3,
                                                      integers<Arch>* to) noexcept {
  auto const low01 = _mm512_unpacklo_epi32(q0, q1);
  auto const high01 = _mm512_unpackhi_epi32(q0, q1);
  auto const low23 = _mm512_unpacklo_epi32(q2, q3);
  auto const high23 = _mm512_unpackhi_epi32(q2, q3);
  to[0] = {{_mm512_unpacklo_epi64(low01, low23)}};
  to[1] = {{_mm512_unpackhi_epi64(low01, low23)}};
  to[2] = {{_mm512_unpacklo_epi64(high01, high23)}};
  to[3] = {{_mm512_unpackhi_epi64(high01, high23)}};
}
}  // namespace detail
#endif

template <class Arch>
  requires has_transpose_8<Arch>
[[gnu::always_inline]] inline void transpose_8([[maybe_unused]] integers<Arch> (&x)[8]) noexcept {
#if XSIMD_WITH_AVX512BW
  __m512i low[4];   // lanes 0 ... 3 of four groups
  __m512i high[4];  // lanes 4 ... 7
#pragma GCC unroll 4
  for (std::size_t r = 0; r < 4; ++r) {
    low[r] = _mm512_shuffle_i32x4(x[2 * r].part[0], x[2 * r + 1].part[0], 0x88);
    high[r] = _mm512_shuffle_i32x4(x[2 * r].part[0], x[2 * r + 1].part[0], 0xDD);
  }
  detail::transpose_quarters<Arch>(low[0], low[1], low[2], low[3], x);
  detail::transpose_quarters<Arch>(high[0], high[1], high[2], high[3], x + 4);
#endif
}

template <class Arch>
  requires has_transpose_8<Arch>
[[gnu::always_inline]] inline words<Arch> in_group_order([[maybe_unused]] words<Arch> const& x) noexcept {
#if XSIMD_WITH_AVX512BW
  return {{_mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), x.part[0])}};
#endif
}

}  // namespace skive::simd
