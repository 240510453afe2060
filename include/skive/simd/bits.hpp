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

// flatten: functions shared with units of other flags must not be called, only inlined.
template <int Width, bit_order Order, class Arch>
[[gnu::flatten]] words<Arch> load_fields_generic(std::byte const* from) noexcept {
  std::uint64_t codes[2];  // field 0 in the lowest byte
  for (std::size_t half = 0; half < 2; ++half) {
    std::byte packed[8] = {};
    std::memcpy(packed, from + half * Width, Width);
    auto const eight = skive::detail::unpack_8(skive::detail::load_8(packed, Order), Width, Order);
    codes[half] = Order == bit_order::low_first ? eight : __builtin_bswap64(eight);
  }
#if XSIMD_WITH_SSE2
  if constexpr (has_sse2<Arch>)  // memory would keep the processor waiting: two stores, one load
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
  alignas(16) std::byte codes[16];
  store_bytes(w, codes);
  for (std::size_t half = 0; half < 2; ++half) {
    std::byte packed[8];
    auto const eight = skive::detail::load_8(codes + 8 * half, Order);
    skive::detail::store_8(skive::detail::pack_8(eight, Width, Order), packed, Order);
    std::memcpy(to + half * Width, packed, Width);
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
