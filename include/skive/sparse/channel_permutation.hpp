// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/channel_permutation.hpp - an order of columns in which an n:m mask keeps more.
///
///   order[p]: the column that stands at place p;   kept(order) = sum over rows and groups of the N largest of M scores
///   deal_columns      columns by falling sum, dealt to the groups one by one as cards are: large ones don't meet
///   improve_by_swaps  tries swaps of two columns of different groups at random and keeps those that keep more
///
/// The same order applies to the inputs of the layer, or to the rows of the layer before.
///
/// Model of : -
/// Cost     : deal: a sort by insertion of cols numbers, in place; improve: 4 rows N M comparisons a trial. No allocation.
/// Accuracy : sums in double, in the order of rows and places. improve_by_swaps never makes kept() smaller.
/// Promise  : the same order everywhere, for one seed. Sizes are checked before the first write.
/// Source   : J. Pool and C. Yu, "Channel Permutations for N:M Sparsity", NeurIPS 2021; Zhang et al. (RIA), ICLR 2024.

#include "skive/core/matrix_view.hpp"
#include "skive/core/random.hpp"
#include "skive/core/status.hpp"
#include "skive/sparse/score_order.hpp"

namespace skive {

namespace detail {

/// Sum over all rows of the N largest of the M scores at `columns`.
template <int N, int M>
double kept_of_group(matrix_view<float const> scores, std::uint32_t const* columns) noexcept {
  double sum = 0;
  for (std::size_t r = 0; r < scores.rows; ++r) {
    float const* const row = scores.data + r * scores.row_stride;
    std::uint32_t taken = 0;
    for (int n = 0; n < N; ++n) {
      int best = -1;
      for (int k = 0; k < M; ++k)
        if ((taken >> k & 1) == 0 && (best < 0 || by_score::key(row[columns[k]]) > by_score::key(row[columns[best]]))) best = k;
      taken |= 1U << best;
      sum += exact_double(row[columns[best]]);
    }
  }
  return sum;
}

inline bool orders_columns(matrix_view<float const> scores, std::span<std::uint32_t const> order, std::size_t group) noexcept {
  if (!scores.valid() || order.size() != scores.cols || scores.cols % group != 0) return false;
  for (auto const c : order)
    if (c >= scores.cols) return false;
  return true;
}

}  // namespace detail

/// kept(order). Fails with size_mismatch, or not_finite.
template <int N, int M>
result<double> kept_score(matrix_view<float const> scores, std::span<std::uint32_t const> order) noexcept {
  if (!detail::orders_columns(scores, order, M)) return errc::size_mismatch;
  if (!detail::all_finite(scores)) return errc::not_finite;
  double sum = 0;
  for (std::size_t p = 0; p < order.size(); p += M) sum += detail::kept_of_group<N, M>(scores, order.data() + p);
  return sum;
}

/// sums: scratch for as many numbers as there are columns. Fails with size_mismatch unless columns are a multiple of `group`,
/// with not_finite.
inline status deal_columns(matrix_view<float const> scores, std::size_t group, std::span<double> sums,
                           std::span<std::uint32_t> order) noexcept {
  auto const cols = scores.cols;
  if (!scores.valid() || group == 0 || cols % group != 0 || sums.size() != cols || order.size() != cols)
    return errc::size_mismatch;
  if (!detail::all_finite(scores)) return errc::not_finite;
  for (auto& s : sums) s = 0;
  for (std::size_t r = 0; r < scores.rows; ++r)
    for (std::size_t c = 0; c < cols; ++c) sums[c] += detail::exact_double(scores(r, c));
  auto const groups = cols / group;
  auto const place = [&](std::size_t rank) noexcept { return rank % groups * group + rank / groups; };
  for (std::size_t c = 0; c < cols; ++c) {  // column c goes behind all that are at least as large
    auto rank = c;
    for (; rank > 0 && sums[order[place(rank - 1)]] < sums[c]; --rank) order[place(rank)] = order[place(rank - 1)];
    order[place(rank)] = static_cast<std::uint32_t>(c);
  }
  return errc::ok;
}

/// Returns what kept() has gained. Fails with size_mismatch, or not_finite.
template <int N, int M>
result<double> improve_by_swaps(matrix_view<float const> scores, std::span<std::uint32_t> order, std::size_t trials,
                                std::uint64_t seed) noexcept {
  if (!detail::orders_columns(scores, order, M)) return errc::size_mismatch;
  if (!detail::all_finite(scores)) return errc::not_finite;
  double gained = 0;
  auto const cols = order.size();
  for (std::size_t t = 0; t < trials && cols > M; ++t) {
    auto const random = counter_random{seed}.block(t);
    auto const a = random[0] % cols;
    auto const b = (a / M * M + M + random[1] % (cols - M)) % cols;  // any place of another group
    auto* const of_a = order.data() + a / M * M;
    auto* const of_b = order.data() + b / M * M;
    auto const before = detail::kept_of_group<N, M>(scores, of_a) + detail::kept_of_group<N, M>(scores, of_b);
    auto const exchange = [&] {
      auto const c = order[a];
      order[a] = order[b];
      order[b] = c;
    };
    exchange();
    auto const after = detail::kept_of_group<N, M>(scores, of_a) + detail::kept_of_group<N, M>(scores, of_b);
    if (after > before)
      gained += after - before;
    else
      exchange();
  }
  return gained;
}

}  // namespace skive
