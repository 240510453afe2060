// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_training.hpp - tables of a folded trellis code, trained by Lloyd's iteration on paths.
///
///   draw maps, linear over bits, and levels;   repeat: encode the samples block by block;
///   level(i) = mean of the samples emitted in states of index i
///
/// E = L trains a plain table of 2^L levels. Maps are not trained but drawn: of some hundred draws the best is 18, 13 and 9 %
/// better than the median for L = 4, 6 and 8, 3 % for 10, 2 % for 12 (2 bits). Linear maps, as in convolutional codes, are better
/// on average than arbitrary ones.
///
/// Model of : -
/// Cost     : an encoding of all samples an iteration.
/// Accuracy : levels are rounded to 1/256 of a table entry; sums are exact.
/// Promise  : integers once the samples are scaled: the same table on every instruction set. Levels that no path visits stay.
/// Source   : Y. Linde, A. Buzo, R. M. Gray, "An algorithm for vector quantizer design", IEEE Trans. COM-28, 1980; its use on
/// paths:
///            M. W. Marcellin, T. R. Fischer (codebook/trellis.hpp); folding is ours.

#include "skive/codebook/trellis_dot.hpp"
#include "skive/codebook/trellis_encoder.hpp"
#include "skive/core/random.hpp"
#include "skive/core/status.hpp"

namespace skive {

/// A folded code with levels in fixed point, as training moves them.
template <int L, int B, int E>
struct training_code {
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = 1;
  static constexpr std::size_t entries = std::size_t{1} << E;
  using table_type = typename folded_code<L, B, E>::table_type;

  table_type const* maps = nullptr;
  std::int16_t const* levels = nullptr;

  constexpr std::int16_t level(std::uint32_t state, int) const noexcept { return levels[maps->index(state)]; }
  constexpr float sigma() const noexcept { return 256 * maps->sigma; }
};

/// Quantiles of N(0, 0.97^2) in an order drawn from `random`, entries i and ~i opposite. `sigma`: of table entries.
template <int E>
constexpr void scatter_levels(counter_random const& random, float sigma,
                              std::span<std::int16_t, std::size_t{1} << E> levels) noexcept {
  constexpr auto half = levels.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    auto const x = 0.97f * detail::gaussian_from(static_cast<std::uint32_t>((2 * i + 1) * ((std::size_t{1} << 30) / half)));
    levels[i] = detail::source_level(random.bits(2 * i) % 2 != 0 ? -x : x, 256 * sigma);
  }
  for (std::size_t i = half; i > 1; --i) {
    auto const j = static_cast<std::size_t>(random.bits(2 * i + 1)) % i;
    auto const kept = levels[i - 1];
    levels[i - 1] = levels[j];
    levels[j] = kept;
  }
  for (std::size_t i = 0; i < half; ++i) levels[levels.size() - 1 - i] = static_cast<std::int16_t>(-levels[i]);
}

/// Linear maps: each bit of a piece stands for a pattern drawn from `random`.
template <int L, int B, int E>
constexpr typename folded_code<L, B, E>::table_type scatter_maps(counter_random const& random, float sigma) noexcept {
  typename folded_code<L, B, E>::table_type t{};
  t.sigma = sigma;
  for (std::size_t k = 0; k < t.map.size(); ++k)
    for (std::size_t i = 0; i < t.entries; ++i) {
      std::uint32_t sum = 0;
      for (std::size_t b = 0; b < E; ++b)
        if ((i >> b & 1) != 0 && (k + 1) * E + b < L)
          sum ^= random.bits(5000 + 16 * k + b) & static_cast<std::uint32_t>(t.entries - 1);
      t.map[k][i] = static_cast<std::uint8_t>(sum);
    }
  return t;
}

template <int L, int B, int E>
constexpr std::size_t trellis_training_bytes(std::size_t block) noexcept {
  using code = training_code<L, B, E>;
  return detail::trellis_encoder<code>::scratch_bytes(block) + 2 * workspace::bytes<std::int64_t>(code::entries) +
      workspace::bytes<std::int16_t>(block);
}

/// Lloyd's iteration, `iterations` times, on blocks of `block` samples; returns the mean square error of the last encoding,
/// before the levels moved for the last time. The samples have a root mean square of about 1. Samples left over do not count.
/// Fails with invalid_argument (a block that is not a multiple of 8 or shorter than a state, or fewer samples), not_finite or
/// workspace_too_small; `levels` are then untouched.
template <int L, int B, int E, class Arch = native_arch>
result<double> train_trellis(std::span<float const> samples, std::size_t block, int iterations,
                             typename folded_code<L, B, E>::table_type const& maps,
                             std::span<std::int16_t, std::size_t{1} << E> levels, workspace w) noexcept {
  using code = training_code<L, B, E>;
  if (block == 0 || block % 8 != 0 || block * B < L || samples.size() < block) return errc::invalid_argument;
  for (auto const x : samples)
    if (!is_finite(x)) return errc::not_finite;
  if (w.size() < trellis_training_bytes<L, B, E>(block)) return errc::workspace_too_small;
  auto const sums = w.take<std::int64_t>(code::entries);
  auto const counts = w.take<std::int64_t>(code::entries);
  auto const x = w.take<std::int16_t>(block);
  code const now{&maps, levels.data()};
  auto const sigma = now.sigma();
  double error = 0;
  for (int iteration = 0; iteration < iterations; ++iteration) {
    for (auto& s : sums) s = 0;
    for (auto& c : counts) c = 0;
    detail::trellis_encoder<code> encoder{now, block, w};
    std::int64_t squares = 0;
    std::size_t first = 0;
    for (; first + block <= samples.size(); first += block) {
      for (std::size_t i = 0; i < block; ++i) x[i] = detail::source_level(samples[first + i], sigma);
      auto const path = encoder.template encode<Arch>(x, block);
      for (std::size_t i = 0; i < block; ++i) {
        auto const entry = maps.index(path[i]);
        std::int64_t const d = x[i] - levels[entry];
        squares += d * d;
        sums[entry] += x[i];
        ++counts[entry];
      }
    }
    error = static_cast<double>(squares) / (static_cast<double>(first) * static_cast<double>(sigma) * static_cast<double>(sigma));
    for (std::size_t e = 0; e < code::entries; ++e) {
      if (counts[e] == 0) continue;
      auto const twice = 2 * sums[e];  // nearest, half away
      levels[e] = static_cast<std::int16_t>((twice + (twice < 0 ? -counts[e] : counts[e])) / (2 * counts[e]));
    }
  }
  return error;
}

/// Levels as entries of at most `most` in magnitude. The unit is chosen so that the largest level is an entry of just `most`.
template <int E, int Maps>
constexpr void round_levels(std::span<std::int16_t const, std::size_t{1} << E> levels, int most,
                            folded_table<E, Maps>& table) noexcept {
  int largest = 1;
  for (int const l : levels) largest = l > largest ? l : -l > largest ? -l : largest;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    int const scaled = 2 * most * levels[i];
    table.level[i] = static_cast<std::int8_t>((scaled + (scaled < 0 ? -largest : largest)) / (2 * largest));
  }
  table.sigma = table.sigma * static_cast<float>(256 * most) / static_cast<float>(largest);
}

}  // namespace skive
