// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/rank_allocation.hpp - how many singular values each of several matrices keeps.
///
///   loss  = sum over matrices of weight sum_j>=k sigma_j^2,   cost = sum of k (rows + columns)
///
///   ranks_for_cost   the least loss that greedy steps reach within a cost
///   ranks_for_loss   the least cost that greedy steps reach within a loss
///
/// A step keeps one more value of the matrix whose next value brings most per unit of cost, weight sigma_k^2 / (rows + columns).
/// Singular values of W S (lowrank/right_factor.hpp) make the loss that of outputs.
///
/// Model of : -
/// Cost     : a search among the matrices per step.
/// Accuracy : optimal for matrices of one cost; else the kept energy is the optimum's but for less than one step's.
/// Promise  : ties go to the first matrix; a larger budget never lowers a rank where costs are equal. Sums in double.
/// Source   : greedy ratio rule for concave gains: B. Fox, "Discrete optimization via marginal analysis", Management Science 13,
///            1966.

#include "skive/core/ieee.hpp"
#include "skive/core/status.hpp"

#include <cstddef>
#include <limits>
#include <span>

namespace skive {

struct rank_candidate {
  std::span<float const> sigma;  ///< falling
  std::size_t cost = 1;          ///< of one value: rows + columns
  double weight = 1;
};

namespace detail {

[[nodiscard]] constexpr status check_candidates(std::span<rank_candidate const> from, std::size_t ranks) noexcept {
  if (from.size() != ranks) return errc::size_mismatch;
  for (auto const& c : from) {
    if (c.cost == 0 || !(c.weight >= 0)) return errc::invalid_argument;
    for (std::size_t j = 0; j < c.sigma.size(); ++j) {
      if (!is_finite(c.sigma[j]) || c.sigma[j] < 0.0f) return errc::not_finite;
      if (j != 0 && c.sigma[j] > c.sigma[j - 1]) return errc::invalid_argument;
    }
  }
  return errc::ok;
}

constexpr double next_gain(rank_candidate const& c, std::size_t rank) noexcept {
  auto const x = static_cast<double>(c.sigma[rank]);
  return c.weight * x * x;
}

// The matrix of the next step, or from.size() if none fits `left`.
constexpr std::size_t best_candidate(std::span<rank_candidate const> from, std::span<std::size_t const> ranks,
                                     std::size_t left) noexcept {
  std::size_t best = from.size();
  double most = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (ranks[i] == from[i].sigma.size() || from[i].cost > left) continue;
    auto const gain = next_gain(from[i], ranks[i]) / static_cast<double>(from[i].cost);
    if (gain > most) {
      most = gain;
      best = i;
    }
  }
  return best;
}

}  // namespace detail

/// The loss of some ranks. Precondition: as many ranks as matrices, none above its number of values.
constexpr double rank_loss(std::span<rank_candidate const> from, std::span<std::size_t const> ranks) noexcept {
  double loss = 0;
  for (std::size_t i = 0; i < from.size(); ++i)
    for (std::size_t j = from[i].sigma.size(); j-- > ranks[i];) loss += detail::next_gain(from[i], j);
  return loss;
}

/// Returns the cost that is used. Fails with size_mismatch, invalid_argument (a cost of 0, a weight, values that rise) or
/// not_finite (also a negative value), before the first write.
[[nodiscard]] constexpr result<std::size_t> ranks_for_cost(std::span<rank_candidate const> from, std::size_t cost,
                                                           std::span<std::size_t> ranks) noexcept {
  if (auto const s = detail::check_candidates(from, ranks.size()); !s) return s.error();
  for (auto& r : ranks) r = 0;
  auto left = cost;
  for (;;) {
    auto const i = detail::best_candidate(from, ranks, left);
    if (i == from.size()) return cost - left;
    left -= from[i].cost;
    ++ranks[i];
  }
}

/// Returns the cost. A loss of 0 keeps every value that is not zero. Fails as ranks_for_cost().
[[nodiscard]] constexpr result<std::size_t> ranks_for_loss(std::span<rank_candidate const> from, double loss,
                                                           std::span<std::size_t> ranks) noexcept {
  if (auto const s = detail::check_candidates(from, ranks.size()); !s) return s.error();
  if (!(loss >= 0)) return errc::invalid_argument;
  for (auto& r : ranks) r = 0;
  std::size_t cost = 0;
  while (rank_loss(from, ranks) > loss) {
    auto const i = detail::best_candidate(from, ranks, std::numeric_limits<std::size_t>::max());
    if (i == from.size()) break;
    cost += from[i].cost;
    ++ranks[i];
  }
  return cost;
}

}  // namespace skive
