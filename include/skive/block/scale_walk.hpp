// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/scale_walk.hpp - the scale of least squared error: integers of 2 to 4 bits, E2M1, sixteen groups at a time.
///
///   m_i = |x_i| 2^-e in [0, 2);   t = 1 / s;   l_i(t) = level nearest to m_i t;   N = sum m l,  D = sum l^2
///   gain = N^2 / D = sum m^2 - least E for the levels l
///
/// For levels l that do not depend on s the best kept scale is the one nearest to q = N / D, and the best kept scale of all is the
/// best one of some l(t): with the levels that belong to it, the one nearest to their q is at least as good. So the largest gain
/// is looked for, t upwards, in steps over which no gain can be the largest one.
///
/// A number that climbs at t adds dD and dN = dD / (2 t). Between t1 and t2 the points (D, N) so have slopes from a = 1 / (2 t1) down
/// to b = 1 / (2 t2), and lie in the triangle over the two ends whose other sides have those slopes. N^2 / D is convex: none of
/// them gains more than the ends and the third corner do. Where that is less than a known gain, or one climb is all that
/// happens, the step is done; else it is tried again at half its length. Past the last step slopes go from a to 0.
///
/// The levels of a largest gain hold from t to t (1 + w), w >= 1 / (2 D): dN = dD / (2 t) makes gains convex in D as long as t
/// stands still, so that q lies dD / (4 D) within the interval on both sides. D <= 128 12^2 < 2^15: a step of 2^-17 t steps over
/// none of them, whatever climbs in it, and the walk ends. Where scales have fewer than 11 bits, gains are those at the kept scale
/// nearest to q, and steps end at kept scales: between two that are neighbours nothing is lost.
///
/// Sums of m l are exact: two floats on fixed grids while walking, integers for what is kept. What comes close to the largest gain
/// is looked at again in double; where four come close, block/scale_search.hpp decides. The scalar rule is the same program
/// with one lane.
///
/// Model of : -
/// Cost     : 8 instructions (E2M1 10) per number, register and pass; sixteen groups of 32 Gaussian numbers in int4 take 34 passes,
///            7.3 ns a number with AVX2, E2M1 11 (a Zen 3).
/// Accuracy : E(s) exceeds the least E of all kept scales by at most 2^-40 sum m^2: numbers below 2^-26 count as 0. Scales of fewer
///            than 11 bits: 2^-22, where numbers lie on breakpoints but for rounding.
/// Promise  : the same scale on every instruction set and in every processor mode: numbers are normal or zero, products that feed
///            sums exact or kept apart.
/// Source   : branch and bound over the breakpoints of block/scale_search.hpp; the bound is ours.

#include "skive/block/best_three.hpp"
#include "skive/block/walked_scale.hpp"
#include "skive/core/workspace.hpp"

namespace skive::detail {

/// Groups longer than this take block/scale_search.hpp: sums would be no longer exact.
inline constexpr std::size_t longest_walk = 128;

/// Scratch of a walk over sixteen groups of n numbers.
constexpr std::size_t scale_walk_bytes(std::size_t n) noexcept { return 3 * workspace::bytes<float>(16 * n); }

/// ScaleBits: walk_bits of the kept scales' format.
template <class Arch, class Format, int ScaleBits>
class scale_walk {
  using lanes = walk_lanes<Arch>;
  using levels = typename walk_levels<Format>::template in<lanes>;
  static constexpr int top = walk_levels<Format>::top;
  using numbers = typename lanes::numbers;
  using integers = typename lanes::integers;
  using mask = typename lanes::mask;
  using three = best_three<lanes>;
  static constexpr std::size_t width = lanes::width;
  static constexpr bool few_scales = ScaleBits < 24;
  static constexpr std::int32_t unit = 1 << (24 - ScaleBits);  // of a kept scale, in bits of a float

 public:
  scale_walk(std::size_t n, workspace w) noexcept
      : n_{n},
        input_{w.take<float>(width * n).data()},
        high_{w.take<float>(width * n).data()},
        low_{w.take<float>(width * n).data()} {}

  /// Where number i of lane g goes before run(): input()[i * width + g]; lanes of no group have zeros.
  float* input() noexcept { return input_; }

  /// Returns the bits of the largest magnitudes. Where they are no floats from 2^-60 to 2^60 the rest has no meaning.
  [[gnu::noinline]] integers run(walk_result& out) noexcept {
    auto largest = lanes::whole(0);
    for (std::size_t j = 0; j < width * n_; j += width)
      largest = lanes::most(largest, lanes::bits(lanes::load(input_ + j)) & lanes::whole(0x7FFF'FFFF));
    auto const not_small = lanes::of(0x1p-61f) < lanes::from_bits(largest);
    auto const walking = not_small & (lanes::from_bits(largest) < lanes::of(0x1p61f));
    if (lanes::lanes(walking) == 0) return largest;
    auto const inverse = lanes::from_bits(lanes::whole(0x7F00'0000) - (largest & lanes::whole(0x7F80'0000)));
    auto const all = prepare(inverse);
    auto const found = walk(lanes::times(lanes::from_bits(largest), inverse), all, walking);
    auto const near = lanes::times(found.best[0].gain, lanes::of(1.0f - closeness()));
    out.decided = lanes::lanes(walking & (found.fourth < near));
    out.clear = lanes::lanes(found.best[1].gain < near);
    keep(found.best[0], out.best[0]);
    for (std::size_t i = 1; i < 3 && (out.decided & ~out.clear) != 0; ++i) keep(found.best[i], out.best[i]);
    return largest;
  }

 private:
  struct sums {
    numbers high;     // of m l, to the coarse grid
    numbers low;      // the rest of it
    numbers squares;  // of l
    numbers level;    // of l
    [[gnu::always_inline]] void replace(mask const& m, sums const& other) noexcept {
      high = lanes::pick(m, other.high, high);
      low = lanes::pick(m, other.low, low);
      squares = lanes::pick(m, other.squares, squares);
      level = lanes::pick(m, other.level, level);
    }
    [[gnu::always_inline]] numbers products() const noexcept { return high + low; }
    [[gnu::always_inline]] numbers gain() const noexcept {
      if constexpr (!few_scales) return lanes::times(products(), products()) / squares;
      auto const s = kept(products() / squares);
      return lanes::times(s, (products() + products()) - lanes::times(s, squares));
    }
  };
  // Rounded to ScaleBits.
  [[gnu::always_inline]] static numbers kept(numbers const& s) noexcept {
    auto const large = lanes::times(s, lanes::of(static_cast<float>(unit + 1)));
    return large - (large - s);
  }

  // Gains nearer than this are told apart in double.
  float closeness() const noexcept { return n_ > 64 ? 0x1p-19f : 0x1p-20f; }

  // The numbers on two grids on which sums of n top numbers are exact. Returns those sums where each has the top level.
  [[gnu::always_inline]] sums prepare(numbers const& inverse) noexcept {
    auto coarse = 0x1p-21f;  // 2 n top units are at most 2^24
    for (auto most = static_cast<float>(n_) * static_cast<float>(2 * top); most > 8.0f; most *= 0.5f) coarse += coarse;
    auto const shift = lanes::of(0x1.8p23f * coarse);
    auto const fine_shift = lanes::of(0x1.8p21f * coarse * coarse);
    sums all{lanes::of(0.0f), lanes::of(0.0f), lanes::of(0.0f), lanes::of(0.0f)};
    for (std::size_t j = 0; j < width * n_; j += width) {
      auto const x = lanes::from_bits(lanes::bits(lanes::load(input_ + j)) & lanes::whole(0x7FFF'FFFF));
      auto m = lanes::times(x, inverse);
      m = lanes::pick(m < lanes::of(0x1p-26f), lanes::of(0.0f), m);
      auto const high = (m + shift) - shift;
      auto const low = ((m - high) + fine_shift) - fine_shift;
      lanes::store(m, input_ + j);
      lanes::store(high, high_ + j);
      lanes::store(low, low_ + j);
      add(lanes::pick(lanes::of(0.0f) < m, lanes::of(top), lanes::of(0.0f)), j, all);
    }
    return all;
  }

  [[gnu::always_inline]] void add(numbers const& level, std::size_t j, sums& to) const noexcept {
    to.high = lanes::plus_exact(level, lanes::load(high_ + j), to.high);
    to.low = lanes::plus_exact(level, lanes::load(low_ + j), to.low);
    to.squares = lanes::plus_exact(level, level, to.squares);
    to.level = to.level + level;
  }
  [[gnu::always_inline]] sums pass(numbers const& t) const noexcept {
    sums s{lanes::of(0.0f), lanes::of(0.0f), lanes::of(0.0f), lanes::of(0.0f)};
    for (std::size_t j = 0; j < width * n_; j += width) add(levels::near(lanes::times(lanes::load(input_ + j), t)), j, s);
    return s;
  }
  // Where registers are few g++ would load constants again for each number amid the rest of the walk.
  [[gnu::noinline]] sums pass_apart(numbers const& t) const noexcept { return pass(t); }
  [[gnu::always_inline]] sums at(numbers const& t) const noexcept {
    if constexpr (lanes::many_registers) return pass(t);
    return pass_apart(t);
  }

  // From the first climb of the largest magnitude to where nothing can gain more.
  [[gnu::always_inline]] three walk(numbers const& amax, sums const& all, mask walking) const noexcept {
    three found;
    auto now = sums{};
    auto best = lanes::of(0.0f);
    auto t = lanes::of(0.0f);
    for (float const level : first_levels<top>) {
      t = lanes::of(level) / amax;
      now = at(t);
      best = lanes::most(best, now.gain());
    }
    found.consider({now.gain(), now.squares, t});
    auto const most = lanes::times(all.products(), all.products());
    auto step = lanes::of(1.0f);
    auto scale = lanes::of(1.0f) / t;
    while (lanes::lanes(walking) != 0) {
      auto t2 = t + lanes::times(t, step);
      auto scale2 = scale;
      auto shortest = step < lanes::of(0x1.1p-17f);
      if constexpr (few_scales) {
        auto const below = lanes::from_bits((lanes::bits(scale) - lanes::whole(1)) & lanes::whole(-unit));
        scale2 = lanes::least(kept(lanes::of(1.0f) / t2), below);
        shortest = scale2 == below;
        t2 = lanes::of(1.0f) / scale2;
      }
      auto const share = t / (t2 - t);
      auto const a = lanes::of(0.5f) / t;
      auto const next = at(t2);
      // What follows takes the best gain before this step: nothing waits for the quotient.
      auto const limit = lanes::times(best, lanes::of(1.0f - 2 * closeness()));
      auto const gain = next.gain();
      if (lanes::lanes((limit < gain) & walking) != 0)
        found.consider({lanes::pick(walking, gain, lanes::of(0.0f)), next.squares, t2});
      // The third corner lies x = (dN - b dD) / (a - b) to the right of the first.
      auto const dd = next.squares - now.squares;
      auto const dn = (next.high - now.high) + (next.low - now.low);
      auto const x = lanes::least(lanes::most(lanes::times(lanes::times(dn, t2 + t2) - dd, share), lanes::of(0.0f)), dd);
      auto const hidden = lanes::times(lanes::times(dd, share), lanes::of(0x1p-20f));  // by rounding
      auto const corner = now.products() + lanes::times(a, x + hidden);
      auto const lost = lanes::times(corner, corner) < lanes::times(limit, now.squares + x);
      auto const climbed = next.level - now.level;
      auto const done = (lost | levels::at_most_one(climbed, dd) | shortest) & walking;
      now.replace(done, next);
      scale = lanes::pick(done, scale2, scale);
      t = lanes::pick(done, t2, t);
      auto const longer = stride(lanes::times(best, next.squares), next, climbed, step);
      step = lanes::pick(done, longer, lanes::times(step, lanes::of(0.5f)));
      // What is still to come has slopes from a to 0.
      auto const squares = now.squares + lanes::times((all.high - now.high) + (all.low - now.low), t + t);
      walking = walking & (lanes::times(limit, squares) < most) & (now.squares < all.squares);
      best = lanes::most(best, gain);
    }
    return found;
  }

  // best: the best gain times D. Gains within a step t (1 + d) differ by about d^2 / 2 of themselves; below the distance of climbs
  // one climb is what counts. Roots and quotients are taken of exponents: within an eighth.
  [[gnu::always_inline]] static numbers stride(numbers const& best, sums const& now, numbers const& climbed,
                                               numbers const& step) noexcept {
    auto const gap = lanes::most(best - lanes::times(now.products(), now.products()), lanes::times(best, lanes::of(0x1p-30f)));
    auto const one = lanes::bits(lanes::of(1.0f));
    auto const root = lanes::from_bits(((lanes::bits(gap + gap) - lanes::bits(best)) >> 1) + one);
    auto const apart = lanes::from_bits(lanes::bits(lanes::of(walk_levels<Format>::spacing)) + one - lanes::bits(now.level));
    auto const kept = lanes::pick(climbed < lanes::of(0.5f), step + step, lanes::pick(climbed < lanes::of(1.5f), step, apart));
    return lanes::least(lanes::most(root, lanes::most(apart, kept)), lanes::of(2.0f));
  }

  // The sums of what was found, in integers: high of 2^-16, low of 2^-32.
  [[gnu::always_inline]] void keep(typename three::candidate const& found, walk_result::sums& to) const noexcept {
    auto high = lanes::whole(0);
    auto low = lanes::whole(0);
    for (std::size_t j = 0; j < width * n_; j += width) {
      auto const m = lanes::load(input_ + j);
      auto const level = levels::near(lanes::times(m, found.t));
      auto const coarse = (m + lanes::of(0x1p7f)) - lanes::of(0x1p7f);
      auto const fine = ((m - coarse) + lanes::of(0x1.8p-9f)) - lanes::of(0x1.8p-9f);
      high = high + to_integer<lanes>(lanes::times(level, lanes::times(coarse, lanes::of(0x1p16f))));
      low = low + to_integer<lanes>(lanes::times(level, lanes::times(fine, lanes::of(0x1p32f))));
    }
    lanes::store(high, to.high);
    lanes::store(low, to.low);
    lanes::store(found.squares, to.squares);
  }

  std::size_t n_;
  float *input_, *high_, *low_;
};

}  // namespace skive::detail
