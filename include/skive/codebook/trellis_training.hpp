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
/// Source   : Y. Linde, A. Buzo, R. M. Gray, "An algorithm for vector quantizer design", IEEE Trans. COM-28, 1980; on paths:
///            M. W. Marcellin, T. R. Fischer (codebook/trellis.hpp); folding is ours.

#include "skive/codebook/level_step.hpp"
#include "skive/codebook/trellis_code.hpp"
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

namespace detail {

template <trellis_code Code>
constexpr std::size_t training_bytes(std::size_t block, std::size_t levels) noexcept {
  return trellis_encoder<Code>::scratch_bytes(block / static_cast<std::size_t>(Code::values)) +
      2 * workspace::bytes<std::int64_t>(levels) + workspace::bytes<std::int16_t>(block);
}

/// What a value of a state is read from.
struct level_place {
  std::size_t at;
  bool negative = false;  ///< the level with its sign changed
};

/// Lloyd's iteration on `levels`, which the code reads; place(state, v) says where. Preconditions: those of train_trellis(),
/// whose result it returns.
template <class Arch, trellis_code Code, class Place>
double train_levels(Code const& now, Place place, std::span<float const> samples, std::size_t block, int iterations,
                    std::span<std::int16_t> levels, workspace w) noexcept {
  constexpr auto values = static_cast<std::size_t>(Code::values);
  auto const sums = w.take<std::int64_t>(levels.size());
  auto const counts = w.take<std::int64_t>(levels.size());
  auto const x = w.take<std::int16_t>(block);
  auto const sigma = now.sigma();
  double error = 0;
  for (int iteration = 0; iteration < iterations; ++iteration) {
    for (auto& s : sums) s = 0;
    for (auto& c : counts) c = 0;
    trellis_encoder<Code> encoder{now, block / values, w};
    std::int64_t squares = 0;
    std::size_t first = 0;
    for (; first + block <= samples.size(); first += block) {
      for (std::size_t i = 0; i < block; ++i) x[i] = source_level(samples[first + i], sigma);
      auto const path = encoder.template encode<Arch>(x, block);
      for (std::size_t i = 0; i < block; ++i) {
        level_place const p = place(path[i / values], static_cast<int>(i % values));
        std::int64_t const d = x[i] - (p.negative ? -levels[p.at] : levels[p.at]);
        squares += d * d;
        sums[p.at] += p.negative ? -x[i] : x[i];
        ++counts[p.at];
      }
    }
    error = static_cast<double>(squares) / (static_cast<double>(first) * static_cast<double>(sigma) * static_cast<double>(sigma));
    for (std::size_t e = 0; e < levels.size(); ++e) {
      if (counts[e] == 0) continue;
      auto const twice = 2 * sums[e];  // nearest, half away
      levels[e] = static_cast<std::int16_t>((twice + (twice < 0 ? -counts[e] : counts[e])) / (2 * counts[e]));
    }
  }
  return error;
}

/// What train_trellis() refuses.
template <trellis_code Code>
status check_training(std::span<float const> samples, std::size_t block, std::size_t levels, workspace const& w) noexcept {
  constexpr auto values = static_cast<std::size_t>(Code::values);
  constexpr auto bits = static_cast<std::size_t>(Code::step_bits);
  if (block == 0 || block % (8 * values) != 0 || block / values * bits < static_cast<std::size_t>(Code::state_bits) ||
      samples.size() < block)
    return errc::invalid_argument;
  for (auto const x : samples)
    if (!is_finite(x)) return errc::not_finite;
  if (w.size() < training_bytes<Code>(block, levels)) return errc::workspace_too_small;
  return errc::ok;
}

}  // namespace detail

template <int L, int B, int E>
constexpr std::size_t trellis_training_bytes(std::size_t block) noexcept {
  return detail::training_bytes<training_code<L, B, E>>(block, std::size_t{1} << E);
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
  if (auto const s = detail::check_training<code>(samples, block, levels.size(), w); !s) return s.error();
  auto const place = [&](std::uint32_t state, int) noexcept { return detail::level_place{maps.index(state)}; };
  return detail::train_levels<Arch>(code{&maps, levels.data()}, place, samples, block, iterations, levels, w);
}

/// Levels of any code of which `levels` are all that moves: code reads them, place(state, v) says which one value v of a state is
/// (detail::level_place). The block a multiple of 8 steps; else as train_trellis().
template <class Arch = native_arch, trellis_code Code, class Place>
result<double> train_trellis_levels(Code const& code, Place place, std::span<float const> samples, std::size_t block,
                                    int iterations, std::span<std::int16_t> levels, workspace w) noexcept {
  if (auto const s = detail::check_training<Code>(samples, block, levels.size(), w); !s) return s.error();
  return detail::train_levels<Arch>(code, place, samples, block, iterations, levels, w);
}
template <trellis_code Code>
constexpr std::size_t trellis_training_bytes(std::size_t block, std::size_t levels) noexcept {
  return detail::training_bytes<Code>(block, levels);
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
