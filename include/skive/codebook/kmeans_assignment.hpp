// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/kmeans_assignment.hpp - what an iteration of k-means works on, and its first half: every sample to a codeword.
///
///   nearest    index_i = the nearest codeword, the lower one in a tie
///   balanced   floor(n / k) samples a codeword or one more: those that lose most by a second choice choose first
///
/// Model of : -
/// Cost     : nearest: codebook/nearest_codeword.hpp, with weights of single numbers 3 operations a number and codeword; balanced:
///            2 n k distances by scalar code and a sort.
/// Accuracy : balanced: distances in double, of differences rounded to float.
/// Promise  : the same indices on every instruction set and under contraction.
/// Source   : -

#include "skive/codebook/kmeans_1d.hpp"
#include "skive/codebook/kmeans_seeding.hpp"

namespace skive::detail {

/// Everything lies in memory of the caller; index, distance: whole blocks of sixteen samples.
struct kmeans_state {
  kmeans_samples samples;
  matrix_view<float> codewords;
  matrix_view<float const> numbers;  ///< weights of single numbers, or nothing
  bool cosine = false;
  std::span<std::uint32_t> index;  ///< each sample's codeword
  std::span<float> distance;
  std::span<std::uint32_t> count;  ///< each codeword's samples
  std::span<double> sums, mass;    ///< sum w u x and sum w u of each codeword's samples
  std::span<float> half;
  std::span<std::uint32_t> spare;  ///< three indices a sample, where assignments are balanced

  /// Products of two floats are exact in double, so that contraction changes nothing.
  double distance_to(std::size_t i, std::size_t k) const noexcept {
    double sum = 0;
    for (std::size_t j = 0; j < samples.rows.cols; ++j) {
      auto const t = static_cast<float>(static_cast<double>(samples.rows(i, j)) - static_cast<double>(codewords(k, j)));
      auto const u =
          numbers.data == nullptr ? t : static_cast<float>(static_cast<double>(numbers(i, j)) * static_cast<double>(t));
      sum += static_cast<double>(u) * static_cast<double>(t);
    }
    return sum;
  }
  /// Samples of weight 0, and those without a direction, do not.
  bool counts(std::size_t i) const noexcept {
    if (!(samples.weight(i) > 0)) return false;
    if (!cosine) return true;
    for (auto const v : samples.rows.row(i))
      if (!is_zero(v)) return true;
    return false;
  }
};

/// assign(): how many samples changed their codewords.
template <class Arch>
class kmeans_assignment {
 public:
  explicit kmeans_assignment(kmeans_state& state) noexcept : s_{state} {}

  /// Fills index by distance alone.
  std::size_t nearest() noexcept {
    std::size_t changed = 0;
    if (s_.samples.diagonal == nullptr) {
      half_squares<Arch>(s_.codewords, s_.half);
      each_nearest<Arch>(s_.samples.lanes, s_.samples.blocks(), s_.codewords, s_.half.data(),
                         [&](std::size_t first, std::uint32_t const* found) noexcept { changed += take(first, found); });
      return changed;
    }
    alignas(64) float now[16];
    for (std::size_t b = 0; b < s_.samples.blocks(); ++b) {
      std::uint32_t found[16]{};
      auto* const best = s_.distance.data() + 16 * b;
      for (std::size_t k = 0; k < s_.codewords.rows; ++k) {
        distances_of_block<Arch>(s_.samples, b, s_.codewords.row(k).data(), now);
        for (std::size_t i = 0; i < 16; ++i)
          if (k == 0 || now[i] < best[i]) best[i] = now[i], found[i] = static_cast<std::uint32_t>(k);
      }
      changed += take(16 * b, found);
    }
    return changed;
  }

  /// Fills index, and count as it goes.
  std::size_t balanced() noexcept {
    auto const n = s_.samples.rows.rows;
    auto const whole = lane_floats(n, 1);
    for (auto& c : s_.count) c = 0;
    larger_ = n % s_.codewords.rows;
    for (std::size_t i = 0; i < n; ++i) {
      double regret = 0;
      static_cast<void>(nearest_with_room(i, regret));
      s_.distance[i] = regret < 0x1p127 ? -static_cast<float>(regret) : -0x1p127f;
    }
    auto const order = s_.spare.first(n);
    sorted_positions(s_.distance.first(n), order, s_.spare.subspan(whole, n), s_.spare.subspan(2 * whole, n));
    std::size_t changed = 0;
    for (auto const i : order) {
      double regret = 0;
      auto const k = nearest_with_room(i, regret);
      if (s_.count[k] == n / s_.codewords.rows) --larger_;
      ++s_.count[k];
      changed += std::size_t{s_.index[i] != k};
      s_.index[i] = static_cast<std::uint32_t>(k);
    }
    return changed;
  }

 private:
  std::size_t take(std::size_t first, std::uint32_t const* found) noexcept {
    std::size_t changed = 0;
#pragma GCC unroll 16
    for (std::size_t i = 0; i < 16; ++i) {
      changed += std::size_t{s_.index[first + i] != found[i]};
      s_.index[first + i] = found[i];
    }
    return changed;
  }
  // The nearest codeword with room, and by how much the next one with room is worse.
  std::size_t nearest_with_room(std::size_t i, double& regret) const noexcept {
    auto best = std::numeric_limits<double>::infinity();
    auto second = best;
    auto at = s_.codewords.rows;
    for (std::size_t k = 0; k < s_.codewords.rows; ++k) {
      if (!has_room(k)) continue;
      auto const d = s_.distance_to(i, k);
      if (at == s_.codewords.rows || d < best) {
        second = best;
        best = d;
        at = k;
      } else if (d < second) {
        second = d;
      }
    }
    regret = second - best;
    return at;
  }
  bool has_room(std::size_t k) const noexcept {
    auto const least = s_.samples.rows.rows / s_.codewords.rows;
    return s_.count[k] < least || (s_.count[k] == least && larger_ != 0);
  }

  kmeans_state& s_;
  std::size_t larger_ = 0;  // codewords that may still take one more
};

}  // namespace skive::detail
