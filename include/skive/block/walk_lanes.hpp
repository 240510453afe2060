// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/walk_lanes.hpp - one program for sixteen groups at once and for one: sixteen lanes, or a float.
///
///   walk_lanes<Arch>: lane g is group g of sixteen;   walk_lanes<scalar_arch>: the same operations on one group
///
/// A rule that is written in these operations has the same bits for one group as for sixteen, on every instruction set: each
/// rounds once. times() is a product that nothing contracts.
///
/// Model of : -
/// Cost     : one instruction per register and operation.
/// Accuracy : -
/// Promise  : the same bits for the same operands, unless they are NaN or subnormal.
/// Source   : -

#include "skive/core/separate.hpp"
#include "skive/simd/arithmetic.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

namespace skive::detail {

template <class Arch>
struct walk_lanes {
  using arch = Arch;
  static constexpr std::size_t width = 16;
  static constexpr bool many_registers = simd::has_avx512<Arch>;
  using numbers = simd::floats<Arch>;
  using integers = simd::integers<Arch>;
  using mask = typename numbers::mask;
  [[gnu::always_inline]] static numbers of(float x) noexcept { return numbers::broadcast(x); }
  [[gnu::always_inline]] static integers whole(std::int32_t x) noexcept { return integers::broadcast(x); }
  [[gnu::always_inline]] static numbers load(float const* at) noexcept { return numbers::load(at); }
  [[gnu::always_inline]] static integers load(std::int32_t const* at) noexcept { return integers::load(at); }
  template <class X, class T>
  [[gnu::always_inline]] static void store(X const& x, T* at) noexcept {
    x.store(at);
  }
  [[gnu::always_inline]] static numbers times(numbers const& a, numbers const& b) noexcept { return simd::product<Arch>(a, b); }
  /// a b + c, rounded once: a b is exact.
  [[gnu::always_inline]] static numbers plus_exact(numbers const& a, numbers const& b, numbers const& c) noexcept {
    return simd::fused<Arch>(a, b, c);
  }
  [[gnu::always_inline]] static numbers least(numbers const& a, numbers const& b) noexcept { return min(a, b); }
  [[gnu::always_inline]] static numbers most(numbers const& a, numbers const& b) noexcept { return max(a, b); }
  [[gnu::always_inline]] static integers most(integers const& a, integers const& b) noexcept { return max(a, b); }
  [[gnu::always_inline]] static numbers pick(mask const& m, numbers const& a, numbers const& b) noexcept {
    return select(m, a, b);
  }
  [[gnu::always_inline]] static integers pick(mask const& m, integers const& a, integers const& b) noexcept {
    return select(simd::as<std::int32_t>(m), a, b);
  }
  [[gnu::always_inline]] static integers bits(numbers const& x) noexcept { return simd::as<std::int32_t>(x); }
  [[gnu::always_inline]] static numbers from_bits(integers const& x) noexcept { return simd::as<float>(x); }
  [[gnu::always_inline]] static numbers to_number(integers const& x) noexcept { return simd::to_float(x); }
  [[gnu::always_inline]] static numbers root(numbers x) noexcept {
#pragma GCC unroll 4
    for (auto& p : x.part) p = simd::rooted(p);
    return x;
  }
  [[gnu::always_inline]] static std::uint32_t lanes(mask const& m) noexcept { return m.bits(); }
};
template <>
struct walk_lanes<scalar_arch> {
  static constexpr std::size_t width = 1;
  static constexpr bool many_registers = false;
  using numbers = float;
  using integers = std::int32_t;
  using mask = bool;
  static constexpr float of(float x) noexcept { return x; }
  static constexpr std::int32_t whole(std::int32_t x) noexcept { return x; }
  template <class T>
  static constexpr T load(T const* at) noexcept {
    return *at;
  }
  template <class T>
  static constexpr void store(T x, T* at) noexcept {
    *at = x;
  }
  static constexpr float times(float a, float b) noexcept { return separate(a * b); }
  static constexpr float plus_exact(float a, float b, float c) noexcept { return a * b + c; }
  static constexpr float least(float a, float b) noexcept { return b < a ? b : a; }
  template <class T>
  static constexpr T most(T a, T b) noexcept {
    return b > a ? b : a;
  }
  template <class T>
  static constexpr T pick(bool m, T a, T b) noexcept {
    return m ? a : b;
  }
  static constexpr std::int32_t bits(float x) noexcept { return std::bit_cast<std::int32_t>(x); }
  static constexpr float from_bits(std::int32_t x) noexcept { return std::bit_cast<float>(x); }
  static constexpr float to_number(std::int32_t x) noexcept { return static_cast<float>(x); }
  static float root(float x) noexcept { return std::sqrt(x); }
  static constexpr std::uint32_t lanes(bool m) noexcept { return m ? 1U : 0U; }
};

/// Of numbers of magnitude below 2^22 that are integers.
template <class Lanes>
[[gnu::always_inline]] inline typename Lanes::integers to_integer(typename Lanes::numbers const& x) noexcept {
  return Lanes::bits(x + Lanes::of(0x1.8p23f)) - Lanes::bits(Lanes::of(0x1.8p23f));
}

}  // namespace skive::detail
