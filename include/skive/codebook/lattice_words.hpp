// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lattice_words.hpp - E8, Barnes-Wall 16 and Leech 24 as words of binary codes and integers, and how many there
/// are.
///
///   x = t + s (c + 2 z):   E8 (doubled) and BW16: t = 0, s = 1;   Leech: t = 0 or 1, s = 2;   c: a word of the repetition code,
///   the first-order Reed-Muller code or the Golay code;   the sum of the integers z is even or odd, as t and the weight of c say
///   |x|^2 = 4 s^2 sum cost(z) + s^2 weight(c) (t = 0),   8 sum cost(z) + 24 (t = 1)
///
/// What codebook/ball_code.hpp numbers points by.
///
/// Model of : -
/// Cost     : tables, where a ball is used: 56 KiB for E8, 53 KiB for BW16, 149 KiB for Leech.
/// Promise  : integers, constexpr.
/// Source   : J. H. Conway, N. J. A. Sloane, "Sphere Packings, Lattices and Groups", chapters 4, 11.

#include "skive/codebook/binary_lattices.hpp"
#include "skive/codebook/leech.hpp"

namespace skive::detail {

/// The binary code of each lattice, by the number of a word; `shifts`: values of t; largest: most units that counts are kept for;
/// nearest(y, wanted, point): the nearest points to y in 2^-16, |y| <= 2^22, in those lanes whose bit is set.
struct e8_words {
  static constexpr std::size_t dimension = 8;
  static constexpr std::size_t words = 2;
  static constexpr std::size_t shifts = 1;
  static constexpr int largest = 192;
  static constexpr std::uint32_t word(std::size_t g) noexcept { return g == 0 ? 0 : 255; }
  static constexpr std::size_t index(std::uint32_t word) noexcept { return word & 1; }
  static constexpr unsigned parity(std::size_t, int) noexcept { return 0; }
  template <class V>
  static constexpr void nearest(V const (&y)[8], std::uint32_t, V (&point)[8]) noexcept {
    fixed_lane<V, 17> halves[8];
    for (std::size_t i = 0; i < 8; ++i) halves[i] = {y[i]};
    e8_lattice{}.nearest_lanes(halves, halves);
    for (std::size_t i = 0; i < 8; ++i) point[i] = halves[i].bits >> 16;
  }
};
struct bw16_words {
  static constexpr std::size_t dimension = 16;
  static constexpr std::size_t words = 32;
  static constexpr std::size_t shifts = 1;
  static constexpr int largest = 64;
  static constexpr std::uint32_t word(std::size_t g) noexcept {
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < 16; ++i)
      bits |= (static_cast<unsigned>(std::popcount(static_cast<unsigned>(g) & i & 15)) ^ static_cast<unsigned>(g) >> 4) % 2 << i;
    return bits;
  }
  static constexpr std::size_t index(std::uint32_t word) noexcept {
    std::size_t g = (word & 1) << 4;
    for (unsigned k = 0; k < 4; ++k) g |= std::size_t{(word >> (1U << k) ^ word) & 1} << k;
    return g;
  }
  static constexpr unsigned parity(std::size_t, int weight) noexcept { return static_cast<unsigned>(weight / 2) & 1; }
  template <class V>
  static constexpr void nearest(V const (&y)[16], std::uint32_t, V (&point)[16]) noexcept {
    fixed_lane<V, 17> halves[16];
    for (std::size_t i = 0; i < 16; ++i) halves[i] = {y[i]};
    bw16_lattice{}.nearest_of_halves(halves, halves);
    for (std::size_t i = 0; i < 16; ++i) point[i] = halves[i].bits >> 17;
  }
};
/// Bits of g: the first three symbols of the hexacode's word, the columns' parity, the top bits of five columns
/// (codebook/leech.hpp).
struct leech_words {
  static constexpr std::size_t dimension = 24;
  static constexpr std::size_t words = 4096;
  static constexpr std::size_t shifts = 2;
  static constexpr int largest = 32;
  static constexpr auto pattern = [] {
    std::array<std::uint8_t, 16> table{};  // [8 parity + 2 symbol + top bit]
    for (unsigned p = 0; p < 16; ++p)
      table[static_cast<std::size_t>(8 * (std::popcount(p) % 2)) + 2 * leech_symbol(p) + (p & 1)] = static_cast<std::uint8_t>(p);
    return table;
  }();
  static constexpr std::uint32_t word(std::size_t g) noexcept {
    auto const parity = g >> 6 & 1;
    auto const top = g >> 7;
    auto const last = (static_cast<std::size_t>(std::popcount(top)) ^ parity) & 1;
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 6; ++j)
      bits |= std::uint32_t{pattern[8 * parity + 2 * (hexacode[g & 63] >> (2 * j) & 3U) + (j < 5 ? top >> j & 1 : last)]}
          << (4 * j);
    return bits;
  }
  static constexpr std::size_t index(std::uint32_t word) noexcept {
    std::size_t g = (static_cast<std::size_t>(std::popcount(word & 15)) & 1) << 6;
    for (std::size_t j = 0; j < 5; ++j) g |= std::size_t{word >> (4 * j) & 1} << (7 + j);
    for (std::size_t j = 0; j < 3; ++j) g |= std::size_t{leech_symbol(word >> (4 * j) & 15)} << (2 * j);
    return g;
  }
  static constexpr unsigned parity(std::size_t shift, int) noexcept { return shift == 0 ? 0 : 1; }
  template <class V>
  static constexpr void nearest(V const (&y)[24], std::uint32_t wanted, V (&point)[24]) noexcept {
    constexpr auto lanes = lane_count<V>;
    alignas(64) std::int32_t x[24][lanes]{};
    alignas(64) std::int32_t p[24][lanes]{};
    alignas(64) std::int32_t id[lanes]{};
    leech_search(y).store(id);
    for (std::size_t i = 0; i < 24; ++i) y[i].store(x[i]);
    for (std::size_t l = 0; l < lanes; ++l) {
      if ((wanted >> l & 1) == 0) continue;
      std::int32_t own[24]{};
      std::int32_t out[24]{};
      for (std::size_t i = 0; i < 24; ++i) own[i] = x[i][l];
      leech_point(own, static_cast<std::uint32_t>(id[l]), out);
      for (std::size_t i = 0; i < 24; ++i) p[i][l] = out[i];
    }
    for (std::size_t i = 0; i < 24; ++i) point[i] = V::load(p[i]);
  }
};

/// The words in order of their weight, and where each stands.
template <class Words>
inline constexpr auto words_by_weight = [] {
  struct {
    std::array<std::uint16_t, Words::words> at{}, place{};
    std::array<std::uint16_t, Words::dimension + 2> first{};  // place of the first word of at least a weight
  } t;
  for (std::size_t g = 0; g < Words::words; ++g) ++t.first[static_cast<std::size_t>(std::popcount(Words::word(g))) + 1];
  for (std::size_t w = 1; w < t.first.size(); ++w) t.first[w] = static_cast<std::uint16_t>(t.first[w] + t.first[w - 1]);
  auto next = t.first;
  for (std::size_t g = 0; g < Words::words; ++g) {
    auto const p = next[static_cast<std::size_t>(std::popcount(Words::word(g)))]++;
    t.at[p] = static_cast<std::uint16_t>(g);
    t.place[g] = p;
  }
  return t;
}();

/// What z costs at a place where the word has bit c, in units of 4 s^2 (t = 0) or 2 s^2 (t = 1).
constexpr int ball_cost(std::size_t shift, unsigned c, int z) noexcept {
  if (shift == 0) return c == 0 ? z * z : z * z + z;
  return c == 0 ? 2 * z * z + z : (2 * z + 1) * (z + 1);
}
/// z number i: 0, -1, 1, -2, ...
constexpr int ball_step(int i) noexcept { return i % 2 == 0 ? i / 2 : -(i + 1) / 2; }
constexpr int ball_steps(int units) noexcept {  // no later z costs that little
  int z = 0;
  while ((z - 1) * (z - 1) - (z - 1) <= units) ++z;
  return 2 * z + 1;
}

/// count[k][u][p]: ways to choose the last k values of z, of which the word's weight many have bit 1 and come last, with a cost
/// of at most u and a sum of parity p.
template <class Words, std::size_t Shift, int Weight>
inline constexpr auto ball_counts = [] {
  constexpr auto n = Words::dimension;
  struct {
    std::uint64_t count[n + 1][Words::largest + 1][2]{};
  } t;
  for (int u = 0; u <= Words::largest; ++u) t.count[0][u][0] = 1;
  for (std::size_t k = 1; k <= n; ++k)
    for (int i = 0; i < ball_steps(Words::largest); ++i) {
      auto const z = ball_step(i);
      auto const cost = ball_cost(Shift, k <= Weight ? 1U : 0U, z);
      for (int u = cost; u <= Words::largest; ++u)
        for (unsigned p = 0; p < 2; ++p) t.count[k][u][p] += t.count[k - 1][u - cost][(p ^ static_cast<unsigned>(z)) & 1];
    }
  return t;
}();

/// Place number k of the order: those where the word is 0, then the others.
template <std::size_t N>
constexpr std::array<std::uint8_t, N> word_places(std::uint32_t word) noexcept {
  std::array<std::uint8_t, N> p{};
  std::size_t k = 0;
  for (unsigned c = 0; c < 2; ++c)
    for (std::size_t i = 0; i < N; ++i)
      if ((word >> i & 1) == c) p[k++] = static_cast<std::uint8_t>(i);
  return p;
}

/// Root mean square of the source that a ball is best for: found by trying.
template <class Words, int Bits>
inline constexpr float ball_scale = 2.0f;
template <>
inline constexpr float ball_scale<e8_words, 8> = 1.205f;
template <>
inline constexpr float ball_scale<e8_words, 16> = 1.96f;
template <>
inline constexpr float ball_scale<e8_words, 24> = 3.5f;
template <>
inline constexpr float ball_scale<e8_words, 32> = 6.35f;
template <>
inline constexpr float ball_scale<bw16_words, 32> = 1.65f;
template <>
inline constexpr float ball_scale<bw16_words, 48> = 3.01f;
template <>
inline constexpr float ball_scale<leech_words, 48> = 2.80f;

}  // namespace skive::detail
