// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/level_distance.hpp - how far the numbers of a group lie from the levels, for sixteen scales t = 1 / s at once.
///
///   f(t) = sum r_i^2,   r_i = l_i - x_i t,   l_i = level nearest to x_i t;   E(s) = f(t) / t^2
///   clipped(t) = sum max(|x_i| t - top, 0)^2 <= f(t)
///
/// Of the levels besides: D = sum l^2, P = sum l r, and R = sum of the ranks by which numbers have climbed away from zero, up to a
/// constant. D and R grow with t, and R tells cells apart: between two t with the same R no number changes its level.
///
/// Model of : -
/// Cost     : integers 7 instructions per number and register, tables about 20; D, P and R 6 more.
/// Accuracy : sqrt(f) is off by at most 2^-22 t |x| + sqrt(n) pivot_slack + n 2^-24 sqrt(f), |x|^2 = sum x^2.
/// Promise  : written in the operations of block/walk_lanes.hpp: the same on every instruction set, and one by one.
/// Source   : -

#include "skive/block/scale_lanes.hpp"
#include "skive/block/walk_lanes.hpp"
#include "skive/format/fp4.hpp"

#include <cstddef>

namespace skive::detail {

/// What block/sawtooth_search.hpp has to know about a format; `exists`: it serves it.
///   top, first: the largest magnitude, and the least at which a level other than zero is nearest
///   least_climb: the least l'^2 - l^2 of a climb from l to l'
///   pivot_slack: twice how far the encoder's decisions lie from the middles of levels
template <class Format>
struct distance_levels {
  static constexpr bool exists = false;
};

template <int Bits, int FractionBits, integer_range Range>
  requires(Bits <= 8)
struct distance_levels<fixed_point<Bits, FractionBits, Range>> {
  using format = fixed_point<Bits, FractionBits, Range>;
  static constexpr bool exists = true;
  static constexpr bool has_ranks = true;
  static constexpr bool symmetric = Range == integer_range::restricted;  // magnitudes will do
  static constexpr float top = -format::min_finite;
  static constexpr float first = format::resolution / 2;
  static constexpr float least_climb = format::resolution * format::resolution;
  static constexpr float pivot_slack = 0;

  template <class Lanes>
  struct in {
    static constexpr float magic = 0x1.8p23f * format::resolution;
    typename Lanes::numbers level;
    typename Lanes::integers rank;
    [[gnu::always_inline]] static in near(typename Lanes::numbers v) noexcept {
      v = Lanes::least(v, Lanes::of(format::max_finite));
      if constexpr (!symmetric) v = Lanes::most(v, Lanes::of(format::min_finite));
      auto const moved = v + Lanes::of(magic);
      return {moved - Lanes::of(magic), Lanes::bits(moved) - Lanes::bits(Lanes::of(magic))};
    }
  };
};

// Levels and ranks by way of the format's codes, which ascend with the level.
template <class Format, class Lanes>
struct coded_level {
  typename Lanes::numbers level;
  typename Lanes::integers rank;
  [[gnu::always_inline]] static coded_level near(typename Lanes::numbers const& v) noexcept {
    if constexpr (Lanes::width == 1) {
      auto const code = Format::encode(v);
      return {Format::decode(code), std::int32_t{code}};
    } else {
      auto const code = format_lanes<Format, typename Lanes::arch>::encode_finite(v, v);
      return {decode_lanes<Format, typename Lanes::arch>(code), simd::as<std::int32_t>(code)};
    }
  }
};

template <>
struct distance_levels<e2m1> {
  static constexpr bool exists = true;
  static constexpr bool has_ranks = true;
  static constexpr bool symmetric = true;
  static constexpr float top = 6.0f;
  static constexpr float first = 0.25f;
  static constexpr float least_climb = 0.25f;
  static constexpr float pivot_slack = 0;
  template <class Lanes>
  using in = coded_level<e2m1, Lanes>;
};

template <class Table>
  requires(lookup_format<Table>::size <= 16)
struct distance_levels<lookup_format<Table>> {
  using format = lookup_format<Table>;

 private:
  struct facts {
    double top = 0;
    double first = 1e30;
    double climb = 1e30;
    double slack = 0;
    bool zero = false;
  };
  static constexpr facts known = [] {
    facts f;
    auto const& l = format::sorted.levels;
    for (std::size_t i = 0; i < format::size; ++i) {
      auto const v = static_cast<double>(l[i]);
      auto const m = v < 0 ? -v : v;
      f.zero = f.zero || m == 0;
      f.top = m > f.top ? m : f.top;
      if (m != 0 && m / 2 < f.first) f.first = m / 2;
      if (i == 0) continue;
      auto const before = static_cast<double>(l[i - 1]);
      auto const squares = v * v - before * before;
      auto const climb = squares < 0 ? -squares : squares;
      f.climb = climb < f.climb ? climb : f.climb;
      if constexpr (requires { Table::pivots; }) {
        auto const apart = static_cast<double>(Table::pivots[i - 1]) - (v + before) / 2;
        f.slack = 2 * apart > f.slack ? 2 * apart : -2 * apart > f.slack ? -2 * apart : f.slack;
      }
    }
    f.first -= f.slack;
    return f;
  }();

 public:
  static constexpr bool exists = known.zero && known.top <= 64 * known.first && known.slack < known.top * 0x1p-20 &&
      known.climb > known.top* known.top * 0x1p-9;
  static constexpr bool has_ranks = ranks_are_codes<format>;
  static constexpr bool symmetric = false;
  static constexpr auto top = static_cast<float>(known.top);
  static constexpr auto first = static_cast<float>(known.first * 0.999);
  static constexpr auto least_climb = static_cast<float>(known.climb * 0.999);
  static constexpr auto pivot_slack = static_cast<float>(known.slack * 1.001);

  template <class Lanes>
  using in = coded_level<format, Lanes>;
};

/// Sixteen scales and what follows from them.
struct level_distances {
  alignas(64) float t[16];
  alignas(64) float f[16];
  alignas(64) float products[16];  ///< P
  alignas(64) float squares[16];   ///< D
  alignas(64) float rank[16];
};

/// The numbers of a group: those above zero first where `positive` < n.
struct distance_input {
  float const* x;
  std::size_t positive;
  std::size_t n;
};

/// f for each t; `Cells`: the rest, too.
template <class Arch, class Format, bool Cells>
[[gnu::noinline]] void find_distances(distance_input in, level_distances& out) noexcept {
  using lanes = walk_lanes<Arch>;
  using levels = typename distance_levels<Format>::template in<lanes>;
  for (std::size_t k = 0; k < 16; k += lanes::width) {
    auto const t = lanes::load(out.t + k);
    auto f = lanes::of(0.0f);
    auto products = f;
    auto squares = f;
    auto rank = lanes::whole(0);
    auto const add = [&](std::size_t i) __attribute__((always_inline)) {
      auto const y = lanes::times(lanes::of(in.x[i]), t);
      auto const near = levels::near(y);
      auto const r = near.level - y;
      f = f + lanes::times(r, r);
      if constexpr (Cells) {
        products = products + lanes::times(near.level, r);
        squares = squares + lanes::times(near.level, near.level);
      }
      return near.rank;
    };
    std::size_t i = 0;
    for (; i < in.positive; ++i) rank = rank + add(i);
    for (; i < in.n; ++i) rank = rank - add(i);
    lanes::store(f, out.f + k);
    if constexpr (Cells) {
      lanes::store(products, out.products + k);
      lanes::store(squares, out.squares + k);
      lanes::store(lanes::to_number(rank), out.rank + k);  // less than 2^24
    }
  }
}

/// clipped(t) in f for each t.
template <class Arch, class Format>
[[gnu::noinline]] void find_clipped(distance_input in, level_distances& out) noexcept {
  using lanes = walk_lanes<Arch>;
  for (std::size_t k = 0; k < 16; k += lanes::width) {
    auto const t = lanes::load(out.t + k);
    auto f = lanes::of(0.0f);
    for (std::size_t i = 0; i < in.n; ++i) {
      auto const m = in.x[i] < 0.0f ? -in.x[i] : in.x[i];
      auto const past = lanes::most(lanes::times(lanes::of(m), t) - lanes::of(distance_levels<Format>::top), lanes::of(0.0f));
      f = f + lanes::times(past, past);
    }
    lanes::store(f, out.f + k);
  }
}

}  // namespace skive::detail
