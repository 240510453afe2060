// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/mask.hpp - sets of kept entries as bits, and their algebra.
///
///   entry i is kept  <=>  bit i mod 8 of byte i / 8 is set;   bits past the last entry are zero
///   unite, intersect, subtract, complement;   count_kept, is_subset;   apply(mask, row) zeroes what is not kept
///
/// Model of : -
/// Cost     : a byte at a time, which compilers turn into vector code; no allocation.
/// Promise  : sizes are checked before the first write; results have zero bits past the last entry if the operands do.
/// Source   : -

#include "skive/core/status.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skive {

/// Bytes of a mask of n entries.
constexpr std::size_t mask_bytes(std::size_t n) noexcept { return n / 8 + (n % 8 != 0 ? 1 : 0); }

constexpr bool is_kept(std::span<std::byte const> mask, std::size_t i) noexcept {
  return (std::to_integer<unsigned>(mask[i / 8]) >> (i % 8) & 1) != 0;
}
constexpr void set_kept(std::span<std::byte> mask, std::size_t i, bool kept) noexcept {
  auto const bit = std::byte{1} << static_cast<int>(i % 8);
  mask[i / 8] = kept ? mask[i / 8] | bit : mask[i / 8] & ~bit;
}

constexpr std::size_t count_kept(std::span<std::byte const> mask) noexcept {
  std::size_t n = 0;
  for (auto const b : mask) n += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(b)));
  return n;
}

namespace detail {
template <class Op>
constexpr status combine_masks(std::span<std::byte const> a, std::span<std::byte const> b, std::span<std::byte> out,
                               Op op) noexcept {
  if (a.size() != out.size() || b.size() != out.size()) return errc::size_mismatch;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = op(a[i], b[i]);
  return errc::ok;
}
}  // namespace detail

/// All of these fail with size_mismatch; `out` may be one of the operands.
constexpr status unite(std::span<std::byte const> a, std::span<std::byte const> b, std::span<std::byte> out) noexcept {
  return detail::combine_masks(a, b, out, [](std::byte x, std::byte y) noexcept { return x | y; });
}
constexpr status intersect(std::span<std::byte const> a, std::span<std::byte const> b, std::span<std::byte> out) noexcept {
  return detail::combine_masks(a, b, out, [](std::byte x, std::byte y) noexcept { return x & y; });
}
constexpr status subtract(std::span<std::byte const> a, std::span<std::byte const> b, std::span<std::byte> out) noexcept {
  return detail::combine_masks(a, b, out, [](std::byte x, std::byte y) noexcept { return x & ~y; });
}
/// The entries of n that are not in `a`.
constexpr status complement(std::span<std::byte const> a, std::size_t n, std::span<std::byte> out) noexcept {
  if (a.size() != mask_bytes(n) || out.size() != a.size()) return errc::size_mismatch;
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = ~a[i];
  if (n % 8 != 0) out[n / 8] &= static_cast<std::byte>((1U << (n % 8)) - 1);
  return errc::ok;
}
/// Every entry of `a` is one of `b`; masks of different sizes are not comparable.
constexpr bool is_subset(std::span<std::byte const> a, std::span<std::byte const> b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if ((a[i] & ~b[i]) != std::byte{0}) return false;
  return true;
}

/// Zeroes the entries that are not kept. Fails with size_mismatch.
constexpr status apply(std::span<std::byte const> mask, std::span<float> row) noexcept {
  if (mask.size() != mask_bytes(row.size())) return errc::size_mismatch;
  for (std::size_t i = 0; i < row.size(); ++i)
    if (!is_kept(mask, i)) row[i] = 0.0f;
  return errc::ok;
}

}  // namespace skive
