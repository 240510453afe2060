// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lattice.hpp - nearest points of lattices: Z, A_n, D_n, D_n+, E6, E7, E8, K12 and Barnes-Wall 16.
///
///   Z^n; D_n: integers of even sum; D_n+ = D_n + {0, 1/2} (n even), E8 = D_8+; A_n: n + 1 integers of sum 0
///   E7, BW16: integers that are a word of a binary code modulo 2: the code of length 7 with 8 words of weight 4; the first-order
///   Reed-Muller code of length 16, the sum a multiple of 4
///   E6 = {x in E^3: x_1 = x_2 = x_3 mod theta},   K12 = {x in E^6: x mod 2 is a word of the hexacode}, E the Eisenstein integers,
///   theta = sqrt(-3); a complex number is two coordinates
///
/// Each nearest() is a minimum over cosets of Z^n, D_n or E^n. The Leech lattice is in codebook/leech.hpp.
///
/// Model of : lattice
/// Cost     : operations a coordinate, about: Z 3, D_n 6, A_n 4 + n, E8 20, E6 60, E7 25, K12 110, BW16 250.
/// Accuracy : normalised second moments (a sphere in infinitely many dimensions has .058550): Z .083333, A2 .080188, D4 .076603,
///            E6 .074347, E7 .073231, E8 .071682, K12 .070096, BW16 .068298.
/// Promise  : the nearest point, up to the rounding of sums in T; of equals the first coset, smaller coordinates, changes of parity
///            at the first place. x is finite and below 2^22 (float) or 2^51 (double). x may be out. Any real type with floor().
/// Source   : J. H. Conway, N. J. A. Sloane, "Fast quantizing and decoding algorithms for lattice quantizers and codes", 1982, and
///            "Sphere Packings, Lattices and Groups", chapters 4, 5, 20.

#include "skive/core/primitive.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
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

namespace detail {

/// The nearest integer; of two the smaller one.
template <class T>
constexpr T rounded(T const& x) noexcept {
  using std::floor;
  T const below = floor(x);
  return x - below > T(0.5) ? T(below + T(1)) : below;
}
template <class T>
constexpr bool is_odd(T const& whole) noexcept {
  return rounded(T(whole / T(2))) * T(2) != whole;
}

/// out = nearest integers whose sum has the given parity; its squared distance.
template <class T>
constexpr T nearest_of_parity(std::span<T const> x, bool odd, std::span<T> out) noexcept {
  T sum(0);
  T distance(0);
  T most(-1);
  T turned(0);
  std::size_t at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    T const r = rounded(x[i]);
    T const e = x[i] - r;
    T const size = e < T(0) ? T(-e) : e;
    if (size > most) {
      most = size;
      at = i;
      turned = e > T(0) ? T(r + T(1)) : T(r - T(1));
    }
    out[i] = r;
    sum += r;
    distance += e * e;
  }
  if (is_odd(sum) == odd) return distance;
  out[at] = turned;
  return distance + (T(1) - T(2) * most);
}

/// The nearest point of a + b (-1 + i sqrt(3)) / 2, a and b integers; its squared distance.
template <class T>
struct eisenstein {
  T re, im;
  T distance;
  static eisenstein nearest(T const& x, T const& y) noexcept {
    using std::sqrt;
    T const height = sqrt(T(3));
    auto const in = [&](T const& dx, T const& dy) noexcept {
      T const a = rounded(T(x - dx)) + dx;
      T const b = rounded(T(y / height - dy)) + dy;
      T const e = x - a;
      T const f = y - b * height;
      return eisenstein{a, T(b * height), T(e * e + f * f)};
    };
    auto const p = in(T(0), T(0));
    auto const q = in(T(0.5), T(0.5));
    return q.distance < p.distance ? q : p;
  }
};

/// Words of the hexacode over F4 = {0, 1, w, w^2}, two bits a symbol, symbol 0 lowest: (a, b, c, f(1), f(w), f(w^2)) with
/// f(x) = a x^2 + b x + c.
inline constexpr std::array<std::uint16_t, 64> hexacode = [] {
  constexpr auto times = [](unsigned a, unsigned b) { return a == 0 || b == 0 ? 0U : (a - 1 + b - 1) % 3 + 1; };
  std::array<std::uint16_t, 64> words{};
  for (unsigned w = 0; w < 64; ++w) {
    unsigned const a = w & 3;
    unsigned const b = w >> 2 & 3;
    unsigned const c = w >> 4;
    unsigned word = w;
    for (unsigned x = 1; x < 4; ++x) word |= (times(times(x, x), a) ^ times(x, b) ^ c) << (6 + 2 * (x - 1));
    words[w] = static_cast<std::uint16_t>(word);
  }
  return words;
}();

}  // namespace detail

/// Z^n.
struct integer_lattice {
  std::size_t n = 1;
  constexpr std::size_t rank() const noexcept { return n; }
  constexpr std::size_t coordinates() const noexcept { return n; }
  constexpr double squared_volume() const noexcept { return 1; }
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    for (std::size_t i = 0; i < n; ++i) out[i] = detail::rounded(x[i]);
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
    static_cast<void>(detail::nearest_of_parity(x.first(n), false, out.first(n)));
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
    T shifted[64]{};
    T half[64]{};
    T whole[64]{};
    for (std::size_t i = 0; i < n; ++i) shifted[i] = x[i] - T(0.5);
    auto const to_half = detail::nearest_of_parity(std::span<T const>{shifted, n}, false, std::span<T>{half, n});
    auto const to_whole = detail::nearest_of_parity(x.first(n), false, std::span<T>{whole, n});
    for (std::size_t i = 0; i < n; ++i) out[i] = to_half < to_whole ? T(half[i] + T(0.5)) : whole[i];
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
    T error[64]{};
    T mean(0);
    for (std::size_t i = 0; i <= n; ++i) mean += x[i];
    mean /= T(static_cast<double>(n + 1));
    T sum(0);
    for (std::size_t i = 0; i <= n; ++i) {
      T const y = x[i] - mean;
      out[i] = detail::rounded(y);
      error[i] = y - out[i];
      sum += out[i];
    }
    for (; sum > T(0.5); sum -= T(1)) move<T>(error, out, -1);
    for (; sum < T(-0.5); sum += T(1)) move<T>(error, out, 1);
  }

 private:
  // One step at the coordinate where it costs least: each takes one at most.
  template <class T>
  constexpr void move(T* error, std::span<T> out, int by) const noexcept {
    std::size_t at = 0;
    for (std::size_t i = 1; i <= n; ++i)
      if (by < 0 ? error[i] < error[at] : error[i] > error[at]) at = i;
    out[at] += T(by);
    error[at] -= T(by);
  }
};

/// E6 in three complex coordinates, squared minimum 3.
struct e6_lattice {
  static constexpr std::size_t rank() noexcept { return 6; }
  static constexpr std::size_t coordinates() noexcept { return 6; }
  static constexpr double squared_volume() noexcept { return 81 * 27.0 / 64; }
  template <class T>
  void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    using std::sqrt;
    T const root = sqrt(T(3));
    T best[6]{};
    T least(0);
    for (int c = 0; c < 3; ++c) {
      T point[6]{};
      T distance(0);
      T const shift(c - 1);
      for (std::size_t i = 0; i < 6; i += 2) {  // x = shift + i sqrt(3) y
        auto const y = detail::eisenstein<T>::nearest(T(x[i + 1] / root), T((shift - x[i]) / root));
        point[i] = shift - y.im * root;
        point[i + 1] = y.re * root;
        distance += y.distance;
      }
      if (c > 0 && !(distance < least)) continue;
      least = distance;
      for (std::size_t i = 0; i < 6; ++i) best[i] = point[i];
    }
    for (std::size_t i = 0; i < 6; ++i) out[i] = best[i];
  }
};

/// sqrt(2) E7: integers that are 0 modulo 2 or have odd places where one of seven words of weight 4 is set.
struct e7_lattice {
  static constexpr std::size_t rank() noexcept { return 7; }
  static constexpr std::size_t coordinates() noexcept { return 7; }
  static constexpr double squared_volume() noexcept { return 256; }
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    T point[2][7]{};
    T distance[2][7]{};
    for (std::size_t i = 0; i < 7; ++i)
      for (std::size_t c = 0; c < 2; ++c) {
        T const shift(static_cast<int>(c));
        point[c][i] = detail::rounded(T((x[i] - shift) / T(2))) * T(2) + shift;
        distance[c][i] = (x[i] - point[c][i]) * (x[i] - point[c][i]);
      }
    unsigned best = 0;
    T least(0);
    for (unsigned word = 0; word < 8; ++word) {
      T sum(0);
      for (unsigned i = 0; i < 7; ++i) sum += distance[odd(word, i)][i];
      if (word > 0 && !(sum < least)) continue;
      least = sum;
      best = word;
    }
    for (unsigned i = 0; i < 7; ++i) out[i] = point[odd(best, i)][i];
  }

 private:
  // The simplex code: place i is the product of the word with i + 1.
  static constexpr unsigned odd(unsigned word, unsigned i) noexcept {
    return static_cast<unsigned>(std::popcount(word & (i + 1))) & 1;
  }
};

/// K12 in six complex coordinates, squared minimum 4.
struct k12_lattice {
  static constexpr std::size_t rank() noexcept { return 12; }
  static constexpr std::size_t coordinates() noexcept { return 12; }
  static constexpr double squared_volume() noexcept { return 729; }
  template <class T>
  void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    using std::sqrt;
    T const height = sqrt(T(3)) / T(2);
    T const re[4]{T(0), T(1), T(-0.5), T(-0.5)};  // 0, 1, w, w^2
    T const im[4]{T(0), T(0), height, -height};
    T point[6][4][2]{};
    T distance[6][4]{};
    for (std::size_t i = 0; i < 6; ++i)
      for (std::size_t s = 0; s < 4; ++s) {
        auto const y = detail::eisenstein<T>::nearest(T((x[2 * i] - re[s]) / T(2)), T((x[2 * i + 1] - im[s]) / T(2)));
        point[i][s][0] = y.re * T(2) + re[s];
        point[i][s][1] = y.im * T(2) + im[s];
        distance[i][s] = y.distance;
      }
    unsigned best = 0;
    T least(0);
    for (unsigned const word : detail::hexacode) {
      T sum(0);
      for (std::size_t i = 0; i < 6; ++i) sum += distance[i][word >> (2 * i) & 3];
      if (word > 0 && !(sum < least)) continue;
      least = sum;
      best = word;
    }
    for (std::size_t i = 0; i < 12; ++i) out[i] = point[i / 2][best >> (i / 2 * 2) & 3][i % 2];
  }
};

/// Barnes-Wall 16, squared minimum 8.
struct bw16_lattice {
  static constexpr std::size_t rank() noexcept { return 16; }
  static constexpr std::size_t coordinates() noexcept { return 16; }
  static constexpr double squared_volume() noexcept { return 16777216; }
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    T best[16]{};
    T least(0);
    for (unsigned word = 0; word < 32; ++word) {  // bits 0-3: linear form; bit 4: its complement. x = bit + 2 z
      T shifted[16]{};
      T z[16]{};
      for (unsigned i = 0; i < 16; ++i) shifted[i] = (x[i] - T(static_cast<int>(odd(word, i)))) / T(2);
      auto const distance = detail::nearest_of_parity(std::span<T const>{shifted}, false, std::span<T>{z});
      if (word > 0 && !(distance < least)) continue;
      least = distance;
      for (unsigned i = 0; i < 16; ++i) best[i] = z[i] * T(2) + T(static_cast<int>(odd(word, i)));
    }
    for (std::size_t i = 0; i < 16; ++i) out[i] = best[i];
  }

 private:
  static constexpr unsigned odd(unsigned word, unsigned i) noexcept {
    return (static_cast<unsigned>(std::popcount(word & i)) ^ word >> 4) & 1;
  }
};

static_assert(lattice<integer_lattice> && lattice<simplex_lattice> && lattice<e8_lattice> && lattice<bw16_lattice>);

}  // namespace skive
