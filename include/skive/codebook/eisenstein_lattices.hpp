// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/eisenstein_lattices.hpp - E6 and K12: complex numbers of E = {a + b w}, w = (-1 + i sqrt(3)) / 2.
///
///   E6 = {x in E^3: x_1 = x_2 = x_3 mod theta},   K12 = {x in E^6: x mod 2 is a word of the hexacode},   theta = sqrt(-3)
///
/// A complex number is two coordinates. In units of (1, sqrt(3)) E is Z^2 and Z^2 + 1/2: from errors (e, f) of the first, the
/// second is nearer where |e| + 3 |f| > 1.
///
/// Model of : lattice
/// Cost     : operations a coordinate, about: E6 40, K12 90.
/// Accuracy : normalised second moments: E6 .074347, K12 .070096.
/// Promise  : as codebook/lattice.hpp.
/// Source   : J. H. Conway, N. J. A. Sloane, "Sphere Packings, Lattices and Groups", chapters 4, 20.

#include "skive/codebook/hexacode.hpp"
#include "skive/codebook/lattice.hpp"

namespace skive {

namespace detail {

/// The nearest point (re, im sqrt(3)) of E to (x, y sqrt(3)), and its squared distance.
template <class V>
struct eisenstein {
  V re, im, distance;

  constexpr eisenstein() noexcept = default;
  constexpr eisenstein(V const& x, V const& y) noexcept {
    using lane = real_lane<V>;
    V const zero = lane::of(0);
    V const half = lane::of(0.5);
    V const a = rounded<V>(x);
    V const b = rounded<V>(y);
    V const e = x - a;
    V const f = y - b;
    V const across = lane::magnitude(e);
    V const along = lane::magnitude(f);
    typename lane::mask const between = across + (along + along + along) > lane::of(1);
    re = a + lane::choose(between, lane::choose(e > zero, half, zero - half), zero);
    im = b + lane::choose(between, lane::choose(f > zero, half, zero - half), zero);
    V const p = lane::choose(between, half - across, across);
    V const q = lane::choose(between, half - along, along);
    distance = lane::product(p, p) + lane::product(q + q + q, q);
  }
};

}  // namespace detail

/// E6 in three complex coordinates, squared minimum 3.
struct e6_lattice {
  static constexpr std::size_t rank() noexcept { return 6; }
  static constexpr std::size_t coordinates() noexcept { return 6; }
  static constexpr double squared_volume() noexcept { return 81 * 27.0 / 64; }
  template <class T>
  void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    nearest_lanes(x.data(), out.data());
  }
  template <class V>
  void nearest_lanes(V const* x, V* out) const noexcept {
    using lane = detail::real_lane<V>;
    V const root = lane::root(3);
    V const inverse = lane::of(1) / root;
    V const third = lane::of(1) / lane::of(3);
    V best[6];
    V least = lane::of(0);
    for (int c = 0; c < 3; ++c) {
      V const shift = lane::of(c - 1);  // x = shift + theta y
      detail::eisenstein<V> y[3];
      for (std::size_t i = 0; i < 3; ++i)
        y[i] = detail::eisenstein<V>{lane::product(x[2 * i + 1], inverse), lane::product(shift - x[2 * i], third)};
      V const distance = y[0].distance + y[1].distance + y[2].distance;
      typename lane::mask const nearer = c == 0 ? lane::of(0) < lane::of(1) : distance < least;
      least = c == 0 ? distance : lane::smaller(least, distance);
      for (std::size_t i = 0; i < 3; ++i) {
        V const re = shift - (y[i].im + y[i].im + y[i].im);
        best[2 * i] = c == 0 ? re : lane::choose(nearer, re, best[2 * i]);
        best[2 * i + 1] = c == 0 ? y[i].re : lane::choose(nearer, y[i].re, best[2 * i + 1]);
      }
    }
    for (std::size_t i = 0; i < 6; ++i) out[i] = i % 2 == 0 ? best[i] : lane::product(best[i], root);
  }
};

/// K12 in six complex coordinates, squared minimum 4.
struct k12_lattice {
  static constexpr std::size_t rank() noexcept { return 12; }
  static constexpr std::size_t coordinates() noexcept { return 12; }
  static constexpr double squared_volume() noexcept { return 729; }
  template <class T>
  void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    nearest_lanes(x.data(), out.data());
  }
  template <class V>
  void nearest_lanes(V const* x, V* out) const noexcept {
    using lane = detail::real_lane<V>;
    using mask = typename lane::mask;
    V const height = lane::root(12);  // 2 sqrt(3)
    V const inverse = lane::of(1) / height;
    // Symbols 0, 1, w, w^2 of x / 2, in (1, sqrt(3)).
    constexpr double re[4]{0, 0.5, -0.25, -0.25};
    constexpr double im[4]{0, 0, 0.25, -0.25};
    V point_re[6][4];
    V point_im[6][4];
    V cost[6][4];
    for (std::size_t i = 0; i < 6; ++i) {
      V const u = lane::half(x[2 * i]);
      V const v = lane::product(x[2 * i + 1], inverse);
      for (std::size_t s = 0; s < 4; ++s) {
        detail::eisenstein<V> const y{u - lane::of(re[s]), v - lane::of(im[s])};
        V const a = y.re + lane::of(re[s]);
        point_re[i][s] = a + a;
        point_im[i][s] = y.im + lane::of(im[s]);
        cost[i][s] = y.distance;
      }
    }
    // Costs of pairs of symbols, then of words.
    V pair[3][16];
    for (std::size_t m = 0; m < 3; ++m)
      for (std::size_t s = 0; s < 16; ++s) pair[m][s] = cost[2 * m][s & 3] + cost[2 * m + 1][s >> 2];
    V best = lane::of(0);
    V least = pair[0][0] + pair[1][0] + pair[2][0];
    for (unsigned w = 1; w < 64; ++w) {
      unsigned const word = detail::hexacode[w];
      V const all = pair[0][word & 15] + pair[1][word >> 4 & 15] + pair[2][word >> 8];
      best = lane::choose(all < least, lane::of(w), best);
      least = lane::smaller(least, all);
    }
    detail::word_bits<V, 6> const bits{best};
    for (std::size_t i = 0; i < 6; ++i) {
      mask const low = bits.parity(sources(2 * i));
      mask const high = bits.parity(sources(2 * i + 1));
      auto const own = [&](V const(&of)[4]) noexcept {
        return lane::choose(high, lane::choose(low, of[3], of[2]), lane::choose(low, of[1], of[0]));
      };
      out[2 * i] = own(point_re[i]);
      out[2 * i + 1] = lane::product(own(point_im[i]), height);
    }
  }

 private:
  // Bits of a word's number whose parity is bit `place` of the word.
  static constexpr unsigned sources(std::size_t place) noexcept {
    unsigned which = 0;
    for (unsigned k = 0; k < 6; ++k) which |= (detail::hexacode[std::size_t{1} << k] >> place & 1U) << k;
    return which;
  }
};

static_assert(lattice<e6_lattice> && lattice<k12_lattice>);

}  // namespace skive
