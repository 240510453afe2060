// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_training.hpp - tables of a trellis code, trained by Lloyd's iteration on paths.
///
///   repeat: encode the samples block by block;  level(s) = mean of the samples emitted in s   (and of the others' negatives in
///   ~s)
///
/// Complementing all bits of a string maps the trellis onto itself: for sources symmetric about 0 the two states s and ~s share
/// one magnitude, which doubles the samples of each and halves what has to be learned. States that no path visits stay.
///
/// Model of : -
/// Cost     : an encoding of all samples an iteration.
/// Accuracy : levels are rounded to 1/256 of a table entry, sums are exact.
/// Promise  : integers after the samples are scaled: the same table on every instruction set.
/// Source   : Y. Linde, A. Buzo, R. M. Gray, "An algorithm for vector quantizer design", IEEE Trans. COM-28, 1980; M. W.
/// Marcellin
///            and T. R. Fischer (codebook/trellis.hpp) for its use on paths.

#include "skive/codebook/trellis_dot.hpp"
#include "skive/codebook/trellis_encoder.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/random.hpp"
#include "skive/core/status.hpp"

namespace skive {

/// A code whose levels lie in the caller's memory, as the trainer changes them.
template <int L, int B, int V = 1>
struct level_code {
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = V;
  static constexpr std::size_t entries = (std::size_t{1} << L) * V;

  std::int16_t const* levels = nullptr;
  float source_sigma = 8192.0f;

  constexpr std::int16_t level(std::uint32_t state, int v) const noexcept {
    return levels[state * static_cast<std::uint32_t>(V) + static_cast<std::uint32_t>(v)];
  }
  constexpr float sigma() const noexcept { return source_sigma; }
};

/// Starting levels: the quantiles of N(0, 0.97^2) in an order drawn from `random`, s and ~s opposite.
template <int L, int B, int V>
constexpr void scatter_levels(counter_random const& random, float sigma,
                              std::span<std::int16_t, level_code<L, B, V>::entries> levels) noexcept {
  constexpr auto half = levels.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    auto const word = static_cast<std::uint32_t>((2 * i + 1) * ((std::uint64_t{1} << 30) / half));
    auto const x = detail::gaussian_from(word);
    levels[i] = detail::source_level(random.bits(2 * i) % 2 != 0 ? -0.97f * x : 0.97f * x, sigma);
  }
  for (std::size_t i = half; i > 1; --i) {
    auto const j = static_cast<std::size_t>(random.bits(2 * i + 1)) % i;
    auto const kept = levels[i - 1];
    levels[i - 1] = levels[j];
    levels[j] = kept;
  }
  for (std::size_t s = 0; s < half; ++s) {  // entry V s + v of state s; its opposite belongs to ~s
    auto const opposite = (levels.size() / V - 1 - s / V) * V + s % V;
    levels[opposite] = static_cast<std::int16_t>(-levels[s]);
  }
}

template <int L, int B, int V>
constexpr std::size_t trellis_training_bytes(std::size_t block) noexcept {
  using code = level_code<L, B, V>;
  return detail::trellis_encoder<code>::scratch_bytes(block / V) + 2 * workspace::bytes<std::int64_t>(code::entries) +
      workspace::bytes<std::int16_t>(block);
}

/// Lloyd's iteration, `iterations` times, on blocks of `block` samples; returns the mean square error of the last encoding. The
/// samples have a root mean square of about 1 and stand for sigma levels. `symmetric`: train s and ~s together. Samples left over
/// do not count. Fails with invalid_argument (no block, a block that is not a multiple of 8 V or shorter than a state),
/// not_finite or workspace_too_small.
template <int L, int B, int V = 1, class Arch = native_arch>
result<double> train_trellis(std::span<float const> samples, std::size_t block, float sigma, int iterations, bool symmetric,
                             std::span<std::int16_t, level_code<L, B, V>::entries> levels, workspace w) noexcept {
  using code = level_code<L, B, V>;
  if (block == 0 || block % (8 * V) != 0 || block / V * B < L || samples.size() < block) return errc::invalid_argument;
  for (auto const x : samples)
    if (!is_finite(x)) return errc::not_finite;
  if (w.size() < trellis_training_bytes<L, B, V>(block)) return errc::workspace_too_small;
  auto const sums = w.take<std::int64_t>(code::entries);
  auto const counts = w.take<std::int64_t>(code::entries);
  auto const x = w.take<std::int16_t>(block);
  double error = 0;
  for (int iteration = 0; iteration < iterations; ++iteration) {
    for (auto& s : sums) s = 0;
    for (auto& c : counts) c = 0;
    detail::trellis_encoder<code> encoder{code{levels.data(), sigma}, block / V, w};
    std::int64_t squares = 0;
    std::size_t first = 0;
    for (; first + block <= samples.size(); first += block) {
      for (std::size_t i = 0; i < block; ++i) x[i] = detail::source_level(samples[first + i], sigma);
      auto const path = encoder.template encode<Arch>(x, block);
      for (std::size_t i = 0; i < block; ++i) {
        auto const entry = std::size_t{path[i / V]} * V + i % V;
        auto const opposite = (code::entries / V - 1 - path[i / V]) * V + i % V;
        std::int64_t const d = x[i] - levels[entry];
        squares += d * d;
        sums[entry] += x[i];
        ++counts[entry];
        if (!symmetric) continue;
        sums[opposite] -= x[i];
        ++counts[opposite];
      }
    }
    error = static_cast<double>(squares) / (static_cast<double>(first) * static_cast<double>(sigma) * static_cast<double>(sigma));
    for (std::size_t e = 0; e < code::entries; ++e) {
      if (counts[e] == 0) continue;
      auto const twice = 2 * sums[e];
      auto const mean = (twice + (twice < 0 ? -counts[e] : counts[e])) / (2 * counts[e]);  // nearest, half away
      levels[e] = static_cast<std::int16_t>(mean);
    }
  }
  return error;
}

}  // namespace skive
