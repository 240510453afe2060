// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/parts.hpp - the planes of a composed codec that belong to one of its parts, and a row of scratch bytes for it.
///
///   common_block(a, b) = a where a = b, else 0: the row is one unit, whose planes lie without gaps
///
/// Model of : -
/// Cost     : a few words.
/// Accuracy : -
/// Promise  : a part sees the strides that it would see without the composer.
/// Source   : -

#include "skive/core/checked.hpp"
#include "skive/core/concepts.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace skive::detail {

constexpr std::size_t common_block(std::size_t a, std::size_t b) noexcept { return a == b ? a : 0; }

/// Planes [First, First + Part::plane_count) of a composed codec whose block_size() is `block`.
template <std::size_t First, block_codec Part, class Byte, std::size_t N>
constexpr planes<Byte, Part::plane_count> planes_of(Part const& part, std::size_t block,
                                                    planes<Byte, N> const& composed) noexcept {
  auto own = composed.template part<First, Part::plane_count>();
  if (block != 0) return own;
  auto const each = part.plane_bytes(part.block_size());
  for (std::size_t i = 0; i < Part::plane_count; ++i) own[i].block_stride = each[i];
  return own;
}

/// a's plane sizes, then b's.
template <std::size_t A, std::size_t B>
constexpr std::array<std::size_t, A + B> joined(std::array<std::size_t, A> const& a,
                                                std::array<std::size_t, B> const& b) noexcept {
  std::array<std::size_t, A + B> all{};
  for (std::size_t i = 0; i < A; ++i) all[i] = a[i];
  for (std::size_t i = 0; i < B; ++i) all[A + i] = b[i];
  return all;
}

/// A codec's query, or nothing where it has no products.
struct no_query {};
template <class Codec>
struct query_of {
  using type = no_query;
};
template <dot_codec Codec>
struct query_of<Codec> {
  using type = typename Codec::query;
};

}  // namespace skive::detail
