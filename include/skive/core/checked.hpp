// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/checked.hpp - size arithmetic that says when a size does not fit.
///
///   auto bytes = (checked_size{rows} * columns).ceil_divide(8).round_up(64).value();   // result<std::size_t>
///
/// Model of : -
/// Cost     : one comparison or division beside each operation; no allocation.
/// Promise  : the exact integer, or errc::overflow when it is above the largest std::size_t; constexpr; no wrapped result.
/// Source   : -

#include "skive/core/status.hpp"

#include <cstddef>
#include <limits>

namespace skive {

inline constexpr std::size_t largest_size = std::numeric_limits<std::size_t>::max();

namespace detail {
constexpr std::size_t smaller(std::size_t a, std::size_t b) noexcept { return a < b ? a : b; }
constexpr std::size_t larger(std::size_t a, std::size_t b) noexcept { return a < b ? b : a; }
}  // namespace detail

/// a + b.
constexpr result<std::size_t> checked_add(std::size_t a, std::size_t b) noexcept {
  if (a > largest_size - b) return errc::overflow;
  return a + b;
}

/// a b.
constexpr result<std::size_t> checked_multiply(std::size_t a, std::size_t b) noexcept {
  if (b != 0 && a > largest_size / b) return errc::overflow;
  return a * b;
}

/// The smallest integer that is at least a / b; never overflows. Fails with invalid_argument when b is 0.
constexpr result<std::size_t> checked_ceil_divide(std::size_t a, std::size_t b) noexcept {
  if (b == 0) return errc::invalid_argument;
  return a / b + (a % b != 0 ? 1 : 0);
}

/// The smallest multiple of `multiple` that is at least a. Fails with invalid_argument when `multiple` is 0.
constexpr result<std::size_t> checked_round_up(std::size_t a, std::size_t multiple) noexcept {
  if (multiple == 0) return errc::invalid_argument;
  auto const rest = a % multiple;
  return rest == 0 ? result<std::size_t>{a} : checked_add(a, multiple - rest);
}

/// A chain of the operations above: the first failure stays until the end, so that one test serves the whole formula.
class checked_size {
 public:
  constexpr checked_size(std::size_t value = 0) noexcept : size_{value} {}
  constexpr explicit checked_size(result<std::size_t> size) noexcept : size_{size} {}

  constexpr result<std::size_t> value() const noexcept { return size_; }

  friend constexpr checked_size operator+(checked_size a, checked_size b) noexcept { return join(a, b, checked_add); }
  friend constexpr checked_size operator*(checked_size a, checked_size b) noexcept { return join(a, b, checked_multiply); }
  constexpr checked_size ceil_divide(checked_size divisor) const noexcept { return join(*this, divisor, checked_ceil_divide); }
  constexpr checked_size round_up(checked_size multiple) const noexcept { return join(*this, multiple, checked_round_up); }

 private:
  using operation = result<std::size_t>(std::size_t, std::size_t) noexcept;
  static constexpr checked_size join(checked_size a, checked_size b, operation* apply) noexcept {
    if (!a.size_) return a;
    if (!b.size_) return b;
    return checked_size{apply(*a.size_, *b.size_)};
  }

  result<std::size_t> size_;
};

}  // namespace skive
