// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/separate.hpp - a product that no compiler contracts into a following sum.
///
///   separate(a * b) + c     rounds twice under every setting of contraction
///
/// Model of : -
/// Cost     : none, but that the value passes through a register.
/// Promise  : the value itself.
/// Source   : -

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace skive::detail {

template <std::floating_point T>
  requires(sizeof(T) == 4 || sizeof(T) == 8)
[[gnu::always_inline]] constexpr T separate(T product) noexcept {
  auto bits = std::bit_cast<std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>(product);
  if (!std::is_constant_evaluated()) asm("" : "+r"(bits));
  return std::bit_cast<T>(bits);
}

}  // namespace skive::detail
