// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/lookup.hpp - tables in registers: 16 floats by a code of 4 bits, 16, 32 or 64 bytes by a byte.
///
///   look_up(table, index)          lane i is values[index lane i mod 16]; a float_table keeps 16 floats
///   look_up_8<Arch>(p, index)      lane i is p[index lane i], indices below 8
///   look_up_bytes(table, index)    byte i is values[index byte i] for a whole register of bytes; a byte_table<N> keeps N bytes
///
/// A table made outside of a loop stays in registers inside of it.
///
/// Model of : -
/// Cost     : floats, 16 lanes: AVX-512 1 instruction, AVX2 8, SSSE3 19; bytes, a register of 16, 32, 64 entries: AVX-512 VBMI
///            1, 1, 1, else 1, 3 to 4, 7 to 9. Elsewhere a loop through memory.
/// Promise  : floats keep their bits, NaN too. Bytes: every index is below the number of entries.
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

template <class Arch>
using byte_batch = xsimd::batch<std::uint8_t, Arch>;

template <std::size_t Entries, class Arch>
struct byte_table {
  static_assert(Entries == 16 || Entries == 32 || Entries == 64);
  static constexpr bool whole = has_avx512vbmi<Arch>;  // one register has all 64 entries; else each part of 16 bytes repeats 16
  static constexpr bool in_memory = !(has_avx512<Arch> || has_avx2<Arch> || has_ssse3<Arch> || has_neon64<Arch>);

  byte_batch<Arch> part[whole ? 1 : Entries / 16];
  alignas(16) std::uint8_t memory[in_memory ? Entries : 1];

  [[gnu::always_inline]] explicit byte_table(std::array<std::uint8_t, Entries> const& values) noexcept {
    if constexpr (in_memory) {
      for (std::size_t i = 0; i < Entries; ++i) memory[i] = values[i];
    } else {
      for (std::size_t p = 0; p < sizeof(part) / sizeof(part[0]); ++p) {
        alignas(64) std::uint8_t lane[byte_batch<Arch>::size];
        for (std::size_t i = 0; i < byte_batch<Arch>::size; ++i) lane[i] = values[whole ? i % Entries : 16 * p + i % 16];
        part[p] = byte_batch<Arch>::load_unaligned(lane);
      }
    }
  }

  /// From 64 bytes that hold 16 entries four times: one load, for tables that change inside of a loop.
  [[gnu::always_inline]] static byte_table repeated(std::uint8_t const* entries) noexcept
    requires(Entries == 16)
  {
    byte_table t;
    if constexpr (in_memory)
      for (std::size_t i = 0; i < 16; ++i) t.memory[i] = entries[i];
    else
      t.part[0] = byte_batch<Arch>::load_unaligned(entries);
    return t;
  }

 private:
  [[gnu::always_inline]] byte_table() noexcept {}
};

namespace detail {

// In each group of 16 bytes: table[low 4 bits of index], where bit 7 of index is clear.
template <class Arch>
[[gnu::always_inline]] inline byte_batch<Arch> look_up_16([[maybe_unused]] byte_batch<Arch> const& table,
                                                          [[maybe_unused]] byte_batch<Arch> const& index) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return _mm512_shuffle_epi8(table, index);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return _mm256_shuffle_epi8(table, index);
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (has_ssse3<Arch>) return _mm_shuffle_epi8(table, index);
#endif
}

// b where bit Bit of index is set, else a.
template <int Bit, class Arch>
[[gnu::always_inline]] inline byte_batch<Arch> choose([[maybe_unused]] byte_batch<Arch> const& index,
                                                      [[maybe_unused]] byte_batch<Arch> const& a,
                                                      [[maybe_unused]] byte_batch<Arch> const& b) noexcept {
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    __m512i const bits = index, no = a, yes = b;  // without optimization intrinsics are macros that cast
    return _mm512_mask_blend_epi8(_mm512_test_epi8_mask(bits, _mm512_set1_epi8(static_cast<char>(1 << Bit))), no, yes);
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return _mm256_blendv_epi8(a, b, _mm256_slli_epi16(index, 7 - Bit));
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (has_ssse3<Arch>) {
    auto const bit = _mm_set1_epi8(static_cast<char>(1 << Bit));
    auto const set = _mm_cmpeq_epi8(_mm_and_si128(index, bit), bit);
    return _mm_or_si128(_mm_and_si128(set, b), _mm_andnot_si128(set, a));
  }
#endif
}

}  // namespace detail

/// Precondition: every byte of index is below Entries.
template <std::size_t Entries, class Arch>
[[gnu::always_inline]] inline byte_batch<Arch> look_up_bytes(byte_table<Entries, Arch> const& t,
                                                             byte_batch<Arch> const& index) noexcept {
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<Arch>) {
    if constexpr (Entries == 16) return vqtbl1q_u8(t.part[0], index);
    if constexpr (Entries == 32) return vqtbl2q_u8(uint8x16x2_t{{t.part[0], t.part[1]}}, index);
    if constexpr (Entries == 64) return vqtbl4q_u8(uint8x16x4_t{{t.part[0], t.part[1], t.part[2], t.part[3]}}, index);
  } else
#endif
#if XSIMD_WITH_AVX512VBMI
      if constexpr (has_avx512vbmi<Arch>) {
    if constexpr (Entries == 16) return _mm512_shuffle_epi8(t.part[0], index);
    if constexpr (Entries != 16) return _mm512_permutexvar_epi8(index, t.part[0]);
  } else
#endif
      if constexpr (!byte_table<Entries, Arch>::in_memory) {
    auto const part = [&](std::size_t p) noexcept { return detail::look_up_16<Arch>(t.part[p], index); };
    if constexpr (Entries == 16) return part(0);
    if constexpr (Entries == 32) return detail::choose<4, Arch>(index, part(0), part(1));
    if constexpr (Entries == 64)
      return detail::choose<5, Arch>(index, detail::choose<4, Arch>(index, part(0), part(1)),
                                     detail::choose<4, Arch>(index, part(2), part(3)));
  } else {
    alignas(64) std::uint8_t lane[byte_batch<Arch>::size];
    index.store_unaligned(lane);
    for (auto& x : lane) x = t.memory[x];
    return byte_batch<Arch>::load_unaligned(lane);
  }
}

/// 128 bytes in two registers: look_up_128(t, index): byte i is values[index byte i % 128].
template <class Arch>
inline constexpr bool has_look_up_128 = has_avx512vbmi<Arch>;
template <class Arch>
struct byte_table_128 {
  words<Arch> part[2];
  [[gnu::always_inline]] explicit byte_table_128(std::array<std::uint8_t, 128> const& values) noexcept
      : part{load_words<Arch>(reinterpret_cast<std::byte const*>(values.data())),
             load_words<Arch>(reinterpret_cast<std::byte const*>(values.data() + 64))} {}
};
template <class Arch>
  requires has_look_up_128<Arch>
[[gnu::always_inline]] inline words<Arch> look_up_128([[maybe_unused]] byte_table_128<Arch> const& t,
                                                      words<Arch> index) noexcept {
#if XSIMD_WITH_AVX512VBMI
  index.part[0] = _mm512_permutex2var_epi8(t.part[0].part[0], index.part[0], t.part[1].part[0]);
#endif
  return index;
}

}  // namespace skive::simd
