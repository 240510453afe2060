// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/sixteen.hpp - sixteen numbers in registers: one of 512 bits, two of 256 or four of 128.
///
///   sixteen<float, Arch> x = sixteen<float, Arch>::load(p);     lane i holds p[i], on every instruction set
///
/// Kernels are written once, for 16 virtual lanes: sums in lanes have the same order everywhere, and 16 codes of any width fill
/// whole bytes. Floats have no operator *: where bits are promised a product that feeds a sum has to be simd::product
/// (simd/arithmetic.hpp), which no compiler contracts.
///
/// Model of : -
/// Cost     : one instruction per register and operation.
/// Accuracy : each operation rounds once.
/// Promise  : lane i depends on lane i of the operands only.
/// Source   : -

#include "skive/simd/arch.hpp"

#include <bit>

namespace skive::simd {

template <class T, class Arch>
struct sixteen_mask {
  using batch_bool = xsimd::batch_bool<T, Arch>;
  static constexpr std::size_t registers = 16 / batch_bool::size;
  batch_bool part[registers];

  [[gnu::always_inline]] friend sixteen_mask operator&(sixteen_mask a, sixteen_mask const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] & b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend sixteen_mask operator|(sixteen_mask a, sixteen_mask const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] | b.part[i];
    return a;
  }
  /// By != of masks: their ^ is | in xsimd 13 with AVX-512.
  [[gnu::always_inline]] friend sixteen_mask operator^(sixteen_mask a, sixteen_mask const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] != b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend sixteen_mask operator~(sixteen_mask a) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = !a.part[i];
    return a;
  }
  /// Bit i: lane i.
  [[gnu::always_inline]] std::uint32_t bits() const noexcept {
    std::uint64_t all = 0;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) all |= static_cast<std::uint64_t>(part[i].mask()) << (i * batch_bool::size);
    auto word = static_cast<std::uint32_t>(all);
#if XSIMD_WITH_AVX512F && defined(__GNUC__) && !defined(__clang__)
    // g++ 12 widens a mask register into a stack slot by storing only its 16 bits: make it go through a register.
    if constexpr (derives<Arch, xsimd::avx512f>) asm("" : "+r"(word));
#endif
    return word;
  }
};

/// T: float, std::int32_t or std::uint32_t.
template <class T, class Arch>
struct sixteen {
  static_assert(sizeof(T) == 4 && vector_arch<Arch>);
  using batch = xsimd::batch<T, Arch>;
  using mask = sixteen_mask<T, Arch>;
  static constexpr std::size_t registers = 16 / batch::size;
  batch part[registers];

  [[gnu::always_inline]] static sixteen broadcast(T x) noexcept {
    sixteen r;
#pragma GCC unroll 4
    for (auto& p : r.part) p = batch(x);
    return r;
  }
  [[gnu::always_inline]] static sixteen load(T const* from) noexcept {
    sixteen r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = batch::load_unaligned(from + i * batch::size);
    return r;
  }
  [[gnu::always_inline]] void store(T* to) const noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) part[i].store_unaligned(to + i * batch::size);
  }

  [[gnu::always_inline]] friend sixteen operator+(sixteen a, sixteen const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] + b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend sixteen operator-(sixteen a, sixteen const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] - b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend sixteen operator/(sixteen a, sixteen const& b) noexcept
    requires(std::is_same_v<T, float>)
  {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = divided(a.part[i], b.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend sixteen operator&(sixteen a, sixteen const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] & b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend sixteen operator|(sixteen a, sixteen const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] | b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend sixteen operator^(sixteen a, sixteen const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] ^ b.part[i];
    return a;
  }
  /// Logical for std::uint32_t, arithmetic for std::int32_t.
  [[gnu::always_inline]] friend sixteen operator>>(sixteen a, int count) noexcept
    requires(!std::is_same_v<T, float>)
  {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] >> count;
    return a;
  }
  [[gnu::always_inline]] friend sixteen operator<<(sixteen a, int count) noexcept
    requires(!std::is_same_v<T, float>)
  {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] << count;
    return a;
  }
  /// Where one operand is NaN the result is open: instruction sets differ. So is the sign of a zero out of -0 and +0.
  [[gnu::always_inline]] friend sixteen min(sixteen a, sixteen const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = xsimd::min(a.part[i], b.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend sixteen max(sixteen a, sixteen const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = xsimd::max(a.part[i], b.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend mask operator<(sixteen const& a, sixteen const& b) noexcept {
    mask r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = a.part[i] < b.part[i];
    return r;
  }
  [[gnu::always_inline]] friend mask operator>(sixteen const& a, sixteen const& b) noexcept { return b < a; }
  [[gnu::always_inline]] friend mask operator==(sixteen const& a, sixteen const& b) noexcept {
    mask r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = a.part[i] == b.part[i];
    return r;
  }
  [[gnu::always_inline]] friend sixteen select(mask const& m, sixteen const& yes, sixteen const& no) noexcept {
    sixteen r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = xsimd::select(m.part[i], yes.part[i], no.part[i]);
    return r;
  }
};

template <class Arch>
using floats = sixteen<float, Arch>;
template <class Arch>
using words = sixteen<std::uint32_t, Arch>;
template <class Arch>
using integers = sixteen<std::int32_t, Arch>;

/// The same bits as another type of number.
template <class To, class From, class Arch>
[[gnu::always_inline]] inline sixteen<To, Arch> as(sixteen<From, Arch> const& x) noexcept {
  sixteen<To, Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < r.registers; ++i) r.part[i] = xsimd::bitwise_cast<To>(x.part[i]);
  return r;
}

/// The mask of one kind of number as that of another.
template <class To, class From, class Arch>
[[gnu::always_inline]] inline sixteen_mask<To, Arch> as(sixteen_mask<From, Arch> const& m) noexcept {
  sixteen_mask<To, Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < r.registers; ++i) r.part[i] = xsimd::batch_bool_cast<To>(m.part[i]);
  return r;
}

/// Exact for |x| <= 2^24.
template <class Arch>
[[gnu::always_inline]] inline floats<Arch> to_float(integers<Arch> const& x) noexcept {
  floats<Arch> r;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < r.registers; ++i) r.part[i] = xsimd::to_float(x.part[i]);
  return r;
}

/// sixteen numbers that f(0) ... f(15) give.
template <class T, class Arch, class F>
[[gnu::always_inline]] inline sixteen<T, Arch> generate(F f) noexcept {
  alignas(64) T lane[16];
  for (std::size_t i = 0; i < 16; ++i) lane[i] = f(i);
  return sixteen<T, Arch>::load(lane);
}

}  // namespace skive::simd
