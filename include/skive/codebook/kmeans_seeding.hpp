// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/kmeans_seeding.hpp - the first codewords of k-means, chosen among the samples.
///
///   plus_plus   sample i with probability w_i D(i) / sum, D the squared distance to the nearest codeword chosen so far
///   greedy      the best of 2 + floor(ln 2 floor(log2 k)) such draws, by the sum of w D that it would leave
///   farthest    the sample of largest D;  the first one is that farthest from the mean. No random number.
///
/// Model of : -
/// Cost     : n d / 16 operations a codeword, greedy 3 + log k times as many.
/// Accuracy : expected error of plus_plus at most 8 (2 + log k) times the optimum; distances rounded as float.
/// Promise  : samples of weight 0 and samples that are codewords already are not drawn; when no other is left, codewords repeat
///            the first one. The same numbers on every instruction set.
/// Source   : D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007; T. F. Gonzalez, "Clustering
///            to minimize the maximum intercluster distance", Theoretical Computer Science 38, 1985.

#include "skive/codebook/nearest_codeword.hpp"
#include "skive/core/random.hpp"

#include <bit>

namespace skive {

enum class kmeans_seeding : std::uint8_t {
  given,      ///< the codewords as they are
  plus_plus,  ///< D^2 sampling
  greedy,     ///< the best of several draws of D^2 sampling
  farthest,   ///< farthest first
};

namespace detail {

/// Samples in lanes: `lanes` as fill_lanes makes them; `weights`: one a sample, none for ones, or in lanes, one a number
/// (diagonal).
struct kmeans_samples {
  matrix_view<float const> rows;
  float const* lanes = nullptr;
  float const* diagonal = nullptr;
  std::span<float const> weights;

  std::size_t blocks() const noexcept { return (rows.rows + 15) / 16; }
  float weight(std::size_t i) const noexcept { return weights.empty() ? 1.0f : weights[i]; }
};

// Squared distances of sixteen samples to a codeword, weighted if there is a diagonal.
template <class Arch>
[[gnu::always_inline]] inline void distances_of_block(kmeans_samples const& s, std::size_t block, float const* codeword,
                                                      float* out) noexcept {
  auto const d = s.rows.cols;
  auto const* x = s.lanes + 16 * d * block;
  auto const* w = s.diagonal == nullptr ? nullptr : s.diagonal + 16 * d * block;
  if constexpr (simd::vector_arch<Arch>) {
    using floats = simd::floats<Arch>;
    auto sum = floats::broadcast(0.0f);
    for (std::size_t j = 0; j < d; ++j) {
      auto const t = floats::load(x + 16 * j) - floats::broadcast(codeword[j]);
      sum = simd::fused_once(w == nullptr ? t : simd::product(t, floats::load(w + 16 * j)), t, sum);
    }
    sum.store(out);
  } else {
    for (std::size_t i = 0; i < 16; ++i) {
      out[i] = 0;
      for (std::size_t j = 0; j < d; ++j) {
        auto const t = x[16 * j + i] - codeword[j];
        auto const wt = w == nullptr ? t : static_cast<float>(static_cast<double>(t) * static_cast<double>(w[16 * j + i]));
        out[i] = simd::fused_number<Arch>(wt, t, out[i]);
      }
    }
  }
}

template <class Arch>
class kmeans_seeder {
 public:
  // distance: one float a sample, in whole blocks; sums: one double a block.
  kmeans_seeder(kmeans_samples const& samples, counter_random const& random, std::span<float> distance,
                std::span<double> sums) noexcept
      : samples_{samples}, random_{random}, distance_{distance}, sums_{sums} {}

  void seed(kmeans_seeding kind, matrix_view<float> codewords) noexcept {
    reset();
    auto const trials = kind == kmeans_seeding::greedy ? 2 + log_of(codewords.rows) : std::size_t{1};
    for (std::size_t k = 0; k < codewords.rows; ++k) {
      auto const at = k == 0                 ? (kind == kmeans_seeding::farthest ? far_from_mean(codewords.row(0)) : draw())
          : !(total_ > 0)                    ? none
          : kind == kmeans_seeding::farthest ? largest()
                                             : best_draw(trials);
      auto const from = at == none ? std::span<float const>{codewords.row(0)} : samples_.rows.row(at);
      for (std::size_t j = 0; j < from.size(); ++j) codewords(k, j) = from[j];
      if (at != none) move_to(codewords.row(k).data());
    }
  }

 private:
  static constexpr std::size_t none = ~std::size_t{0};
  static std::size_t log_of(std::size_t k) noexcept {  // floor of the natural logarithm, near enough
    return static_cast<std::size_t>(static_cast<double>(std::bit_width(k) - 1) * 0.6931471805599453);
  }

  // Every distance infinite in effect: draws go by weight alone.
  void reset() noexcept {
    total_ = 0;
    for (std::size_t i = 0; i < distance_.size(); ++i) distance_[i] = i < samples_.rows.rows ? 1.0f : 0.0f;
    sum_up([&](std::size_t) noexcept {});
    first_ = true;
  }
  template <class F>
  void sum_up(F each) noexcept {
    total_ = 0;
    for (std::size_t b = 0; b < samples_.blocks(); ++b) {
      each(b);
      sums_[b] = block_sum(b, distance_.data() + 16 * b);
      total_ += sums_[b];
    }
  }
  double block_sum(std::size_t b, float const* distance) const noexcept {
    double sum = 0;
    auto const count = samples_.rows.rows - 16 * b < 16 ? samples_.rows.rows - 16 * b : 16;
    for (std::size_t i = 0; i < count; ++i)
      sum += static_cast<double>(distance[i]) * static_cast<double>(samples_.weight(16 * b + i));
    return sum;
  }

  // A codeword more: distances go down.
  void move_to(float const* codeword) noexcept {
    alignas(64) float now[16];
    sum_up([&](std::size_t b) noexcept {
      distances_of_block<Arch>(samples_, b, codeword, now);
      auto* const d = distance_.data() + 16 * b;
      for (std::size_t i = 0; i < 16; ++i) d[i] = first_ || now[i] < d[i] ? now[i] : d[i];
    });
    first_ = false;
  }
  double left_by(float const* codeword) const noexcept {
    alignas(64) float now[16];
    double total = 0;
    for (std::size_t b = 0; b < samples_.blocks(); ++b) {
      distances_of_block<Arch>(samples_, b, codeword, now);
      auto const* const d = distance_.data() + 16 * b;
      for (std::size_t i = 0; i < 16; ++i) now[i] = now[i] < d[i] ? now[i] : d[i];
      total += block_sum(b, now);
    }
    return total;
  }

  std::size_t draw() noexcept {
    auto left = static_cast<double>(random_.uniform(drawn_++)) * total_;
    simd::detail::keep_apart<Arch>(left);
    std::size_t last = none;
    for (std::size_t b = 0; b < samples_.blocks(); ++b) {
      if (!(sums_[b] > 0)) continue;
      auto const final_block = left < sums_[b];
      if (!final_block) left -= sums_[b];
      auto const count = samples_.rows.rows - 16 * b < 16 ? samples_.rows.rows - 16 * b : 16;
      for (std::size_t i = 16 * b; i < 16 * b + count; ++i) {
        auto const share = static_cast<double>(distance_[i]) * static_cast<double>(samples_.weight(i));
        if (!(share > 0)) continue;
        last = i;
        if (final_block && left < share) return i;
        if (final_block) left -= share;
      }
      if (final_block) break;
    }
    return last;  // rounding took the sum past its end
  }
  std::size_t best_draw(std::size_t trials) noexcept {
    auto best = draw();
    if (trials < 2 || best == none) return best;
    auto least = left_by(samples_.rows.row(best).data());
    for (std::size_t t = 1; t < trials; ++t) {
      auto const other = draw();
      if (other == none || other == best) continue;
      auto const left = left_by(samples_.rows.row(other).data());
      if (left < least) least = left, best = other;
    }
    return best;
  }
  std::size_t largest() const noexcept {
    std::size_t at = none;
    for (std::size_t i = 0; i < samples_.rows.rows; ++i)
      if (samples_.weight(i) > 0 && distance_[i] > 0 && (at == none || distance_[i] > distance_[at])) at = i;
    return at;
  }
  std::size_t far_from_mean(std::span<float> mean) noexcept {
    for (std::size_t j = 0; j < mean.size(); ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < samples_.rows.rows; ++i)
        sum += static_cast<double>(samples_.rows(i, j)) * static_cast<double>(samples_.weight(i));
      mean[j] = static_cast<float>(sum / total_);
    }
    move_to(mean.data());
    auto const at = largest();
    reset();
    return at == none ? draw() : at;
  }

  kmeans_samples const& samples_;
  counter_random random_;
  std::span<float> distance_;
  std::span<double> sums_;
  double total_ = 0;
  std::uint64_t drawn_ = 0;
  bool first_ = true;
};

}  // namespace detail
}  // namespace skive
