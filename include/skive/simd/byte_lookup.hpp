// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/byte_lookup.hpp - tables of bytes in registers: 16, 32, 64 or 128 entries by a byte.
///
///   look_up_bytes(table, index)    byte i is values[index byte i] for a whole register of bytes; a byte_table<N> keeps N bytes
///   look_up_128(table, index)      byte i is values[index byte i mod 128], where has_look_up_128 (AVX-512 VBMI)
///
/// A table made outside of a loop stays in registers inside of it.
///
/// Model of : -
/// Cost     : a register of 16, 32, 64 entries: AVX-512 VBMI 1, 1, 1, else 1, 3 to 4, 7 to 9. Elsewhere a loop through memory.
/// Promise  : every index is below the number of entries.
/// Source   : -

#include "skive/simd/bytes.hpp"

#include <array>

namespace skive::simd {

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

/// 128 bytes in two registers.
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
