// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/look_up_256.hpp - tables of 256 bytes, looked up by 64 bytes at a time.
///
///   look_up_256(tables, index, f)    f(k, w) for each table k of the byte_tables_256: byte j of w is entry index byte j
///
/// Shuffles of 16 entries look 256 up in two runs of eight: every step takes 16 away from the index, whose sign ends its part, and
/// adds (exclusively) what the next sixteen entries differ by. The index is shared by all of the tables.
///
/// Model of : -
/// Cost     : VBMI 3 instructions for 64 bytes, a table being four registers. A register of AVX2: 15 + 47 a table (16 of them loads,
///            shared by two registers); NEON takes tables of 64. Without byte shuffles there is none.
/// Promise  : exact.
/// Source   : -

#include "skive/simd/byte_lookup.hpp"

#include <cstring>

namespace skive::simd {

template <class Arch>
inline constexpr bool has_look_up_256 = has_avx512<Arch> || has_avx2<Arch> || has_ssse3<Arch> || has_neon64<Arch>;

namespace detail {
// A whole table, or 64 entries of it, by one instruction.
template <class Arch>
inline constexpr bool has_wide_look_up = has_avx512vbmi<Arch> || has_neon64<Arch>;
}  // namespace detail

/// N tables of 256 bytes, on a boundary of 64 and where they stay: a pointer to them, or what their sixteens differ by.
template <std::size_t N, class Arch>
class byte_tables_256 {
 public:
  constexpr explicit byte_tables_256(std::uint8_t const (&from)[N][256]) noexcept {
    if (std::is_constant_evaluated()) {
      for (std::size_t k = 0; k < N; ++k)
        for (std::size_t i = 0; i < 256; ++i)
          step[k][i] = i % 128 < 16 ? from[k][i] : static_cast<std::uint8_t>(from[k][i] ^ from[k][i - 16]);
    } else {
      for (std::size_t k = 0; k < N; ++k)
        for (std::size_t i = 0; i < 256; i += 8) {
          std::uint64_t now = 0;
          std::uint64_t before = 0;
          std::memcpy(&now, from[k] + i, 8);
          if (i % 128 >= 16) std::memcpy(&before, from[k] + i - 16, 8);
          now ^= before;
          std::memcpy(step[k] + i, &now, 8);
        }
    }
  }
  alignas(64) std::uint8_t step[N][256]{};
};
template <std::size_t N, class Arch>
  requires detail::has_wide_look_up<Arch>
class byte_tables_256<N, Arch> {
 public:
  constexpr explicit byte_tables_256(std::uint8_t const (&from)[N][256]) noexcept : table{&from} {}
  std::uint8_t const (*table)[N][256];
};

namespace detail {

template <class Arch>
[[gnu::always_inline]] inline byte_batch<Arch> byte_part(words<Arch> const& w, std::size_t i) noexcept {
  return xsimd::bitwise_cast<std::uint8_t>(w.part[i]);
}

#if XSIMD_WITH_SSSE3
// 16 bytes in each group of 16.
template <class Arch>
[[gnu::always_inline]] inline byte_batch<Arch> load_repeated(std::uint8_t const* p) noexcept {
  auto const sixteen_bytes = load_128<Arch>(p);
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) return _mm512_broadcast_i32x4(sixteen_bytes);
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) return _mm256_broadcastsi128_si256(sixteen_bytes);
#endif
  if constexpr (!has_avx512<Arch> && !has_avx2<Arch>) return sixteen_bytes;
}
#endif

}  // namespace detail

template <std::size_t N, class Arch, class F>
  requires has_look_up_256<Arch>
[[gnu::always_inline]] inline void look_up_256([[maybe_unused]] byte_tables_256<N, Arch> const& tables,
                                               [[maybe_unused]] words<Arch> const& index, [[maybe_unused]] F&& f) noexcept {
#if XSIMD_WITH_AVX512VBMI
  if constexpr (has_avx512vbmi<Arch>) {
    __m512i const at = index.part[0];
#pragma GCC unroll 4
    for (std::size_t k = 0; k < N; ++k) {
      auto const* const p = (*tables.table)[k];
      auto const below = _mm512_permutex2var_epi8(_mm512_load_si512(p), at, _mm512_load_si512(p + 64));
      auto const above = _mm512_permutex2var_epi8(_mm512_load_si512(p + 128), at, _mm512_load_si512(p + 192));
      words<Arch> r;
      r.part[0] = _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), below, above);
      f(k, r);
    }
    return;
  }
#endif
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<Arch>)
    for (std::size_t k = 0; k < N; ++k) {
      words<Arch> r;
      for (std::size_t i = 0; i < 4; ++i) {
        uint8x16_t const at = detail::byte_part(index, i);
        auto found = vqtbl4q_u8(vld1q_u8_x4((*tables.table)[k]), at);
        for (std::size_t q = 1; q < 4; ++q)
          found = vqtbx4q_u8(found, vld1q_u8_x4((*tables.table)[k] + 64 * q),
                             vsubq_u8(at, vdupq_n_u8(static_cast<std::uint8_t>(64 * q))));
        r.part[i] = vreinterpretq_u32_u8(found);
      }
      f(k, r);
    }
#endif
#if XSIMD_WITH_SSSE3
  if constexpr (!detail::has_wide_look_up<Arch>) {
    constexpr auto parts = words<Arch>::registers;
    using bytes = byte_batch<Arch>;
    using signed_bytes = xsimd::batch<std::int8_t, Arch>;
    bytes found[N][parts];
#pragma GCC unroll 4
    for (auto& of_table : found)
#pragma GCC unroll 4
      for (auto& x : of_table) x = bytes(0);
#pragma GCC unroll 2
    for (std::size_t half = 0; half < 2; ++half) {
      signed_bytes at[parts];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < parts; ++i)
        at[i] = xsimd::bitwise_cast<std::int8_t>(detail::byte_part(index, i) ^ bytes(half == 0 ? 0 : 0x80));
#pragma GCC unroll 1  // g++ 12 would keep sixteen tables and what they give in memory
      for (std::size_t first = 128 * half; first < 128 * half + 128; first += 16) {
#pragma GCC unroll 4
        for (std::size_t k = 0; k < N; ++k) {
          auto const steps = detail::load_repeated<Arch>(tables.step[k] + first);
#pragma GCC unroll 4
          for (std::size_t i = 0; i < parts; ++i)
            found[k][i] = found[k][i] ^ detail::look_up_16<Arch>(steps, xsimd::bitwise_cast<std::uint8_t>(at[i]));
        }
#pragma GCC unroll 4
        for (auto& x : at) x = xsimd::ssub(x, signed_bytes(16));
      }
    }
#pragma GCC unroll 4
    for (std::size_t k = 0; k < N; ++k) {
      words<Arch> r;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < parts; ++i) r.part[i] = xsimd::bitwise_cast<std::uint32_t>(found[k][i]);
      f(k, r);
    }
  }
#endif
}

}  // namespace skive::simd
