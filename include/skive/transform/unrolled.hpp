// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/unrolled.hpp - a loop over constants, written out by the compiler at every level of optimisation.
///
///   unrolled<N, Arch>(f):  f(0), f(1), ..., f(N - 1), each argument a std::integral_constant
///
/// Arrays of registers that such a loop indexes stay in registers; g++ -O2 keeps them in memory where a plain loop is left.
///
/// Model of : -
/// Cost     : none of its own.
/// Promise  : f is called in this order.
/// Source   : -

#include <cstddef>
#include <type_traits>
#include <utility>

namespace skive::detail {

template <std::size_t N, class Arch, class F>
[[gnu::always_inline]] constexpr void unrolled(F f) noexcept {
  [&]<std::size_t... I>(std::index_sequence<I...>)
      __attribute__((always_inline)) { (f(std::integral_constant<std::size_t, I>{}), ...); }(std::make_index_sequence<N>{});
}

}  // namespace skive::detail
