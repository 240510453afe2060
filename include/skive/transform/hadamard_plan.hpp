// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/hadamard_plan.hpp - how a length becomes a Kronecker product of Hadamard matrices, with the fewest additions.
///
///   n = 2^s m_1 m_2 m_3 odd;   m_i: core orders of transform/hadamard_matrix.hpp, odd = 1 wherever that is possible
///
/// Each m_i takes the factors of 2 with it that its construction needs (12 = 3 * 4, 40 is 20 and one more stage). Of all plans
/// the one is taken that leaves the smallest odd part, then the one of least cost: s + sum of (m_i / 4 + 10) additions a number.
///
/// Model of : primitive
/// Cost     : microseconds; a search over the divisors of n below 512.
/// Promise  : constexpr; the same plan everywhere: it is part of what a rotated codec's bytes mean.
/// Source   : -

#include "skive/transform/hadamard_matrix.hpp"

namespace skive {

struct hadamard_plan {
  static constexpr std::size_t most_cores = 3;
  int stages = 0;  ///< s
  std::size_t count = 0;
  std::array<std::uint32_t, most_cores> cores{};  ///< m_1, m_2, ..., the innermost first
  std::uint64_t odd = 1;

  /// Precondition: n >= 1.
  static constexpr hadamard_plan of(std::uint64_t n) noexcept {
    hadamard_plan best;
    hadamard_plan trial;
    trial.stages = std::countr_zero(n);
    trial.odd = n >> trial.stages;
    best = trial;
    improve(trial, best, 3);
    return best;
  }
  constexpr std::uint64_t cost() const noexcept {
    auto sum = static_cast<std::uint64_t>(stages);
    for (std::size_t i = 0; i < count; ++i) sum += cores[i] / 4 + 10;
    return sum;
  }
  constexpr std::uint64_t hadamard_order() const noexcept {
    std::uint64_t order = std::uint64_t{1} << stages;
    for (std::size_t i = 0; i < count; ++i) order *= cores[i];
    return order;
  }
  friend constexpr bool operator==(hadamard_plan const&, hadamard_plan const&) noexcept = default;

 private:
  // Takes divisors d >= least of what is still odd into cores d 2^t.
  static constexpr void improve(hadamard_plan const& from, hadamard_plan& best, std::uint64_t least) noexcept {
    if (from.odd < best.odd || (from.odd == best.odd && from.cost() < best.cost())) best = from;
    if (from.count == most_cores || from.odd == 1) return;
    for (std::uint64_t d = least; d <= from.odd && 4 * d <= hadamard_matrix::max_core; d += 2) {
      if (from.odd % d != 0) continue;
      for (int t = 2; t <= from.stages && (d << t) <= hadamard_matrix::max_core; ++t) {
        auto const m = static_cast<std::uint32_t>(d << t);
        if (!hadamard_matrix::has_core(m)) continue;
        auto next = from;
        next.stages -= t;
        next.odd /= d;
        next.cores[next.count++] = m;
        improve(next, best, d);
        break;
      }
    }
  }
};

static_assert(primitive<hadamard_plan>);

}  // namespace skive
