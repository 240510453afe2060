// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/sawtooth_scales.hpp - a group, the scales that block/sawtooth_search.hpp tries on it, and those that may be the best.
///
///   find: sixteen scales at once, with margins for rounding;   error_at: one, in double
///
/// Model of : -
/// Cost     : find() a pass of block/level_distance.hpp and about 60 instructions a register.
/// Accuracy : between the bounds that find() gives lies the true error.
/// Promise  : see block/sawtooth_search.hpp.
/// Source   : -

#include "skive/block/level_distance.hpp"
#include "skive/block/sawtooth_points.hpp"
#include "skive/core/separate.hpp"
#include "skive/core/workspace.hpp"

#include <bit>
#include <cmath>
#include <span>

namespace skive::detail {

template <class Arch, class Format, class Scale>
class sawtooth_scales {
 protected:
  static constexpr bool cells = scale_bits<Scale> > 11;
  using levels = distance_levels<Format>;
  using lanes = walk_lanes<Arch>;
  using numbers = typename lanes::numbers;
  using points = sawtooth_points<lanes>;
  using sixteen_points = sawtooth_rows<cells, 16>;
  using scale_code = typename Scale::code_type;
  static constexpr std::size_t most_close = 16;
  static constexpr std::uint32_t most_code = Scale::encode(Scale::max_finite);
  static constexpr std::uint32_t least_code = [] {  // of the kept scales that are normal floats
    std::uint32_t c = 1;
    if constexpr (!cells)
      while (!is_normal_magnitude(magnitude_bits(Scale::decode(static_cast<scale_code>(c))))) ++c;
    return c;
  }();

  static constexpr std::size_t group_bytes(std::size_t n) noexcept { return 2 * workspace::bytes<float>(n + 16); }

  template <class T>
  sawtooth_scales(std::span<T const> values, std::uint32_t largest, workspace& w) noexcept
      : binade_{std::bit_cast<float>(largest & 0x7F80'0000U)},
        inverse_{std::bit_cast<float>(0x7F00'0000U - (largest & 0x7F80'0000U))},
        largest_{std::bit_cast<float>(largest) * inverse_},
        n_{values.size()},
        x_{w.take<float>(n_ + 16).data()},
        level_{w.take<float>(n_ + 16).data()} {
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

  float binade_, inverse_, largest_;  // a power of two, 1 over it, the largest magnitude over it
  std::size_t n_;
  std::size_t positive_ = 0;
  float* x_;  // numbers over binade_, those below zero last
  float* level_;
  sawtooth_bounds known_{};
  float rounding_ = 0;
  float slack_ = 0;
  level_distances distances_;
  candidate close_[most_close];
  std::size_t close_count_ = 0;
  bool too_close_ = false;
};

}  // namespace skive::detail
