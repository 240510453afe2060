// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/binary_lattices.hpp - E7 and Barnes-Wall 16: integers that are a word of a binary code modulo 2.
///
///   E7: the code of length 7 with 8 words of weight 4; BW16: the first-order Reed-Muller code of length 16, and the sum is a
///   multiple of 4
///
/// With x / 2 = z + r, z the nearest integer, an odd coordinate costs 1/4 - |r| more than an even one. For all words of the
/// Reed-Muller code, sums of those and the greatest error come from 2, 4, 8 and then 16 places, and parities by exclusive or.
///
/// Model of : lattice
/// Cost     : operations a coordinate, about: E7 14, BW16 40.
/// Accuracy : normalised second moments: E7 .073231, BW16 .068298.
/// Promise  : as codebook/lattice.hpp.
/// Source   : J. H. Conway, N. J. A. Sloane, "Fast quantizing and decoding algorithms for lattice quantizers and codes", 1982, and
///            "Sphere Packings, Lattices and Groups", chapters 4, 20.

#include "skive/codebook/lattice.hpp"

namespace skive {

/// sqrt(2) E7: integers that are 0 modulo 2 or have odd places where one of seven words of weight 4 is set.
struct e7_lattice {
  static constexpr std::size_t rank() noexcept { return 7; }
  static constexpr std::size_t coordinates() noexcept { return 7; }
  static constexpr double squared_volume() noexcept { return 256; }
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
    V cost[7];  // of an odd number there
    V step[7];  // to it
    for (unsigned i = 0; i < 7; ++i) {
      V const half = lane::half(x[i]);
      V const z = detail::rounded<V>(half);
      V const r = half - z;
      cost[i] = lane::of(0.25) - lane::magnitude(r);
      step[i] = lane::choose(r > zero, one, zero - one);
      out[i] = z + z;
    }
    V best = zero;
    V least = zero;
    for (unsigned word = 1; word < 8; ++word) {  // of the simplex code: place i is the product of the word with i + 1
      V sum = zero;
      for (unsigned i = 0; i < 7; ++i)
        if (std::popcount(word & (i + 1)) % 2 != 0) sum = sum + cost[i];
      best = lane::choose(sum < least, lane::of(word), best);
      least = lane::smaller(least, sum);
    }
    detail::word_bits<V, 3> const bits{best};
    for (unsigned i = 0; i < 7; ++i) {
      mask const odd = bits.parity(i + 1);
      out[i] = out[i] + lane::choose(odd, step[i], zero);
    }
  }
};

/// Barnes-Wall 16, squared minimum 8.
struct bw16_lattice {
  static constexpr std::size_t rank() noexcept { return 16; }
  static constexpr std::size_t coordinates() noexcept { return 16; }
  static constexpr double squared_volume() noexcept { return 16777216; }
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    nearest_lanes(x.data(), out.data());
  }
  template <class V>
  constexpr void nearest_lanes(V const* x, V* out) const noexcept {
    V half[16];
    for (std::size_t i = 0; i < 16; ++i) half[i] = detail::real_lane<V>::half(x[i]);
    nearest_of_halves(half, out);
  }
  /// The nearest point to 2 half.
  template <class V>
  constexpr void nearest_of_halves(V const (&half)[16], V* out) const noexcept {
    point<V>(half, best_word<V>(half), out);
  }

 private:
  // Bits 0-3 of a word: a linear form of the place; bit 4: its complement.
  template <class V>
  static constexpr V best_word(V const (&half)[16]) noexcept {
    using lane = detail::real_lane<V>;
    using mask = typename lane::mask;
    V const zero = lane::of(0);
    V const middle = lane::of(0.5);
    V size[16];
    V sum = zero;
    mask odd[5];  // whether the parity of the sum of z changes with that bit of the word
    for (unsigned i = 0; i < 16; ++i) {
      V const z = detail::rounded<V>(half[i]);
      V const r = half[i] - z;
      mask const up = r > zero;  // else (x - 1) / 2 is nearest to z - 1: 8 or 16 places, so that either parity will do
      size[i] = lane::magnitude(r);
      sum = sum + z;
      for (unsigned k = 0; k < 5; ++k)
        if (k == 4 || (i >> k & 1) != 0) odd[k] = i == (k == 4 ? 0U : 1U << k) ? up : odd[k] ^ up;
    }
    // Words of 2, 4, 8, 16 places: [block 2^(m + 1) + 2^m complement + form]
    V cost[32];
    V most[32];
    for (std::size_t b = 0; b < 8; ++b) {
      V const one = lane::of(0.25) - size[2 * b];
      V const two = lane::of(0.25) - size[2 * b + 1];
      V const other_one = middle - size[2 * b];
      V const other_two = middle - size[2 * b + 1];
      cost[4 * b] = zero;
      cost[4 * b + 1] = two;
      cost[4 * b + 2] = one + two;
      cost[4 * b + 3] = one;
      most[4 * b] = lane::larger(size[2 * b], size[2 * b + 1]);
      most[4 * b + 1] = lane::larger(size[2 * b], other_two);
      most[4 * b + 2] = lane::larger(other_one, other_two);
      most[4 * b + 3] = lane::larger(other_one, size[2 * b + 1]);
    }
    for (std::size_t words = 4; words < 32; words *= 2) {
      V wider[32];
      V further[32];
      for (std::size_t b = 0; b < 32; b += 2 * words)
        for (std::size_t w = 0; w < words; ++w) {
          auto const form = w & (words / 2 - 1);
          auto const to = b + form + 2 * (w - form);
          auto const other = b + words + (w ^ words / 2);
          wider[to] = cost[b + w] + cost[b + words + w];
          wider[to + words / 2] = cost[b + w] + cost[other];
          further[to] = lane::larger(most[b + w], most[b + words + w]);
          further[to + words / 2] = lane::larger(most[b + w], most[other]);
        }
      for (std::size_t w = 0; w < 32; ++w) cost[w] = wider[w], most[w] = further[w];
    }
    mask parity[32];
    parity[0] = detail::is_odd<V>(sum);
    V best = zero;
    V least = zero;
    for (unsigned w = 0; w < 32; ++w) {
      if (w > 0) parity[w] = parity[w & (w - 1)] ^ odd[std::countr_zero(w)];
      V const all = cost[w] + lane::choose(parity[w], lane::of(1) - (most[w] + most[w]), zero);
      best = w == 0 ? zero : lane::choose(all < least, lane::of(w), best);
      least = w == 0 ? all : lane::smaller(least, all);
    }
    return best;
  }
  template <class V>
  static constexpr void point(V const (&half)[16], V const& best, V* out) noexcept {
    using lane = detail::real_lane<V>;
    using mask = typename lane::mask;
    V const zero = lane::of(0);
    V const one = lane::of(1);
    detail::word_bits<V, 5> const bits{best};
    V shifted[16];
    mask odd[16];
    for (unsigned i = 0; i < 16; ++i) {
      odd[i] = bits.parity(i | 16);
      shifted[i] = half[i] - lane::choose(odd[i], lane::of(0.5), zero);
    }
    detail::nearest_of_parity<V>(shifted, 16, zero < zero, shifted);
    for (std::size_t i = 0; i < 16; ++i) out[i] = shifted[i] + shifted[i] + lane::choose(odd[i], one, zero);
  }
};

static_assert(lattice<e7_lattice> && lattice<bw16_lattice>);

}  // namespace skive
