// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/lane_block.hpp - sixteen numbers of any real type: registers for float and double, plain numbers for all others.
///
///   lane_block<T, Arch> x = lane_block<T, Arch>::load(p);     lane i holds p[i]
///
/// Matrix algorithms round differently on every instruction set anyway (multiply-adds fuse where they can), so that products here
/// may feed sums: this is not simd::sixteen, whose bits codes depend on.
///
/// Model of : -
/// Cost     : one instruction per register and operation.
/// Accuracy : each operation rounds once; fused() and reduced() once or twice; inverse_root_estimate() is off by less than 7e-4 of
///            itself.
/// Promise  : lane i depends on lane i of the operands only.
/// Source   : the estimate's constants: J. Kadlec, 2010, for the shifted pattern of "Quake III".

#include "skive/linalg/registers.hpp"
#include "skive/simd/reduce_each.hpp"

namespace skive::detail {

// The numbers of one register, or one number.
template <real T, class Arch>
struct lane_part {
  using type = T;
  using mask = bool;
  static constexpr std::size_t size = 1;
  static type load(T const* from) noexcept { return *from; }
  static void store(type const& x, T* to) noexcept { *to = x; }
  static type fused(type const& a, type const& b, type const& c) noexcept { return a * b + c; }
  static type reduced(type const& a, type const& b, type const& c) noexcept { return c - a * b; }
  static type quotient(type const& a, type const& b) noexcept { return a / b; }
  static type root(type const& x) noexcept { return square_root(x); }
  static constexpr bool estimates = false;
  static type absolute(type const& x) noexcept { return detail::absolute(x); }
  static type chosen(mask m, type const& yes, type const& no) noexcept { return m ? yes : no; }
  static bool any(mask m) noexcept { return m; }
  static T sum(type const& x) noexcept { return x; }
  static void sums_of_sixteen(type (&x)[16], T* to) noexcept {
    for (std::size_t i = 0; i < 16; ++i) to[i] = x[i];
  }
};

template <real T, class Arch>
  requires(vector_real<T, Arch>)
struct lane_part<T, Arch> {
  using type = xsimd::batch<T, Arch>;
  using mask = xsimd::batch_bool<T, Arch>;
  static constexpr std::size_t size = type::size;
  [[gnu::always_inline]] static type load(T const* from) noexcept { return type::load_unaligned(from); }
  [[gnu::always_inline]] static void store(type const& x, T* to) noexcept { x.store_unaligned(to); }
  [[gnu::always_inline]] static type fused(type const& a, type const& b, type const& c) noexcept { return multiply_add(a, b, c); }
  [[gnu::always_inline]] static type reduced(type const& a, type const& b, type const& c) noexcept {
    return multiply_subtract(a, b, c);
  }
  [[gnu::always_inline]] static type quotient(type const& a, type const& b) noexcept { return simd::divided(a, b); }
  [[gnu::always_inline]] static type root(type const& x) noexcept { return simd::rooted(x); }
  static constexpr bool estimates = std::same_as<T, float>;
  [[gnu::always_inline]] static type inverse_root_estimate(type const& x) noexcept
    requires(estimates)
  {
    using bits = xsimd::batch<std::uint32_t, Arch>;
    auto const y = xsimd::bitwise_cast<float>(bits(0x5F1FFFF9U) - (xsimd::bitwise_cast<std::uint32_t>(x) >> 1));
    return y * type(0.703952253f) * multiply_subtract(x * y, y, type(2.38924456f));
  }
  [[gnu::always_inline]] static type absolute(type const& x) noexcept { return xsimd::abs(x); }
  [[gnu::always_inline]] static type chosen(mask const& m, type const& yes, type const& no) noexcept {
    return xsimd::select(m, yes, no);
  }
  [[gnu::always_inline]] static bool any(mask const& m) noexcept { return xsimd::any(m); }
  [[gnu::always_inline]] static T sum(type const& x) noexcept { return sum_of_lanes(x); }
  /// to[i]: the sum of the lanes of x[i].
  [[gnu::always_inline]] static void sums_of_sixteen(type (&x)[16], T* to) noexcept {
    for (std::size_t first = 0; first < 16; first += size) {
      type y[size];
#pragma GCC unroll 16
      for (std::size_t i = 0; i < size; ++i) y[i] = x[first + i];
      if constexpr (std::same_as<T, float>) {
        store(simd::sum_of_each<Arch>(y), to + first);
      } else {
        transpose(y);
        for (std::size_t half = size / 2; half > 0; half /= 2)
          for (std::size_t i = 0; i < half; ++i) y[i] = y[i] + y[i + half];
        store(y[0], to + first);
      }
    }
  }
};

template <class T, class Arch>
struct lane_block_mask {
  using piece = lane_part<T, Arch>;
  static constexpr std::size_t registers = 16 / piece::size;
  typename piece::mask part[registers];

  [[gnu::always_inline]] friend lane_block_mask operator&(lane_block_mask a, lane_block_mask const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] & b.part[i];
    return a;
  }
  [[gnu::always_inline]] bool any() const noexcept {
    bool found = false;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) found |= piece::any(part[i]);
    return found;
  }
};

template <class T, class Arch>
struct lane_block {
  using piece = lane_part<T, Arch>;
  using mask = lane_block_mask<T, Arch>;
  static constexpr std::size_t registers = mask::registers;
  static constexpr bool estimates = piece::estimates;
  typename piece::type part[registers];

  [[gnu::always_inline]] static lane_block broadcast(T const& x) noexcept {
    lane_block r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = typename piece::type(x);
    return r;
  }
  [[gnu::always_inline]] static lane_block load(T const* from) noexcept {
    lane_block r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = piece::load(from + i * piece::size);
    return r;
  }
  [[gnu::always_inline]] void store(T* to) const noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) piece::store(part[i], to + i * piece::size);
  }
  [[gnu::always_inline]] friend lane_block operator+(lane_block a, lane_block const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] + b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend lane_block operator-(lane_block a, lane_block const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] - b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend lane_block operator*(lane_block a, lane_block const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] * b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend lane_block operator/(lane_block a, lane_block const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = piece::quotient(a.part[i], b.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend lane_block operator-(lane_block a) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = -a.part[i];
    return a;
  }
  [[gnu::always_inline]] friend mask operator>(lane_block const& a, lane_block const& b) noexcept {
    mask r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = a.part[i] > b.part[i];
    return r;
  }
  /// a b + c.
  [[gnu::always_inline]] friend lane_block fused(lane_block a, lane_block const& b, lane_block const& c) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = piece::fused(a.part[i], b.part[i], c.part[i]);
    return a;
  }
  /// c - a b.
  [[gnu::always_inline]] friend lane_block reduced(lane_block a, lane_block const& b, lane_block const& c) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = piece::reduced(a.part[i], b.part[i], c.part[i]);
    return a;
  }
  /// 1 / root of positive normal numbers to 7e-4 of itself; only where `estimates`.
  [[gnu::always_inline]] friend lane_block inverse_root_estimate(lane_block a) noexcept
    requires(estimates)
  {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = piece::inverse_root_estimate(a.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend lane_block root(lane_block a) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = piece::root(a.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend lane_block absolute(lane_block a) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = piece::absolute(a.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend lane_block select(mask const& m, lane_block const& yes, lane_block const& no) noexcept {
    lane_block r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = piece::chosen(m.part[i], yes.part[i], no.part[i]);
    return r;
  }
};

}  // namespace skive::detail
