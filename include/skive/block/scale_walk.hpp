// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/scale_walk.hpp - the scale of least squared error for integers of 3 and 4 bits and E2M1, sixteen groups at a time.
///
///   m_i = |x_i| 2^-e in [0, 2), to multiples of 2^-32;   h_i = 1 / (2 m_i), to 20 bits;   t = 1 / s
///   number i climbs from l to l + d at t = (2 l + d) h_i, exactly a float (block/walk_levels.hpp);   gain(l) = (sum m l)^2 / sum l^2 = sum m^2 - least E
///
/// For levels l that do not depend on s the best kept scale is the one nearest to q = sum m l / sum l^2, and the best kept scale
/// of all is the best one of some l on the walk: with the levels that belong to it, the one nearest to their q is at least as
/// good. So the walk needs only sums, and looks for the largest gain, where E can be less than with s0 = largest / top:
///
///   no s >= u  if  sum over m < u of min(m, u - m)^2 > E(s0):   there numbers have level 0 or 1, and 1 moves away
///   no s <= u  if  sum of max(0, m - top u)^2 > E(s0):          what clips
///
/// Sums of m l are integers; gains are floats, so that what comes close to the largest one is looked at again in double. Where
/// three come close, or no bound holds, block/scale_search.hpp decides. The scalar rule is the same program with one lane.
///
/// Model of : -
/// Cost     : about 9 instructions per number, register and breakpoint on the walk. 32 Gaussian numbers in int4: 12 ns a number
///            with AVX-512, 22 with AVX2, 37 with SSE4.2, 270 in one lane (a shared Xeon); E2M1: 143 with AVX2 (a busy Zen 3).
/// Accuracy : E(s) exceeds the least E of all kept scales by at most 2^-40 sum m^2: what the 20 bits of h can hide.
/// Promise  : the same scale on every instruction set and in every processor mode: numbers are normal or zero, products that feed
///            sums exact or kept apart.
/// Source   : the bounds are ours; the walk is block/scale_search.hpp's.

#include "skive/block/walk_lanes.hpp"
#include "skive/block/walked_scale.hpp"
#include "skive/core/workspace.hpp"

#include <limits>

namespace skive::detail {

/// Groups longer than this take block/scale_search.hpp: the walk's cost grows with the square.
inline constexpr std::size_t longest_walk = 128;

/// Scratch of a walk over sixteen groups of n numbers.
constexpr std::size_t scale_walk_bytes(std::size_t n) noexcept { return 5 * workspace::bytes<float>(16 * n); }

template <class Arch, class Format>
class scale_walk {
  using lanes = walk_lanes<Arch>;
  using levels = typename walk_levels<Format>::template in<lanes>;
  static constexpr int top = walk_levels<Format>::top;
  using numbers = typename lanes::numbers;
  using integers = typename lanes::integers;
  using mask = typename lanes::mask;
  static constexpr std::size_t width = lanes::width;

 public:
  scale_walk(std::size_t n, workspace w) noexcept
      : n_{n},
        next_{w.take<float>(width * n).data()},
        step_{w.take<float>(width * n).data()},
        last_{w.take<float>(width * n).data()},
        high_{w.take<std::int32_t>(width * n).data()},
        low_{w.take<std::int32_t>(width * n).data()} {}

  /// Where number i of lane g goes before run(): input()[i * width + g]; lanes of no group have zeros.
  float* input() noexcept { return next_; }

  /// Returns the bits of the largest magnitudes. Where they are no floats from 2^-60 to 2^60 the rest has no meaning.
  [[gnu::noinline]] integers run(walk_result& out) noexcept {
    auto largest = lanes::whole(0);
    for (std::size_t j = 0; j < width * n_; j += width)
      largest = lanes::most(largest, lanes::bits(lanes::load(next_ + j)) & lanes::whole(0x7FFF'FFFF));
    auto const inverse = lanes::from_bits(lanes::whole(0x7F00'0000) - (largest & lanes::whole(0x7F80'0000)));
    auto const amax = lanes::times(lanes::from_bits(largest), inverse);
    auto const s0 = amax / lanes::of(top);
    auto const budget = prepare(inverse, s0, lanes::of(top) / amax);
    auto const range = bound(s0, budget);
    track found{};
    auto at = start(range.begin);
    found.consider(at, lanes::of(0.0f) < lanes::of(1.0f));
    walk(at, range.end, found);
    found.first.store(out.first);
    found.second.store(out.second);
    auto const near = lanes::times(found.first.gain, lanes::of(1.0f - 0x1p-20f));
    out.decided = lanes::lanes(found.third < near) & lanes::lanes(lanes::of(0.0f) < range.end);
    out.clear = lanes::lanes(found.second.gain < near);
    return largest;
  }

 private:
  static constexpr float infinity = std::numeric_limits<float>::infinity();
  struct span_of_t {
    numbers begin, end;
  };
  struct sums {
    integers high;
    integers low;
    numbers squares;
    numbers gain;
    [[gnu::always_inline]] void replace(mask const& m, sums const& other) noexcept {
      high = lanes::pick(m, other.high, high);
      low = lanes::pick(m, other.low, low);
      squares = lanes::pick(m, other.squares, squares);
      gain = lanes::pick(m, other.gain, gain);
    }
    void store(walk_result::sums& to) const noexcept {
      lanes::store(gain, to.gain);
      lanes::store(high, to.high);
      lanes::store(low, to.low);
      lanes::store(squares, to.squares);
    }
    [[gnu::always_inline]] static sums none() noexcept {
      return {lanes::whole(0), lanes::whole(0), lanes::of(0.0f), lanes::of(0.0f)};
    }
  };
  // The two largest gains, and what the third one is.
  struct track {
    sums first = sums::none();
    sums second = sums::none();
    numbers third = lanes::of(0.0f);
    [[gnu::always_inline]] void consider(sums& now, mask const& valid) noexcept {
      auto const xl = in_units(now.high, now.low);
      auto const gain = lanes::times(xl, xl) / lanes::most(now.squares, lanes::of(1.0f));
      now.gain = lanes::pick(valid, gain, lanes::of(0.0f));
      auto const best = first.gain < now.gain;
      auto const good = second.gain < now.gain;
      third = lanes::most(third, lanes::least(now.gain, second.gain));
      second.replace(good, now);
      second.replace(best, first);
      first.replace(best, now);
    }
  };
  [[gnu::always_inline]] static numbers in_units(integers const& high, integers const& low) noexcept {
    return lanes::times(lanes::to_number(high), lanes::of(0x1p-16f)) + lanes::times(lanes::to_number(low), lanes::of(0x1p-32f));
  }
  // Of a number of magnitude below 2^22 that is an integer.
  [[gnu::always_inline]] static integers to_integer(numbers const& x) noexcept {
    return lanes::bits(x + lanes::of(0x1.8p23f)) - lanes::bits(lanes::of(0x1.8p23f));
  }
  [[gnu::always_inline]] static numbers nearest(numbers const& x) noexcept {
    return (x + lanes::of(0x1.8p23f)) - lanes::of(0x1.8p23f);
  }

  // Integers, breakpoints and E(s0) of all numbers.
  [[gnu::always_inline]] numbers prepare(numbers const& inverse, numbers const& s0, numbers const& t0) noexcept {
    auto error = lanes::of(0.0f);
    auto squares = lanes::of(0.0f);
    for (std::size_t j = 0; j < width * n_; j += width) {
      auto const x = lanes::from_bits(lanes::bits(lanes::load(next_ + j)) & lanes::whole(0x7FFF'FFFF));
      auto const m = lanes::times(x, inverse);
      auto const coarse = m + lanes::of(0x1p7f);  // to multiples of 2^-16
      auto const fine = (m - (coarse - lanes::of(0x1p7f))) + lanes::of(0x1.8p-9f);
      lanes::store(lanes::bits(coarse) - lanes::bits(lanes::of(0x1p7f)), high_ + j);
      lanes::store(lanes::bits(fine) - lanes::bits(lanes::of(0x1.8p-9f)), low_ + j);
      auto const h = lanes::from_bits((lanes::bits(lanes::of(0.5f) / m) + lanes::whole(8)) & lanes::whole(-16));
      lanes::store(h + h, step_ + j);
      lanes::store(lanes::times(h, lanes::of(walk_levels<Format>::last)), last_ + j);
      lanes::store(m, next_ + j);
      auto const level = levels::near(lanes::times(m, t0));
      auto const rest = m - lanes::times(level, s0);
      error = error + lanes::times(rest, rest);
      squares = squares + lanes::times(m, m);
    }
    return lanes::times(error, lanes::of(1.0f + 0x1p-10f)) + lanes::times(squares, lanes::of(0x1p-20f));
  }

  // From begin = 1 / (least known u too large) to end = 1 / (largest known u too small); end = 0: none known.
  [[gnu::always_inline]] span_of_t bound(numbers const& s0, numbers const& budget) const noexcept {
    span_of_t t{lanes::of(0.0f), lanes::of(0.0f)};
    for (float const c : {1.15f, 1.3f, 1.45f, 1.6f, 1.8f, 2.2f, 3.0f}) {
      auto const u = lanes::times(s0, lanes::of(c));
      auto sum = lanes::of(0.0f);
      for (std::size_t j = 0; j < width * n_; j += width) {
        auto const m = lanes::load(next_ + j);
        auto const d = lanes::least(m, lanes::most(u - m, lanes::of(0.0f)));
        sum = sum + lanes::times(d, d);
      }
      t.begin = lanes::most(t.begin, lanes::pick(budget < sum, lanes::of(1.0f) / u, lanes::of(0.0f)));
      if (all(lanes::of(0.0f) < t.begin)) break;
    }
    for (float const c : {0.92f, 0.85f, 0.8f, 0.75f, 0.7f, 0.6f, 0.45f, 0.3f}) {
      auto const u = lanes::times(s0, lanes::of(c));
      auto const clip = lanes::times(u, lanes::of(top));
      auto sum = lanes::of(0.0f);
      for (std::size_t j = 0; j < width * n_; j += width) {
        auto const d = lanes::most(lanes::load(next_ + j) - clip, lanes::of(0.0f));
        sum = sum + lanes::times(d, d);
      }
      auto const holds = lanes::pick(budget < sum, lanes::of(1.0f) / u, lanes::of(0.0f));
      t.end = lanes::pick(t.end == lanes::of(0.0f), holds, t.end);
      if (all(lanes::of(0.0f) < t.end)) break;
    }
    return t;
  }
  [[gnu::always_inline]] static bool all(mask const& m) noexcept { return lanes::lanes(m) == (width == 16 ? 0xFFFFU : 1U); }

  // Levels and sums at t; each number's next breakpoint.
  [[gnu::always_inline]] sums start(numbers const& t) noexcept {
    auto at = sums::none();
    for (std::size_t j = 0; j < width * n_; j += width) {
      auto const m = lanes::load(next_ + j);
      auto const step = lanes::load(step_ + j);
      auto k = levels::near(lanes::times(m, t));
      auto const h = lanes::times(step, lanes::of(0.5f));
      auto const up = levels::up(k);  // the first guess may be off by one near a breakpoint
      auto const down = levels::down(k);
      auto const above = lanes::times(k + k + up, h);
      auto const below = lanes::times(k + k - down, h);
      k = lanes::pick(t < below, k - down, lanes::pick(t < above, k, k + up));
      k = lanes::least(lanes::most(k, lanes::of(0.0f)), lanes::of(top));
      at.high = at.high + to_integer(lanes::times(k, lanes::to_number(lanes::load(high_ + j))));
      at.low = at.low + to_integer(lanes::times(k, lanes::to_number(lanes::load(low_ + j))));
      at.squares = at.squares + lanes::times(k, k);
      auto const next = lanes::times(k + k + levels::up(k), h);
      lanes::store(lanes::pick(k < lanes::of(top), next, lanes::of(infinity)), next_ + j);
    }
    return at;
  }

  [[gnu::always_inline]] void walk(sums& at, numbers const& end, track& found) noexcept {
    auto t = lanes::of(infinity);
    for (std::size_t j = 0; j < width * n_; j += width) t = lanes::least(t, lanes::load(next_ + j));
    while (lanes::lanes(t < end) != 0) {
      auto following = lanes::of(infinity);
      auto high = lanes::whole(0);
      auto low = lanes::whole(0);
      for (std::size_t j = 0; j < width * n_; j += width) {
        auto next = lanes::load(next_ + j);
        auto const now = next == t;
        auto const step = lanes::load(step_ + j);
        next = lanes::pick(now, levels::after(t, step), next);
        next = lanes::pick(lanes::load(last_ + j) < next, lanes::of(infinity), next);
        lanes::store(next, next_ + j);
        following = lanes::least(following, next);
        high = lanes::pick(now, high + levels::climbed(t, step, lanes::load(high_ + j)), high);
        low = lanes::pick(now, low + levels::climbed(t, step, lanes::load(low_ + j)), low);
      }
      at.high = at.high + high;
      at.low = at.low + low;
      // A climb by d adds d (2 l + d) = d (2 t m).
      auto const twice = t + t;
      at.squares = at.squares + nearest(lanes::times(twice, in_units(high, low)));
      found.consider(at, t < end);  // others may walk on
      t = following;
    }
  }

  std::size_t n_;
  float* next_;
  float* step_;
  float* last_;
  std::int32_t* high_;
  std::int32_t* low_;
};

}  // namespace skive::detail
