// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/affine_fit.hpp - which minimum and step a group gets: its range, or the least error.
///
///   min_max    kv/affine_lanes.hpp
///   searched   from there on, twelve times: codes c of the numbers x; s = cov(x, c) / var(c), m = mean x - s mean c, both
///              rounded as they are stored; of all pairs, that with the smallest sum of |x - s c - m|^3 stays
///
/// Outliers are clipped where that pays. Squares would clip more; cubes gave the better attention (of squares, cubes and fourth
/// powers, on the keys of a small language model: KL of 2-bit keys before rotary embedding .0522, .0502, .0511; range .0794).
///
/// Model of : -
/// Cost     : appending takes about 10 times as long as with min_max; 64 KiB of stack for groups along a token.
/// Accuracy : the sum of |x' - x|^3 is never above that of min_max, as sums of floats tell it.
/// Promise  : the same bytes on every instruction set: sums run in the order of tokens (or channels) in each lane, and no
///            product is contracted into a sum.
/// Source   : alternating codes and least squares as in S. P. Lloyd, IEEE Trans. Information Theory 28(2), 1982.

#include "skive/kv/affine_lanes.hpp"

namespace skive {

enum class affine_fit : std::uint8_t { min_max, searched };

namespace detail {

template <int Width, class Arch, class Parameters>
struct affine_search {
  using rule = affine_lanes<Width, Arch, Parameters>;
  using floats = simd::floats<Arch>;

  struct pair {
    floats step, minimum;
    [[gnu::always_inline]] rule as_rule() const noexcept { return {minimum, rule::reciprocal(step)}; }
  };

  /// The best pair of twelve rounds; load(i): number i of sixteen groups of `count`.
  template <class Load>
  static pair refine(pair best, std::size_t count, Load load) noexcept {
    auto const base = best.minimum;
    auto tried = best;
    floats least = floats::broadcast(0.0f);
    for (int round = 0; round <= 12; ++round) {
      auto const codec = tried.as_rule();
      auto const shift = tried.minimum - base;
      floats error, sum_c, sum_cc, sum_x, sum_xc;
      error = sum_c = sum_cc = sum_x = sum_xc = floats::broadcast(0.0f);
      for (std::size_t i = 0; i < count; ++i) {
        auto const number = load(i);
        auto const c = simd::to_float(simd::as<std::int32_t>(codec.code(number)));
        auto const x = number - base;
        auto const e = (x - shift) - simd::product<Arch>(c, tried.step);
        auto const size = simd::as<float>(simd::as<std::uint32_t>(e) & simd::words<Arch>::broadcast(0x7FFF'FFFF));
        error = error + simd::product<Arch>(simd::product<Arch>(e, e), size);
        sum_c = sum_c + c;
        sum_cc = sum_cc + simd::product<Arch>(c, c);
        sum_x = sum_x + x;
        sum_xc = sum_xc + simd::product<Arch>(x, c);
      }
      auto const better = round == 0 ? error == error : error < least;
      best = {select(better, tried.step, best.step), select(better, tried.minimum, best.minimum)};
      least = select(better, error, least);
      tried = fitted(tried, base, static_cast<float>(count), sum_c, sum_cc, sum_x, sum_xc);
    }
    return best;
  }

 private:
  [[gnu::always_inline]] static pair rounded(floats const& step, floats const& minimum) noexcept {
    alignas(64) std::byte fields[2][32];
    Parameters::template store<Arch>(step, fields[0]);
    Parameters::template store<Arch>(minimum, fields[1]);
    return {Parameters::template load<Arch>(fields[0]), Parameters::template load<Arch>(fields[1]) + floats::broadcast(0.0f)};
  }
  [[gnu::always_inline]] static pair fitted(pair const& old, floats const& base, float count, floats const& sum_c,
                                            floats const& sum_cc, floats const& sum_x, floats const& sum_xc) noexcept {
    auto const zero = floats::broadcast(0.0f);
    auto const n = floats::broadcast(count);
    auto const limit = floats::broadcast(Parameters::largest);
    auto const times = [](floats const& a, floats const& b) noexcept { return simd::product<Arch>(a, b); };
    auto const variance = times(n, sum_cc) - times(sum_c, sum_c);
    auto const covariance = times(n, sum_xc) - times(sum_c, sum_x);
    auto const sound = (variance > zero) & (covariance > zero);
    auto const step = min(covariance / select(sound, variance, n), limit);
    auto const minimum = base + (sum_x - times(step, sum_c)) / n;
    auto const p = rounded(step, max(min(minimum, limit), zero - limit));
    return {select(sound, p.step, old.step), select(sound, p.minimum, old.minimum)};
  }
};

/// Chooses and writes sixteen steps and minima; load(i): number i of sixteen groups of `count`.
template <int Width, class Arch, class Parameters = half_parameters, class Load>
inline affine_lanes<Width, Arch, Parameters> settle_groups(affine_fit fit, std::size_t count, Load load, std::byte* steps,
                                                           std::byte* minima) noexcept {
  auto low = load(0);
  auto high = low;
  for (std::size_t i = 1; i < count; ++i) {
    auto const x = load(i);
    low = min(low, x);
    high = max(high, x);
  }
  auto const range = affine_lanes<Width, Arch, Parameters>::settle(low, high, steps, minima);
  if (fit == affine_fit::min_max) return range;
  using search = affine_search<Width, Arch, Parameters>;
  auto const best = search::refine({Parameters::template load<Arch>(steps), range.minimum}, count, load);
  Parameters::template store<Arch>(best.step, steps);
  Parameters::template store<Arch>(best.minimum, minima);
  return best.as_rule();
}

/// The same for the rows of 16 tokens: number i of a group is channel i of a token. Precondition: count <= 1024.
template <int Width, class Arch, class Parameters = half_parameters>
inline affine_lanes<Width, Arch, Parameters> settle_tokens(affine_fit fit, float const* rows, std::size_t pitch,
                                                           std::size_t count, std::byte* steps, std::byte* minima) noexcept {
  using floats = simd::floats<Arch>;
  if (fit == affine_fit::min_max) {
    alignas(64) float low[16];
    alignas(64) float high[16];
    for (std::size_t i = 0; i < 16; ++i) {
      auto const range = range_of<Arch>(rows + i * pitch, count);
      low[i] = range.low;
      high[i] = range.high;
    }
    return affine_lanes<Width, Arch, Parameters>::settle(floats::load(low), floats::load(high), steps, minima);
  }
  alignas(64) float turned[16 * 1024];
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t d = 0; d < count; ++d) turned[16 * d + i] = rows[i * pitch + d];
  return settle_groups<Width, Arch, Parameters>(
      fit, count, [&turned](std::size_t d) noexcept { return floats::load(turned + 16 * d); }, steps, minima);
}

}  // namespace detail
}  // namespace skive
