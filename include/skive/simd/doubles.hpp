// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/doubles.hpp - eight doubles in registers: one of 512 bits, two of 256 or four of 128.
///
///   doubles<Arch> x = doubles<Arch>::load(p);     lane i holds p[i], on every instruction set
///
///   rows_to_lanes(from, stride, x)   a few columns of eight rows to lanes;   lanes_to_rows the other way
///
/// What simd/sixteen.hpp is for floats; product() too is never contracted.
///
/// Model of : -
/// Cost     : one instruction per register and operation.
/// Accuracy : each operation rounds once.
/// Promise  : lane i depends on lane i of the operands only.
/// Source   : -

#include "skive/simd/arithmetic.hpp"

namespace skive::simd {

template <class Arch>
struct doubles_mask {
  using batch_bool = xsimd::batch_bool<double, Arch>;
  static constexpr std::size_t registers = 8 / batch_bool::size;
  batch_bool part[registers];

  [[gnu::always_inline]] friend doubles_mask operator&(doubles_mask a, doubles_mask const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] & b.part[i];
    return a;
  }
  /// By != of masks: their ^ is | in xsimd 13 with AVX-512.
  [[gnu::always_inline]] friend doubles_mask operator^(doubles_mask a, doubles_mask const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] != b.part[i];
    return a;
  }
  /// Bit i: lane i.
  [[gnu::always_inline]] std::uint32_t bits() const noexcept {
    std::uint32_t all = 0;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) all |= static_cast<std::uint32_t>(part[i].mask()) << (i * batch_bool::size);
    return all;
  }
};

template <class Arch>
struct doubles {
  using batch = xsimd::batch<double, Arch>;
  using mask = doubles_mask<Arch>;
  static constexpr std::size_t registers = 8 / batch::size;
  batch part[registers];

  [[gnu::always_inline]] static doubles broadcast(double x) noexcept {
    doubles r;
#pragma GCC unroll 4
    for (auto& p : r.part) p = batch(x);
    return r;
  }
  [[gnu::always_inline]] static doubles load(double const* from) noexcept {
    doubles r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = batch::load_unaligned(from + i * batch::size);
    return r;
  }
  [[gnu::always_inline]] void store(double* to) const noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) part[i].store_unaligned(to + i * batch::size);
  }
  [[gnu::always_inline]] friend doubles operator+(doubles a, doubles const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] + b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend doubles operator-(doubles a, doubles const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = a.part[i] - b.part[i];
    return a;
  }
  [[gnu::always_inline]] friend doubles operator/(doubles a, doubles const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = divided(a.part[i], b.part[i]);
    return a;
  }
  /// NaN and the sign of a zero: as sixteen's.
  [[gnu::always_inline]] friend doubles min(doubles a, doubles const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = xsimd::min(a.part[i], b.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend doubles max(doubles a, doubles const& b) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) a.part[i] = xsimd::max(a.part[i], b.part[i]);
    return a;
  }
  [[gnu::always_inline]] friend mask operator<(doubles const& a, doubles const& b) noexcept {
    mask r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = a.part[i] < b.part[i];
    return r;
  }
  [[gnu::always_inline]] friend mask operator>(doubles const& a, doubles const& b) noexcept { return b < a; }
  [[gnu::always_inline]] friend mask operator==(doubles const& a, doubles const& b) noexcept {
    mask r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = a.part[i] == b.part[i];
    return r;
  }
  [[gnu::always_inline]] friend doubles select(mask const& m, doubles const& yes, doubles const& no) noexcept {
    doubles r;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < registers; ++i) r.part[i] = xsimd::select(m.part[i], yes.part[i], no.part[i]);
    return r;
  }
};

template <class Arch>
[[gnu::always_inline]] inline doubles<Arch> product(doubles<Arch> a, doubles<Arch> const& b) noexcept {
#pragma GCC unroll 4
  for (std::size_t i = 0; i < a.registers; ++i) {
    auto p = (a.part[i] * b.part[i]).data;  // as in simd/arithmetic.hpp
    detail::keep_apart<Arch>(p);
    a.part[i] = typename doubles<Arch>::batch(p);
  }
  return a;
}

/// Emulated registers are turned by plain loops: xsimd's transpose() of theirs is wrong when g++ 12 optimizes it.
template <class Arch>
inline constexpr bool turns_doubles = !std::is_class_v<typename xsimd::batch<double, Arch>::register_type>;

/// Lane l of x[k] is from[l stride + k], k below the doubles of a register.
template <class Arch>
[[gnu::always_inline]] inline void rows_to_lanes(double const* from, std::size_t stride, doubles<Arch>* x) noexcept {
  using batch = typename doubles<Arch>::batch;
  if constexpr (!turns_doubles<Arch>) {
    for (std::size_t k = 0; k < batch::size; ++k) {
      double lane[8];
      for (std::size_t l = 0; l < 8; ++l) lane[l] = from[l * stride + k];
      x[k] = doubles<Arch>::load(lane);
    }
    return;
  }
#pragma GCC unroll 4
  for (std::size_t p = 0; p < doubles<Arch>::registers; ++p) {
    batch m[batch::size];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < batch::size; ++k) m[k] = batch::load_unaligned(from + (p * batch::size + k) * stride);
    xsimd::transpose(m, m + batch::size);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < batch::size; ++k) x[k].part[p] = m[k];
  }
}
/// The other way.
template <class Arch>
[[gnu::always_inline]] inline void lanes_to_rows(doubles<Arch> const* x, double* to, std::size_t stride) noexcept {
  using batch = typename doubles<Arch>::batch;
  if constexpr (!turns_doubles<Arch>) {
    for (std::size_t k = 0; k < batch::size; ++k) {
      double lane[8];
      x[k].store(lane);
      for (std::size_t l = 0; l < 8; ++l) to[l * stride + k] = lane[l];
    }
    return;
  }
#pragma GCC unroll 4
  for (std::size_t p = 0; p < doubles<Arch>::registers; ++p) {
    batch m[batch::size];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < batch::size; ++k) m[k] = x[k].part[p];
    xsimd::transpose(m, m + batch::size);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < batch::size; ++k) m[k].store_unaligned(to + (p * batch::size + k) * stride);
  }
}

}  // namespace skive::simd
