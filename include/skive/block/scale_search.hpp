// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/scale_search.hpp - the scale of least squared error for one group, found by walking breakpoints.
///
///   E(s) = sum (x_i - l_i(s) s)^2,   l_i(s) = level nearest to x_i / s
///
/// From s = infinity downwards number i climbs from level k to k + 1 at s = |x_i| / ((L_k + L_k+1) / 2). Between two such
/// breakpoints E is a parabola with its minimum at q = sum x l / sum l^2, so that the best *kept* scale of the interval is
/// a neighbour of q (or of an end) among the codes of the scale's format. The walk visits every interval that can still
/// win: it ends where clipping alone costs more than the best so far. Groups of at most 128 integers of 2 to 4 bits or E2M1 take the
/// shorter walk of block/scale_walk.hpp, which finds the same minimum for sixteen groups at once; other integers, tables of at most
/// 16 levels and longer groups take block/sawtooth_search.hpp, which tries sixteen scales at once.
///
/// Model of : -
/// Cost     : O(B log n) for B breakpoints passed, B <= n levels; block/scale_walk.hpp about 20 to 50 passes over the group;
///            scale_search_bytes(n) of scratch.
/// Accuracy : no other scale of the format has a smaller E beyond double rounding (relative 2^-45); never worse than absmax.
/// Promise  : same bits everywhere: products that feed sums are exact in double. Groups whose largest magnitude is below 2^-97
///            keep their absmax scale.
/// Source   : parametric search over breakpoints; the grid searches of peers visit a subset of these scales.

#include "skive/block/group_error.hpp"
#include "skive/block/sawtooth_search.hpp"
#include "skive/block/scale_walk.hpp"
#include "skive/simd/transpose.hpp"

namespace skive {
namespace detail {

// Magnitudes that one sign of a format can take, ascending from 0.
struct level_list {
  std::array<double, 257> level{};
  std::size_t count = 1;
};

template <class Format>
constexpr level_list levels_of(bool negative) noexcept {
  level_list list;
  for (unsigned c = 0; c < (1U << Format::bits); ++c) {
    auto const v = static_cast<double>(Format::decode(static_cast<typename Format::code_type>(c)));
    auto const m = negative ? -v : v;
    if (!(m > 0) || m > static_cast<double>(std::numeric_limits<float>::max())) continue;
    if (static_cast<std::uint8_t>(Format::encode(static_cast<float>(v))) != c) continue;  // no encoder writes it
    std::size_t at = list.count;
    for (; at > 1 && list.level[at - 1] > m; --at) list.level[at] = list.level[at - 1];
    list.level[at] = m;
    ++list.count;
  }
  return list;
}
template <class Format>
inline constexpr std::array<level_list, 2> format_levels{levels_of<Format>(false), levels_of<Format>(true)};

// A number on its way up: the scale at which it leaves `level`.
struct climber {
  double next = 0;
  double magnitude = 0;
  std::uint16_t level = 0;
  bool negative = false;
};

constexpr void sift_down(std::span<climber> heap, std::size_t i) noexcept {
  for (;;) {
    auto child = 2 * i + 1;
    if (child >= heap.size()) return;
    if (child + 1 < heap.size() && heap[child + 1].next > heap[child].next) ++child;
    if (!(heap[child].next > heap[i].next)) return;
    auto const t = heap[i];
    heap[i] = heap[child];
    heap[child] = t;
    i = child;
  }
}

// The top level is left, for good, where clipping sets in: at magnitude / L_top.
template <class Format>
constexpr double next_breakpoint(climber const& c) noexcept {
  auto const& list = format_levels<Format>[c.negative ? 1 : 0];
  if (c.level >= list.count) return 0.0;
  if (c.level + std::size_t{1} == list.count) return list.count == 1 ? 0.0 : c.magnitude / list.level[c.level];
  return c.magnitude / ((list.level[c.level] + list.level[c.level + std::size_t{1}]) / 2);
}

// sum (m - L s)^2 over the numbers that clip: what no smaller s can undercut. Only a stopping rule, with a margin for rounding.
struct clipped_sums {
  double mm = 0;
  double ml = 0;
  double ll = 0;
  constexpr void add(double m, double level) noexcept {
    mm += m * m;
    ml += m * level;
    ll += level * level;
  }
  constexpr bool exceeds(double budget, double s) const noexcept {
    return mm - 2 * s * ml + s * s * ll > budget * (1 + 1e-9) + 1e-9 * mm;
  }
};

// Best scale so far by gain = sum x^2 - E = sum l^2 * s * (2q - s): sums come before products, nothing to contract.
template <class Scale>
struct best_scale {
  scale_state state;
  double gain = 0;
  constexpr void consider(double low, double high, double sum_xl, double sum_ll) noexcept {
    double const q = sum_xl / sum_ll;
    double const aim = q < low ? low : q > high ? high : q;
    auto const middle = Scale::encode(static_cast<float>(aim));
    for (int step = -1; step <= 1; ++step) {
      if (middle == 0 && step < 0) continue;
      auto const code = static_cast<typename Scale::code_type>(static_cast<std::int64_t>(middle) + step);
      auto const s = Scale::decode(code);
      if (!is_normal_magnitude(magnitude_bits(s)) || static_cast<double>(s) < low || static_cast<double>(s) > high) continue;
      double const g = sum_ll * (static_cast<double>(s) * (2 * q - static_cast<double>(s)));
      if (g > gain) *this = {{code, s}, g};
    }
  }
};

}  // namespace detail

/// Scratch for one group of n numbers, or sixteen that are searched at once.
template <class Format, class Scale>
constexpr std::size_t scale_search_bytes(std::size_t n) noexcept {
  auto bytes = workspace::bytes<detail::climber>(n);
  if constexpr (detail::has_scale_walk<Format, Scale>)
    if (n <= detail::longest_walk) bytes += detail::scale_walk_bytes(n);
  if constexpr (detail::has_sawtooth<Format, Scale>)
    if (n <= detail::longest_sawtooth) bytes += detail::sawtooth_search<scalar_arch, Format, Scale>::bytes(n);
  return bytes;
}

namespace detail {

template <class Format, class Scale, class T>
constexpr scale_state search_by_heap(std::span<T const> values, scale_state start, workspace w) noexcept {
  auto const heap = w.take<detail::climber>(values.size());
  double sum_xx = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const x = detail::widen(values[i]);
    auto const m = detail::is_normal_magnitude(magnitude_bits(x)) ? static_cast<double>(magnitude(x)) : 0.0;
    sum_xx += m * m;
    heap[i] = {0, m, 0, (std::bit_cast<std::uint32_t>(x) >> 31) != 0};
    heap[i].next = detail::next_breakpoint<Format>(heap[i]);
  }
  for (std::size_t i = heap.size() / 2; i-- > 0;) detail::sift_down(heap, i);

  detail::best_scale<Scale> best{start, 0};
  detail::clipped_sums clipped;
  double sum_xl = 0;
  double sum_ll = 0;
  while (heap[0].next > 0 && !clipped.exceeds(sum_xx - best.gain, heap[0].next)) {
    auto& c = heap[0];
    double const high = c.next;
    auto const& list = detail::format_levels<Format>[c.negative ? 1 : 0];
    double const from = list.level[c.level];
    if (++c.level < list.count) {
      double const to = list.level[c.level];
      sum_xl += c.magnitude * to;  // two exact products: the difference of two levels may have too many bits for one
      sum_xl -= c.magnitude * from;
      sum_ll += to * to - from * from;
    } else {
      clipped.add(c.magnitude, from);
    }
    c.next = detail::next_breakpoint<Format>(c);
    detail::sift_down(heap, 0);
    if (heap[0].next < high && sum_ll > 0) best.consider(heap[0].next, high, sum_xl, sum_ll);
  }
  bool const better =
      detail::error_at_scale<Format>(values, best.state.scale) < detail::error_at_scale<Format>(values, start.scale);
  return better ? best.state : start;
}

}  // namespace detail

/// The kept scale of least squared error for `values`; `start`: the absmax scale, returned where nothing beats it.
/// Precondition: values are finite, w.size() >= scale_search_bytes<Format, Scale>(values.size()).
/// On sixteen numbers at a time where `Arch` is not scalar_arch, with the same result.
template <class Format, class Scale, class Arch = scalar_arch, class T>
constexpr scale_state search_scale(std::span<T const> values, scale_state start, workspace w) noexcept {
  auto const largest = detail::largest_magnitude(values);
  if (values.empty() || largest < magnitude_bits(0x1p-97f)) return start;
  if constexpr (detail::has_scale_walk<Format, Scale>)
    if (values.size() <= detail::longest_walk && detail::walks_at<Format, Scale>(largest)) {
      detail::scale_walk<scalar_arch, Format, detail::walk_bits<Scale>> walk{values.size(), w};
      for (std::size_t i = 0; i < values.size(); ++i) walk.input()[i] = detail::widen(values[i]);
      detail::walk_result found;
      walk.run(found);
      if ((found.decided & 1) != 0) return detail::walked_scale<Format, Scale>(found, 0, largest);
      return detail::search_by_heap<Format, Scale>(values, start, w);
    }
  if constexpr (detail::has_sawtooth<Format, Scale>)
    if (detail::in_reach_of_sawtooth(values.size(), largest) && start.scale > 0.0f)
      if (auto const found = detail::sawtooth_search<Arch, Format, Scale>::run(values, largest, w)) return *found;
  return detail::search_by_heap<Format, Scale>(values, start, w);
}

/// The same for the sixteen groups, or fewer, that `values` consists of: bits of the kept scales, and which groups have to be
/// searched by search_scale().
template <class Format, class Scale, class Arch, class T>
detail::lane_fields<Arch, 1> search_sixteen_scales(std::span<T const> values, std::size_t group, workspace w) noexcept {
  detail::scale_walk<Arch, Format, detail::walk_bits<Scale>> walk{group, w};
  auto const groups = values.size() / group;
  std::size_t turned = 0;
  if constexpr (std::is_same_v<T, float>)
    for (; turned + 16 <= group; turned += 16) {
      std::byte const* row[16];
      for (std::size_t g = 0; g < 16; ++g)
        row[g] = reinterpret_cast<std::byte const*>(values.data() + (g < groups ? g : 0) * group + turned);
      simd::transpose_words<Arch>(row, reinterpret_cast<std::byte*>(walk.input() + 16 * turned));
    }
  for (std::size_t g = 0; g < 16; ++g) {
    auto const from = values.subspan((g < groups ? g : 0) * group, group);
    for (std::size_t i = turned; i < group; ++i) walk.input()[16 * i + g] = detail::widen(from[i]);
  }
  detail::walk_result found;
  alignas(64) std::int32_t largest[16];
  walk.run(found).store(largest);
  alignas(64) std::uint32_t codes[16]{};
  std::uint32_t by_rule = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    auto const bits = static_cast<std::uint32_t>(largest[g]);
    if (((found.decided >> g) & 1) != 0 && detail::walks_at<Format, Scale>(bits))
      codes[g] = detail::walked_scale<Format, Scale>(found, g, bits).code;
    else
      by_rule |= 1U << g;
  }
  return {{simd::words<Arch>::load(codes)}, by_rule};
}

}  // namespace skive
