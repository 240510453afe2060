// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/number_lanes.hpp - sixteen numbers of a row as floats, sixteen codes as words, and back.
///
/// Numbers are float, bfloat16 or float16; codes have one, two or four bytes, in the order of the machine.
///
/// Model of : -
/// Cost     : a load or a store, and the conversion (simd/half.hpp, simd/bytes.hpp).
/// Accuracy : numbers are rounded to nearest even, without saturating; codes are exact.
/// Promise  : reads and writes sixteen, aligned or not.
/// Source   : -

#include "skive/format/half.hpp"
#include "skive/simd/bytes.hpp"
#include "skive/simd/half.hpp"

#include <bit>

namespace skive::detail {

template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> load_numbers(float const* from) noexcept {
  return simd::floats<Arch>::load(from);
}
template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> load_numbers(bfloat16 const* from) noexcept {
  return simd::load_bfloat16<Arch>(from);
}
template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> load_numbers(float16 const* from) noexcept {
  return simd::load_float16<Arch>(from);
}
template <class Arch>
[[gnu::always_inline]] inline void store_numbers(simd::floats<Arch> const& x, float* to) noexcept {
  x.store(to);
}
template <class Arch>
[[gnu::always_inline]] inline void store_numbers(simd::floats<Arch> const& x, bfloat16* to) noexcept {
  simd::store_bfloat16<Arch>(x, to);
}
template <class Arch>
[[gnu::always_inline]] inline void store_numbers(simd::floats<Arch> const& x, float16* to) noexcept {
  simd::store_float16<Arch>(x, to);
}

constexpr float widen(float x) noexcept { return x; }
template <minifloat_traits T>
constexpr float widen(minifloat<T> x) noexcept {
  return minifloat<T>::decode(x.code);
}
template <class T>
constexpr T narrow(float x) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return x;
  else
    return T::from(x, nearest_even{}, non_saturating);
}

template <class Arch, class Code>
[[gnu::always_inline]] inline simd::words<Arch> load_codes(Code const* from) noexcept {
  if constexpr (sizeof(Code) == 1) return simd::load_bytes<Arch>(reinterpret_cast<std::byte const*>(from));
  if constexpr (sizeof(Code) == 4) return simd::words<Arch>::load(from);
  if constexpr (sizeof(Code) == 2) {
    if constexpr (std::endian::native == std::endian::little)
      return simd::load_halves<Arch>(reinterpret_cast<std::byte const*>(from));
    else
      return simd::generate<std::uint32_t, Arch>([from](std::size_t i) { return std::uint32_t{from[i]}; });
  }
}
template <class Arch, class Code>
[[gnu::always_inline]] inline void store_codes(simd::words<Arch> const& codes, Code* to) noexcept {
  if constexpr (sizeof(Code) == 1) {
    simd::store_bytes<Arch>(codes, reinterpret_cast<std::byte*>(to));
  } else if constexpr (sizeof(Code) == 4) {
    codes.store(to);
  } else if constexpr (sizeof(Code) == 2 && std::endian::native == std::endian::little) {
    simd::store_halves(codes, reinterpret_cast<std::byte*>(to));
  } else {
    alignas(64) std::uint32_t lane[16];
    codes.store(lane);
    for (std::size_t i = 0; i < 16; ++i) to[i] = static_cast<Code>(lane[i]);
  }
}

}  // namespace skive::detail
