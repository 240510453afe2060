// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/bits.hpp - sixteen fields of 1 to 8 bits, packed without gaps into 2 Width bytes, one per lane of 32 bits.
///
///   load_fields<Width, Arch>(p, order)       lane i holds field i of the row at p, laid out as core/bits.hpp says
///   load_fields_padded<Width, Arch>(p, order)   the same, where 16 bytes may be read at p
///   store_fields<Width>(w, order, p)         lanes below 2^Width become the fields of the row at p
///
/// Model of : -
/// Cost     : simd/bits_x86.hpp, simd/bits_sse2.hpp; elsewhere that of core/bits.hpp.
/// Promise  : the bytes of skive::pack and the codes of skive::unpack; exactly 2 Width bytes are touched.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/simd/bits_sse2.hpp"
#include "skive/simd/bits_x86.hpp"
#include "skive/simd/bytes.hpp"

#include <cstring>

namespace skive::simd {

namespace detail {

// core's load_8 and store_8 as single moves, which g++ does not always make of eight bytes.
template <bit_order Order, class Arch>
[[gnu::always_inline]] inline std::uint64_t ordered(std::uint64_t x) noexcept {
  constexpr bool native = (Order == bit_order::low_first) == (std::endian::native == std::endian::little);
  return native ? x : __builtin_bswap64(x);
}
template <bit_order Order, class Arch>
[[gnu::always_inline]] inline void move_8(std::uint64_t x, std::byte* to) noexcept {
  x = ordered<Order, Arch>(x);
  std::memcpy(to, &x, 8);
}

// Numbers of 8 bytes for core/bits.hpp, each loaded at once and within the row: pieces would wait for each other in memory.
// flatten: functions shared with units of other flags must not be called, only inlined.
template <int Width, bit_order Order, class Arch>
[[gnu::flatten]] words<Arch> load_fields_generic(std::byte const* from) noexcept {
  constexpr std::size_t window = Width >= 4 ? 8 : Width >= 2 ? 4 : 2;
  constexpr std::size_t second = 2 * Width - window;
  std::uint64_t codes[2];  // field 0 in the lowest byte
  for (std::size_t half = 0; half < 2; ++half) {
    constexpr int late = 8 * (Width - static_cast<int>(second));  // bits before the second half in its window
    std::uint64_t loaded = 0;
    for (std::size_t b = 0; b < window; ++b) {
      auto const byte = std::to_integer<std::uint64_t>(from[half * second + b]);
      loaded |= byte << (Order == bit_order::low_first ? 8 * b : 56 - 8 * b);
    }
    auto const ours = half == 0 ? loaded : Order == bit_order::low_first ? loaded >> late : loaded << late;
    auto const eight = skive::detail::unpack_8(ours, Width, Order);
    codes[half] = Order == bit_order::low_first ? eight : __builtin_bswap64(eight);
  }
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>)
    return widen_bytes<Arch>(_mm_set_epi64x(static_cast<long long>(codes[1]), static_cast<long long>(codes[0])));
#endif
  if constexpr (!has_sse2<Arch>) {
    alignas(16) std::byte bytes[16];
    for (std::size_t half = 0; half < 2; ++half) skive::detail::store_8(codes[half], bytes + 8 * half, bit_order::low_first);
    return load_bytes<Arch>(bytes);
  }
}

template <int Width, bit_order Order, class Arch>
[[gnu::flatten]] void store_fields_generic(words<Arch> const& w, std::byte* to) noexcept {
  constexpr bool low = Order == bit_order::low_first;
  alignas(16) std::byte codes[16];
  store_bytes(w, codes);
  auto const first = skive::detail::pack_8(ordered<Order, Arch>(load_number<std::uint64_t, Arch>(codes)), Width, Order);
  auto const second = skive::detail::pack_8(ordered<Order, Arch>(load_number<std::uint64_t, Arch>(codes + 8)), Width, Order);
  auto const start = low ? first | second << (8 * Width) : first | second >> (8 * Width);  // bytes 0-7 of the row
  if constexpr (Width < 4) {
    std::byte bytes[8];
    move_8<Order, Arch>(start, bytes);
    std::memcpy(to, bytes, 2 * Width);
  } else {
    move_8<Order, Arch>(start, to);
  }
  if constexpr (Width > 4) {  // the last 8 bytes
    auto const end =
        low ? first >> (16 * Width - 64) | second << (64 - 8 * Width) : first << (16 * Width - 64) | second >> (64 - 8 * Width);
    move_8<Order, Arch>(end, to + 2 * Width - 8);
  }
}

}  // namespace detail

template <int Width, class Arch>
[[gnu::always_inline]] inline words<Arch> load_fields(std::byte const* from, bit_order order) noexcept {
  static_assert(Width >= 1 && Width <= 8);
  if constexpr (Width == 8) {
    return load_bytes<Arch>(from);
  } else if constexpr (has_avx512<Arch> || has_avx2<Arch> || has_ssse3<Arch>) {
    return detail::load_fields_x86<Width, Arch>(from, order);
#if XSIMD_WITH_SSE2
  } else if constexpr (detail::has_bits_sse2<Width, Arch>) {
    return detail::load_fields_sse2<Width, Arch>(from, order);
#endif
  } else {
    if (order == bit_order::low_first) return detail::load_fields_generic<Width, bit_order::low_first, Arch>(from);
    return detail::load_fields_generic<Width, bit_order::high_first, Arch>(from);
  }
}

template <int Width, class Arch>
[[gnu::always_inline]] inline words<Arch> load_fields_padded(std::byte const* from, bit_order order) noexcept {
  return load_fields<Width, Arch>(from, order);
}

/// Precondition: every lane is below 2^Width.
template <int Width, class Arch>
[[gnu::always_inline]] inline void store_fields(words<Arch> const& w, bit_order order, std::byte* to) noexcept {
  static_assert(Width >= 1 && Width <= 8);
  if constexpr (Width == 8) {
    store_bytes(w, to);
  } else if constexpr (has_avx512<Arch> || has_avx2<Arch> || has_ssse3<Arch>) {
    detail::store_fields_x86<Width, Arch>(w, order, to);
#if XSIMD_WITH_SSE2
  } else if constexpr (detail::has_bits_sse2<Width, Arch>) {
    detail::store_fields_sse2<Width, Arch>(w, order, to);
#endif
  } else {
    if (order == bit_order::low_first) return detail::store_fields_generic<Width, bit_order::low_first, Arch>(w, to);
    detail::store_fields_generic<Width, bit_order::high_first, Arch>(w, to);
  }
}

}  // namespace skive::simd
