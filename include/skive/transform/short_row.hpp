// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/short_row.hpp - all stages of butterflies of a row that registers hold, by code that knows its length.
///
///   for h = 1, 2, ..., n / 2: (x_j, x_(j+h)) <- (x_j + x_(j+h), x_j - x_(j+h)), then x_j <- RNE(x_j scale); n: 1 to 16 registers
///
/// The row may be checked first, as plainly_safe() of transform/safe_range.hpp does; one that does not pass is left to guarded(),
/// which knows what to do with zeros and small numbers. Where a network takes 8 registers, the second half of a row of 16 stays in
/// them for the last stage.
///
/// Model of : - (used by transform/butterflies.hpp and transform/walsh_hadamard.hpp)
/// Cost     : as transform/butterfly_passes.hpp; the check 3 instructions for 2 registers.
/// Accuracy : each stage rounds once.
/// Promise  : the bits of transform/butterflies.hpp. A row that is not transformed is untouched.
/// Source   : -

#include "skive/transform/butterfly_passes.hpp"

namespace skive::detail {

// Rows of 1 to 16 registers: with AVX-512 16 to 256 floats, with AVX2 8 to 128.
template <class Arch>
constexpr bool is_short_row(std::size_t n) noexcept {
  if constexpr (simd::vector_arch<Arch>) return n >= xsimd::batch<float, Arch>::size && n <= 16 * xsimd::batch<float, Arch>::size;
  return false;
}

// The transform of twice the registers of a network.
template <class Arch>
[[gnu::always_inline]] inline void two_networks(float* x, float const* scale) noexcept {
  using batch = xsimd::batch<float, Arch>;
  constexpr auto half = most_registers<Arch>;
  constexpr auto size = batch::size;
  auto* const second = x + half * size;
  auto const* const again = simd::hidden<Arch, float>(second);
  // called, not inlined: the registers of two such networks at once would not suffice
  butterfly_pass<half, loading::within, Arch, float>(x, half * size, size, nullptr, nullptr);
  batch v[half];
  unrolled<half, Arch>([&](auto r) __attribute__((always_inline)) {
    v[r] = butterflies_within<false, false, Arch, float>(second + r * size, again + r * size, nullptr, 0);
  });
  butterflies_across<half, false, Arch, float>(v, batch(1.0f));
  auto const factor = batch(scale != nullptr ? *scale : 1.0f);
  unrolled<half, Arch>([&](auto r) __attribute__((always_inline)) {
    auto const a = batch::load_unaligned(x + r * size);
    auto sum = (a + v[r]) * factor;
    auto difference = (a - v[r]) * factor;
    simd::detail::keep_apart<Arch>(sum.data);
    simd::detail::keep_apart<Arch>(difference.data);
    sum.store_unaligned(x + r * size);
    difference.store_unaligned(second + r * size);
  });
}

// The transform of Count registers; whether it was done: not if it `Checks` and the row is not plainly safe.
template <std::size_t Count, bool Checks, class Arch>
bool short_row_of(float* x, float const* scale) noexcept {
  using batch = xsimd::batch<float, Arch>;
  using words = xsimd::batch<std::uint32_t, Arch>;
  constexpr auto n = Count * batch::size;
  if constexpr (Checks) {
    auto seen = words(~0U);
    auto const* const from = simd::hidden<Arch, float>(x);  // else compilers keep these registers and shuffle them
    unrolled<Count, Arch>([&](auto r) __attribute__((always_inline)) {
      seen = seen & (xsimd::bitwise_cast<std::uint32_t>(batch::load_unaligned(from + r * batch::size)) + words(0x2000'0000));
    });
    if (!xsimd::all(xsimd::bitwise_cast<std::int32_t>(seen + seen) < xsimd::batch<std::int32_t, Arch>(0))) return false;
  }
  if constexpr (Count > most_registers<Arch>) {
    two_networks<Arch>(x, scale);
  } else if constexpr (simd::loads_butterflies<Arch> && Count > 4) {
    low_butterflies<false, Arch>(x, n, nullptr);
    inline_pass<Count, loading::halves, Arch, float>(x, n, batch::size, scale, nullptr);
  } else {
    inline_pass<Count, loading::within, Arch, float>(x, n, batch::size, scale, nullptr);
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
    default: return short_row_of<16, Checks, Arch>(x, scale);
  }
}

}  // namespace skive::detail
