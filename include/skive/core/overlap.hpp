// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/overlap.hpp - do two pieces of memory share bytes?
///
///   overlaps(a, b): some byte belongs to both spans;   overlaps(a, m): ... to the span and the extent of the matrix's rows
///
/// Model of : -
/// Cost     : two comparisons of addresses; in constant expressions, where addresses have no order, the answer is no.
/// Promise  : reads nothing.
/// Source   : -

#include "skive/core/matrix_view.hpp"
#include "skive/core/workspace.hpp"

#include <cstdint>
#include <span>
#include <type_traits>

namespace skive {

template <class A, std::size_t N, class B, std::size_t M>
constexpr bool overlaps(std::span<A, N> a, std::span<B, M> b) noexcept {
  if (std::is_constant_evaluated() || a.empty() || b.empty()) return false;
  auto const start = [](auto const& s) { return reinterpret_cast<std::uintptr_t>(s.data()); };
  return start(a) < start(b) + b.size_bytes() && start(b) < start(a) + a.size_bytes();
}

/// Gaps between rows count as the matrix's.
template <class A, std::size_t N, class B>
constexpr bool overlaps(std::span<A, N> a, matrix_view<B> m) noexcept {
  if (m.rows == 0 || m.cols == 0) return false;
  return overlaps(a, std::span<B>{m.data, (m.rows - 1) * m.row_stride + m.cols});
}

/// The first `bytes` bytes that would be taken from w.
template <class A, std::size_t N>
constexpr bool overlaps(std::span<A, N> a, workspace w, std::size_t bytes) noexcept {
  return !std::is_constant_evaluated() && bytes != 0 && overlaps(a, w.take<std::byte>(bytes - workspace::alignment + 1));
}

}  // namespace skive
