// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/real_lane.hpp - what the rules of lattices ask of a number, so that one program serves a number and many at once.
///
///   template <class V> void f(V const* x);     V = float, double, any real type: a number;   V = simd::floats<Arch>,
///   simd::doubles<Arch> (codebook/lattice_lanes.hpp): one in each lane;   V = fixed_lane<W, S>: integers in lanes, in 2^-S
///
/// +, -, <, > and == are the type's; the rest is in real_lane<V>. Products are never contracted into a following sum, so that a
/// number has the bits of its lane whatever the compiler may fuse.
///
/// Model of : primitive
/// Cost     : one instruction an operation.
/// Promise  : a lane has the bits of the single number.
/// Source   : -

#include "skive/core/separate.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace skive::detail {

template <class V>
struct real_lane {
  using mask = bool;
  static constexpr V of(double constant) noexcept { return V(constant); }
  static constexpr V floor(V const& x) noexcept {
    using std::floor;
    return V(floor(x));
  }
  static constexpr V magnitude(V const& x) noexcept { return x < V(0) ? V(-x) : x; }
  static constexpr V smaller(V const& a, V const& b) noexcept { return b < a ? b : a; }
  static constexpr V larger(V const& a, V const& b) noexcept { return a < b ? b : a; }
  static constexpr V choose(mask m, V const& yes, V const& no) noexcept { return m ? yes : no; }
  static constexpr V half(V const& x) noexcept { return V(x * V(0.5)); }
  static constexpr bool any(mask m) noexcept { return m; }
  /// sqrt(constant), to the precision of V.
  static V root(double constant) noexcept {
    using std::sqrt;
    return V(sqrt(V(constant)));
  }
  static constexpr V product(V const& a, V const& b) noexcept {
    if constexpr (std::is_same_v<V, float> || std::is_same_v<V, double>)
      return detail::separate(a * b);
    else
      return V(a * b);
  }
};

/// x 2^S as an integer of W: single_lane or simd::integers<Arch>. |x| < 2^(31 - S), sums too.
template <class W, int S>
struct fixed_lane {
  W bits;
  friend constexpr fixed_lane operator+(fixed_lane const& a, fixed_lane const& b) noexcept { return {a.bits + b.bits}; }
  friend constexpr fixed_lane operator-(fixed_lane const& a, fixed_lane const& b) noexcept { return {a.bits - b.bits}; }
  friend constexpr auto operator<(fixed_lane const& a, fixed_lane const& b) noexcept { return a.bits < b.bits; }
  friend constexpr auto operator>(fixed_lane const& a, fixed_lane const& b) noexcept { return a.bits > b.bits; }
  friend constexpr auto operator==(fixed_lane const& a, fixed_lane const& b) noexcept { return a.bits == b.bits; }
};

template <class W, int S>
struct real_lane<fixed_lane<W, S>> {
  using lane = fixed_lane<W, S>;
  using mask = typename W::mask;
  static constexpr lane of(double constant) noexcept { return {W::broadcast(static_cast<std::int32_t>(constant * (1 << S)))}; }
  static constexpr lane floor(lane const& x) noexcept { return {(x.bits >> S) << S}; }
  static constexpr lane magnitude(lane const& x) noexcept { return {max(x.bits, W::broadcast(0) - x.bits)}; }
  /// Of multiples of 2^(1 - S).
  static constexpr lane half(lane const& x) noexcept { return {x.bits >> 1}; }
  static constexpr lane smaller(lane const& a, lane const& b) noexcept { return {min(a.bits, b.bits)}; }
  static constexpr lane larger(lane const& a, lane const& b) noexcept { return {max(a.bits, b.bits)}; }
  static constexpr lane choose(mask const& m, lane const& yes, lane const& no) noexcept { return {select(m, yes.bits, no.bits)}; }
};

/// The nearest integer; of two the smaller one. A zero is positive.
template <class V>
constexpr V rounded(V const& x) noexcept {
  using lane = real_lane<V>;
  V const above = lane::of(0.5) - x;
  return V(lane::of(0) - lane::floor(above));
}
template <class V>
constexpr typename real_lane<V>::mask is_odd(V const& whole) noexcept {
  using lane = real_lane<V>;
  V const half = lane::half(whole);
  return lane::floor(half) < half;
}

/// out = nearest integers whose sum is odd or even as asked, of n numbers; x may be out. Of equals the first place changes.
template <class V>
constexpr void nearest_of_parity(V const* x, std::size_t n, typename real_lane<V>::mask const& odd, V* out) noexcept {
  using lane = real_lane<V>;
  using mask = typename lane::mask;
  V sum = lane::of(0);
  V most = lane::of(-1);
  V at = lane::of(0);
  V step = lane::of(0);
  for (std::size_t i = 0; i < n; ++i) {
    V const r = rounded<V>(x[i]);
    V const e = x[i] - r;
    V const size = lane::magnitude(e);
    mask const further = size > most;
    most = lane::larger(most, size);
    at = lane::choose(further, lane::of(static_cast<double>(i)), at);
    step = lane::choose(further, lane::choose(e > lane::of(0), lane::of(1), lane::of(-1)), step);
    out[i] = r;
    sum = sum + r;
  }
  step = lane::choose(is_odd<V>(sum) ^ odd, step, lane::of(0));
  for (std::size_t i = 0; i < n; ++i) out[i] = out[i] + lane::choose(at == lane::of(static_cast<double>(i)), step, lane::of(0));
}

/// The lowest K bits of whole numbers, and the parity of some of them.
template <class V, std::size_t K>
struct word_bits {
  using lane = real_lane<V>;
  using mask = typename lane::mask;
  mask bit[K];

  constexpr explicit word_bits(V number) noexcept {
    for (auto k = K; k-- > 0;) {
      auto const power = static_cast<double>(1U << k);
      bit[k] = number > lane::of(power - 0.5);
      number = number - lane::choose(bit[k], lane::of(power), lane::of(0));
    }
  }
  /// `which` is not 0.
  constexpr mask parity(unsigned which) const noexcept {
    auto k = static_cast<std::size_t>(std::countr_zero(which));
    mask m = bit[k];
    for (which >>= k + 1; which != 0; which >>= 1) {
      ++k;
      if ((which & 1) != 0) m = m ^ bit[k];
    }
    return m;
  }
};

}  // namespace skive::detail
