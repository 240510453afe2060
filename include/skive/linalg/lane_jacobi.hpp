// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/lane_jacobi.hpp - one-sided Jacobi rotations of sixteen matrices at once, a lane each.
///
///   column j of a matrix: blocks of sixteen, entry i of lane l at (j length + i) 16 + l
///   rotations of columns x, y: (x, y) <- (c x - s y, s x + c y) with x . y = 0 and |x| >= |y|, until all are orthogonal
///
/// Four columns are held at a time: two pairs, then the two others. A lane whose pair is orthogonal already turns by c = 1, s = 0;
/// a pair that is so in all lanes is left alone. While four columns turn, the products of the next four are summed.
///
/// Model of : -
/// Cost     : operations on blocks: 9 n^3 / 4 a sweep at most.
/// Accuracy : at the end |x . y| <= tolerance |x| |y| for all pairs.
/// Promise  : a lane's numbers depend on that lane alone (but for the sign of zeros). Precondition: fourth powers of lengths are
///            finite.
/// Source   : M. Hestenes, J. SIAM 6, 1958; order of the columns: P. de Rijk, SIAM J. Sci. Stat. Comput. 10, 1989.

#include "skive/linalg/lane_block.hpp"
#include "skive/simd/bytes.hpp"

#include <span>

namespace skive::detail {

template <real T, class Arch>
struct lane_jacobi {
  using block = lane_block<T, Arch>;

  std::span<T> columns;
  std::span<T> squares;  ///< sixteen for each column
  std::size_t length = 0;
  T tolerance{};

  std::size_t count() const noexcept { return squares.size() / 16; }  ///< even

  /// Until all pairs have passed since the last that turned. Sweeps that it began; 0 if `most` were not enough.
  std::size_t run(std::size_t most) const noexcept {
    std::size_t quiet = 0;  // steps since then
    for (std::size_t sweep = 1; sweep <= most; ++sweep)
      if (sweep_stops(quiet)) {
        measure_all();
        return sweep;
      }
    return 0;
  }

 private:
  struct rotation {
    block cosine;
    block sine;
    block tangent;  // of rotations that exchange nothing
    bool turns = false;
  };

  // Pairs of columns that stay in the first cache while all others pass.
  static constexpr std::size_t pairs_together(std::size_t length) noexcept {
    auto const fit = std::size_t{24} * 1024 / (32 * sizeof(T) * length);
    return fit == 0 ? 1 : fit;
  }
  T* at(std::size_t j) const noexcept { return columns.data() + 16 * length * j; }

  void measure(std::size_t j) const noexcept {
    auto sum = block::broadcast(T(0));
    for (std::size_t k = 0; k < 16 * length; k += 16) sum = fused(block::load(at(j) + k), block::load(at(j) + k), sum);
    sum.store(squares.data() + 16 * j);
  }

  void measure_all() const noexcept {
    for (std::size_t j = 0; j < count(); ++j) measure(j);
  }

  bool sweep_stops(std::size_t& quiet) const noexcept {
    measure_all();
    auto const pairs = count() / 2;
    auto const all = pairs * (pairs + 1) / 2;
    auto const is_last = [&](bool turned) { return (quiet = turned ? 0 : quiet + 1) >= all; };
    auto const together = 2 * pairs_together(length);
    for (std::size_t first = 0; first < count(); first += together) {
      auto const end = first + together < count() ? first + together : count();
      for (std::size_t p = first; p < end; p += 2)
        if (is_last(turn_pair(p, p + 1))) return true;
      for (std::size_t q = first + 2; q < count(); q += 2) {
        products of;
        multiply_four(first, q, of);
        for (std::size_t p = first; p < end && p < q; p += 2)
          if (is_last(turn_four(p, q, p + 2 < end && p + 2 < q, of))) return true;
      }
    }
    return false;
  }

  // What makes columns i and j orthogonal; their squares as they will be.
  template <bool Exchanges>
  [[gnu::always_inline]] rotation choose(std::size_t i, std::size_t j, block const& gamma) const noexcept {
    auto const zero = block::broadcast(T(0));
    auto const one = block::broadcast(T(1));
    auto const alpha = block::load(squares.data() + 16 * i);
    auto const beta = block::load(squares.data() + 16 * j);
    auto const turned = gamma * gamma > block::broadcast(T(tolerance * tolerance)) * alpha * beta;
    rotation r{one, zero, zero, turned.any()};
    if (!r.turns) return r;
    auto const d = beta - alpha;
    auto const twice = gamma + gamma;
    auto const magnitude = absolute(d) + root(fused(twice, twice, d * d));
    auto const rises = d > zero;
    auto const t = select(turned, twice, zero) / select(turned, select(rises, magnitude, -magnitude), one);
    auto const c = one / root(fused(t, t, one));
    auto const s = c * t;
    auto const change = t * gamma;
    if constexpr (Exchanges) {
      auto const exchanged = rises & turned;  // the longer one comes first
      r.cosine = select(exchanged, s, c);
      r.sine = select(exchanged, -c, s);
      select(exchanged, beta + change, alpha - change).store(squares.data() + 16 * i);
      select(exchanged, alpha - change, beta + change).store(squares.data() + 16 * j);
    } else {
      r = {c, s, t, true};
      (alpha - change).store(squares.data() + 16 * i);
      (beta + change).store(squares.data() + 16 * j);
    }
    return r;
  }

  [[gnu::always_inline]] static void turn(block& x, block& y, rotation const& r) noexcept {
    auto const left = fused(-r.sine, y, r.cosine * x);
    y = fused(r.sine, x, r.cosine * y);
    x = left;
  }

  bool turn_pair(std::size_t i, std::size_t j) const noexcept {
    auto gamma = block::broadcast(T(0));
    for (std::size_t k = 0; k < 16 * length; k += 16) gamma = fused(block::load(at(i) + k), block::load(at(j) + k), gamma);
    auto const r = choose<true>(i, j, gamma);
    if (!r.turns) return false;
    for (std::size_t k = 0; k < 16 * length; k += 16) {
      auto x = block::load(at(i) + k);
      auto y = block::load(at(j) + k);
      turn(x, y, r);
      x.store(at(i) + k);
      y.store(at(j) + k);
    }
    return true;
  }

  // Of four columns: 0 2, 1 3, 0 3, 1 2, 0 1, 2 3.
  struct products {
    block g[6];

    [[gnu::always_inline]] void clear() noexcept { g[0] = g[1] = g[2] = g[3] = g[4] = g[5] = block::broadcast(T(0)); }
    [[gnu::always_inline]] void add(block const& x0, block const& x1, block const& y0, block const& y1) noexcept {
      g[0] = fused(x0, y0, g[0]);
      g[1] = fused(x1, y1, g[1]);
      g[2] = fused(x0, y1, g[2]);
      g[3] = fused(x1, y0, g[3]);
      g[4] = fused(x0, x1, g[4]);
      g[5] = fused(y0, y1, g[5]);
    }
  };

  void multiply_four(std::size_t p, std::size_t q, products& of) const noexcept {
    products sums;
    sums.clear();
    T const* const x[4] = {at(p), at(p + 1), at(q), at(q + 1)};
    for (std::size_t k = 0; k < 16 * length; k += 16)
      sums.add(block::load(x[0] + k), block::load(x[1] + k), block::load(x[2] + k), block::load(x[3] + k));
    of = sums;
  }

  // x . y after x has been turned by `a` with one whose product with y is `along_a`, and y by `b` likewise.
  [[gnu::always_inline]] static block crossed(rotation const& a, rotation const& b, block const& own, block const& first,
                                              block const& last, block const& opposite) noexcept {
    return a.cosine * (b.sine * first + b.cosine * own) - a.sine * (b.sine * opposite + b.cosine * last);
  }

  // What turns four columns: (c x - s y) = c (x - t y), so that the cosines of the first turns go into the factors of the others.
  struct four_turns {
    block first, second;  // tangents
    block a, b, c, d, e, f, h, l;

    [[gnu::always_inline]] four_turns(rotation const& r0, rotation const& r1, rotation const& r2, rotation const& r3) noexcept
        : first{r0.tangent},
          second{r1.tangent},
          a{r2.cosine * r0.cosine},
          b{r2.sine * r1.cosine},
          c{r2.sine * r0.cosine},
          d{r2.cosine * r1.cosine},
          e{r3.cosine * r1.cosine},
          f{r3.sine * r0.cosine},
          h{r3.sine * r1.cosine},
          l{r3.cosine * r0.cosine} {}

    [[gnu::always_inline]] void turn(block (&v)[4]) const noexcept {
      auto const x0 = fused(-first, v[2], v[0]);
      auto const y0 = fused(first, v[0], v[2]);
      auto const x1 = fused(-second, v[3], v[1]);
      auto const y1 = fused(second, v[1], v[3]);
      v[0] = fused(-b, y1, a * x0);
      v[1] = fused(-f, y0, e * x1);
      v[2] = fused(h, x1, l * y0);
      v[3] = fused(c, x0, d * y1);
    }
  };

  // With `More` the products of the next pair with the two columns that turn last, while those are at hand.
  template <bool More>
  void turn_columns(four_turns const& by, std::size_t p, std::size_t q, products& of) const noexcept {
    T* const x[4] = {at(p), at(p + 1), at(q), at(q + 1)};
    [[maybe_unused]] T const* const next[2] = {at(p) + 32 * length, at(p) + 48 * length};
    products sums;
    if constexpr (More) sums.clear();
    for (std::size_t k = 0; k < 16 * length; k += 16) {
      block v[4] = {block::load(x[0] + k), block::load(x[1] + k), block::load(x[2] + k), block::load(x[3] + k)};
      by.turn(v);
      v[0].store(x[0] + k);
      v[1].store(x[1] + k);
      v[2].store(x[2] + k);
      v[3].store(x[3] + k);
      if constexpr (More) sums.add(block::load(next[0] + k), block::load(next[1] + k), v[2], v[3]);
      simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(x[3] + k), 16 * length * sizeof(T));
      simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(x[3] + k), 32 * length * sizeof(T));
    }
    if constexpr (More) of = sums;
  }

  // Columns p, p + 1 with q, q + 1, whose products are `of`: first as they stand, then crosswise. `of` is then, if `more`, that of
  // p + 2, p + 3 with q, q + 1.
  bool turn_four(std::size_t p, std::size_t q, bool more, products& of) const noexcept {
    auto const& g = of.g;
    auto const first = choose<false>(p, q, g[0]);
    auto const second = choose<false>(p + 1, q + 1, g[1]);
    auto const third = choose<true>(p, q + 1, crossed(first, second, g[2], g[4], g[5], g[3]));
    auto const fourth = choose<true>(p + 1, q, crossed(second, first, g[3], g[4], g[5], g[2]));
    bool const turns = first.turns || second.turns || third.turns || fourth.turns;
    if (!turns) {
      if (more) multiply_four(p + 2, q, of);
      return false;
    }
    four_turns const by{first, second, third, fourth};
    if (more)
      turn_columns<true>(by, p, q, of);
    else
      turn_columns<false>(by, p, q, of);
    return true;
  }
};

}  // namespace skive::detail
