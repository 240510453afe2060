// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/few_lanes.hpp - four or eight floats in a register, whatever size the registers of the instruction set have.
///
///   few_lanes<Arch, 4> everywhere;  few_lanes<Arch, 8> where has_eight_lanes<Arch>
///
/// Model of : primitive
/// Cost     : one instruction each.
/// Accuracy : each operation rounds once.
/// Promise  : the same bits as the operations on single floats; sums are never fused with product().
/// Source   : -

#include "skive/simd/arithmetic.hpp"

#include <cstring>
#include <type_traits>

namespace skive::simd {

template <class Arch>
inline constexpr bool has_eight_lanes = false;
template <class Arch>
  requires vector_arch<Arch>
inline constexpr bool has_eight_lanes<Arch> =
    xsimd::batch<float, Arch>::size >= 8 && !std::is_class_v<typename xsimd::batch<float, Arch>::register_type>;  // not emulated

template <class Arch, std::size_t Count>
  requires(Count == 4 || (Count == 8 && has_eight_lanes<Arch>))
struct few_lanes {
  using lanes [[gnu::vector_size(4 * Count)]] = float;
  lanes value;

  [[gnu::always_inline]] static few_lanes load(float const* p) noexcept {
    few_lanes x;
    std::memcpy(&x.value, p, sizeof(lanes));
    return x;
  }
  [[gnu::always_inline]] void store(float* p) const noexcept { std::memcpy(p, &value, sizeof(lanes)); }
  [[gnu::always_inline]] static few_lanes broadcast(float x) noexcept {
    float all[Count];
    for (float& lane : all) lane = x;
    return load(all);
  }
  [[gnu::always_inline]] friend few_lanes operator+(few_lanes const& a, few_lanes const& b) noexcept {
    return {a.value + b.value};
  }
  [[gnu::always_inline]] friend few_lanes operator-(few_lanes const& a, few_lanes const& b) noexcept {
    return {a.value - b.value};
  }
};

template <class Arch, std::size_t Count>
[[gnu::always_inline]] inline few_lanes<Arch, Count> product(few_lanes<Arch, Count> const& a,
                                                             few_lanes<Arch, Count> const& b) noexcept {
  auto p = a.value * b.value;
  detail::keep_apart<Arch>(p);
  return {p};
}

}  // namespace skive::simd
