// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_encoder.hpp - the nearest block of a trellis code, by Viterbi's algorithm on 16-bit path metrics.
///
///   source and levels in fixed point;   d = level - x saturated to 16 bits, doubled `headroom` times;   cost = floor(d^2 / 2^16)
///   metric'(m) = min_j metric((j 2^(L-B) + m) >> B) + cost(j 2^(L-B) + m),   sums saturate; every 8 steps the least is taken off
///
/// The string is cyclic: a first run over `window` steps on both sides of the seam guesses the class of states there, the second
/// runs through the block from it and back to it, the third goes round from the class half a turn away and corrects
/// the guess. No decision is kept: the way back recomputes which j was the least, the lowest of equals.
///
/// Model of : -
/// Cost     : (2 + 2 window / steps) 2^L 5 / lanes instructions a step; steps + 1 rows of 2^(L-B) metrics of scratch.
/// Accuracy : costs are rounded to sigma^2 / 1024 (2 bits) or finer: no measurable loss. Above the exact cyclic minimum, Gaussian
///            blocks of 256 steps: below 0.01 % (L = 4 to 10, 1 to 4 bits); without the third run 0.1 to 0.8 %.
/// Promise  : integers only: the same bytes on every instruction set. Positions past `count` cost nothing.
/// Source   : A. J. Viterbi, IEEE Trans. IT-13, 1967; the first two runs are QTIP's (codebook/trellis.hpp), the
///            shorter window and the third run ours.

#include "skive/codebook/trellis.hpp"
#include "skive/core/workspace.hpp"
#include "skive/simd/short_lanes.hpp"

#include <span>

namespace skive::detail {

template <trellis_code Code>
class trellis_encoder {
  using shape = trellis_shape<Code>;
  static constexpr std::uint32_t classes = shape::classes;
  static constexpr std::uint32_t symbols = shape::symbols;
  static constexpr int step_bits = shape::step_bits;
  static constexpr std::size_t step_values = shape::values;
  static constexpr int headroom = step_bits >= 3 * shape::values ? 1 : 0;  // fine codes: costs in quarters
  static constexpr std::size_t rest = 8;                                   // steps between two subtractions of the least metric
  static constexpr std::size_t pad = 32;                                   // vector loads may pass the end of a row
  static constexpr std::size_t pitch = classes + pad;

 public:
  static constexpr std::size_t window(std::size_t steps) noexcept {
    auto const memories = static_cast<std::size_t>(8 * shape::state_bits / step_bits);
    auto const wanted = memories < 16 ? 16 : memories;
    return wanted < steps / 2 ? wanted : steps / 2;
  }
  static constexpr std::size_t scratch_bytes(std::size_t steps) noexcept {
    return workspace::bytes<std::int16_t>(step_values * shape::states) + workspace::bytes<std::uint16_t>((steps + 1) * pitch) +
        workspace::bytes<std::uint32_t>(steps);
  }

  /// Precondition: w has scratch_bytes(steps) for every call of encode().
  trellis_encoder(Code const& code, std::size_t steps, workspace w) noexcept
      : levels_{w.take<std::int16_t>(step_values * shape::states)},
        metrics_{w.take<std::uint16_t>((steps + 1) * pitch)},
        path_{w.take<std::uint32_t>(steps)} {
    for (std::uint32_t s = 0; s < shape::states; ++s)
      for (std::size_t v = 0; v < step_values; ++v) levels_[v * shape::states + s] = code.level(s, static_cast<int>(v));
  }

  /// The states of a block of x.size() / V steps; the first `count` numbers of x matter. Valid until the next call.
  template <class Arch>
  std::span<std::uint32_t const> encode(std::span<std::int16_t const> x, std::size_t count) noexcept {
    auto const steps = x.size() / step_values;
    auto const w = window(steps);
    for (std::uint32_t m = 0; m < classes; ++m) metrics_[m] = 0;
    // Time runs down through the seam: steps w - 1 ... 0, then steps - 1 ... steps - w.
    for (std::size_t t = 0; t < 2 * w; ++t) advance<Arch>(x, count, t < w ? w - 1 - t : steps + w - 1 - t, t);
    std::uint32_t at = 0;
    auto const* const last = metrics_.data() + 2 * w * pitch;
    for (std::uint32_t m = 1; m < classes; ++m)
      if (last[m] < last[at]) at = m;
    for (std::size_t t = 2 * w; t-- > w;) at = state_before(x, count, steps + w - 1 - t, t, at) >> step_bits;
    // The class at the seam was a guess: free it, and hold the one half a turn away.
    auto const start = steps / 2;
    turn<Arch>(x, count, 0, at, start + 1);
    turn<Arch>(x, count, start, path_[start] & shape::class_mask, steps);
    return path_.first(steps);
  }

 private:
  static constexpr int saturated(int x) noexcept { return x > 32767 ? 32767 : x < -32768 ? -32768 : x; }
  static constexpr std::uint32_t lesser(std::uint32_t a, std::uint32_t b) noexcept { return a < b ? a : b; }

  // floor(d^2 / 2^16) of the saturated d: |d| < 2^16, whose square is an unsigned number, so that it need not wait for saturation.
  static constexpr std::uint32_t cost(int d) noexcept {
    for (int i = 0; i < headroom; ++i) d = saturated(2 * saturated(d));
    auto const size = static_cast<std::uint32_t>(d);
    return lesser(size * size >> 16, 16383U + (size >> 31));
  }
  // The metric of `state` at `step`, where `from` holds those before it.
  std::uint32_t metric(std::span<std::int16_t const> x, std::size_t count, std::size_t step, std::uint16_t const* from,
                       std::uint32_t state) const noexcept {
    std::uint32_t sum = from[state >> step_bits];
    for (std::size_t v = 0; v < step_values; ++v) {
      if (step * step_values + v >= count) break;
      sum = lesser(sum + cost(levels_[v * shape::states + state] - x[step * step_values + v]), 0xFFFF);
    }
    return sum;
  }
  // The state at `step` = time t that leads to class `at`. Metrics with j below them are compared two and two: each step waits
  // for the one before.
  std::uint32_t state_before(std::span<std::int16_t const> x, std::size_t count, std::size_t step, std::size_t t,
                             std::uint32_t at) const noexcept {
    auto const* const from = metrics_.data() + t * pitch;
    std::uint32_t key[symbols];
#pragma GCC unroll 16
    for (std::uint32_t j = 0; j < symbols; ++j) key[j] = metric(x, count, step, from, j * classes + at) << step_bits | j;
#pragma GCC unroll 8
    for (auto half = symbols / 2; half > 0; half /= 2)
#pragma GCC unroll 8
      for (std::uint32_t j = 0; j < half; ++j) key[j] = lesser(key[j], key[j + half]);
    return (key[0] & (symbols - 1)) * classes + at;
  }

  // The best path around the block from class `seam`, which is passed on before step `start`, back to it: the first `length`
  // steps of it from `start` on.
  template <class Arch>
  void turn(std::span<std::int16_t const> x, std::size_t count, std::size_t start, std::uint32_t seam,
            std::size_t length) noexcept {
    auto const steps = x.size() / step_values;
    auto const step = [&](std::size_t t) { return t < start ? start - 1 - t : steps + start - 1 - t; };
    for (std::uint32_t m = 0; m < classes; ++m) metrics_[m] = m == seam ? 0 : 0xFFFF;
    for (std::size_t t = 0; t < steps; ++t) advance<Arch>(x, count, step(t), t);
    auto at = seam;
    for (std::size_t t = steps; t-- > steps - length; at >>= step_bits) {
      at = state_before(x, count, step(t), t, at);
      path_[step(t)] = at;
    }
  }

  // Row t + 1 of the metrics from row t.
  template <class Arch>
  void advance(std::span<std::int16_t const> x, std::size_t count, std::size_t step, std::size_t t) noexcept {
    auto const* const from = metrics_.data() + t * pitch;
    auto* const to = metrics_.data() + (t + 1) * pitch;
    bool const lower = t % rest == rest - 1;
    if constexpr (simd::vector_arch<Arch>) {
      using narrow = simd::narrower<Arch, classes>;
      using few = simd::narrower<Arch, (shape::states < 16 ? 8 : 16)>;
      bool const whole = step * step_values + step_values <= count;
      if constexpr (classes % simd::shorts<narrow>::size == 0) {
        if (whole) return lower ? lanes<narrow, true>(x, step, from, to) : lanes<narrow, false>(x, step, from, to);
      } else if constexpr (classes < 8 && shape::states % simd::shorts<few>::size == 0) {
        if (whole) return lower ? state_lanes<few, true>(x, step, from, to) : state_lanes<few, false>(x, step, from, to);
      }
    }
    std::uint32_t least = 0xFFFF;
    for (std::uint32_t m = 0; m < classes; ++m) {
      auto best = metric(x, count, step, from, m);
      for (std::uint32_t j = 1; j < symbols; ++j) {
        auto const here = metric(x, count, step, from, j * classes + m);
        if (here < best) best = here;
      }
      to[m] = static_cast<std::uint16_t>(best);
      if (best < least) least = best;
    }
    if (lower)
      for (std::uint32_t m = 0; m < classes; ++m) to[m] = static_cast<std::uint16_t>(to[m] - least);
  }

  // Metrics of states `state`, `state` + 1, ...
  template <class Arch>
  [[gnu::always_inline]] simd::unsigned_shorts<Arch> metrics_of(simd::shorts<Arch> const (&source)[step_values],
                                                                std::uint16_t const* from, std::uint32_t state) const noexcept {
    using shorts = simd::shorts<Arch>;
    auto here = simd::repeated<step_bits, Arch>(from + (state >> step_bits));
#pragma GCC unroll 8
    for (std::size_t v = 0; v < step_values; ++v) {
      auto d = xsimd::ssub(shorts::load_unaligned(levels_.data() + v * shape::states + state), source[v]);
      for (int i = 0; i < headroom; ++i) d = xsimd::sadd(d, d);
      here = xsimd::sadd(here, xsimd::bitwise_cast<std::uint16_t>(simd::high_product<Arch>(d, d)));
    }
    return here;
  }
  // Fewer classes than lanes: all states side by side.
  template <class Arch, bool Lower>
  void state_lanes(std::span<std::int16_t const> x, std::size_t step, std::uint16_t const* from,
                   std::uint16_t* to) const noexcept {
    constexpr auto size = static_cast<std::uint32_t>(simd::shorts<Arch>::size);
    simd::shorts<Arch> source[step_values];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < step_values; ++v) source[v] = simd::shorts<Arch>(x[step * step_values + v]);
    auto best = metrics_of<Arch>(source, from, 0);
#pragma GCC unroll 8
    for (auto state = size; state < shape::states; state += size) best = xsimd::min(best, metrics_of<Arch>(source, from, state));
    auto row = simd::least_of_each<classes, Arch>(best);
    if constexpr (Lower) row = row - simd::unsigned_shorts<Arch>(simd::least_of_each<1, Arch>(best).get(0));
    row.store_unaligned(to);
  }
  template <class Arch, bool Lower>
  void lanes(std::span<std::int16_t const> x, std::size_t step, std::uint16_t const* from, std::uint16_t* to) const noexcept {
    using metrics = simd::unsigned_shorts<Arch>;
    constexpr auto size = static_cast<std::uint32_t>(metrics::size);
    simd::shorts<Arch> source[step_values];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < step_values; ++v) source[v] = simd::shorts<Arch>(x[step * step_values + v]);
    metrics least(0xFFFF);
    for (std::uint32_t m = 0; m < classes; m += size) {
      metrics best;
#pragma GCC unroll 16
      for (std::uint32_t j = 0; j < symbols; ++j) {
        auto const here = metrics_of<Arch>(source, from, j * classes + m);
        best = j == 0 ? here : xsimd::min(best, here);
      }
      best.store_unaligned(to + m);
      if constexpr (Lower) least = xsimd::min(least, best);
    }
    if constexpr (Lower) {
      alignas(64) std::uint16_t lane[size];
      least.store_aligned(lane);
      auto smallest = lane[0];
      for (auto const l : lane) smallest = l < smallest ? l : smallest;
      metrics const taken(smallest);
      for (std::uint32_t m = 0; m < classes; m += size) (metrics::load_unaligned(to + m) - taken).store_unaligned(to + m);
    }
  }

  std::span<std::int16_t> levels_;
  std::span<std::uint16_t> metrics_;
  std::span<std::uint32_t> path_;
};

}  // namespace skive::detail
