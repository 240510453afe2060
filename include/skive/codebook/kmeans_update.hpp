// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/kmeans_update.hpp - the second half of an iteration of k-means: codewords go to the means of their samples.
///
///   add_up    sums and masses of each codeword's samples;   repair    codewords without samples take the sample that is farthest
///   move      c = sum w u x / sum w u, with `cosine` of length 1; a number that no sample gives weight to stays
///
/// Model of : -
/// Cost     : n d additions in double; repair once n d more and n for each codeword without samples.
/// Accuracy : sums in double, from the first sample to the last.
/// Promise  : the same bits on every instruction set and under contraction.
/// Source   : codebook/kmeans.hpp.

#include "skive/codebook/kmeans_assignment.hpp"

#include <cmath>

namespace skive::detail {

/// x of length 1; false, and x untouched, if it is zero.
template <class Arch>
bool normalise(std::span<float> x) noexcept {
  double square = 0;
  for (auto const v : x) square += static_cast<double>(v) * static_cast<double>(v);
  if (!(square > 0)) return false;
  auto const length = std::sqrt(square);
  for (auto& v : x) v = static_cast<float>(static_cast<double>(v) / length);
  return true;
}

template <class Arch>
class kmeans_update {
 public:
  explicit kmeans_update(kmeans_state& state) noexcept : s_{state} {}

  // Products of two floats are exact in double, so that contraction changes nothing.
  void add_up() noexcept {
    auto const d = s_.samples.rows.cols;
    for (auto& s : s_.sums) s = 0;
    for (auto& m : s_.mass) m = 0;
    for (auto& c : s_.count) c = 0;
    bool const plain = s_.numbers.data == nullptr && s_.samples.weights.empty() && !s_.cosine;
    for (std::size_t i = 0; i < s_.samples.rows.rows; ++i) {
      auto const* const x = s_.samples.rows.row(i).data();
      std::size_t const k = s_.index[i];
      auto* const sum = s_.sums.data() + k * d;
      if (plain) {
        add_row(x, d, sum);
        ++s_.count[k];
        continue;
      }
      if (!s_.counts(i)) continue;
      ++s_.count[k];
      auto const w = static_cast<double>(s_.samples.weight(i));
      for (std::size_t j = 0; j < d; ++j) {
        auto const u =
            s_.numbers.data == nullptr ? w : static_cast<double>(static_cast<float>(w * static_cast<double>(s_.numbers(i, j))));
        s_.mass[k * d + j] += u;
        sum[j] += u * static_cast<double>(x[j]);
      }
    }
    if (plain)
      for (std::size_t k = 0; k < s_.count.size(); ++k)
        for (std::size_t j = 0; j < d; ++j) s_.mass[k * d + j] = s_.count[k];
  }

  /// How many samples moved.
  std::size_t repair() noexcept {
    std::size_t moved = 0;
    bool measured = false;
    for (std::size_t k = 0; k < s_.codewords.rows; ++k) {
      if (s_.count[k] != 0) continue;
      if (!measured)
        for (std::size_t i = 0; i < s_.samples.rows.rows; ++i)
          s_.distance[i] = s_.counts(i) ? static_cast<float>(s_.distance_to(i, s_.index[i])) * s_.samples.weight(i) : 0.0f;
      measured = true;
      std::size_t at = s_.samples.rows.rows;
      for (std::size_t i = 0; i < s_.samples.rows.rows; ++i)
        if (s_.distance[i] > 0 && s_.count[s_.index[i]] > 1 && (at == s_.samples.rows.rows || s_.distance[i] > s_.distance[at]))
          at = i;
      if (at == s_.samples.rows.rows) break;
      --s_.count[s_.index[at]];
      s_.index[at] = static_cast<std::uint32_t>(k);
      ++s_.count[k];
      s_.distance[at] = 0;
      ++moved;
    }
    return moved;
  }

  void move() noexcept {
    auto const d = s_.samples.rows.cols;
    for (std::size_t k = 0; k < s_.codewords.rows; ++k) {
      if (s_.count[k] == 0) continue;
      if (s_.cosine) {
        for (std::size_t j = 0; j < d; ++j) s_.codewords(k, j) = static_cast<float>(s_.sums[k * d + j] / s_.mass[k * d + j]);
        static_cast<void>(normalise<Arch>(s_.codewords.row(k)));
        continue;
      }
      for (std::size_t j = 0; j < d; ++j)  // a number that no sample gives weight to stays
        if (s_.mass[k * d + j] > 0) s_.codewords(k, j) = static_cast<float>(s_.sums[k * d + j] / s_.mass[k * d + j]);
    }
  }
  /// sum w D of the samples.
  double error() const noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < s_.samples.rows.rows; ++i) {
      if (!s_.counts(i)) continue;
      auto weighed = s_.distance_to(i, s_.index[i]) * static_cast<double>(s_.samples.weight(i));
      simd::detail::keep_apart<Arch>(weighed);
      sum += weighed;
    }
    return sum;
  }

 private:
  static void add_row(float const* x, std::size_t d, double* sum) noexcept {
    std::size_t j = 0;
    for (; j + 4 <= d; j += 4)  // of fixed length: registers
#pragma GCC unroll 4
      for (std::size_t i = j; i < j + 4; ++i) sum[i] += static_cast<double>(x[i]);
    for (; j < d; ++j) sum[j] += static_cast<double>(x[j]);
  }

  kmeans_state& s_;
};

}  // namespace skive::detail
