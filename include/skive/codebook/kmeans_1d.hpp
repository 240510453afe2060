// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/kmeans_1d.hpp - weighted k-means of numbers, solved exactly by dynamic programming.
///
///   minimise sum_i w_i (x_i - nearest level)^2 over k levels.  On sorted x:  D_c(i) = min_(j < i) D_(c-1)(j) + cost(j, i),
///   cost(j, i) = Q - S^2 / W of the numbers j .. i - 1, by prefix sums of w, w x, w x^2 about the middle number
///
/// The best j grows with i, so that a row of D takes divide and conquer. `fast` keeps every j, k n words; `small` carries the
/// boundary of the middle cell along instead and solves the two halves again: O(n) memory, twice the time, the same error.
///
/// Model of : -
/// Cost     : k n log2 n costs of one division each; a radix sort.
/// Accuracy : sums in double about the middle number: a partition whose error is within about n 2^-50 of the variance of the
///            best one.
/// Promise  : deterministic: no seed, no iteration; the same bits under contraction. Numbers of weight 0 do not count; with fewer
///            than k of the others each has a level of its own. Levels ascend; levels left over repeat the last.
/// Source   : H. Wang, M. Song, "Ckmeans.1d.dp: optimal k-means clustering in one dimension by dynamic programming", R Journal 3,
///            2011; D. S. Hirschberg, "A linear space algorithm for computing maximal common subsequences", CACM 18, 1975.

#include "skive/core/ieee.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/separate.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace skive {

enum class kmeans_memory : std::uint8_t { fast, small };

struct kmeans_1d_report {
  double error = 0;       ///< the minimum
  std::size_t cells = 0;  ///< levels in use
};

constexpr std::size_t kmeans_1d_bytes(std::size_t n, std::size_t k, kmeans_memory memory) noexcept {
  auto const rows = memory == kmeans_memory::fast ? saturating_multiply(n + 1, k) : saturating_multiply(n + 1, 3);
  auto const sums = saturating_multiply(workspace::bytes<double>(n + 1), 5);
  return saturating_add(saturating_add(sums, workspace::bytes<std::uint32_t>(saturating_multiply(n, 4))),
                        saturating_add(workspace::bytes<std::uint32_t>(rows), workspace::bytes<std::uint32_t>(k + 1)));
}

namespace detail {

/// Positions of the finite numbers x in ascending order, ties by position: four passes over bytes of the ordered bit patterns.
inline void sorted_positions(std::span<float const> x, std::span<std::uint32_t> order, std::span<std::uint32_t> spare,
                             std::span<std::uint32_t> keys) noexcept {
  auto const n = x.size();
  for (std::size_t i = 0; i < n; ++i) {
    auto const bits = std::bit_cast<std::uint32_t>(x[i]);
    keys[i] = (bits >> 31) != 0 ? ~bits : bits | 0x8000'0000U;
    order[i] = static_cast<std::uint32_t>(i);
  }
  for (unsigned shift = 0; shift < 32; shift += 8) {
    std::uint32_t start[257] = {};
    for (std::size_t i = 0; i < n; ++i) ++start[(keys[i] >> shift & 255) + 1];
    for (std::size_t b = 0; b < 256; ++b) start[b + 1] += start[b];
    for (std::size_t i = 0; i < n; ++i) spare[start[keys[order[i]] >> shift & 255]++] = order[i];
    for (std::size_t i = 0; i < n; ++i) order[i] = spare[i];
  }
}

class kmeans_1d_solver {
 public:
  // w, s, q: prefix sums of n numbers, n + 1 each; `now`, `before`: rows of D.
  std::span<double> w, s, q, now, before;
  std::span<std::uint32_t> choices;  // fast: row c of n + 1 boundaries; small: boundaries, and the middle ones of two rows
  std::span<std::uint32_t> ends;     // end of each cell, the first one's start in ends[0]
  std::size_t pitch = 0;             // n + 1

  double cost(std::size_t j, std::size_t i) const noexcept {
    auto const sum = s[i] - s[j];
    auto const e = (q[i] - q[j]) - sum * sum / (w[i] - w[j]);
    return e > 0 ? e : 0;
  }

  /// The best cells first + 1 ... first + k of the numbers a .. b - 1. Precondition: k <= b - a.
  double solve_fast(std::size_t a, std::size_t b, std::size_t k) noexcept {
    first_row(a, b);
    for (std::size_t c = 2; c <= k; ++c)
      next_row(a, b, c, k, choices.subspan((c - 2) * pitch, pitch), choices.subspan((c - 1) * pitch, pitch));
    auto const error = now[b];
    ends[k] = static_cast<std::uint32_t>(b);
    for (std::size_t c = k; c > 1; --c) ends[c - 1] = choices[(c - 1) * pitch + ends[c]];
    ends[0] = static_cast<std::uint32_t>(a);
    return error;
  }
  double solve_small(std::size_t a, std::size_t b, std::size_t first, std::size_t k) noexcept {
    ends[first] = static_cast<std::uint32_t>(a);
    ends[first + k] = static_cast<std::uint32_t>(b);
    first_row(a, b);
    if (k == 1) return now[b];
    auto const half = k / 2;
    auto middle = choices.subspan(pitch, pitch);  // where cell `half` ends, for each i
    auto next = choices.subspan(2 * pitch, pitch);
    for (std::size_t i = a; i <= b; ++i) middle[i] = static_cast<std::uint32_t>(i);
    for (std::size_t c = 2; c <= k; ++c) {
      next_row(a, b, c, k, choices.first(pitch), choices.first(pitch));
      if (c <= half) continue;
      for (std::size_t i = c == k ? b : a + c; i <= b; ++i) next[i] = c == half + 1 ? choices[i] : middle[choices[i]];
      auto const t = middle;
      middle = next;
      next = t;
    }
    auto const error = now[b];
    std::size_t const cut = middle[b];
    static_cast<void>(solve_small(a, cut, first, half));
    static_cast<void>(solve_small(cut, b, first + half, k - half));
    return error;
  }

 private:
  void first_row(std::size_t a, std::size_t b) noexcept {
    for (std::size_t i = a + 1; i <= b; ++i) {
      now[i] = cost(a, i);
      choices[i] = static_cast<std::uint32_t>(a);
    }
  }
  // Row c of k from row c - 1: at least c numbers for c cells. Of the last row only the end is asked for.
  void next_row(std::size_t a, std::size_t b, std::size_t c, std::size_t k, std::span<std::uint32_t const> prior,
                std::span<std::uint32_t> choice) noexcept {
    auto const t = before;
    before = now;
    now = t;
    divide(c == k ? b : a + c, b, a + c - 1, b - 1, prior, choice);
  }
  // D(i) for low <= i <= high, whose best j lie in [j_low, j_high], and not below that of row c - 1, which may stand in `choice`.
  void divide(std::size_t low, std::size_t high, std::size_t j_low, std::size_t j_high, std::span<std::uint32_t const> prior,
              std::span<std::uint32_t> choice) noexcept {
    while (low <= high) {
      auto const i = low + (high - low) / 2;
      auto const last = j_high < i - 1 ? j_high : i - 1;
      auto at = prior[i] > j_low && prior[i] <= last ? std::size_t{prior[i]} : j_low;
      auto best = before[at] + cost(at, i);
      for (auto j = at + 1; j <= last; ++j) {
        auto const d = before[j] + cost(j, i);
        if (d < best) best = d, at = j;
      }
      now[i] = best;
      choice[i] = static_cast<std::uint32_t>(at);
      if (i > low) divide(low, i - 1, j_low, at, prior, choice);
      low = i + 1;
      j_low = at;
    }
  }
};

}  // namespace detail

/// Fills `levels`, k of them. `weights`: as many as samples, or none for equal ones. Fails with invalid_argument (no level, no
/// sample of positive weight, a negative or infinite weight), size_mismatch, overflow (2^32 samples), not_finite, or
/// workspace_too_small below kmeans_1d_bytes.
inline result<kmeans_1d_report> kmeans_1d(std::span<float const> samples, std::span<float const> weights, std::span<float> levels,
                                          kmeans_memory memory, workspace scratch) noexcept {
  auto const n = samples.size();
  auto const k = levels.size();
  if (!weights.empty() && weights.size() != n) return errc::size_mismatch;
  if (n >= 0xFFFF'FFFFU) return errc::overflow;
  if (k == 0 || n == 0) return errc::invalid_argument;
  for (auto const x : samples)
    if (!is_finite(x)) return errc::not_finite;
  std::size_t counted = weights.empty() ? n : 0;
  for (auto const x : weights) {
    if (!is_finite(x) || x < 0) return errc::invalid_argument;
    if (x > 0) ++counted;
  }
  if (counted == 0) return errc::invalid_argument;
  if (scratch.size() < kmeans_1d_bytes(n, k, memory)) return errc::workspace_too_small;
  auto const words = scratch.take<std::uint32_t>(4 * n);
  auto const order = words.first(n);
  detail::sorted_positions(samples, order, words.subspan(n, n), words.subspan(2 * n, n));
  detail::kmeans_1d_solver solver;
  for (auto* p : {&solver.w, &solver.s, &solver.q, &solver.now, &solver.before}) *p = scratch.take<double>(n + 1);
  auto const middle = static_cast<double>(samples[order[n / 2]]);
  std::size_t m = 0;
  solver.w[0] = solver.s[0] = solver.q[0] = 0;
  for (std::size_t i = 0; i < n; ++i) {
    auto const w = weights.empty() ? 1.0 : static_cast<double>(weights[order[i]]);
    if (!(w > 0)) continue;
    auto const x = static_cast<double>(samples[order[i]]) - middle;
    solver.w[m + 1] = solver.w[m] + w;
    solver.s[m + 1] = solver.s[m] + detail::separate(w * x);
    solver.q[m + 1] = solver.q[m] + detail::separate(w * x * x);
    ++m;
  }
  auto const cells = k < m ? k : m;
  solver.pitch = n + 1;
  solver.choices = scratch.take<std::uint32_t>(memory == kmeans_memory::fast ? (n + 1) * k : 3 * (n + 1));
  solver.ends = scratch.take<std::uint32_t>(k + 1);
  auto const error = memory == kmeans_memory::fast ? solver.solve_fast(0, m, cells) : solver.solve_small(0, m, 0, cells);
  for (std::size_t c = 0; c < k; ++c) {
    if (c >= cells) {
      levels[c] = levels[cells - 1];
      continue;
    }
    auto const from = solver.ends[c];
    auto const to = solver.ends[c + 1];
    levels[c] = static_cast<float>(middle + (solver.s[to] - solver.s[from]) / (solver.w[to] - solver.w[from]));
  }
  return kmeans_1d_report{error, cells};
}

}  // namespace skive
