// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/picked_product.hpp - which codecs' products can meet what positions of 2:4 pick of a vector of floats, in registers.
///
///   codecs of groups: sparse/picked_floats.hpp;   numbers by themselves: compose/stored_as.hpp with sparse/picked_vector.hpp
///
/// Model of : -
/// Cost     : that of these; no scratch.
/// Accuracy : the bits of the codec's own product with the picked numbers.
/// Promise  : codes that are no set give errc::corrupt.
/// Source   : -

#include "skive/core/concepts.hpp"
#include "skive/sparse/picked_floats.hpp"
#include "skive/sparse/picked_vector.hpp"

namespace skive::detail {

template <class Codec, class Arch>
class picked_product {
  static constexpr bool in_groups = [] {
    if constexpr (requires { typename Codec::scheme_type; } && requires(Codec const c) { c.layout(std::size_t{}); })
      return dot_lanes<typename Codec::scheme_type, Arch>;
    return false;
  }();
  static constexpr bool by_numbers = requires { requires Codec::template has_steps<Arch>; };

 public:
  static constexpr bool exists = simd::has_picker<Arch> && (in_groups || by_numbers);

  /// What has to be known of rows that keep n numbers.
  static constexpr group_layout layout(Codec const& codec, std::size_t n) noexcept {
    if constexpr (in_groups) return codec.layout(n);
    return {n, 0, 0, 0, n, bit_order::low_first};
  }
  /// Can rows without gaps be multiplied?
  static constexpr bool fits(group_layout const& l) noexcept {
    if constexpr (in_groups) return picked_floats<typename Codec::scheme_type, Arch>::fits(l);
    return l.n != 0 && l.n % 64 == 0;
  }
  /// `positions` those of 2 l.n entries; x belongs to the first of them. Fails with corrupt.
  [[gnu::always_inline]] static result<float> of(Codec const& codec, planes<std::byte const, Codec::plane_count> const& from,
                                                 group_layout const& l, std::byte const* positions, float const* x) noexcept {
    if constexpr (in_groups) {
      return picked_floats<typename Codec::scheme_type, Arch>{codec.scheme(), l.order}(from, l, positions, x);
    } else {
      picked_vector<Arch> picked{positions, l.n, x};
      auto const codes_at = [&](std::size_t i) noexcept { return from[0].data + i * from[0].block_stride; };
      auto const y =
          Codec::template product_of_steps<Arch>(codes_at, l.n, [&](simd::floats<Arch>(&out)[4]) noexcept { picked.next(out); });
      return picked.good() ? result<float>{y} : errc::corrupt;
    }
  }
};

}  // namespace skive::detail
