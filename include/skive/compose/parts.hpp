// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/parts.hpp - what composed codecs share: planes that belong to one part, the checks of a row, two parts whose
/// products add up.
///
///   common_block(a, b) = a where a = b, else 0: the row is one unit, whose planes lie without gaps
///   two_parts          planes: the first part's, then the second's;   product = the parts' two, rounded once
///
/// Model of : -
/// Cost     : a few words.
/// Accuracy : -
/// Promise  : a part sees the strides that it would see without the composer.
/// Source   : -

#include "skive/core/checked.hpp"
#include "skive/core/concepts.hpp"
#include "skive/core/with_arch.hpp"

#include <array>
#include <cstddef>
#include <numeric>
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

/// What encode and decode of a row of n numbers ask for before they begin: size_mismatch, or workspace_too_small.
template <class Codec, class Byte>
constexpr status check_row(Codec const& codec, std::size_t n, planes<Byte, Codec::plane_count> const& p,
                           workspace const& w) noexcept {
  if (n % codec.row_multiple() != 0) return errc::size_mismatch;
  if (auto const s = check_blocks(codec, n, p); !s) return s;
  return w.size() < codec.scratch_bytes(n) ? errc::workspace_too_small : errc::ok;
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

/// Products fail as a part's do.
template <block_codec First, block_codec Second>
struct two_parts {
  static constexpr std::size_t plane_count = First::plane_count + Second::plane_count;
  static constexpr bool has_products = dot_codec<First> && dot_codec<Second>;
  struct query {
    typename query_of<First>::type first{};
    typename query_of<Second>::type second{};
    std::size_t size = 0;
  };

  [[no_unique_address]] First first{};
  [[no_unique_address]] Second second{};

  constexpr std::size_t row_multiple() const noexcept { return std::lcm(first.row_multiple(), second.row_multiple()); }
  /// `block`: that of the codec composed of both.
  template <class Byte>
  constexpr auto first_planes(std::size_t block, planes<Byte, plane_count> const& p) const noexcept {
    return planes_of<0>(first, block, p);
  }
  template <class Byte>
  constexpr auto second_planes(std::size_t block, planes<Byte, plane_count> const& p) const noexcept {
    return planes_of<First::plane_count>(second, block, p);
  }

  /// Vectors of a numbers for the first part and b for the second.
  constexpr std::size_t query_bytes(std::size_t a, std::size_t b) const noexcept
    requires(has_products)
  {
    return saturating_add(workspace::bytes<std::byte>(first.query_bytes(a)), second.query_bytes(b));
  }
  template <class Arch>
  constexpr result<query> prepare(std::span<float const> a, std::span<float const> b, std::size_t size,
                                  workspace w) const noexcept
    requires(has_products)
  {
    if (w.size() < query_bytes(a.size(), b.size())) return errc::workspace_too_small;
    auto const memory = w.take<std::byte>(first.query_bytes(a.size()));
    auto const of_first = with_arch<Arch>::prepare(first, a, workspace{memory});
    if (!of_first) return of_first.error();
    auto const of_second = with_arch<Arch>::prepare(second, b, w);
    if (!of_second) return of_second.error();
    return query{*of_first, *of_second, size};
  }
  template <class Arch>
  constexpr result<float> dot(std::size_t block, planes<std::byte const, plane_count> const& from, query const& q) const noexcept
    requires(has_products)
  {
    auto const a = with_arch<Arch>::dot(first, first_planes(block, from), q.first);
    auto const b = with_arch<Arch>::dot(second, second_planes(block, from), q.second);
    return a && b ? result<float>{*a + *b} : a ? b : a;
  }
};

}  // namespace skive::detail
