// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/lookup.hpp - tables of floats in registers: 16 by a code of 4 bits, 8 or 4 from memory.
///
///   look_up(table, index)          lane i is values[index lane i mod 16]; a float_table keeps 16 floats
///   look_up_8<Arch>(p, index)      lane i is p[index lane i], indices below 8; look_up_4: below 4
///   look_up_quarters(p, q, index)  look_up_4 of index mod 4, lanes 8 .. 15 of q (AVX2)
///
/// A table made outside of a loop stays in registers inside of it. Bytes: simd/byte_lookup.hpp.
///
/// Model of : -
/// Cost     : 16 lanes: AVX-512 1 instruction, AVX2 8, SSSE3 19. Elsewhere a loop through memory.
/// Promise  : floats keep their bits, NaN too.
/// Source   : -

#include "skive/simd/bytes.hpp"

#include <array>

namespace skive::simd {

namespace detail {
template <class Arch>
inline constexpr bool has_float_shuffle = has_avx512<Arch> || has_avx2<Arch> || has_ssse3<Arch> || has_neon64<Arch>;

// Elsewhere: the values in memory.
template <class Arch>
struct float_registers {
  alignas(64) std::uint32_t values[16];
  [[gnu::always_inline]] void set(float const* from) noexcept {
    for (std::size_t i = 0; i < 16; ++i) values[i] = std::bit_cast<std::uint32_t>(from[i]);
  }
};

#if XSIMD_WITH_AVX512BW
template <class Arch>
  requires has_avx512<Arch>
struct float_registers<Arch> {
  __m512 all;
  [[gnu::always_inline]] void set(float const* from) noexcept { all = _mm512_loadu_ps(from); }
};
#endif
#if XSIMD_WITH_AVX2
template <class Arch>
  requires has_avx2<Arch>
struct float_registers<Arch> {
  __m256 low, high;
  [[gnu::always_inline]] void set(float const* from) noexcept {
    low = _mm256_loadu_ps(from);
    high = _mm256_loadu_ps(from + 8);
  }
};
#endif
#if XSIMD_WITH_SSSE3
template <class Arch>
  requires has_ssse3<Arch>
struct float_registers<Arch> {
  __m128i plane[4];  // plane b: byte b of every value
  [[gnu::always_inline]] void set(float const* from) noexcept {
    alignas(16) std::uint8_t bytes[4][16];
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t b = 0; b < 4; ++b)
        bytes[b][i] = static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(from[i]) >> (8 * b));
    for (std::size_t b = 0; b < 4; ++b) plane[b] = load_128<Arch>(bytes[b]);
  }
};
#endif
#if XSIMD_WITH_NEON64
template <class Arch>
  requires has_neon64<Arch>
struct float_registers<Arch> {
  uint8x16x4_t all;
  [[gnu::always_inline]] void set(float const* from) noexcept {
    for (int i = 0; i < 4; ++i) all.val[i] = vreinterpretq_u8_f32(vld1q_f32(from + 4 * i));
  }
};
#endif
}  // namespace detail

template <class Arch>
struct float_table {
  detail::float_registers<Arch> registers;

  [[gnu::always_inline]] explicit float_table(std::array<float, 16> const& values) noexcept { registers.set(values.data()); }
  /// From values[0 .. 15].
  [[gnu::always_inline]] explicit float_table(float const* values) noexcept { registers.set(values); }
};

/// Only the low 4 bits of each index count.
template <class Arch>
[[gnu::always_inline]] inline floats<Arch> look_up(float_table<Arch> const& table, words<Arch> const& index) noexcept {
  [[maybe_unused]] auto const& t = table.registers;
  floats<Arch> r;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) r.part[0] = _mm512_permutexvar_ps(index.part[0], t.all);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 2; ++i) {
      __m256i const code = index.part[i];
      auto const upper_half = _mm256_castsi256_ps(_mm256_slli_epi32(code, 28));  // bit 3 in the place of the sign
      r.part[i] = _mm256_blendv_ps(_mm256_permutevar8x32_ps(t.low, code), _mm256_permutevar8x32_ps(t.high, code), upper_half);
    }
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (has_ssse3<Arch>) {
    auto const codes = _mm_and_si128(detail::narrow_bytes<Arch>(index), _mm_set1_epi8(15));
    __m128i b[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) b[i] = _mm_shuffle_epi8(t.plane[i], codes);
    auto const quads = [&r](std::size_t at, __m128i low, __m128i high) noexcept {
      r.part[at] = _mm_castsi128_ps(_mm_unpacklo_epi16(low, high));
      r.part[at + 1] = _mm_castsi128_ps(_mm_unpackhi_epi16(low, high));
    };
    quads(0, _mm_unpacklo_epi8(b[0], b[1]), _mm_unpacklo_epi8(b[2], b[3]));
    quads(2, _mm_unpackhi_epi8(b[0], b[1]), _mm_unpackhi_epi8(b[2], b[3]));
  }
#endif
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<Arch>)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      auto const code = vandq_u32(index.part[i], vdupq_n_u32(15));
      auto const bytes = vmlaq_u32(vdupq_n_u32(0x03020100), code, vdupq_n_u32(0x04040404));
      r.part[i] = vreinterpretq_f32_u8(vqtbl4q_u8(t.all, vreinterpretq_u8_u32(bytes)));
    }
#endif
  if constexpr (!detail::has_float_shuffle<Arch>) {
    alignas(64) std::uint32_t lane[16];
    index.store(lane);
    r = as<float>(generate<std::uint32_t, Arch>([&](std::size_t i) noexcept { return t.values[lane[i] & 15]; }));
  }
  return r;
}

/// Lane i: values[index lane i], all below 8; 8 floats may be read.
template <class Arch>
[[gnu::always_inline]] inline floats<Arch> look_up_8(float const* values, words<Arch> const& index) noexcept {
  floats<Arch> r;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>)
    r.part[0] = _mm512_permutexvar_ps(index.part[0], _mm512_castps256_ps512(_mm256_loadu_ps(values)));
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 2; ++i) r.part[i] = _mm256_permutevar8x32_ps(_mm256_loadu_ps(values), index.part[i]);
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) {
    alignas(64) std::uint32_t lane[16];
    index.store(lane);
    r = generate<float, Arch>([&](std::size_t i) noexcept { return values[lane[i]]; });
  }
  return r;
}

/// Lanes 0 .. 7: low[index lane i mod 4], the others of high. Loads of 16 bytes, which a store of more bytes just before may feed.
template <class Arch>
  requires has_avx2<Arch>
[[gnu::always_inline]] inline floats<Arch> look_up_quarters([[maybe_unused]] float const* low, [[maybe_unused]] float const* high,
                                                            [[maybe_unused]] words<Arch> const& index) noexcept {
  floats<Arch> r;
#if XSIMD_WITH_AVX2
  r.part[0] = _mm256_permutevar_ps(_mm256_broadcast_ps(reinterpret_cast<__m128 const*>(low)), index.part[0]);
  r.part[1] = _mm256_permutevar_ps(_mm256_broadcast_ps(reinterpret_cast<__m128 const*>(high)), index.part[1]);
#endif
  return r;
}

template <class Arch>
[[gnu::always_inline]] inline floats<Arch> look_up_4(float const* values, words<Arch> const& index) noexcept {
  floats<Arch> r;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) r.part[0] = _mm512_permutexvar_ps(index.part[0], _mm512_castps128_ps512(_mm_loadu_ps(values)));
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 2; ++i)
      r.part[i] = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(values)), index.part[i]);
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) {
    alignas(64) std::uint32_t lane[16];
    index.store(lane);
    r = generate<float, Arch>([&](std::size_t i) noexcept { return values[lane[i]]; });
  }
  return r;
}

}  // namespace skive::simd
