// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/lane_jacobi.hpp - one-sided Jacobi rotations of sixteen matrices at once, a lane each.
///
///   column j of a matrix: blocks of sixteen, entry i of lane l at (j length + i) 16 + l
///   rotations of columns x, y: (x, y) <- (c x - s y, s x + c y) with x . y = 0 and |x| >= |y|, until all are orthogonal
///
/// Four columns are held at a time: two pairs, then the two others. A lane whose pair is orthogonal already turns by c = 1, s = 0;
/// a pair that is so in all lanes is left alone. While four columns turn, the products of the next four are summed; those of columns
/// side by side follow from the turns.
///
/// Model of : -
/// Cost     : operations on blocks: 2 n^3 a sweep at most.
/// Accuracy : at the end |x . y| <= tolerance |x| |y| for all pairs; turns keep lengths to rounding.
/// Promise  : a lane's numbers depend on that lane alone (but for the sign of zeros). Precondition: fourth powers of lengths are
///            finite; products whose squares are no normal numbers count as zero.
/// Source   : M. Hestenes, J. SIAM 6, 1958; order of the columns: P. de Rijk, SIAM J. Sci. Stat. Comput. 10, 1989.

#include "skive/linalg/lane_rotation.hpp"
#include "skive/simd/bytes.hpp"

#include <span>

namespace skive::detail {

template <real T, class Arch>
struct lane_jacobi {
  using block = lane_block<T, Arch>;
  using rotation = lane_rotation<T, Arch>;
  using four_turns = lane_turns<T, Arch>;

  std::span<T> columns;
  std::span<T> squares;  ///< sixteen for each column; behind them sixteen for each two columns 2 i, 2 i + 1: their product
  std::size_t length = 0;
  T tolerance{};

  std::size_t count() const noexcept { return squares.size() / 24; }  ///< even

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
  // Pairs of columns that stay in the first cache while all others pass.
  static constexpr std::size_t pairs_together(std::size_t length) noexcept {
    auto const fit = std::size_t{24} * 1024 / (32 * sizeof(T) * length);
    return fit == 0 ? 1 : fit;
  }
  T* at(std::size_t j) const noexcept { return columns.data() + 16 * length * j; }

  T* square(std::size_t j) const noexcept { return squares.data() + 16 * j; }
  T* product(std::size_t j) const noexcept { return squares.data() + 16 * count() + 8 * j; }  // of columns j, j + 1, j even

  void measure_all() const noexcept {
    for (std::size_t j = 0; j < count(); j += 2) {
      block sum[6];  // two of each: a sum by itself waits for its terms
#pragma GCC unroll 6
      for (auto& s : sum) s = block::broadcast(T(0));
      auto const add = [&](block& x2, block& y2, block& xy, std::size_t k) noexcept {
        auto const x = block::load(at(j) + k);
        auto const y = block::load(at(j + 1) + k);
        x2 = fused(x, x, x2);
        y2 = fused(y, y, y2);
        xy = fused(x, y, xy);
      };
      std::size_t k = 0;
      for (; k + 1 < length; k += 2) {
        add(sum[0], sum[1], sum[2], 16 * k);
        add(sum[3], sum[4], sum[5], 16 * k + 16);
      }
      if (k < length) add(sum[0], sum[1], sum[2], 16 * k);
      (sum[0] + sum[3]).store(square(j));
      (sum[1] + sum[4]).store(square(j + 1));
      (sum[2] + sum[5]).store(product(j));
    }
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
    auto alpha = block::load(square(i));
    auto beta = block::load(square(j));
    auto const r = rotation::template choose<Exchanges>(alpha, beta, gamma, tolerance);
    if (r.turns) {
      alpha.store(square(i));
      beta.store(square(j));
    }
    return r;
  }

  bool turn_pair(std::size_t i, std::size_t j) const noexcept {
    auto gamma = block::broadcast(T(0));
    for (std::size_t k = 0; k < 16 * length; k += 16) gamma = fused(block::load(at(i) + k), block::load(at(j) + k), gamma);
    auto const r = choose<true>(i, j, gamma);
    if (!r.turns) return false;
    auto const zero = block::broadcast(T(0));  // what is left where a lane turned; where it did not, its product stands
    select(absolute(r.tangent) > zero, zero, block::load(product(i))).store(product(i));
    for (std::size_t k = 0; k < 16 * length; k += 16) {
      auto x = block::load(at(i) + k);
      auto y = block::load(at(j) + k);
      r.turn(x, y);
      x.store(at(i) + k);
      y.store(at(j) + k);
    }
    return true;
  }

  // Of four columns: 0 2, 1 3, 0 3, 1 2.
  struct products {
    block g[4];

    [[gnu::always_inline]] void clear() noexcept { g[0] = g[1] = g[2] = g[3] = block::broadcast(T(0)); }
    [[gnu::always_inline]] void add(block const& x0, block const& x1, block const& y0, block const& y1) noexcept {
      g[0] = fused(x0, y0, g[0]);
      g[1] = fused(x1, y1, g[1]);
      g[2] = fused(x0, y1, g[2]);
      g[3] = fused(x1, y0, g[3]);
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

  // With `More` the products of the next pair with the two columns that turn last, while those are at hand.
  template <bool More>
  void turn_columns(four_turns const& by, std::size_t p, std::size_t q, products& of) const noexcept {
    auto const turns = by;  // a copy of its own stays in registers
    T* const x[4] = {at(p), at(p + 1), at(q), at(q + 1)};
    auto const end = 16 * length;
    [[maybe_unused]] T const* const next[2] = {x[0] + 2 * end, x[1] + 2 * end};
    products sums;
    if constexpr (More) sums.clear();
    for (std::size_t k = 0; k < end; k += 16) {
      block v[4] = {block::load(x[0] + k), block::load(x[1] + k), block::load(x[2] + k), block::load(x[3] + k)};
      [[maybe_unused]] block other[2];  // loaded before the stores: columns of 4 KiB look alike to the processor
      if constexpr (More) {
        other[0] = block::load(next[0] + k);
        other[1] = block::load(next[1] + k);
      }
      turns.turn(v);
      v[0].store(x[0] + k);
      v[1].store(x[1] + k);
      v[2].store(x[2] + k);
      v[3].store(x[3] + k);
      if constexpr (More) sums.add(other[0], other[1], v[2], v[3]);
      simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(x[3] + k), end * sizeof(T));
      simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(x[3] + k), 2 * end * sizeof(T));
    }
    if constexpr (More) of = sums;
  }

  // Columns p, p + 1 with q, q + 1, whose products are `of`: first as they stand, then crosswise. `of` is then, if `more`, that of
  // p + 2, p + 3 with q, q + 1.
  bool turn_four(std::size_t p, std::size_t q, bool more, products& of) const noexcept {
    auto const& g = of.g;
    auto const xx = block::load(product(p));
    auto const yy = block::load(product(q));
    auto const first = choose<false>(p, q, g[0]);
    auto const second = choose<false>(p + 1, q + 1, g[1]);
    auto const a = first.tangent;  // the products of the turned columns, over both cosines
    auto const b = second.tangent;
    auto const y1_x0 = fused(b, xx, g[2]);
    auto const y1_y0 = fused(b, g[3], yy);
    auto const x1_x0 = reduced(b, g[2], xx);
    auto const x1_y0 = reduced(b, yy, g[3]);
    auto const cosines = first.cosine * second.cosine;
    auto const third = choose<true>(p, q + 1, cosines * reduced(a, y1_y0, y1_x0));
    auto const fourth = choose<true>(p + 1, q, cosines * fused(a, x1_x0, x1_y0));
    bool const turns = first.turns || second.turns || third.turns || fourth.turns;
    if (!turns) {
      if (more) multiply_four(p + 2, q, of);
      return false;
    }
    // What the next step with these columns takes to be their products: of these turns' own ones nothing is left.
    auto const x_x = cosines * reduced(a, x1_y0, x1_x0);
    auto const y_y = cosines * fused(a, y1_x0, y1_y0);
    auto const both_cosines = third.cosine * fourth.cosine;
    auto const both_sines = third.sine * fourth.sine;
    fused(both_sines, y_y, both_cosines * x_x).store(product(p));
    fused(both_sines, x_x, both_cosines * y_y).store(product(q));
    four_turns const by{first, second, third, fourth};
    if (more)
      turn_columns<true>(by, p, q, of);
    else
      turn_columns<false>(by, p, q, of);
    return true;
  }
};

}  // namespace skive::detail
