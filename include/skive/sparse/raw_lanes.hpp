// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/raw_lanes.hpp - sixteen numbers of 1, 2 or 4 bytes of any type as lanes whose bits nobody looks at.
///
/// Model of : -
/// Cost     : a load or a store, and widening or narrowing.
/// Promise  : exactly sixteen numbers are touched; bits stay, NaN too.
/// Source   : -

#include "skive/simd/bytes.hpp"

#include <type_traits>

namespace skive::detail {

template <class T>
inline constexpr bool has_lanes = sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4;

template <class Arch, class T>
[[gnu::always_inline]] inline simd::floats<Arch> load_raw(T const* from) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return simd::floats<Arch>::load(from);
  else if constexpr (sizeof(T) == 4)
    return simd::as<float>(simd::words<Arch>::load(reinterpret_cast<std::uint32_t const*>(from)));
  if constexpr (sizeof(T) == 2) return simd::as<float>(simd::load_halves<Arch>(reinterpret_cast<std::byte const*>(from)));
  if constexpr (sizeof(T) == 1) return simd::as<float>(simd::load_bytes<Arch>(reinterpret_cast<std::byte const*>(from)));
}
template <class Arch, class T>
[[gnu::always_inline]] inline void store_raw(simd::floats<Arch> const& x, T* to) noexcept {
  auto const w = simd::as<std::uint32_t>(x);
  if constexpr (std::is_same_v<T, float>)
    x.store(to);
  else if constexpr (sizeof(T) == 4)
    w.store(reinterpret_cast<std::uint32_t*>(to));
  if constexpr (sizeof(T) == 2) simd::store_halves<Arch>(w, reinterpret_cast<std::byte*>(to));
  if constexpr (sizeof(T) == 1) simd::store_bytes<Arch>(w, reinterpret_cast<std::byte*>(to));
}

}  // namespace skive::detail
