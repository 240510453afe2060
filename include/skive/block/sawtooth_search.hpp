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

#include "skive/block/level_distance.hpp"
#include "skive/block/sawtooth_points.hpp"
#include "skive/core/separate.hpp"
#include "skive/core/workspace.hpp"

#include <cmath>
#include <optional>

namespace skive::detail {

/// Groups this long are searched so; shorter ones have so few numbers that the bound helps little.
inline constexpr std::size_t shortest_sawtooth = 4;
inline constexpr std::size_t longest_sawtooth = 1024;

template <class Format, class Scale>
inline constexpr bool has_sawtooth = [] {
  if constexpr (!distance_levels<Format>::exists)
    return false;
  else
    return scale_bits<Scale> <= 11 || (std::is_same_v<Scale, float32> && distance_levels<Format>::has_ranks);
}();

template <class Arch, class Format, class Scale>
class sawtooth_search {
  static constexpr bool cells = scale_bits<Scale> > 11;
  using levels = distance_levels<Format>;
  using lanes = walk_lanes<Arch>;
  using numbers = typename lanes::numbers;
  using points = sawtooth_points<lanes>;
  using sixteen_points = sawtooth_rows<cells, 16>;
  static constexpr std::size_t most_open = 256;
  static constexpr int most_passes = 256;
  static constexpr std::size_t most_close = 16;
  struct open_spans {
    sawtooth_rows<cells, most_open + 16> a, b;
  };

 public:
  static constexpr std::size_t bytes(std::size_t n) noexcept {
    return 2 * workspace::bytes<float>(n + 16) + workspace::bytes<open_spans>(1);
  }

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
  sawtooth_search(std::span<T const> values, std::uint32_t largest, workspace w) noexcept
      : binade_{std::bit_cast<float>(largest & 0x7F80'0000U)},
        inverse_{std::bit_cast<float>(0x7F00'0000U - (largest & 0x7F80'0000U))},
        largest_{std::bit_cast<float>(largest) * inverse_},
        n_{values.size()},
        x_{w.take<float>(n_ + 16).data()},
        level_{w.take<float>(n_ + 16).data()},
        open_{w.take<open_spans>(1).data()} {
    auto end = n_;
    auto squares = 0.0f;
    for (auto const v : values) {
      auto const m = widen(v) * inverse_;
      auto const x = magnitude(m) < 0x1p-26f ? 0.0f : levels::symmetric ? magnitude(m) : m;
      bool const below = x < 0.0f;
      end -= below ? 1 : 0;
      x_[below ? end : positive_] = x;
      positive_ += below ? 0 : 1;
      squares = squares + separate(x * x);
    }
    for (std::size_t i = n_; i < n_ + 16; ++i) x_[i] = 0.0f;
    rounding_ = static_cast<float>(n_ + 16) * 0x1p-23f;
    slack_ = std::sqrt(static_cast<float>(n_)) * levels::pivot_slack;
    known_ = {std::sqrt(squares) * (1 + rounding_), levels::least_climb, 0};
    known_.least = known_.norm;
  }

  // Tries the scales of distances_.t, whose marks are those of `out` if they are kept ones.
  void find(sixteen_points& out) noexcept {
    find_distances<Arch, Format, cells>({x_, positive_, n_}, distances_);
    alignas(64) float low[16];
    alignas(64) float high[16];
    for (std::size_t k = 0; k < 16; k += lanes::width) {
      auto const of = [](float x) __attribute__((always_inline)) { return lanes::of(x); };
      auto const t = lanes::load(distances_.t + k);
      auto const f = lanes::load(distances_.f + k);
      auto const g = lanes::root(f);
      auto const off = (lanes::times(g, of(rounding_)) + lanes::times(t, of(known_.norm * 0x1p-21f))) + of(slack_);
      points p{t, g - off, lanes::load(cells ? distances_.rank + k : out.mark + k), {}, {}};
      auto most = g + off;
      auto least = p.g;
      if constexpr (cells) {
        p.squares = lanes::load(distances_.squares + k);
        auto const product = lanes::load(distances_.products + k);
        auto const some = of(0.0f) < p.squares;
        auto const rest = f - lanes::times(product, product) / lanes::pick(some, p.squares, of(1.0f));
        auto const error = lanes::times(f, of(4 * rounding_)) + lanes::times(g + g, off);
        auto const best = lanes::root(lanes::most(rest, of(0.0f)) + error) + lanes::times(t, of(known_.norm * 0x1p-23f));
        most = lanes::least(most, lanes::pick(some, best, most));
        least = lanes::pick(some, lanes::root(lanes::most(rest - error, of(0.0f))), least);
      }
      p.low = lanes::times(least / t, of(1 - 0x1p-20f));
      lanes::store(p.low, low + k);
      lanes::store(lanes::times(most / t, of(1 + 0x1p-20f)), high + k);
      out.store(p, k);
    }
    for (std::size_t half = 8; half != 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) high[i] = high[i + half] < high[i] ? high[i + half] : high[i];
    known_.least = high[0] < known_.least ? high[0] : known_.least;
    std::uint32_t near = 0;
    for (std::size_t k = 0; k < 16; k += lanes::width) near |= lanes::lanes(lanes::load(low + k) < lanes::of(known_.least)) << k;
    for (; near != 0; near &= near - 1) {
      auto const i = static_cast<std::size_t>(std::countr_zero(near));
      keep({out.t[i], low[i], out.mark[i]});
    }
  }

  // What may be the best one; of a cell one point.
  struct candidate {
    float t, low, mark;
  };
  void keep(candidate const& c) noexcept {
    for (std::size_t i = 0; i < close_count_; ++i)
      if (!(close_[i].mark < c.mark || c.mark < close_[i].mark)) return;
    if (close_count_ == most_close) drop_worse();
    if (close_count_ == most_close)
      too_close_ = true;
    else
      close_[close_count_++] = c;
  }
  void drop_worse() noexcept {
    auto const count = close_count_;
    close_count_ = 0;
    for (std::size_t i = 0; i < count; ++i)
      if (close_[i].low < known_.least) close_[close_count_++] = close_[i];
  }

  // Scales t, or the kept ones `further` beyond the nearest to them of those whose marks lie strictly between.
  [[gnu::always_inline]] void place(std::size_t k, numbers t, numbers const& above, numbers const& below, numbers const& further,
                                    sixteen_points& out) noexcept {
    if constexpr (!cells) {
      auto const nearest = lanes::to_number(encoded(lanes::of(binade_) / t));
      auto const mark = lanes::least(lanes::most(further - nearest, above + lanes::of(1.0f)), below - lanes::of(1.0f));
      lanes::store(mark, out.mark + k);
      t = lanes::of(1.0f) / lanes::times(decoded(to_integer<lanes>(lanes::of(0.0f) - mark)), lanes::of(inverse_));
    }
    lanes::store(t, distances_.t + k);
  }
  [[gnu::always_inline]] static typename lanes::integers encoded(numbers const& s) noexcept {
    if constexpr (lanes::width == 1)
      return static_cast<std::int32_t>(Scale::encode(s));
    else
      return simd::as<std::int32_t>(format_lanes<Scale, Arch>::encode(s));
  }
  [[gnu::always_inline]] static numbers decoded(typename lanes::integers const& codes) noexcept {
    if constexpr (lanes::width == 1)
      return Scale::decode(static_cast<scale_code>(codes));
    else
      return decode_lanes<Scale, Arch>(simd::as<std::uint32_t>(codes));
  }

  // Tries scales about that of absmax, then both ends; opens what lies between.
  bool open() noexcept {
    auto const t0 = levels::top / largest_;
    sixteen_points tried;
    place_all([&](std::size_t i) { return t0 * (0.6f + 0.03f * static_cast<float>(i)); }, 0.0f, tried);
    find(tried);
    auto const high = clipped_from(t0);
    if (high == 0) return false;
    auto const low = levels::first / largest_ * 0.999f;
    sixteen_points ends;
    place_all([&](std::size_t i) { return i == 0 ? low : high; }, 1.0f, ends);
    find(ends);
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
    for (std::size_t k = 0; k < 16; k += lanes::width) place(k, lanes::load(t + k), first, last, lanes::load(further + k), out);
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
    auto const pieces = 16 / count;
    auto const base = open_count_ -= count;
    sixteen_points a, b, tried;
    alignas(64) float part[16];
    std::uint32_t last = 0;  // bit i: scale i is the last one in its span
    for (std::size_t i = 0; i < 16; ++i) {
      auto const from = i / pieces < count ? i / pieces : count - 1;
      auto const nth = i - from * pieces + 1;
      a.copy(i, open_->a, base + from);
      b.copy(i, open_->b, base + from);
      part[i] = static_cast<float>(nth) / static_cast<float>(pieces + 1);
      if (nth == pieces) last |= 1U << i;
    }
    for (std::size_t k = 0; k < 16; k += lanes::width) {
      auto const p = a.template load<lanes>(k);
      auto const q = b.template load<lanes>(k);
      auto const width = q.t - p.t;
      auto t = p.t + lanes::times(width, lanes::load(part + k));
      if (pieces == 1) {
        auto const edge = lanes::times(width, lanes::of(0.125f));
        t = lanes::times(lowest_twice(p, q, known_.norm), lanes::of(0.5f));
        t = lanes::least(lanes::most(t, p.t + edge), q.t - edge);
      }
      place(k, t, p.mark, q.mark, lanes::of(0.0f), tried);
    }
    find(tried);
    auto const valid = pieces * count == 16 ? 0xFFFFU : (1U << pieces * count) - 1;
    if (pieces != 1)
      for (std::size_t i = 15; i > 0; --i)
        if ((last >> (i - 1) & 1) == 0) a.copy(i, tried, i - 1);
    return push(a, tried, valid) && push(tried, b, last & valid) && !too_close_;
  }

  // Of what is left the least error in double; the larger scale of two equal ones.
  std::optional<scale_state> decide() noexcept {
    drop_worse();
    if (close_count_ == 0) return {};
    scale_state best;
    double least = 0;
    for (std::size_t i = 0; i < close_count_; ++i) {
      auto const s = cells ? scale_of_cell(close_[i].t) : load_scale<Scale>(static_cast<std::uint32_t>(-close_[i].mark));
      if (close_count_ == 1) return s;
      auto const e = error_at(static_cast<double>(s.scale) * static_cast<double>(inverse_));
      if (i != 0 && !(e < least) && !(e == least && s.scale > best.scale)) continue;
      least = e;
      best = s;
    }
    return best;
  }
  scale_state scale_of_cell(float t) noexcept {
    for (std::size_t i = 0; i < n_; i += lanes::width)
      lanes::store(levels::template in<lanes>::near(lanes::times(lanes::load(x_ + i), lanes::of(t))).level, level_ + i);
    double products = 0;
    double squares = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      auto const l = static_cast<double>(level_[i]);
      products += static_cast<double>(x_[i]) * l;  // exact, as the next one
      squares += l * l;
    }
    return keep_scale<Scale>(static_cast<float>(products / squares * static_cast<double>(binade_)));
  }
  double error_at(double s) const noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      auto const x = static_cast<double>(x_[i]);
      auto const d = x - static_cast<double>(Format::decode(Format::encode(x / s))) * s;  // an exact product
      sum += separate(d * d);
    }
    return sum;
  }

  using scale_code = typename Scale::code_type;
  static constexpr std::uint32_t most_code = Scale::encode(Scale::max_finite);
  static constexpr std::uint32_t least_code = [] {  // of the kept scales that are normal floats
    std::uint32_t c = 1;
    if constexpr (!cells)
      while (!is_normal_magnitude(magnitude_bits(Scale::decode(static_cast<scale_code>(c))))) ++c;
    return c;
  }();

  float binade_, inverse_, largest_;
  std::size_t n_;
  std::size_t positive_ = 0;
  float *x_, *level_;
  open_spans* open_;
  std::size_t open_count_ = 0;
  sawtooth_bounds known_{};
  float rounding_ = 0;
  float slack_ = 0;
  level_distances distances_;
  candidate close_[most_close];
  std::size_t close_count_ = 0;
  bool too_close_ = false;
};

}  // namespace skive::detail
