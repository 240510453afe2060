// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// That a format's encode takes rounding policies, the caller's own too, and refuses what only looks like one.

#include "skive/core/rounding.hpp"

#include <cstdint>

namespace skive::test {

// Stands for a policy of a user.
struct rounds_up {
  constexpr bool increments(std::uint64_t, std::uint64_t, int, bool) const noexcept { return true; }
};
struct may_throw {
  constexpr bool increments(std::uint64_t, std::uint64_t, int, bool) const { return true; }
};
struct changes_state {
  constexpr bool increments(std::uint64_t, std::uint64_t, int, bool) noexcept { return true; }
};
struct answers_in_int {
  constexpr int increments(std::uint64_t, std::uint64_t, int, bool) const noexcept { return 1; }
};
struct copies_by_itself : rounds_up {
  constexpr copies_by_itself(copies_by_itself const&) {}
};

template <class F, class R>
concept encodes_with = requires(float x, R r) { F::encode(x, r); };
template <class F, class R>
concept makes_with = requires(float x, R r) { F::from(x, r); };

template <class F>
concept asks_for_policies = encodes_with<F, nearest_even> && encodes_with<F, stochastic> && encodes_with<F, rounds_up> &&
    !encodes_with<F, may_throw> && !encodes_with<F, changes_state> && !encodes_with<F, answers_in_int> && !encodes_with<F, int>;

}  // namespace skive::test
