// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/short_rows.hpp - Walsh-Hadamard transforms of rows that the registers hold, checked on the way or not.
///
///   all stages of transform/butterflies.hpp, then x_j <- RNE(x_j scale), by code that knows the length
///
/// short_row() checks a row as plainly_safe() of transform/safe_range.hpp does and transforms it in the same call. A row that does
/// not pass is left to guarded(), which knows what to do with zeros and small numbers.
///
/// Model of : -
/// Cost     : with AVX-512 16 to 256 floats, with AVX2 8 to 64. Rows of 64 take two fifths of the time of guarded() and loops, rows of
///            256 two thirds.
/// Accuracy : as transform/butterflies.hpp
/// Promise  : the same bits as walsh_hadamard(). Rows that are not transformed are untouched.
/// Source   : -

#include "skive/transform/butterfly_passes.hpp"

namespace skive::detail {

template <class Arch>
constexpr bool is_short_row(std::size_t n) noexcept {
  if constexpr (simd::vector_arch<Arch>)
    return n >= xsimd::batch<float, Arch>::size && n <= most_registers<Arch> * xsimd::batch<float, Arch>::size;
  return false;
}

// The transform of Count registers; whether it was done: not if it `Checks` and the row is not plainly safe.
template <std::size_t Count, bool Checks, class Arch>
bool short_row_of(float* x, float const* scale) noexcept {
  using batch = xsimd::batch<float, Arch>;
  using words = xsimd::batch<std::uint32_t, Arch>;
  constexpr auto n = Count * batch::size;
  if constexpr (Checks) {
    auto differ = words(~0U);
    unrolled<Count, Arch>([&](auto r) __attribute__((always_inline)) {
      auto const bits = xsimd::bitwise_cast<std::uint32_t>(batch::load_unaligned(x + r * batch::size));
      differ = differ & (bits ^ (bits + bits));
    });
    if (!xsimd::all(xsimd::bitwise_cast<std::int32_t>(differ + differ) < xsimd::batch<std::int32_t, Arch>(0))) return false;
  }
  if constexpr (simd::loads_butterflies<Arch> && Count > 4) {
    low_butterflies<false, Arch>(x, n, nullptr);
    butterfly_pass<Count, loading::halves, Arch, float>(x, n, batch::size, scale, nullptr);
  } else {
    butterfly_pass<Count, loading::within, Arch, float>(x, n, batch::size, scale, nullptr);
  }
  return true;
}

/// Precondition: is_short_row(n). `Checks`: false, and the row is untouched, if it is to be looked at more closely.
template <bool Checks, class Arch>
bool short_row(float* x, std::size_t n, float const* scale) noexcept {
  switch (n / xsimd::batch<float, Arch>::size) {
    case 1: return short_row_of<1, Checks, Arch>(x, scale);
    case 2: return short_row_of<2, Checks, Arch>(x, scale);
    case 4: return short_row_of<4, Checks, Arch>(x, scale);
    case 8: return short_row_of<8, Checks, Arch>(x, scale);
    default:
      if constexpr (most_registers<Arch> == 16) return short_row_of<16, Checks, Arch>(x, scale);
      return false;
  }
}

}  // namespace skive::detail
