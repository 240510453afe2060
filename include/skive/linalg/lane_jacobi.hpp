// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/lane_jacobi.hpp - reflections and one-sided Jacobi rotations of sixteen matrices at once, a lane each.
///
///   column j of a matrix: blocks of sixteen, entry i of lane l at (j length + i) 16 + l
///   triangular  columns of A (m x n) -> X = R^T by Householder reflections, A = Q R
///   rotations   of columns x, y: (x, y) <- (c x - s y, s x + c y) with x . y = 0 and |x| >= |y|, until all are orthogonal
///
/// Four columns are held at a time: two pairs, then the two others. A lane whose pair is orthogonal already turns by c = 1, s = 0;
/// a pair that is so in all lanes is left alone.
///
/// Model of : -
/// Cost     : operations on blocks: triangular n^2 (m - n / 3); 9 n^3 / 4 a sweep at most.
/// Accuracy : at the end |x . y| <= tolerance |x| |y| for all pairs.
/// Promise  : a lane's numbers depend on that lane alone (but for the sign of zeros). Precondition: fourth powers of lengths are
///            finite.
/// Source   : M. Hestenes, J. SIAM 6, 1958; order of the columns: P. de Rijk, SIAM J. Sci. Stat. Comput. 10, 1989.

#include "skive/linalg/lane_block.hpp"
#include "skive/simd/bytes.hpp"

#include <span>

namespace skive::detail {

/// x: n columns of length m, which are lost; to: n columns of length n.
template <real T, class Arch>
void lane_triangular(std::span<T> x, std::size_t m, std::size_t n, std::span<T> to) noexcept {
  using block = lane_block<T, Arch>;
  auto const zero = block::broadcast(T(0));
  auto const one = block::broadcast(T(1));
  auto const least = block::broadcast(T(T(16) * std::numeric_limits<T>::min()));
  for (std::size_t k = 0; k < n; ++k) {
    T* const own = x.data() + 16 * (m * k + k);
    std::size_t const end = 16 * (m - k);
    auto squares = zero;
    for (std::size_t i = 0; i < end; i += 16) squares = fused(block::load(own + i), block::load(own + i), squares);
    auto const size = root(squares);
    auto const first = block::load(own);
    auto const lives = squares > least;  // else the column counts as zero: the factor would leave the range
    auto const beta = select(lives, select(first > zero, -size, size), zero);
    (first - beta).store(own);
    auto const factor = select(lives, one, zero) / select(lives, size * (size + absolute(first)), one);
    for (std::size_t j = 0; j < k; ++j) zero.store(to.data() + 16 * (n * k + j));
    beta.store(to.data() + 16 * (n * k + k));
    for (std::size_t j = k + 1; j < n; j += 2) {  // two columns, or the last one twice
      T* const other[2] = {own + 16 * m * (j - k), own + 16 * m * (j + 1 < n ? j + 1 - k : j - k)};
      block sum[2] = {zero, zero};
      for (std::size_t i = 0; i < end; i += 16) {
        auto const v = block::load(own + i);
        sum[0] = fused(v, block::load(other[0] + i), sum[0]);
        sum[1] = fused(v, block::load(other[1] + i), sum[1]);
      }
      block const change[2] = {-(factor * sum[0]), -(factor * sum[1])};
      for (std::size_t i = 0; i < end; i += 16) {
        auto const v = block::load(own + i);
        auto const first_one = fused(change[0], v, block::load(other[0] + i));
        auto const second_one = fused(change[1], v, block::load(other[1] + i));
        first_one.store(other[0] + i);
        second_one.store(other[1] + i);
      }
      block::load(other[0]).store(to.data() + 16 * (n * k + j));
      if (j + 1 < n) block::load(other[1]).store(to.data() + 16 * (n * k + j + 1));
    }
  }
}

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
      for (std::size_t q = first + 2; q < count(); q += 2)
        for (std::size_t p = first; p < end && p < q; p += 2)
          if (is_last(turn_four(p, q))) return true;
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

  // The six products of four columns: 0 2, 1 3, 0 3, 1 2, 0 1, 2 3.
  [[gnu::always_inline]] static void multiply(T* const (&x)[4], std::size_t k, block (&g)[6]) noexcept {
    block const v[4] = {block::load(x[0] + k), block::load(x[1] + k), block::load(x[2] + k), block::load(x[3] + k)};
    g[0] = fused(v[0], v[2], g[0]);
    g[1] = fused(v[1], v[3], g[1]);
    g[2] = fused(v[0], v[3], g[2]);
    g[3] = fused(v[1], v[2], g[3]);
    g[4] = fused(v[0], v[1], g[4]);
    g[5] = fused(v[2], v[3], g[5]);
  }

  // x . y after x has been turned by `a` with one whose product with y is `along_a`, and y by `b` likewise.
  [[gnu::always_inline]] static block crossed(rotation const& a, rotation const& b, block const& own, block const& first,
                                              block const& last, block const& opposite) noexcept {
    return a.cosine * (b.sine * first + b.cosine * own) - a.sine * (b.sine * opposite + b.cosine * last);
  }

  // Columns p, p + 1 with q, q + 1: first as they stand, then crosswise.
  bool turn_four(std::size_t p, std::size_t q) const noexcept {
    T* const x[4] = {at(p), at(p + 1), at(q), at(q + 1)};
    auto const zero = block::broadcast(T(0));
    block g[6] = {zero, zero, zero, zero, zero, zero};
    for (std::size_t k = 0; k < 16 * length; k += 16) multiply(x, k, g);
    auto const first = choose<false>(p, q, g[0]);
    auto const second = choose<false>(p + 1, q + 1, g[1]);
    auto const third = choose<true>(p, q + 1, crossed(first, second, g[2], g[4], g[5], g[3]));
    auto const fourth = choose<true>(p + 1, q, crossed(second, first, g[3], g[4], g[5], g[2]));
    if (!first.turns && !second.turns && !third.turns && !fourth.turns) return false;
    // (c x - s y) = c (x - t y): the cosines of the first turns go into the factors of the others.
    auto const a = third.cosine * first.cosine;
    auto const b = third.sine * second.cosine;
    auto const c = third.sine * first.cosine;
    auto const d = third.cosine * second.cosine;
    auto const e = fourth.cosine * second.cosine;
    auto const f = fourth.sine * first.cosine;
    auto const h = fourth.sine * second.cosine;
    auto const l = fourth.cosine * first.cosine;
    for (std::size_t k = 0; k < 16 * length; k += 16) {
      block const v[4] = {block::load(x[0] + k), block::load(x[1] + k), block::load(x[2] + k), block::load(x[3] + k)};
      auto const x0 = fused(-first.tangent, v[2], v[0]);
      auto const y0 = fused(first.tangent, v[0], v[2]);
      auto const x1 = fused(-second.tangent, v[3], v[1]);
      auto const y1 = fused(second.tangent, v[1], v[3]);
      fused(-b, y1, a * x0).store(x[0] + k);
      fused(-f, y0, e * x1).store(x[1] + k);
      fused(h, x1, l * y0).store(x[2] + k);
      fused(c, x0, d * y1).store(x[3] + k);
      simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(x[3] + k), 16 * length * sizeof(T));
      simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(x[3] + k), 32 * length * sizeof(T));
    }
    return true;
  }
};

}  // namespace skive::detail
