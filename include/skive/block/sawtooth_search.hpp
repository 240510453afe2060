// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/sawtooth_search.hpp - the scale of least squared error: formats of many levels, tables, coarse scales, sixteen scales
/// at a time.
///
///   d_i(t) = distance of x_i t from the nearest level,   g(t) = |d(t)|,   t = 1 / s;   E(s) = (g(t) / t)^2,   X = |x|
///
/// A distance from a set changes by no more than the number itself does: |d_i(a) - d_i(b)| <= |x_i| |a - b|, so that
/// |g(a) - g(b)| <= X |a - b|, whatever the levels are and however many are passed. Between two scales that were tried, g lies
/// above a sawtooth of slope X, whose lowest point is v = (g(a) + g(b) - (b - a) X) / 2 at t* = (a + b) / 2 + (g(a) - g(b)) / (2 X).
/// With B^2 the least E that is known and B <= X, g(t) > B t for all t between a and b if v > B t*: nothing there is better. Else
/// t* is tried, too. Scales of at most 11 bits are tried themselves; a step ends between neighbours.
///
/// Between float32 scales cells count: runs of t over which no number changes its level. There E = E_cell + D (s - q)^2, and B
/// takes the least E_cell. A step also ends where a and b lie in one cell or in two that touch, where b - a is less than any
/// cell of a least E is wide, a dL / (2 D) for climbs of at least dL in D (block/scale_walk.hpp has the proof), and where
/// min(E_cell(a), E_cell(b)) - s_a (s_a - s_b) (D_b - D_a) / 4 > B^2: for levels on the way from those of a to those of b the
/// error at s is at least E_a(s) - s (s_a - s) th dD and E_b(s) - s (s - s_b) (1 - th) dD, weighted by distance.
///
/// Above s = amax / first no number has a level but zero; below the s at which what clips alone costs B^2 nothing is better.
///
/// Model of : -
/// Cost     : int8 of 32 numbers about 250 scales, 16 passes of 15 instructions a number (AVX2); NF4 of 64 about 60 scales.
/// Accuracy : no kept scale has an E smaller by more than rounding in double; float32 scales 2^-40 X^2.
/// Promise  : the same scale on every instruction set: bounds have margins for rounding, and what they leave is compared in double.
/// Source   : S. Piyavskii, "An algorithm for finding the absolute extremum of a function", 1972; B. Shubert, "A sequential method
///            seeking the global maximum of a function", 1972.

#include "skive/block/sawtooth_scales.hpp"

#include <optional>

namespace skive::detail {

/// Longer groups take block/scale_search.hpp, as do those of few numbers, of which the bound says little.
inline constexpr std::size_t longest_sawtooth = 1024;

/// Of n numbers whose largest magnitude has these bits.
constexpr bool in_reach_of_sawtooth(std::size_t n, std::uint32_t largest) noexcept {
  return n >= 4 && n <= longest_sawtooth && largest >= magnitude_bits(0x1p-60f) && largest <= magnitude_bits(0x1p60f);
}

template <class Format, class Scale>
inline constexpr bool has_sawtooth = [] {
  if constexpr (!distance_levels<Format>::exists)
    return false;
  else
    return scale_bits<Scale> <= 11 || (std::is_same_v<Scale, float32> && distance_levels<Format>::has_ranks);
}();

template <class Arch, class Format, class Scale>
class sawtooth_search : sawtooth_scales<Arch, Format, Scale> {
  using base = sawtooth_scales<Arch, Format, Scale>;
  using typename base::lanes, typename base::levels, typename base::sixteen_points;
  using base::cells, base::most_code, base::least_code, base::x_, base::n_, base::positive_, base::largest_, base::inverse_;
  using base::known_, base::rounding_, base::distances_, base::close_, base::close_count_, base::too_close_;
  static constexpr std::size_t most_open = 256;
  static constexpr int most_passes = 256;
  struct open_spans {
    sawtooth_rows<cells, most_open> a, b;
  };

 public:
  static constexpr std::size_t bytes(std::size_t n) noexcept { return base::group_bytes(n) + workspace::bytes<open_spans>(1); }

  /// The best kept scale of finite numbers, of magnitude `largest` (bits) at most; nothing where too many come close.
  template <class T>
  static std::optional<scale_state> run(std::span<T const> values, std::uint32_t largest, workspace w) noexcept {
    sawtooth_search s{values, largest, w};
    if (!s.open()) return {};
    for (int pass = 0; s.open_count_ != 0; ++pass)
      if (pass == most_passes || !s.refine()) return {};
    return s.decide();
  }

 private:
  template <class T>
  sawtooth_search(std::span<T const> values, std::uint32_t largest, workspace& w) noexcept
      : base{values, largest, w}, open_{w.take<open_spans>(1).data()} {}

  // Tries scales about that of absmax, then both ends; opens what lies between.
  bool open() noexcept {
    auto const t0 = levels::top / largest_;
    sixteen_points tried;
    place_all([&](std::size_t i) { return t0 * (0.6f + 0.03f * static_cast<float>(i)); }, 0.0f, tried);
    this->find(tried);
    auto const high = clipped_from(t0);
    if (high == 0) return false;
    auto const low = levels::first / largest_ * 0.999f;
    sixteen_points ends;
    place_all([&](std::size_t i) { return i == 0 ? low : high; }, 1.0f, ends);
    this->find(ends);
    sixteen_points left;
    left.copy(0, ends, 0);
    for (std::size_t i = 1; i < 16; ++i) left.copy(i, tried, i - 1);
    push(left, tried, 0xFFFF);
    left.copy(0, tried, 15);
    ends.copy(0, ends, 1);
    push(left, ends, 1);
    return !too_close_;
  }
  // Scales f(i); kept ones lie `outwards` beyond, the first one above, the others below.
  template <class F>
  void place_all(F f, float outwards, sixteen_points& out) noexcept {
    alignas(64) float t[16];
    alignas(64) float further[16];
    for (std::size_t i = 0; i < 16; ++i) t[i] = f(i), further[i] = i == 0 ? -outwards : outwards;
    auto const first = lanes::of(-static_cast<float>(most_code) - 1);
    auto const last = lanes::of(1 - static_cast<float>(least_code));
    for (std::size_t k = 0; k < 16; k += lanes::width)
      this->place(k, lanes::load(t + k), first, last, lanes::load(further + k), out);
  }
  // A t from which on numbers that clip cost more than the best scale; 0: not found.
  float clipped_from(float t0) noexcept {
    constexpr float beyond[16]{1.01f, 1.02f, 1.04f, 1.07f, 1.1f, 1.15f, 1.2f, 1.3f,
                               1.4f,  1.55f, 1.75f, 2.0f,  2.5f, 3.5f,  6.0f, 12.0f};
    for (std::size_t i = 0; i < 16; ++i) distances_.t[i] = t0 * beyond[i];
    find_clipped<Arch, Format>({x_, positive_, n_}, distances_);
    auto const known = separate(known_.least * known_.least) * (1 + 8 * rounding_);
    for (std::size_t i = 0; i < 16; ++i)
      if (distances_.f[i] > separate(known * separate(distances_.t[i] * distances_.t[i]))) return distances_.t[i];
    return 0;
  }

  // Opens what lies between a[i] and b[i] where bit i is set, unless nothing does; false: no room.
  bool push(sixteen_points const& a, sixteen_points const& b, std::uint32_t which) noexcept {
    std::uint32_t open = 0;
    for (std::size_t k = 0; k < 16; k += lanes::width)
      open |= lanes::lanes(done<cells>(a.template load<lanes>(k), b.template load<lanes>(k), known_)) << k;
    for (open = ~open & which; open != 0; open &= open - 1) {
      if (open_count_ == most_open) return false;
      auto const i = static_cast<std::size_t>(std::countr_zero(open));
      open_->a.copy(open_count_, a, i);
      open_->b.copy(open_count_++, b, i);
    }
    return true;
  }

  // One more scale in each of the sixteen spans opened last; more where there are fewer.
  bool refine() noexcept {
    auto const count = open_count_ < 16 ? open_count_ : 16;
    auto const start = open_count_ -= count;
    sixteen_points a, b, tried;
    if (count != 16) return refine_few(start, count);
    for (std::size_t k = 0; k < 16; k += lanes::width) {
      auto const p = open_->a.template load<lanes>(start + k);
      auto const q = open_->b.template load<lanes>(start + k);
      a.store(p, k);
      b.store(q, k);
      auto const edge = lanes::times(q.t - p.t, lanes::of(0.125f));
      auto const t = lanes::times(lowest_twice(p, q, known_.norm), lanes::of(0.5f));
      this->place(k, lanes::least(lanes::most(t, p.t + edge), q.t - edge), p.mark, q.mark, lanes::of(0.0f), tried);
    }
    this->find(tried);
    return push(a, tried, 0xFFFF) && push(tried, b, 0xFFFF) && !too_close_;
  }
  bool refine_few(std::size_t start, std::size_t count) noexcept {
    auto const pieces = 16 / count;
    sixteen_points a, b, tried;
    alignas(64) float part[16];
    std::uint32_t first = 0;  // bit i: scale i is the first one in its span
    std::uint32_t last = 0;
    for (std::size_t i = 0, from = 0, nth = 1; i < 16; ++i) {
      a.copy(i, open_->a, start + from);
      b.copy(i, open_->b, start + from);
      part[i] = static_cast<float>(nth) / static_cast<float>(pieces + 1);
      if (from == count - 1 && nth > pieces) continue;  // one that nobody asked for
      if (nth == 1) first |= 1U << i;
      if (nth == pieces) last |= 1U << i;
      if (++nth > pieces && from + 1 < count) ++from, nth = 1;
    }
    for (std::size_t k = 0; k < 16; k += lanes::width) {
      auto const p = a.template load<lanes>(k);
      auto const q = b.template load<lanes>(k);
      auto const t = p.t + lanes::times(q.t - p.t, lanes::load(part + k));
      this->place(k, t, p.mark, q.mark, lanes::of(0.0f), tried);
    }
    this->find(tried);
    for (std::size_t i = 1; i < 16; ++i)
      if ((first >> i & 1) == 0) a.copy(i, tried, i - 1);
    auto const valid = static_cast<std::uint32_t>((1U << (pieces * count)) - 1);
    return push(a, tried, valid) && push(tried, b, last) && !too_close_;
  }

  // Of what is left the least error in double; the larger scale of two equal ones.
  std::optional<scale_state> decide() noexcept {
    this->drop_worse();
    if (close_count_ == 0) return {};
    scale_state best;
    double least = 0;
    for (std::size_t i = 0; i < close_count_; ++i) {
      auto const s = cells ? this->scale_of_cell(close_[i].t) : load_scale<Scale>(static_cast<std::uint32_t>(-close_[i].mark));
      if (close_count_ == 1) return s;
      auto const e = this->error_at(static_cast<double>(s.scale) * static_cast<double>(inverse_));
      if (i != 0 && !(e < least) && !(e == least && s.scale > best.scale)) continue;
      least = e;
      best = s;
    }
    return best;
  }
  open_spans* open_;
  std::size_t open_count_ = 0;
};

}  // namespace skive::detail
