// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/row_lanes.hpp - sixteen rows of a few floats to lanes and back.
///
///   rows_to_lanes(from, stride, x)   lane l of x[j] is from[l stride + j],   0 <= j < N, N floats<Arch> in x
///   lanes_to_rows(x, to, stride)     the other way
///
/// Model of : -
/// Cost     : N a multiple of 4, x86: 8 shuffles a register's width of 4 x 4 numbers and as many loads or stores of 128 bits as
///            there are; else through memory.
/// Promise  : moves, bits unchanged; reads and writes those numbers only.
/// Source   : -

#include "skive/simd/sixteen.hpp"

namespace skive::simd {

namespace detail {

#if XSIMD_WITH_SSE2
template <class Arch>
inline constexpr bool has_quads = has_avx512<Arch> || has_avx2<Arch> || has_sse2<Arch>;

// Rows first + 4 q + k of four numbers in 128 bits q, k = 0 .. 3; transposed in place: column k.
template <class Arch>
struct quads {
  __m128 r[4];
  static constexpr std::size_t rows = 4;

  [[gnu::always_inline]] void load(float const* from, std::size_t stride) noexcept {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) r[k] = _mm_loadu_ps(from + k * stride);
  }
  [[gnu::always_inline]] void store(float* to, std::size_t stride) const noexcept {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) _mm_storeu_ps(to + k * stride, r[k]);
  }
  [[gnu::always_inline]] void transpose() noexcept { _MM_TRANSPOSE4_PS(r[0], r[1], r[2], r[3]); }
};
#endif
#if XSIMD_WITH_AVX2
template <class Arch>
  requires has_avx2<Arch>
struct quads<Arch> {
  __m256 r[4];
  static constexpr std::size_t rows = 8;

  [[gnu::always_inline]] void load(float const* from, std::size_t stride) noexcept {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k)
      r[k] =
          _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + k * stride)), _mm_loadu_ps(from + (k + 4) * stride), 1);
  }
  [[gnu::always_inline]] void store(float* to, std::size_t stride) const noexcept {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) {
      _mm_storeu_ps(to + k * stride, _mm256_castps256_ps128(r[k]));
      _mm_storeu_ps(to + (k + 4) * stride, _mm256_extractf128_ps(r[k], 1));
    }
  }
  [[gnu::always_inline]] void transpose() noexcept {
    auto const a = _mm256_castps_pd(_mm256_unpacklo_ps(r[0], r[1])), b = _mm256_castps_pd(_mm256_unpackhi_ps(r[0], r[1]));
    auto const c = _mm256_castps_pd(_mm256_unpacklo_ps(r[2], r[3])), d = _mm256_castps_pd(_mm256_unpackhi_ps(r[2], r[3]));
    r[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, c));
    r[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
    r[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(b, d));
    r[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(b, d));
  }
};
#endif
#if XSIMD_WITH_AVX512BW
template <class Arch>
  requires has_avx512<Arch>
struct quads<Arch> {
  __m512 r[4];
  static constexpr std::size_t rows = 16;

  [[gnu::always_inline]] void load(float const* from, std::size_t stride) noexcept {
    auto const two = [&](std::size_t row) noexcept {
      return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + row * stride)),
                                  _mm_loadu_ps(from + (row + 4) * stride), 1);
    };
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k)
      r[k] =
          _mm512_castpd_ps(_mm512_insertf64x4(_mm512_castps_pd(_mm512_castps256_ps512(two(k))), _mm256_castps_pd(two(k + 8)), 1));
  }
  [[gnu::always_inline]] void store(float* to, std::size_t stride) const noexcept {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) {
      _mm_storeu_ps(to + k * stride, _mm512_castps512_ps128(r[k]));
      _mm_storeu_ps(to + (k + 4) * stride, _mm512_extractf32x4_ps(r[k], 1));
      _mm_storeu_ps(to + (k + 8) * stride, _mm512_extractf32x4_ps(r[k], 2));
      _mm_storeu_ps(to + (k + 12) * stride, _mm512_extractf32x4_ps(r[k], 3));
    }
  }
  [[gnu::always_inline]] void transpose() noexcept {
    auto const a = _mm512_castps_pd(_mm512_unpacklo_ps(r[0], r[1])), b = _mm512_castps_pd(_mm512_unpackhi_ps(r[0], r[1]));
    auto const c = _mm512_castps_pd(_mm512_unpacklo_ps(r[2], r[3])), d = _mm512_castps_pd(_mm512_unpackhi_ps(r[2], r[3]));
    r[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    r[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    r[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
    r[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
  }
};
#endif
#if !XSIMD_WITH_SSE2
template <class Arch>
inline constexpr bool has_quads = false;
template <class Arch>
struct quads;
#endif

}  // namespace detail

template <class Arch, std::size_t N>
[[gnu::always_inline]] inline void rows_to_lanes(float const* from, std::size_t stride, floats<Arch> (&x)[N]) noexcept {
  if constexpr (detail::has_quads<Arch> && N % 4 == 0) {
    using quads = detail::quads<Arch>;
#pragma GCC unroll 8
    for (std::size_t j = 0; j < N; j += 4)
#pragma GCC unroll 4
      for (std::size_t p = 0; p < floats<Arch>::registers; ++p) {
        quads q;
        q.load(from + p * quads::rows * stride + j, stride);
        q.transpose();
#pragma GCC unroll 4
        for (std::size_t k = 0; k < 4; ++k) x[j + k].part[p] = q.r[k];
      }
  } else {
    alignas(64) float lanes[N][16];
    for (std::size_t l = 0; l < 16; ++l)
      for (std::size_t j = 0; j < N; ++j) lanes[j][l] = from[l * stride + j];
    for (std::size_t j = 0; j < N; ++j) x[j] = floats<Arch>::load(lanes[j]);
  }
}

template <class Arch, std::size_t N>
[[gnu::always_inline]] inline void lanes_to_rows(floats<Arch> const (&x)[N], float* to, std::size_t stride) noexcept {
  if constexpr (detail::has_quads<Arch> && N % 4 == 0) {
    using quads = detail::quads<Arch>;
#pragma GCC unroll 8
    for (std::size_t j = 0; j < N; j += 4)
#pragma GCC unroll 4
      for (std::size_t p = 0; p < floats<Arch>::registers; ++p) {
        quads q;
#pragma GCC unroll 4
        for (std::size_t k = 0; k < 4; ++k) q.r[k] = x[j + k].part[p];
        q.transpose();
        q.store(to + p * quads::rows * stride + j, stride);
      }
  } else {
    alignas(64) float lanes[N][16];
    for (std::size_t j = 0; j < N; ++j) x[j].store(lanes[j]);
    for (std::size_t l = 0; l < 16; ++l)
      for (std::size_t j = 0; j < N; ++j) to[l * stride + j] = lanes[j][l];
  }
}

}  // namespace skive::simd
