// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lattice.hpp - what a lattice is, and nearest points of Z, A_n, D_n, D_n+ and E8.
///
///   Z^n; D_n: integers of even sum; D_n+ = D_n + {0, 1/2} (n even), E8 = D_8+; A_n: n + 1 integers of sum 0
///
/// E7 and Barnes-Wall 16: codebook/binary_lattices.hpp; E6 and K12: codebook/eisenstein_lattices.hpp; Leech: codebook/leech.hpp;
/// many points at once: codebook/lattice_lanes.hpp. The distances to D_n and to D_n + 1/2 differ by a sum of magnitudes of errors
/// and what changing a parity costs: no square is needed.
///
/// Model of : lattice
/// Cost     : operations a coordinate, about: Z 3, D_n 12, E8 20, A_n 6 + 5 for each step back to sum 0 (some sqrt(n / 12)).
/// Accuracy : normalised second moments (a sphere in infinitely many dimensions has .058550): Z .083333, A2 .080188, D4 .076603,
///            E8 .071682.
/// Promise  : the nearest point, up to the rounding of sums in T; of equals the first coset, smaller coordinates, changes of parity
///            at the first place. x is finite and below 2^22 (float) or 2^51 (double). x may be out. Any real type with floor().
///            nearest_lanes: the same for each lane of V (codebook/real_lane.hpp).
/// Source   : J. H. Conway, N. J. A. Sloane, "Fast quantizing and decoding algorithms for lattice quantizers and codes", 1982, and
///            "Sphere Packings, Lattices and Groups", chapters 4, 20.

#include "skive/codebook/real_lane.hpp"
#include "skive/core/primitive.hpp"

#include <concepts>
#include <span>

namespace skive {

/// rank(): dimension of the lattice; coordinates(): length of its vectors; squared_volume(): of a cell, squared.
template <class L>
concept lattice = primitive<L> && requires(L const l, std::span<double const> x, std::span<double> out) {
  { l.rank() } noexcept -> std::same_as<std::size_t>;
  { l.coordinates() } noexcept -> std::same_as<std::size_t>;
  { l.squared_volume() } noexcept -> std::same_as<double>;
  { l.nearest(x, out) } noexcept -> std::same_as<void>;
};

/// Z^n.
struct integer_lattice {
  std::size_t n = 1;
  constexpr std::size_t rank() const noexcept { return n; }
  constexpr std::size_t coordinates() const noexcept { return n; }
  constexpr double squared_volume() const noexcept { return 1; }
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    nearest_lanes(x.data(), out.data());
  }
  template <class V>
  constexpr void nearest_lanes(V const* x, V* out) const noexcept {
    for (std::size_t i = 0; i < n; ++i) out[i] = detail::rounded<V>(x[i]);
  }
};

/// D_n.
struct checkerboard_lattice {
  std::size_t n = 4;
  constexpr std::size_t rank() const noexcept { return n; }
  constexpr std::size_t coordinates() const noexcept { return n; }
  constexpr double squared_volume() const noexcept { return 4; }
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    nearest_lanes(x.data(), out.data());
  }
  template <class V>
  constexpr void nearest_lanes(V const* x, V* out) const noexcept {
    V const zero = detail::real_lane<V>::of(0);
    detail::nearest_of_parity<V>(x, n, zero < zero, out);
  }
};

/// D_n+ for even n of 2 to 64: a lattice that has E8 for n = 8.
struct diamond_lattice {
  std::size_t n = 8;
  constexpr std::size_t rank() const noexcept { return n; }
  constexpr std::size_t coordinates() const noexcept { return n; }
  constexpr double squared_volume() const noexcept { return 1; }
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    nearest_lanes(x.data(), out.data());
  }
  template <class V>
  constexpr void nearest_lanes(V const* x, V* out) const noexcept {
    using lane = detail::real_lane<V>;
    using mask = typename lane::mask;
    V const zero = lane::of(0);
    V const one = lane::of(1);
    V const half = lane::of(0.5);
    V offset[64];  // from the integer to the nearest of Z + 1/2
    V sum = zero;
    V sum_of_halves = zero;  // of what lies below them
    V total = zero;          // of the errors' magnitudes
    V most = lane::of(-1);
    V least = one;
    V step = zero;
    V step_of_halves = zero;
    V at = zero;
    V at_of_halves = zero;
    for (std::size_t i = 0; i < n; ++i) {
      V const place = lane::of(static_cast<double>(i));
      V const r = detail::rounded<V>(x[i]);
      V const e = x[i] - r;
      V const size = lane::magnitude(e);
      mask const up = e > zero;
      mask const further = size > most;
      mask const nearer = size < least;
      offset[i] = lane::choose(up, half, zero - half);
      total = total + size;
      most = lane::larger(most, size);
      least = lane::smaller(least, size);
      at = lane::choose(further, place, at);
      at_of_halves = lane::choose(nearer, place, at_of_halves);
      step = lane::choose(further, offset[i], step);
      step_of_halves = lane::choose(nearer, offset[i], step_of_halves);
      out[i] = r;
      sum = sum + r;
      sum_of_halves = sum_of_halves + (r + offset[i] - half);
    }
    mask const odd = detail::is_odd<V>(sum);
    mask const odd_halves = detail::is_odd<V>(sum_of_halves);
    V const quarter = lane::of(static_cast<double>(n) / 4);
    V const to_half = quarter - total + lane::choose(odd_halves, least + least, zero);
    mask const halves = to_half < lane::choose(odd, one - (most + most), zero);
    step = lane::choose(odd, step + step, zero);
    step_of_halves = lane::choose(odd_halves, zero - (step_of_halves + step_of_halves), zero);
    at = lane::choose(halves, at_of_halves, at);
    step = lane::choose(halves, step_of_halves, step);
    for (std::size_t i = 0; i < n; ++i)
      out[i] = out[i] + lane::choose(halves, offset[i], zero) + lane::choose(at == lane::of(static_cast<double>(i)), step, zero);
  }
};

struct e8_lattice : diamond_lattice {
  constexpr e8_lattice() noexcept : diamond_lattice{8} {}
};

/// A_n in n + 1 coordinates of sum 0, n <= 63; x is projected first.
struct simplex_lattice {
  std::size_t n = 2;
  constexpr std::size_t rank() const noexcept { return n; }
  constexpr std::size_t coordinates() const noexcept { return n + 1; }
  constexpr double squared_volume() const noexcept { return static_cast<double>(n + 1); }
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    nearest_lanes(x.data(), out.data());
  }
  template <class V>
  constexpr void nearest_lanes(V const* x, V* out) const noexcept {
    using lane = detail::real_lane<V>;
    using mask = typename lane::mask;
    V const zero = lane::of(0);
    V const one = lane::of(1);
    V mean = zero;
    for (std::size_t i = 0; i <= n; ++i) mean = mean + x[i];
    mean = mean / lane::of(static_cast<double>(n + 1));
    V gain[64];  // of a step at that place, where all steps go one way
    V sum = zero;
    for (std::size_t i = 0; i <= n; ++i) {
      V const y = x[i] - mean;
      out[i] = detail::rounded<V>(y);
      gain[i] = y - out[i];
      sum = sum + out[i];
    }
    mask const down = sum > zero;
    V const step = lane::choose(down, zero - one, one);
    V left = lane::magnitude(sum);
    for (std::size_t i = 0; i <= n; ++i) gain[i] = lane::choose(down, zero - gain[i], gain[i]);
    // One step where it costs least: each place takes one at most.
    for (V const end = lane::of(0.5); lane::any(left > end); left = left - one) {
      V most = gain[0];
      V at = zero;
      for (std::size_t i = 1; i <= n; ++i) {
        at = lane::choose(gain[i] > most, lane::of(static_cast<double>(i)), at);
        most = lane::larger(most, gain[i]);
      }
      at = lane::choose(left > end, at, zero - one);
      for (std::size_t i = 0; i <= n; ++i) {
        mask const here = at == lane::of(static_cast<double>(i));
        out[i] = out[i] + lane::choose(here, step, zero);
        gain[i] = gain[i] - lane::choose(here, one, zero);
      }
    }
  }
};

static_assert(lattice<integer_lattice> && lattice<simplex_lattice> && lattice<e8_lattice>);

}  // namespace skive
