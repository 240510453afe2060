// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/direction.hpp - there or back, and what transforms share: their checks, and a way past them for composers.
///
/// A transform of this library has two members beside those that the concept asks for:
///
///   growth()                  no number on the way is larger than 2^growth() times the largest of the row
///   apply<Arch, D>(x, w)      the transform without any check
///
/// so that a chain checks a row once, before its first part writes.
///
/// Model of : -
/// Cost     : size checks and one pass that reads the row (transform/safe_range.hpp).
/// Promise  : a refused row is untouched.
/// Source   : -

#include "skive/core/workspace.hpp"
#include "skive/transform/safe_range.hpp"

namespace skive {

enum class direction : std::uint8_t { forward, inverse };

constexpr direction opposite(direction d) noexcept { return d == direction::forward ? direction::inverse : direction::forward; }

namespace detail {

// forward() or inverse() of a transform with growth() and apply().
template <class Arch, direction D, class T>
constexpr status transformed(T const& t, std::span<float> x, workspace w) noexcept {
  if (x.size() != t.size()) return errc::size_mismatch;
  if (w.size() < t.scratch_bytes()) return errc::workspace_too_small;
  return guarded<Arch>(x, t.growth(), [&]() noexcept { t.template apply<Arch, D>(x.data(), w); });
}

}  // namespace detail
}  // namespace skive
