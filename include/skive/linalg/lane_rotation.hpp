// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/lane_rotation.hpp - the rotation that makes two columns orthogonal, for sixteen matrices at once, a lane each.
///
///   (x, y) <- (c x - s y, s x + c y) from alpha = x . x, beta = y . y, gamma = x . y:
///   t = s / c = 2 gamma / (d + sign(d) sqrt(d^2 + 4 gamma^2)),   d = beta - alpha,   c = 1 / sqrt(1 + t^2)
///
/// choose<true>: the longer of both comes first, which exchanges them where d > 0. Lanes whose pair is orthogonal have c = 1, s = 0.
/// Floats in registers: t is good to three digits, which leaves that much of gamma to the next rotation, and neither roots nor
/// quotients are waited for; c is that t's, so that lengths stay.
///
/// Model of : -
/// Cost     : about 40 operations on blocks.
/// Accuracy : floats in registers: |x . y| <= 2.5e-3 |gamma| + rounding is left, else rounding; |c^2 + s^2 - 1| <= 4 u.
/// Promise  : a lane depends on that lane of the operands alone. Precondition: squares of alpha, beta and gamma are finite; a gamma
///            whose square is no normal number counts as zero.
/// Source   : H. Rutishauser, "The Jacobi method for real symmetric matrices", Numerische Mathematik 9, 1966; the cosine: E. Halley's
///            third-order step.

#include "skive/linalg/lane_block.hpp"

namespace skive::detail {

template <real T, class Arch>
struct lane_rotation {
  using block = lane_block<T, Arch>;

  block cosine;
  block sine;
  block tangent;  ///< of rotations that exchange nothing
  bool turns = false;

  /// alpha and beta become what they are after it, if any lane turns.
  template <bool Exchanges>
  [[gnu::always_inline]] static lane_rotation choose(block& alpha, block& beta, block const& gamma, T const& tolerance) noexcept {
    auto const zero = block::broadcast(T(0));
    auto const one = block::broadcast(T(1));
    auto const least = block::broadcast(std::numeric_limits<T>::min());
    auto const turned = gamma * gamma > fused(block::broadcast(T(tolerance * tolerance)) * alpha, beta, least);
    lane_rotation r{one, zero, zero, turned.any()};
    if (!r.turns) return r;
    auto const d = beta - alpha;
    auto const rises = d > zero;
    auto const twice = gamma + gamma;
    auto const [t, c] = angle(absolute(d), fused(twice, twice, d * d), select(turned, select(rises, twice, -twice), zero));
    r.tangent = t;
    r.cosine = select(turned, c, one);
    r.sine = r.cosine * t;
    auto const shrink = r.cosine * r.cosine;
    auto const left = shrink * reduced(t, reduced(t, beta, twice), alpha);
    auto const right = shrink * fused(t, fused(t, alpha, twice), beta);
    if constexpr (Exchanges) {
      auto const exchanged = rises & turned;
      auto const cosine = r.cosine;
      r.cosine = select(exchanged, r.sine, cosine);
      r.sine = select(exchanged, -cosine, r.sine);
      alpha = select(exchanged, right, left);
      beta = select(exchanged, left, right);
    } else {
      alpha = left;
      beta = right;
    }
    return r;
  }

  [[gnu::always_inline]] void turn(block& x, block& y) const noexcept {
    auto const left = reduced(sine, y, cosine * x);
    y = fused(sine, x, cosine * y);
    x = left;
  }

 private:
  struct tangent_and_cosine {
    block tangent;
    block cosine;
  };

  // Of the angle with tangent by / (distance + root(sum)).
  [[gnu::always_inline]] static tangent_and_cosine angle(block const& distance, block const& sum, block const& by) noexcept {
    auto const one = block::broadcast(T(1));
    if constexpr (block::estimates) {
      auto const number = [](double x) { return block::broadcast(static_cast<T>(x)); };
      auto const near = inverse_root_estimate(sum);
      auto const z = distance * near;  // cosine of twice the angle
      auto const z2 = z * z;
      // 1 / (1 + z), since 1 - T_4(2 z - 1) / T_4(-3) is 1 + z times this; T_4: Chebyshev's polynomial, T_4(-3) = 577
      auto const quotient =
          fused(z2, fused(z, number(-128.0 / 577), number(384.0 / 577)), fused(z, number(-544.0 / 577), number(576.0 / 577)));
      auto const t = by * near * quotient;
      // sqrt((1 + z) / 2) to 2e-4, then as much as t asks for
      auto const start = fused(z2, fused(z, number(0.016865), number(-0.075171)), fused(z, number(0.351172), number(0.70718)));
      auto const error = reduced(fused(t, t, one), start * start, one);
      auto const c = fused(start * error, fused(error, number(0.375), number(0.5)), start);
      return {t, c};
    } else {
      auto const t = by / select(sum > block::broadcast(T(0)), distance + root(sum), one);
      return {t, one / root(fused(t, t, one))};
    }
  }
};

/// Four columns x0, x1, y0, y1, turned by x0 y0 and x1 y1 (nothing exchanged), then x0 y1 and x1 y0. (c x - s y) = c (x - t y), so
/// that the cosines of the first turns go into the factors of the others.
template <real T, class Arch>
struct lane_turns {
  using block = lane_block<T, Arch>;
  using rotation = lane_rotation<T, Arch>;
  block first, second;  // tangents
  block a, b, c, d, e, f, h, l;

  [[gnu::always_inline]] lane_turns(rotation const& r0, rotation const& r1, rotation const& r2, rotation const& r3) noexcept
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
    auto const x0 = reduced(first, v[2], v[0]);
    auto const y0 = fused(first, v[0], v[2]);
    auto const x1 = reduced(second, v[3], v[1]);
    auto const y1 = fused(second, v[1], v[3]);
    v[0] = reduced(b, y1, a * x0);
    v[1] = reduced(f, y0, e * x1);
    v[2] = fused(h, x1, l * y0);
    v[3] = fused(c, x0, d * y1);
  }
};

}  // namespace skive::detail
