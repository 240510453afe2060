// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/registers.hpp - what linear algebra asks of one register of floats or doubles.
///
///   multiply_add(a, b, c)      a b + c: one rounding where the instruction set fuses, else two
///   load_some(p, n)            lanes 0 .. n - 1 from memory, zeros behind;   store_some(x, p, n) the reverse
///   transpose(x)               x[i] lane j <-> x[j] lane i, as many registers as lanes
///
/// Model of : -
/// Cost     : one instruction; load_some and store_some go through memory: for ends of rows.
/// Accuracy : each operation rounds once, multiply_add once or twice.
/// Promise  : the same bits for one instruction set, whatever the compiler contracts.
/// Source   : transpose: the perfect shuffle, log2(lanes) times (H. S. Stone, IEEE Trans. Computers C-20, 1971).

#include "skive/linalg/real.hpp"
#include "skive/simd/arithmetic.hpp"

namespace skive::detail {

template <class T, class Arch>
using register_of = xsimd::batch<T, Arch>;

template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> multiply_add(xsimd::batch<T, Arch> const& a, xsimd::batch<T, Arch> const& b,
                                                                 xsimd::batch<T, Arch> const& c) noexcept {
  if constexpr (simd::fuses<Arch>) {
    return xsimd::fma(a, b, c);
  } else {
    auto product = a * b;
    simd::detail::keep_apart<Arch>(product.data);
    return product + c;
  }
}

/// c - a b.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> multiply_subtract(xsimd::batch<T, Arch> const& a,
                                                                      xsimd::batch<T, Arch> const& b,
                                                                      xsimd::batch<T, Arch> const& c) noexcept {
  if constexpr (simd::fuses<Arch>) {
    return simd::minus_product(c, a, b);
  } else {
    auto product = a * b;
    simd::detail::keep_apart<Arch>(product.data);
    return c - product;
  }
}

template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> load_some(T const* from, std::size_t n) noexcept {
  using batch = xsimd::batch<T, Arch>;
  alignas(64) T lane[batch::size] = {};
  for (std::size_t i = 0; i < n; ++i) lane[i] = from[i];
  return batch::load_aligned(lane);
}

template <class T, class Arch>
[[gnu::always_inline]] inline void store_some(xsimd::batch<T, Arch> const& x, T* to, std::size_t n) noexcept {
  alignas(64) T lane[xsimd::batch<T, Arch>::size];
  x.store_aligned(lane);
  for (std::size_t i = 0; i < n; ++i) to[i] = lane[i];
}

/// Precondition: as many registers as lanes.
template <class T, class Arch, std::size_t Lanes>
[[gnu::always_inline]] inline void transpose(xsimd::batch<T, Arch> (&x)[Lanes]) noexcept {
  static_assert(Lanes == xsimd::batch<T, Arch>::size);
#pragma GCC unroll 4
  for (std::size_t step = 1; step < Lanes; step *= 2) {
    xsimd::batch<T, Arch> y[Lanes];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < Lanes / 2; ++i) {
      y[2 * i] = xsimd::zip_lo(x[i], x[i + Lanes / 2]);
      y[2 * i + 1] = xsimd::zip_hi(x[i], x[i + Lanes / 2]);
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < Lanes; ++i) x[i] = y[i];
  }
}

/// The sum of the lanes: i and i + n/2, then n/4, ..., so that it does not depend on xsimd's order.
template <class T, class Arch>
[[gnu::always_inline]] inline T sum_of_lanes(xsimd::batch<T, Arch> const& x) noexcept {
  constexpr std::size_t lanes = xsimd::batch<T, Arch>::size;
  alignas(64) T lane[lanes];
  x.store_aligned(lane);
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) lane[i] += lane[i + half];
  return lane[0];
}

}  // namespace skive::detail
