// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/ball_code.hpp - points of E8, Barnes-Wall 16 and Leech 24 of at most a given norm, numbered without gaps.
///
///   x = t + s (c + 2 z) as in codebook/lattice_words.hpp;   |x|^2 <= R, the largest with 2^Bits points or less
///   number: points of lesser t, of words of less weight, of words before c, of smaller z. Those places of x come first where c
///   is 0, each z in the order 0, -1, 1, -2, ...; counts by cost and parity of the rest, which depend on the word's weight only
///
/// Encoding: codebook/ball_search.hpp: not always the nearest of the ball.
///
/// Model of : point_code (codebook/lattice_codec.hpp)
/// Cost     : encoding: the lattice's nearest point, up to some ten times outside of the ball, for sixteen points at once; decoding
///            some ten look-ups a number. Tables: codebook/lattice_words.hpp.
/// Accuracy : mean square errors of N(0, 1): E8 1 to 4 bits 0.320, 0.0983, 0.0270, 0.0079; BW16 2 and 3 bits 0.0873, 0.0247;
///            Leech 2 bits 0.0806. Outside of the ball of E8 at 2 bits, squared distances are 2 % above the least.
/// Promise  : integers, and sums in double that are exact: the same bytes everywhere. Numbers that are no point's decode to 0.
/// Source   : J. H. Conway, N. J. A. Sloane, "Sphere Packings, Lattices and Groups", chapters 4, 11, 20; T. M. Cover,
///            "Enumerative source encoding", 1973.

#include "skive/codebook/ball_search.hpp"

namespace skive {
/// Words: detail::e8_words, bw16_words or leech_words; Bits: of a point's number, 8 to 56.
template <class Words, int Bits>
class ball_code {
  static_assert(Bits >= 8 && Bits <= 56);

 public:
  static constexpr std::size_t dimension = Words::dimension;
  static constexpr std::size_t code_bits = Bits;
  static constexpr int unit_bits = 0;
  static constexpr bool repeatable = true;

  /// |x|^2 of the longest points, and how many points there are.
  static constexpr int norm() noexcept { return layout.norm; }
  static constexpr std::uint64_t size() noexcept { return layout.size; }
  static constexpr float source_scale = detail::ball_scale<Words, Bits>;

  /// The point of a number; 0 for numbers of size() and more.
  static constexpr void levels(std::uint64_t code, std::int16_t* out) noexcept {
    for (std::size_t i = 0; i < dimension; ++i) out[i] = 0;
    if (code >= size()) return;
    each_class([&](auto const& c, auto const& counts) noexcept {
      auto const all = c.words * c.points;
      if (code >= all) return code -= all, false;
      auto const word = Words::word(detail::words_by_weight<Words>.at[c.first + static_cast<std::size_t>(code / c.points)]);
      place(c, counts.count, code % c.points, word, out);
      return true;
    });
  }
  /// The number of a point of the lattice that is no longer than norm().
  static constexpr std::uint64_t number(std::int32_t const* x) noexcept {
    auto const shift = static_cast<std::size_t>(Words::shifts == 2 ? x[0] & 1 : 0);
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < dimension; ++i) word |= static_cast<std::uint32_t>(bit(x[i], shift)) << i;
    std::uint64_t before = 0;
    each_class([&](auto const& c, auto const& counts) noexcept {
      if (c.shift != shift || c.weight != std::popcount(word)) return before += c.words * c.points, false;
      before += (detail::words_by_weight<Words>.place[Words::index(word)] - c.first) * c.points + rank(c, counts.count, x, word);
      return true;
    });
    return before;
  }

  template <class V>
  static constexpr void encode(V const (&y)[dimension], std::uint64_t* codes) noexcept {
    detail::ball_search<Words, V> const search{y, layout.norm};
    for (std::size_t l = 0; l < detail::lane_count<V>; ++l) {
      std::int32_t point[dimension]{};
      for (std::size_t i = 0; i < dimension; ++i) point[i] = search.best[i][l];
      codes[l] = number(point);
    }
  }

 private:
  static constexpr int spacing = Words::shifts == 2 ? 4 : 2;  // 2 s
  struct weight_class {
    std::size_t shift;
    int weight;
    int units;             // of cost that the ball leaves
    unsigned parity;       // of the sum of z
    std::size_t first;     // place of its first word
    std::uint64_t words;   // how many
    std::uint64_t points;  // of each
  };

  static constexpr unsigned bit(std::int32_t x, std::size_t shift) noexcept {
    return static_cast<unsigned>(x - static_cast<std::int32_t>(shift)) / (spacing / 2) & 1;
  }
  template <std::size_t Shift, int Weight>
  static constexpr weight_class class_of(int norm) noexcept {
    constexpr auto n = static_cast<int>(dimension);
    auto const& order = detail::words_by_weight<Words>;
    auto const least = Shift == 1 ? n : Weight * spacing * spacing / 4;
    auto const units = norm < least ? -1 : (norm - least) / (Shift == 1 ? 8 : spacing * spacing);
    weight_class c{Shift, Weight, units, Words::parity(Shift, Weight), order.first[Weight], 0, 0};
    c.words = static_cast<std::uint64_t>(order.first[Weight + 1]) - c.first;
    if (units >= 0) c.points = detail::ball_counts<Words, Shift, Weight>.count[n][units][c.parity];
    return c;
  }
  // f(class, counts) for the classes in order, until it is true.
  template <class F>
  static constexpr void with_classes(int norm, F f) noexcept {
    auto const one = [&]<std::size_t Shift, int Weight>() noexcept {
      if constexpr (detail::words_by_weight<Words>.first[Weight] != detail::words_by_weight<Words>.first[Weight + 1]) {
        auto const c = class_of<Shift, Weight>(norm);
        return c.points != 0 && f(c, detail::ball_counts<Words, Shift, Weight>);
      }
      return false;
    };
    auto const all = [&]<std::size_t Shift, std::size_t... Weight>(std::index_sequence<Weight...>) noexcept {
      return (one.template operator()<Shift, static_cast<int>(Weight)>() || ...);
    };
    constexpr std::make_index_sequence<dimension + 1> weights;
    if (all.template operator()<0>(weights)) return;
    if constexpr (Words::shifts == 2) static_cast<void>(all.template operator()<1>(weights));
  }
  template <class F>
  static constexpr void each_class(F f) noexcept {
    with_classes(layout.norm, f);
  }

  template <class Counts>
  static constexpr void place(weight_class const& c, Counts const& count, std::uint64_t rest, std::uint32_t word,
                              std::int16_t* out) noexcept {
    auto const order = detail::word_places<dimension>(word);
    int units = c.units;
    auto parity = c.parity;
    for (std::size_t k = 0; k < dimension; ++k) {
      auto const own = word >> order[k] & 1;
      for (int i = 0;; ++i) {
        auto const z = detail::ball_step(i);
        auto const cost = detail::ball_cost(c.shift, own, z);
        if (cost > units) continue;
        auto const p = (parity ^ static_cast<unsigned>(z)) & 1;
        auto const ways = count[dimension - 1 - k][units - cost][p];
        if (rest >= ways) {
          rest -= ways;
          continue;
        }
        units -= cost;
        parity = p;
        out[order[k]] = static_cast<std::int16_t>(static_cast<int>(c.shift) + spacing / 2 * static_cast<int>(own) + spacing * z);
        break;
      }
    }
  }
  template <class Counts>
  static constexpr std::uint64_t rank(weight_class const& c, Counts const& count, std::int32_t const* x,
                                      std::uint32_t word) noexcept {
    auto const order = detail::word_places<dimension>(word);
    std::uint64_t before = 0;
    int units = c.units;
    auto parity = c.parity;
    for (std::size_t k = 0; k < dimension; ++k) {
      auto const own = word >> order[k] & 1;
      auto const own_z = (x[order[k]] - static_cast<int>(c.shift) - spacing / 2 * static_cast<int>(own)) / spacing;
      for (int i = 0;; ++i) {
        auto const z = detail::ball_step(i);
        auto const cost = detail::ball_cost(c.shift, own, z);
        if (cost > units) continue;
        auto const p = (parity ^ static_cast<unsigned>(z)) & 1;
        if (z != own_z) {
          before += count[dimension - 1 - k][units - cost][p];
          continue;
        }
        units -= cost;
        parity = p;
        break;
      }
    }
    return before;
  }

  static constexpr auto layout = [] {
    struct {
      int norm = 0;
      std::uint64_t size = 1;
    } l;
    constexpr auto most_units = Words::largest;
    for (int norm = 1; norm <= most_units * (Words::shifts == 2 ? 8 : 4); ++norm) {
      std::uint64_t size = 0;
      with_classes(norm, [&size](auto const& c, auto const&) noexcept { return size += c.words * c.points, false; });
      if (size > std::uint64_t{1} << Bits) break;
      l.norm = norm;
      l.size = size;
    }
    return l;
  }();
};

/// Bits a number: 8, 16 or 24 numbers in 8, 16, 24 or 32, in 32 or 48, in 48 bits.
template <int B>
using e8_ball = ball_code<detail::e8_words, 8 * B>;
template <int B>
using bw16_ball = ball_code<detail::bw16_words, 16 * B>;
using leech_ball = ball_code<detail::leech_words, 48>;

}  // namespace skive
